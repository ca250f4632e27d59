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
_PATCHES = frozenset({"_exit", "execv", "fork"})
_CONCURRENCIES = frozenset({"thread", "gevent", "greenlet", "eventlet", "multiprocessing"})

_SEEN_BY_SYSMON = frozenset({"thread", "multiprocessing"})

Sections = dict[str, dict[str, tuple[str, ...]]]


def rcfile(files: Mapping[str, bytes], *, branches: bool, root: str, python_version: str = "") -> str:
    """The text of an ini file for coverage.py; `files` are the project's, as the policy's revision has them.

    Like coverage.py itself it takes the first file that says anything of coverage.py and no other. `python_version` is
    that of the interpreter the tests run on, `3.12.1`; the newer ones can measure at almost no cost.
    """
    taken = _taken(files)
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
    taken = _taken(files)
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


def _taken(files: Mapping[str, bytes]) -> Sections:
    for name in COVERAGE_FILES:
        if name in files:
            found = _toml(name, files[name]) if name.endswith(".toml") else _ini(name, files[name])
            if found["run"] or found["report"]:
                return found
    return {"run": {}, "report": {}}


def _ini(name: str, content: bytes) -> Sections:
    try:
        parser = formats.ini(content.decode())
    except ValueError:
        return {"run": {}, "report": {}}
    prefix = "" if name == ".coveragerc" else "coverage:"
    return {
        section: {
            option: _items(
                parser.get(prefix + section, option), commas=not option.startswith(("exclude", "partial"))
            )
            for option in options
            if parser.has_option(prefix + section, option)
        }
        for section, options in _TAKEN.items()
    }


def _toml(name: str, content: bytes) -> Sections:
    try:
        document = formats.toml(content.decode())
    except ValueError:
        return {"run": {}, "report": {}}
    table = _table(_table(document.get("tool")).get("coverage"))
    if name == ".coveragerc.toml" and not table:
        table = document
    return {
        section: {
            option: _texts(value) for option, value in _table(table.get(section)).items() if option in options
        }
        for section, options in _TAKEN.items()
    }


def _items(text: str, *, commas: bool) -> tuple[str, ...]:
    """The items of a list as coverage.py reads it: by lines, and where it is no list of patterns also by commas."""
    lines = text.replace(",", "\n").splitlines() if commas else text.splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(
        " ".join(item.split("\n")).strip() for item in items if isinstance(item, str) and item.strip()
    )


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
