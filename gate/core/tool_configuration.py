"""The configuration of other tools as far as it judges: bandit's options, and the settings of coverage.py by section.

All of it is read from the policy's revision, never from the head. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from gate.core import formats
from gate.core.failure import PolicyError

BANDIT_FILES = ("bandit.yaml", "pyproject.toml", ".bandit")
"""Where bandit's options may stand, at the root; each one counts."""
COVERAGE_FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""Where coverage.py looks, in its order. Source: https://coverage.readthedocs.io/en/latest/config.html"""

_MOST_VALUES = 10_000
_DEEPEST = 20

Options = dict[str, object]


def bandit_options(files: Mapping[str, bytes]) -> Options:
    """The `tests`, `skips` and plugin tables (`config`) that bandit's files of a root hold, by name; sorted, plain values.

    Bandit itself unites `tests` and `skips` of its sources; its exclusion rules are not used.
    Raises: PolicyError for a file that bandit could not read either.
    """
    tables = [_table(name, read(name, files[name])) for name, read in _READERS if name in files]
    tests = {rule for table in tables for rule in _rules(table.get("tests"))}
    skips = {rule for table in tables for rule in _rules(table.get("skips"))}
    plugins: Options = {}
    for table in reversed(tables):
        plugins |= {
            key: value for key, value in table.items() if isinstance(value, dict) and key != "profiles"
        }
    both = sorted(tests & skips)
    if both:
        raise PolicyError(f"bandit's configuration both selects and skips {', '.join(both)}")
    return {"tests": sorted(tests), "skips": sorted(skips), "config": dict(sorted(plugins.items()))}


def bandit_tables(files: Mapping[str, bytes]) -> Iterator[tuple[str, Options]]:
    """(path, options) of each of bandit's files of a root; a file that bandit could not read says nothing."""
    for name, read in _READERS:
        if name in files:
            try:
                yield name, _table(name, read(name, files[name]))
            except PolicyError:
                continue


def _table(name: str, value: object) -> Options:
    """The top of a file as a table of plain values."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PolicyError(f"{name}: expected a table of bandit's options, got {type(value).__name__}")
    budget = [_MOST_VALUES]
    return {str(key): _plain(item, name, budget, 0) for key, item in value.items()}


def _plain(value: object, name: str, budget: list[int], depth: int) -> object:
    """The value in JSON's types; bounded, for aliases in YAML can say a lot in few words."""
    budget[0] -= 1
    if budget[0] < 0 or depth > _DEEPEST:
        raise PolicyError(f"{name}: more than {_MOST_VALUES} values, or nested more than {_DEEPEST} deep")
    if isinstance(value, dict):
        return {str(key): _plain(item, name, budget, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, name, budget, depth + 1) for item in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _rules(value: object) -> list[str]:
    """Rule ids of a list, or of a text with commas, as the ini file has it."""
    if isinstance(value, str):
        return [rule.strip() for rule in value.split(",") if rule.strip()]
    return [str(rule) for rule in value] if isinstance(value, list) else []


def _yaml(name: str, content: bytes) -> object:
    from gate.core import yaml_format  # PyYAML costs start-up, and few have such a file

    try:
        return yaml_format.plain_yaml(content.decode())
    except ValueError as error:
        raise PolicyError(f"{name}: not valid YAML: {_first_line(error)}") from None


@lru_cache(maxsize=4)
def _bandit_toml(name: str, content: bytes) -> object:
    try:
        tool = formats.toml(content.decode()).get("tool", {})
    except ValueError as error:
        raise PolicyError(f"{name}: not valid TOML: {_first_line(error)}") from None
    return tool.get("bandit") if isinstance(tool, dict) else None


def _bandit_ini(name: str, content: bytes) -> object:
    try:
        return _ini(content).get("bandit")
    except ValueError as error:
        raise PolicyError(f"{name}: not a valid ini file: {_first_line(error)}") from None


def _ini(content: bytes) -> dict[str, dict[str, str]]:
    parser = formats.ini(content.decode())
    return {name: dict(parser.items(name)) for name in parser.sections()}


_READERS = (("bandit.yaml", _yaml), ("pyproject.toml", _bandit_toml), (".bandit", _bandit_ini))


def _first_line(error: Exception) -> str:
    return str(error).replace("\n", " ").strip() or type(error).__name__
