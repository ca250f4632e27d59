"""The configuration coverage.py runs with: the project's exclusions, and our own rules for everything else.

A project decides what is no code worth testing (`omit`, `exclude_lines`, ...) and how its concurrency works; where
data goes, what is measured and which plugins run is Gate's. It decides nothing about thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.core import formats
from gate.core.tool_configuration import COVERAGE_FILES

_TAKEN = {
    "run": ("omit", "concurrency", "patch", "source", "source_dirs", "include"),
    "report": ("omit", "exclude_lines", "exclude_also", "partial_branches", "partial_also", "include"),
}
_SELECTING = ("source", "source_dirs", "include")
_SECTIONS = ("run", "report", "html", "xml", "json", "lcov", "paths")
_OWN_FILES = frozenset({".coveragerc", ".coveragerc.toml"})
"""They count even where they say nothing; the other files where they say anything of coverage.py."""
_PATCHES = frozenset({"_exit", "execv", "fork"})
_CONCURRENCIES = frozenset({"thread", "gevent", "greenlet", "eventlet", "multiprocessing"})

_SEEN_BY_SYSMON = frozenset({"thread", "multiprocessing"})

Sections = dict[str, dict[str, tuple[str, ...]]]
Options = Mapping[str, tuple[str, ...]]
"""Names of options by section."""


def rcfile(files: Mapping[str, bytes], *, branches: bool, root: str, python_version: str = "") -> str:
    """The text of an ini file for coverage.py; `files` are the project's, as the policy's revision has them.

    Like coverage.py itself it takes the first file that says anything of coverage.py and no other. `python_version` is
    that of the interpreter the tests run on, `3.12.1`; the newer ones can measure at almost no cost.
    """
    _, taken = said(files, _TAKEN)
    run = taken["run"]
    report = {name: items for name, items in taken["report"].items() if name not in _SELECTING}
    concurrency = tuple(sorted(_CONCURRENCIES.intersection(run.pop("concurrency", ()))))
    settings: Sections = {
        "run": {
            "source": (root,),
            "branch": ("true" if branches else "false",),
            "parallel": ("true",),
            "disable_warnings": ("no-data-collected",),
            "patch": ("subprocess", *sorted(_PATCHES.intersection(run.pop("patch", ())))),
            "concurrency": concurrency,
            "core": _core(python_version, concurrency, branches=branches),
        },
        "report": {"ignore_errors": ("true",), **report},
    }
    omitted = (*run.get("omit", ()), *report.get("omit", ()))
    settings["report"]["omit"] = omitted
    return "\n".join(_section(name, options) for name, options in settings.items())


def named_sources(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The folders, files and packages that `source` and `include` name, as paths from the root; globs that end in one.

    Everything below the root is measured anyway: this tells what a project counts beside its sources, as its tests.
    """
    _, taken = said(files, _TAKEN)
    items = [item for part in taken.values() for name in _SELECTING for item in part.get(name, ())]
    return tuple(sorted({_place(item) for item in items} - {""}))


def _place(item: str) -> str:
    """`tests` of `./tests/*`, `pkg/tests` of the package `pkg.tests`."""
    path = item.strip().removeprefix("./").rstrip("*").rstrip("/")
    return path if "/" in path or path.endswith(".py") else path.replace(".", "/").strip("/")


def _core(python_version: str, concurrency: tuple[str, ...], *, branches: bool) -> tuple[str, ...]:
    """What coverage.py measures with, where its own choice is not the fastest that can do it.

    `sys.monitoring` came with Python 3.12, branches with 3.14; it sees threads and processes, not green threads.
    Source: https://coverage.readthedocs.io/en/latest/config.html#run-core
    """
    numbers = tuple(int(part) for part in python_version.split(".")[:2] if part.isdigit())
    able = numbers >= ((3, 14) if branches else (3, 12)) and _SEEN_BY_SYSMON.issuperset(concurrency)
    return ("sysmon",) if able else ()


def said(files: Mapping[str, bytes], wanted: Options) -> tuple[str, Sections]:
    """(path, what it says of the wanted options by section) of the file that coverage.py would take; "" for none.

    Values are texts: the items of a list, or one. A file that cannot be read says nothing.
    """
    for name in COVERAGE_FILES:
        tables = _tables(name, files[name]) if name in files else {}
        if name in files and (tables or name in _OWN_FILES):
            return name, {
                section: {
                    option: _texts(value, commas=not option.startswith(("exclude", "partial")))
                    for option, value in tables.get(section, {}).items()
                    if option in options
                }
                for section, options in wanted.items()
            }
    return "", {section: {} for section in wanted}


def _tables(name: str, content: bytes) -> dict[str, dict[str, object]]:
    """The sections of coverage.py that say something, by their own names."""
    try:
        found = _toml(name, content) if name.endswith(".toml") else _ini(name, content)
    except ValueError:
        return {}
    return {section: table for section in _SECTIONS if (table := _table(found.get(section)))}


def _ini(name: str, content: bytes) -> dict[str, object]:
    parser = formats.ini(content.decode())
    found: dict[str, object] = {}
    for prefix in ("", "coverage:") if name in _OWN_FILES else ("coverage:",):
        names = (section for section in _SECTIONS if parser.has_section(prefix + section))
        found |= {section: dict(parser.items(prefix + section)) for section in names}
    return found


def _toml(name: str, content: bytes) -> dict[str, object]:
    document = formats.toml(content.decode())
    table = _table(_table(document.get("tool")).get("coverage"))
    return document if name in _OWN_FILES and not table else table


def _texts(value: object, *, commas: bool) -> tuple[str, ...]:
    """The items of a list of TOML, or of an ini file's text as coverage.py splits it: by lines, and where it is no list
    of patterns also by commas."""
    if isinstance(value, list):
        items = [" ".join(item.split("\n")) for item in value if isinstance(item, str)]
    elif isinstance(value, bool):
        items = [str(value).lower()]
    else:
        items = (str(value).replace(",", "\n") if commas else str(value)).splitlines()
    return tuple(item.strip() for item in items if item.strip())


def _section(name: str, options: Mapping[str, tuple[str, ...]]) -> str:
    lines = [f"[{name}]"]
    for option, items in options.items():
        if len(items) == 1:
            lines.append(f"{option} = {items[0]}")
        elif items:
            lines += [f"{option} =", *(f"    {_protected(item)}" for item in items)]
    return "\n".join(lines) + "\n"


def _protected(item: str) -> str:
    """The item with a leading comment sign hidden from the ini parser."""
    return f"[{item[0]}]{item[1:]}" if item[0] in "#;" else item


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
