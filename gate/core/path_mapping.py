"""Which files of a repository the paths of a coverage report mean, wherever the report was made.

A path is compared from its end, part by part: the longest end that it shares with files of the repository decides, if
only one has it. It reads no file; what it answers with are paths of the repository, whatever it is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

_DRIVE = re.compile(r"(?:[\\/]{2}[?.][\\/])?[A-Za-z]:(?=[\\/])")
_PACKAGES = frozenset({"site-packages", "dist-packages"})
_SHOWN = 5
_MOST_MOVES = 100
"""Pairs of folders that are tried for a path that may mean several files."""

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A path of a report that no file of the repository is known for."""

    path: str
    """As the report has it."""
    why: Literal["unknown", "ambiguous"]
    candidates: tuple[str, ...] = ()
    """Of an ambiguous one: files that it may mean, sorted, at most five of them."""

    @property
    def text(self) -> str:
        """The reason as a sentence for people."""
        if self.why == "unknown":
            return f"{self.path}: no file of the repository ends like this path."
        return f"{self.path}: it may be any of {', '.join(self.candidates)}."


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the paths of one report mean."""

    files: dict[str, str]
    """The repository's path for a path as the report has it. Several may mean the same file."""
    unmatched: tuple[Unmatched, ...]
    """Sorted by path."""


class RepositoryPaths:
    """A repository's files by each of their ends; made once, for reports as many as there are."""

    def __init__(self, repository: Iterable[str]) -> None:
        """Of all paths of the repository."""
        self.whole = {tuple(path.split("/")) for path in repository}
        self._by_end: dict[Parts, list[Parts]] = {}
        for parts in sorted(self.whole):
            for start in range(len(parts)):
                self._by_end.setdefault(parts[start:], []).append(parts)

    def of(self, end: Parts) -> list[Parts]:
        """The files that end so."""
        return self._by_end.get(end, [])


def map_paths(reported: Iterable[str], repository: RepositoryPaths, roots: Sequence[str] = ()) -> Mapping:
    """What the reported paths mean in the repository.

    `roots` are folders, as the report has them, that its relative paths may begin at.
    """
    bases = [_parts(root) for root in roots]
    asked = {path: _parts(path) for path in dict.fromkeys(reported)}
    found = {
        path: _candidates(repository, parts, () if _is_absolute(path) else bases)
        for path, parts in asked.items()
    }
    moves = Counter(_move(asked[path], each[0]) for path, each in found.items() if len(each) == 1)
    common = moves.most_common(_MOST_MOVES)
    files: dict[str, str] = {}
    unmatched: list[Unmatched] = []
    for path, candidates in found.items():
        chosen = candidates if len(candidates) == 1 else _moved(repository, asked[path], candidates, common)
        if len(chosen) == 1:
            files[path] = "/".join(chosen[0])
        else:
            names = tuple("/".join(parts) for parts in candidates[:_SHOWN])
            unmatched.append(Unmatched(path, "ambiguous" if names else "unknown", names))
    return Mapping(files, tuple(sorted(unmatched, key=lambda each: each.path)))


def _parts(path: str) -> Parts:
    """The names of a path, with neither drive nor `.`; `..` takes away the name before it, and never more."""
    parts: list[str] = []
    for name in _DRIVE.sub("", path, count=1).replace("\\", "/").split("/"):
        if name == "..":
            del parts[-1:]
        elif name not in {"", "."}:
            parts.append(name)
    return tuple(parts)


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or _DRIVE.match(path) is not None


def _candidates(known: RepositoryPaths, parts: Parts, bases: Sequence[Parts]) -> Sequence[Parts]:
    """The files that share the longest end with the path; sorted. Of several bases nobody knows which one is meant."""
    found = [_longest(known, (*base, *parts)) for base in bases or [()]]
    longest = max(len(end) for end, _ in found)
    # An end that is longer than the path itself has something of its base, too: that is as good as any.
    enough = min(longest, len(parts) + 1)
    best = {end: files for end, files in found if end and len(end) >= enough}
    if len(best) > 1:
        return sorted({file for files in best.values() for file in files[:_SHOWN]})
    return next(iter(best.values()), ())


def _longest(known: RepositoryPaths, parts: Parts) -> tuple[Parts, Sequence[Parts]]:
    """(the longest end of the path that files of the repository have, these files)."""
    installed = max((place for place, name in enumerate(parts) if name in _PACKAGES), default=-1)
    if installed >= 0:
        # What is installed lies there as it is imported: `requests/utils.py` is no `utils.py` of the repository.
        end = parts[installed + 1 :]
        return end, known.of(end)
    for start in range(len(parts)):
        end = parts[start:]
        if files := known.of(end):
            # Of files that end alike, the path names the one that it holds as a whole.
            return end, [end] if end in known.whole else files
    return (), ()


def _move(reported: Parts, file: Parts) -> tuple[Parts, Parts]:
    """(folder of the report, folder of the repository) between which a file was moved, without what both have."""
    same = 0
    while same < min(len(reported), len(file)) and reported[-1 - same] == file[-1 - same]:
        same += 1
    return reported[: len(reported) - same], file[: len(file) - same]


def _moved(
    known: RepositoryPaths,
    reported: Parts,
    candidates: Sequence[Parts],
    moves: Sequence[tuple[tuple[Parts, Parts], int]],
) -> Sequence[Parts]:
    """Those that end like the candidates and were moved like most other files of the report."""
    if not candidates:
        return ()
    shared = len(reported) - len(_move(reported, candidates[0])[0])
    found: set[Parts] = set()
    most = 0
    for (before, after), count in moves:
        file = (*after, *reported[len(before) :])
        if count < most:
            break
        if (
            len(reported) - len(before) >= shared
            and reported[: len(before)] == before
            and file in known.whole
        ):
            found.add(file)
            most = count
    return sorted(found)
