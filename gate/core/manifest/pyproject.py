"""What pyproject.toml asks for in the standard tables and those of setuptools, uv, PDM, Flit and Hatch's file hook.

Poetry's tables and Hatch's environments are read elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from gate.core.manifest.reading import Reading, at, strings, table
from gate.core.manifest.requirement_files import read_lines

_FILE = "pyproject.toml"


def read(reading: Reading, document: Mapping[str, object]) -> None:
    """Take the dependencies, extras and groups, and what the project says of itself."""
    project = table(document.get("project"))
    name, python = project.get("name"), project.get("requires-python")
    reading.project = canonicalize_name(name) if isinstance(name, str) else ""
    reading.python = python if isinstance(python, str) else ""
    reading.dependencies = "dependencies" in project
    for text in strings(project.get("dependencies")):
        reading.add(text, _FILE)
    for extra, texts in table(project.get("optional-dependencies")).items():
        reading.extras[canonicalize_name(extra)] = [(text, _FILE) for text in strings(texts)]
    _read_files(reading, document)
    _read_flit(reading, document)


def read_groups(reading: Reading, document: Mapping[str, object]) -> None:
    """Take the dependency groups, also as uv and PDM had them before there was a standard."""
    groups: dict[str, object] = {
        canonicalize_name(key): value for key, value in table(document.get("dependency-groups")).items()
    }
    for name, texts in at(document, "tool", "pdm", "dev-dependencies").items():
        groups.setdefault(canonicalize_name(name), texts)
    chosen = reading.chosen(list(groups))
    for text in _grouped(groups, chosen):
        reading.add(text, _FILE)
    if reading.chosen(["dev"]):
        for tool in ("uv", "rye"):
            for text in strings(at(document, "tool", tool).get("dev-dependencies")):
                reading.add(text, _FILE)


def included(document: Mapping[str, object], wanted: Sequence[str]) -> Iterator[str]:
    """The requirements of some dependency groups by name."""
    groups: dict[str, object] = {
        canonicalize_name(key): value for key, value in table(document.get("dependency-groups")).items()
    }
    return _grouped(groups, [canonicalize_name(name) for name in wanted])


def _grouped(groups: Mapping[str, object], wanted: Sequence[str]) -> Iterator[str]:
    """The requirements of some dependency groups, those of included groups too, each once. Source: PEP 735."""
    waiting, seen = list(wanted), set[str]()
    while waiting:
        group = waiting.pop(0)
        entries = groups.get(group)
        if group in seen or not isinstance(entries, list):
            continue
        seen.add(group)
        for entry in entries:
            if isinstance(entry, str):
                # PDM allows an editable path beside the requirements.
                yield entry
            elif isinstance(entry, dict) and isinstance(entry.get("include-group"), str):
                waiting.append(canonicalize_name(entry["include-group"]))


def _read_files(reading: Reading, document: Mapping[str, object]) -> None:
    """Dependencies that the build reads from requirement files."""
    dynamic = at(document, "tool", "setuptools", "dynamic")
    files = strings(table(dynamic.get("dependencies")).get("file"))
    hook = at(document, "tool", "hatch", "metadata", "hooks", "requirements_txt")
    files += strings(hook.get("files")) + strings(hook.get("filename"))
    if files:
        reading.dependencies = True
        read_lines(reading, _FILE, (f"-r {name}" for name in files))
    extras = {
        **{
            extra: table(value).get("file")
            for extra, value in table(dynamic.get("optional-dependencies")).items()
        },
        **table(hook.get("optional-dependencies")),
    }
    for extra, names in extras.items():
        lines = [(f"-r {name}", _FILE) for name in strings(names)]
        reading.extras.setdefault(canonicalize_name(extra), []).extend(lines)


def _read_flit(reading: Reading, document: Mapping[str, object]) -> None:
    """Flit's own table, from before there was a standard."""
    metadata = at(document, "tool", "flit", "metadata")
    if not metadata:
        return
    python, name = metadata.get("requires-python"), metadata.get("dist-name", metadata.get("module"))
    reading.python = reading.python or (python if isinstance(python, str) else "")
    if isinstance(name, str):
        reading.project = reading.project or canonicalize_name(name)
    reading.dependencies = True
    for text in strings(metadata.get("requires")):
        reading.add(text, _FILE)
    for extra, texts in table(metadata.get("requires-extra")).items():
        reading.extras.setdefault(canonicalize_name(extra), []).extend(
            (text, _FILE) for text in strings(texts)
        )
