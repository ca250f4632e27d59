"""The settings of coverage.py, bandit and pytest as the files of a root have them, and which way each loosens.

The files are read as the tools read them: one file of coverage.py and of pytest, all of bandit's together. What cannot
be read says nothing, here as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gate.core.coverage_configuration import said
from gate.core.direction import Way
from gate.core.guard.setting import Files, Rule, Setting, SettingChange, Settings, Tool, changed_settings
from gate.core.manifest.session import split
from gate.core.policy.lines import Key
from gate.core.pytest_plugins import configurations
from gate.core.tool_configuration import COVERAGE_FILES, bandit_tables

_MERGED = "It counts once it is merged."
_AT_ONCE = "It counts in this change already."

_LEFT_OUT = Rule(Way.GAINS, ())
_LOOKED_AT = Rule(Way.NARROWS, ())
_COVERAGE = Tool(
    "coverage.py",
    {
        "run.branch": Rule((True, False), False),
        "run.include": _LOOKED_AT,
        "run.omit": _LEFT_OUT,
        "run.plugins": Rule(Way.EITHER, ()),
        "run.source": _LOOKED_AT,
        "run.source_dirs": _LOOKED_AT,
        "run.source_pkgs": _LOOKED_AT,
        "report.exclude_also": _LEFT_OUT,
        "report.exclude_lines": _LEFT_OUT,
        "report.fail_under": Rule(Way.LOWER, 0),
        "report.ignore_errors": Rule((False, True), False),
        "report.include": _LOOKED_AT,
        "report.omit": _LEFT_OUT,
        "report.partial_also": _LEFT_OUT,
        "report.partial_branches": _LEFT_OUT,
    },
    _MERGED,
)
_COVERAGE_OPTIONS = {
    section: tuple(name.partition(".")[2] for name in _COVERAGE.rules if name.startswith(f"{section}."))
    for section in ("run", "report")
}
_PYTEST = Tool(
    "pytest",
    {
        "addopts": _LEFT_OUT,
        "norecursedirs": Rule(
            Way.GAINS, ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
        ),
        "python_classes": Rule(Way.LOSES, ("Test",)),
        "python_files": Rule(Way.LOSES, ("test_*.py", "*_test.py")),
        "python_functions": Rule(Way.LOSES, ("test",)),
        "testpaths": _LOOKED_AT,
        "xfail_strict": Rule((True, False), False),
    },
    _AT_ONCE,
)
_DESELECTING = re.compile(r"--(?:ignore-glob|ignore|deselect)|-[km]")
_BANDIT = {
    "exclude": _LEFT_OUT,
    "exclude_dirs": _LEFT_OUT,
    "skips": _LEFT_OUT,
    "targets": _LOOKED_AT,
    "tests": _LOOKED_AT,
}
_BANDIT_LISTS = frozenset(_BANDIT)


def changed_tools(base: Files, head: Files) -> Iterator[SettingChange]:
    """The settings of the three tools whose change is no tightening; coverage.py's of other folders than the root, too."""
    for folder in sorted({path.removesuffix(name) for path in (*base, *head) for name in _own_names(path)}):
        yield from changed_settings(_COVERAGE, _of_coverage(base, folder), _of_coverage(head, folder))
    yield from changed_settings(_PYTEST, _of_pytest(base), _of_pytest(head))
    before, after = _of_bandit(base), _of_bandit(head)
    others = dict.fromkeys({*before, *after} - {*_BANDIT}, Rule(Way.EITHER, None))
    yield from changed_settings(Tool("bandit", {**_BANDIT, **others}, _MERGED), before, after)


def baselines_of_bandit(files: Files) -> tuple[str, ...]:
    """Paths that bandit's configuration names as a baseline, as they are written."""
    value = _of_bandit(files).get("baseline")
    return (value.value,) if value and isinstance(value.value, str) else ()


def _own_names(path: str) -> Iterator[str]:
    """The file's name, where it is one that coverage.py reads."""
    name = path.rpartition("/")[2]
    if name in COVERAGE_FILES:
        yield name


def _of_coverage(files: Files, folder: str) -> Settings:
    """`folder` ends with a slash, but for the root, which is empty."""
    own = {name: files[folder + name] for name in COVERAGE_FILES if folder + name in files}
    path, sections = said(own, _COVERAGE_OPTIONS)
    return {
        f"{section}.{option}": Setting(
            _typed(_COVERAGE, f"{section}.{option}", texts), _places(folder, path, section, option)
        )
        for section, table in sections.items()
        for option, texts in table.items()
    }


def _places(folder: str, name: str, section: str, option: str) -> tuple[tuple[str, Key], ...]:
    path = folder + name
    if name == "pyproject.toml":
        return ((path, ("tool", "coverage", section, option)),)
    own = (path, (section, option))
    if name == ".coveragerc.toml":
        return own, (path, ("tool", "coverage", section, option))
    return own, (path, (f"coverage:{section}", option))


def _of_pytest(files: Files) -> Settings:
    found = next(configurations(files), None)
    if found is None:
        return {}
    path, table = found
    return {
        name: Setting(
            _deselecting(table[name]) if name == "addopts" else _typed(_PYTEST, name, _words(table[name])),
            tuple((path, (*section, name)) for section in _pytest_sections(path)),
        )
        for name in _PYTEST.rules
        if name in table
    }


def _pytest_sections(path: str) -> tuple[Key, ...]:
    if path == "pyproject.toml":
        return ("tool", "pytest", "ini_options"), ("tool", "pytest")
    return (("tool:pytest",),) if path == "setup.cfg" else (("pytest",),)


def _deselecting(texts: Iterable[str]) -> tuple[str, ...]:
    """The options that leave tests out, each with what it names: `--ignore=slow`, `-k not slow`."""
    words = [word for text in texts for word in split(text)]
    found: list[str] = []
    for place, word in enumerate(words):
        option = _DESELECTING.match(word)
        if option and option[0] == word:
            found.append(" ".join(words[place : place + 2]))
        elif option and (not word.startswith("--") or word[option.end()] == "="):
            found.append(word)
    return tuple(found)


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for text in texts for word in text.split())


def _of_bandit(files: Files) -> Settings:
    """Lists of all files together, as bandit unites them; of other settings what the first file says."""
    found: dict[str, Setting] = {}
    for path, table in bandit_tables(files):
        section = {"pyproject.toml": ("tool", "bandit"), ".bandit": ("bandit",)}.get(path, ())
        for name, value in table.items():
            place = (path, (*section, name))
            known = found.get(name)
            if name in _BANDIT_LISTS:
                items = _rules(value)
                before = known.value if known and isinstance(known.value, tuple) else ()
                found[name] = Setting((*before, *items), (*(known.places if known else ()), place))
            elif known is None:
                found[name] = Setting(value, (place,))
    return found


def _rules(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _typed(tool: Tool, name: str, texts: tuple[str, ...]) -> object:
    """The texts as the kind of value that the setting's default is; the first text where they are no such value."""
    default = tool.rules[name].default
    text = texts[0] if texts else ""
    if isinstance(default, bool):
        return text.lower() in {"1", "yes", "true", "on"}
    if isinstance(default, int):
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text
    return texts
