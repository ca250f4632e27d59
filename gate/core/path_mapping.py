"""Which files of a repository the paths of a coverage report mean, wherever the report was made.

A path is compared from its end, name by name: the longest end that it shares with files of the repository decides, if
only one has it, and nothing else of the report speaks against that file. It reads no file; what it answers with are paths of the repository, whatever it is asked.

Reports and trees come from strangers: the index is as large as the paths of the tree, and a path of a report is looked
for in it by halving, so that neither deep folders nor many files of one name cost more than others.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
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
    """Files that it may mean, sorted, at most five of them; of an unknown one a file that ends alike, as by chance."""

    @property
    def text(self) -> str:
        """The reason as a sentence for people."""
        if self.why == "unknown" and self.candidates:
            return f"{self.path}: {self.candidates[0]} ends alike, but nothing else of the report says that it is meant."
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

    @property
    def before(self) -> str:
        """What of the path stands before the end."""
        return self.path[: len(self.path) - len(self.end)]

    @property
    def is_whole_file(self) -> bool:
        """Whether the end is the whole path of its file: the checkout lies elsewhere, and nothing else differs."""
        return self.end == self.files[0]


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
    files = _believed(asked, {path: each for path, each in found.items() if len(each.files) == 1})
    several = {path: each.files for path, each in found.items() if len(each.files) > 1}
    moves = Counter(_move(asked[path], file) for path, file in files.items())
    common = moves.most_common(min(_MOST_MOVES, _MOST_TRIED // max(len(several), 1)))
    for path, candidates in several.items():
        chosen = _moved(repository, asked[path], candidates, common)
        if len(chosen) == 1:
            files[path] = chosen[0]
    unmatched = (
        Unmatched(path, "ambiguous" if path in several else "unknown", tuple(found[path].files[:_SHOWN]))
        for path in asked.keys() - files.keys()
    )
    return Mapping(files, tuple(sorted(unmatched, key=lambda each: each.path)))


def _believed(asked: MappingOf[str, str], single: MappingOf[str, _Found]) -> dict[str, str]:
    """The files of those paths that end like one file only, where that is no chance.

    A file that CI generates may have the name of another one: its folder tells that it is not in the repository.
    """
    moves = {path: _move(asked[path], each.files[0]) for path, each in single.items()}
    alike = Counter(moves.values())
    proven = Counter(moves[path] for path, each in single.items() if each.names > 1)
    checkouts = _outermost(each.before for each in single.values() if each.names > 1 and each.is_whole_file)
    files: dict[str, str] = {}
    for path, each in single.items():
        move, more, whole = moves[path], each.names > 1, each.is_whole_file
        in_full = _is_in_full(asked[path], each)
        if (whole and (more or in_full)) or (more and in_full and "/" in asked[path]):
            believed = True
        elif more or whole:
            # In a checkout each file lies where the repository has it, unless several tell of a copy.
            believed = proven[move] > more or not _lies_in(checkouts, each.before)
        elif in_full:
            believed = alike[move] > 1 or len(asked) == 1
        else:
            # As a folder that was copied elsewhere by itself: what is generated has no second namesake there.
            believed = proven[move] > 0 or (alike[move] > 1 and not _lies_in(checkouts, each.before))
        if believed:
            files[path] = each.files[0]
    return files


def _is_in_full(path: str, found: _Found) -> bool:
    """Whether all of a path that a report has is in the end: all that is imported, of an installed one."""
    return len(found.end) >= len(path) or _installed(path) is not None


def _outermost(folders: Iterable[str]) -> list[str]:
    """Those that lie in no other one, sorted."""
    found: list[str] = []
    for folder in sorted(folders):
        if not found or not folder.startswith(found[-1]):
            found.append(folder)
    return found


def _lies_in(outermost: Sequence[str], folder: str) -> bool:
    """Whether a folder lies in one of these, or is it: that is the last one that is sorted before it."""
    place = bisect_right(outermost, folder)
    return place > 0 and folder.startswith(outermost[place - 1])


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
