"""Requirement files as pip reads them: lines, includes and constraints, followed among the manifests only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from gate.core.manifest import places
from gate.core.manifest.reading import Reading, short

_ITSELF = re.compile(r"""(?:-e|--editable)?[\s=]*["']?(?:\./?|file:\.)(?:\[([^\]]*)\])?["']?""")
"""The project itself in a requirements file, with extras: `-e .[test]`."""
_HASH = re.compile(r"\s--(?:hash|config-settings?|global-option)[= ]\S+")
_INCLUDES = ("--requirement", "-r", "--constraint", "-c")
_MOST_CONSTRAINTS_FILES = 20


def read_usual(reading: Reading) -> None:
    """The files that are for tests, or those the policy names; those of the tests first, for the first pin counts."""
    paths = [path for path in reading.manifests if _is_chosen(reading, path)]
    for path in sorted(
        paths, key=lambda each: (not places.TESTS.intersection(places.words(PurePosixPath(each).stem)), each)
    ):
        read_file(reading, path)


def read_file(reading: Reading, path: str) -> None:
    """A requirements file and those it includes, each once."""
    waiting = [path]
    while waiting:
        path = waiting.pop()
        if path not in reading.seen:
            reading.seen.add(path)
            waiting += [
                name for line in lines(reading.text(path)) if (name := _read_line(reading, path, line))
            ]


def read_lines(reading: Reading, path: str, texts: Iterator[str], *, unless_named: bool = False) -> None:
    """Lines of a requirements file that stand in another file, such as tox.ini."""
    for text in texts:
        included = _read_line(reading, path, text, unless_named=unless_named)
        if included:
            read_file(reading, included)


def lines(text: str) -> Iterator[str]:
    """The lines that say something, continued ones joined, without comments and hashes."""
    for line in re.sub(r"\\\r?\n", " ", text.removeprefix("\ufeff")).splitlines():
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        stripped = _HASH.sub("", stripped).strip()
        if stripped:
            yield stripped


def _is_chosen(reading: Reading, path: str) -> bool:
    if reading.install is None:
        return places.for_tests(path, reading.manifests)
    return path in reading.install and places.is_list(path)


def _read_line(reading: Reading, path: str, line: str, *, unless_named: bool = False) -> str:
    """Take one line of a requirements file; the manifest it includes, if it includes one."""
    if itself := _ITSELF.fullmatch(line):
        reading.wanted += [extra.strip() for extra in (itself[1] or "").split(",") if extra.strip()]
        return ""
    if not line.startswith("-"):
        reading.add(line, path, unless_named=unless_named)
        return ""
    name = _included(line)
    if not name:
        reading.leave_out(path, f"the option {short(line)} is not followed")
        return ""
    place = _joined(str(PurePosixPath(path).parent), name)
    if place not in reading.manifests or not places.is_list(place):
        reading.leave_out(path, f"{short(name)} is not among the manifests")
        return ""
    if line.startswith(("-c", "--constraint")):
        _read_constraints(reading, place)
        return ""
    return place


def _included(line: str) -> str:
    """The file that an option includes; empty for other lines."""
    option = next((option for option in _INCLUDES if line.startswith(option)), "")
    name = line.removeprefix(option).lstrip(" \t=") if option else ""
    return "" if name.startswith("-") or re.search(r"\s", name) else name


def _read_constraints(reading: Reading, path: str) -> None:
    """A constraints file and those it includes, each once."""
    waiting, seen = [path], set[str]()
    while waiting and len(seen) < _MOST_CONSTRAINTS_FILES:
        path = waiting.pop()
        if path in seen or f"-c {path}" in reading.seen:
            continue
        seen.add(path)
        reading.seen.add(f"-c {path}")
        for line in lines(reading.text(path)):
            name = _included(line)
            if name:
                place = _joined(str(PurePosixPath(path).parent), name)
                waiting += [place] if place in reading.manifests else []
            elif line.startswith("-"):
                reading.leave_out(path, f"the option {short(line)} is not followed")
            else:
                reading.constrain(line, path)


def _joined(folder: str, name: str) -> str:
    """The path relative to the root, `..` followed; a path above it is nobody's."""
    parts: list[str] = []
    for part in PurePosixPath(folder, name).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
