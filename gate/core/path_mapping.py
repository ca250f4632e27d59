"""Which files of a repository the paths of a coverage report mean, wherever the report was made.

A path is compared from its end, name by name: the longest end that it shares with files of the repository decides, if
only one has it. It reads no file; what it answers with are paths of the repository, whatever it is asked.

Reports and trees come from strangers: the index is as large as the paths of the tree, and a path of a report is looked
for in it by halving, so that neither deep folders nor many files of one name cost more than others.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

_DRIVE = re.compile(r"(?:[\\/]{2}[?.][\\/])?[A-Za-z]:(?=[\\/])")
_PACKAGES = ("site-packages", "dist-packages")
_SHOWN = 5
_MOST_MOVES = 100
"""Pairs of folders that are tried for a path that may mean several files."""
_MOST_TRIED = 1_000_000
"""Pairs of a path and a root, or a move, that are tried for one report: some seconds. 10,000 paths may have 100 roots."""

Move = tuple[str, str]
"""(folder of the report, folder of the repository) between which a file was moved; each ends with `/`, or is empty."""


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
    """A repository's files by how they end; made once, for reports as many as there are."""

    def __init__(self, repository: Iterable[str]) -> None:
        """Of all paths of the repository."""
        self.whole = frozenset(repository)
        # Backwards, files that end alike stand side by side; the `/` behind each keeps `a.py` apart from `aa.py`.
        self._backwards = sorted(f"{path[::-1]}/" for path in self.whole)
        self._longest = max(map(len, self.whole), default=0)

    def cut(self, path: str) -> str:
        """What of a path can matter: its last characters, one more than any file has."""
        return path[-self._longest - 1 :]

    def longest_end(self, path: str) -> str:
        """The longest end of the path, in whole names, that any file has; empty where there is none."""
        backwards = f"{self.cut(path)[::-1]}/"
        place = bisect_left(self._backwards, backwards)
        beside = self._backwards[max(place - 1, 0) : place + 1]
        return max((_same_end(backwards, each) for each in beside), key=len, default="")

    def of(self, end: str) -> list[str]:
        """Files that end so, sorted: all of them where they are fewer than five, else five."""
        backwards = f"{end[::-1]}/"
        place = bisect_left(self._backwards, backwards)
        beside = self._backwards[place : place + _SHOWN]
        return sorted(each[-2::-1] for each in beside if each.startswith(backwards))


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a path of a report ends like files of the repository."""

    path: str
    """With the root that it is relative to."""
    end: str
    files: Sequence[str]
    """That end so; sorted, at most five for each root."""

    @property
    def names(self) -> int:
        """How many the end has."""
        return _names(self.end)


def map_paths(reported: Iterable[str], repository: RepositoryPaths, roots: Sequence[str] = ()) -> Mapping:
    """What the reported paths mean in the repository.

    `roots` are folders, as the report has them, that its relative paths may begin at.
    """
    asked = {path: _plain(path) for path in dict.fromkeys(reported)}
    bases = [*dict.fromkeys(_base(repository, root) for root in roots)]
    if len(asked) * len(bases) > _MOST_TRIED:
        bases = []
    found = {
        path: _find(repository, plain, () if _is_absolute(path) else bases) for path, plain in asked.items()
    }
    single = {path: each.files[0] for path, each in found.items() if len(each.files) == 1}
    moves = Counter(_move(asked[path], file) for path, file in single.items())
    several = sum(len(each.files) > 1 for each in found.values())
    common = moves.most_common(min(_MOST_MOVES, _MOST_TRIED // max(several, 1)))
    files: dict[str, str] = {}
    unmatched: list[Unmatched] = []
    for path, each in found.items():
        chosen = each.files if path in single else _moved(repository, asked[path], each.files, common)
        if len(chosen) == 1:
            files[path] = chosen[0]
        else:
            names = tuple(each.files[:_SHOWN])
            unmatched.append(Unmatched(path, "ambiguous" if names else "unknown", names))
    return Mapping(files, tuple(sorted(unmatched, key=lambda each: each.path)))


def _plain(path: str) -> str:
    """The names of a path, with neither drive nor `.`; `..` takes away the name before it, and never more."""
    names: list[str] = []
    for name in _DRIVE.sub("", path, count=1).replace("\\", "/").split("/"):
        if name == "..":
            del names[-1:]
        elif name not in {"", "."}:
            names.append(name)
    return "/".join(names)


def _base(known: RepositoryPaths, root: str) -> str:
    """A root without what cannot matter; many are equal then."""
    plain = _plain(root)
    inside = _installed(plain)
    return known.cut(plain) if inside is None else f"{_PACKAGES[0]}/{known.cut(inside)}".rstrip("/")


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or _DRIVE.match(path) is not None


def _names(path: str) -> int:
    return path.count("/") + 1 if path else 0


def _find(known: RepositoryPaths, path: str, bases: Sequence[str]) -> _Found:
    """The files that share the longest end with the path. Of several bases nobody knows which one is meant."""
    found = [_longest(known, f"{base}/{path}" if base and path else base or path) for base in bases or ("",)]
    longest = max(found, key=lambda each: each.names)
    # An end that is longer than the path itself has something of its base, too: that is as good as any.
    enough = min(longest.names, _names(path) + 1)
    files = {file for each in found if each.names >= enough for file in each.files}
    return _Found(longest.path, longest.end, sorted(files))


def _longest(known: RepositoryPaths, path: str) -> _Found:
    if (end := _installed(path)) is not None:
        # What is installed lies there as it is imported: `requests/utils.py` is no `utils.py` of the repository.
        return _Found(path, end, known.of(end) if end else ())
    end = known.longest_end(path)
    # Of files that end alike, the path names the one that it holds as a whole.
    return _Found(path, end, [end] if end in known.whole else known.of(end) if end else ())


def _installed(path: str) -> str | None:
    """What of a path lies in a folder of installed packages; None where it is not in any."""
    names = path.split("/")
    place = max((place for place, name in enumerate(names) if name in _PACKAGES), default=-1)
    return None if place < 0 else "/".join(names[place + 1 :])


def _same_end(one: str, other: str) -> str:
    """The end in whole names that two paths share; both are given backwards, with `/` behind them."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return one[: max(one.rfind("/", 0, low), 0)][::-1]


def _move(path: str, file: str) -> Move:
    """Between which folders a file was moved, without what both have."""
    same = len(_same_end(f"{path[::-1]}/", f"{file[::-1]}/"))
    return path[: len(path) - same], file[: len(file) - same]


def _moved(
    known: RepositoryPaths, path: str, candidates: Sequence[str], moves: Sequence[tuple[Move, int]]
) -> Sequence[str]:
    """Those that end like the candidates and were moved like most other files of the report."""
    if not candidates:
        return ()
    most_before = len(_move(path, candidates[0])[0])
    found: set[str] = set()
    most = 0
    for (before, after), count in moves:
        if count < most:
            break
        if len(before) <= most_before and path.startswith(before):
            file = after + path[len(before) :]
            if file in known.whole:
                found.add(file)
                most = count
    return sorted(found)
