"""What `[tool.poetry]` of pyproject.toml asks for; how its constraints are translated lies beside it.

Source: https://python-poetry.org/docs/pyproject/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from gate.core.manifest.places import serves_others
from gate.core.manifest.poetry_constraint import python_marker, specifier
from gate.core.manifest.reading import Reading, at, conditional, short, strings, table

_FILE = "pyproject.toml"
_ELSEWHERE = ("git", "path", "url", "file", "source")
"""What says that a package does not come from the index; a `source` is another index."""


def read(reading: Reading, document: Mapping[str, object]) -> None:
    """Take the dependencies, extras and groups; what `[project]` says of itself goes first."""
    poetry = at(document, "tool", "poetry")
    if not poetry:
        return
    name = poetry.get("name")
    if isinstance(name, str) and not reading.project:
        reading.project = canonicalize_name(name)
    optional = _read_dependencies(reading, table(poetry.get("dependencies")))
    for extra, names in table(poetry.get("extras")).items():
        texts = [text for each in strings(names) for text in optional.get(canonicalize_name(each), ())]
        reading.extras.setdefault(canonicalize_name(extra), []).extend((text, _FILE) for text in texts)
    _read_groups(reading, poetry)


def _read_dependencies(reading: Reading, dependencies: dict[str, object]) -> dict[str, list[str]]:
    """Take what is always installed; what only extras ask for, by canonical name."""
    python = dependencies.get("python")
    if isinstance(python, str) and not reading.python:
        reading.python = specifier(python) or ""
    known, optional = reading.dependencies, dict[str, list[str]]()
    reading.dependencies = known or bool(dependencies)
    for name, value in dependencies.items():
        if canonicalize_name(name) == "python":
            continue
        only_extra = isinstance(value, dict) and value.get("optional") is True
        for text in _requirements(reading, name, value):
            optional.setdefault(canonicalize_name(name), []).append(text)
            if not only_extra and not known:
                reading.add(text, _FILE)
    return optional


def _read_groups(reading: Reading, poetry: Mapping[str, object]) -> None:
    groups: dict[str, dict[str, object]] = {
        canonicalize_name(name): table(value)
        for name, value in table(poetry.get("group")).items()
        if isinstance(value, dict)
    }
    legacy = table(poetry.get("dev-dependencies"))
    for group in _chosen(reading, groups, legacy=bool(legacy)):
        dependencies = table(groups.get(group, {}).get("dependencies"))
        for name, value in (dependencies | legacy if group == "dev" else dependencies).items():
            if canonicalize_name(name) != "python":
                for text in _requirements(reading, name, value):
                    reading.add(text, _FILE)


def _chosen(reading: Reading, groups: Mapping[str, Mapping[str, object]], *, legacy: bool) -> list[str]:
    """Those the policy names; else those for tests, and all that Poetry installs unasked and that serve nothing else."""
    names = [*groups, *(["dev"] if legacy and "dev" not in groups else [])]
    usual = reading.chosen(names)
    if reading.install is not None:
        return list(usual)
    unasked = [
        name for name in names if groups.get(name, {}).get("optional") is not True and not serves_others(name)
    ]
    return list(dict.fromkeys([*usual, *unasked]))


def _requirements(reading: Reading, name: str, value: object) -> Iterator[str]:
    """The requirements that one entry stands for; said where it stands for none."""
    for entry in value if isinstance(value, list) else [value]:
        details: dict[str, object] = {"version": entry} if isinstance(entry, str) else table(entry)
        if elsewhere := next((key for key in _ELSEWHERE if details.get(key)), ""):
            reading.leave_out(_FILE, f"{short(name)} comes from a {elsewhere}, not from the package index")
            continue
        text = _requirement(name, details) if isinstance(entry, str | dict) else None
        if text is None:
            reading.leave_out(_FILE, f"{short(f'{name} = {value}')} is not a dependency")
        else:
            yield text


def _requirement(name: str, details: Mapping[str, object]) -> str | None:
    version, python = details.get("version", "*"), details.get("python", "*")
    admitted = specifier(version) if isinstance(version, str) else None
    marker = python_marker(python) if isinstance(python, str) else None
    if admitted is None or marker is None:
        return None
    extras = ",".join(strings(details.get("extras")))
    text = f"{name}[{extras}]{admitted}" if extras else f"{name}{admitted}"
    platform, markers = details.get("platform"), details.get("markers")
    if isinstance(platform, str):
        text = conditional(text, f"sys_platform == '{platform}'")
    if isinstance(markers, str):
        text = conditional(text, markers)
    return conditional(text, marker)
