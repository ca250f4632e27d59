"""The treemap of hotspots: folders, and in each its files, as boxes with a step of heat. It draws nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from gate.core.hotspot import heat
from gate.core.markdown import shorten
from gate.core.measured_file import Folder, MeasuredFile
from gate.core.treemap import Box, squarify

MOST_FOLDERS = 16
LARGE = 6
"""A folder with more than this part of all lines is divided into those in it."""
SMALL = 60
"""One with less than this part is not named."""
LABEL = 20.0
"""Height of a folder's name."""
PADDING = 10.0
CHARACTER = 7.2
"""Width of a character of 12 pixels on average."""
WIDE_CHARACTER = 8.2
"""Of one in bold."""
LEAST_WIDTH = 44.0
"""Of a box with a label."""
GAP = 4.0
"""Between folders."""
_SMALLEST = 0.00007
"""Share of the whole map below which a file has no box of its own: nobody could see or hit it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A file, or what is left of a folder: then `file` is None and `files` says how many."""

    box: Box
    heat: int
    file: MeasuredFile | None
    files: int = 1
    sloc: int = 0

    @property
    def label(self) -> str:
        """As much of the name as fits; empty where that would be nothing to read."""
        name = self.file.path.rpartition("/")[2] if self.file else f"{self.files:,} more"
        if self.box.height < LABEL or self.box.width < LEAST_WIDTH:
            return ""
        return shorten(name if self.fits(name) else name.removesuffix(".py"), self._characters)

    def fits(self, text: str) -> bool:
        """Whether a text has room."""
        return len(text) <= self._characters

    @property
    def _characters(self) -> int:
        return int((self.box.width - PADDING) / CHARACTER)


@dataclass(frozen=True, slots=True)
class Plot:
    """A folder on the map."""

    path: str
    """With a slash at the end; empty for the root. A folder that is divided holds what is left of it."""
    name: str
    box: Box
    tiles: tuple[Tile, ...]

    @property
    def label(self) -> str:
        """The name, or of a long one the last folder, as much as fits."""
        room = int((self.box.width - PADDING) / WIDE_CHARACTER)
        if len(self.name) <= room:
            return self.name
        last = self.name.removesuffix("/").rpartition("/")[2]
        return shorten(f"\N{HORIZONTAL ELLIPSIS}{last}/", max(room, 1))


def hotspot_map(folders: Iterable[Folder], files: Iterable[MeasuredFile], size: Box) -> tuple[Plot, ...]:
    """`folders` count what lies directly in each, `files` are those that may have a box of their own.

    Area is lines of code; a folder that all files share is left out of the names.
    """
    known = [folder for folder in folders if folder.sloc > 0]
    top = _common([folder.path for folder in known])
    groups = _split({top: known} if known else {}, _lines(known))
    group_of = {folder.path: path for path, group in groups.items() for folder in group}
    inside: dict[str, list[MeasuredFile]] = defaultdict(list)
    for file in files:
        inside[group_of.get(file.path[: file.path.rfind("/") + 1], "")].append(file)
    ranked = sorted(groups.items(), key=lambda item: (-_lines(item[1]), item[0]))
    boxes = squarify([_lines(group) for _, group in ranked], size)
    whole = (_lines(known), max((folder.score for folder in known), default=0))
    return tuple(
        _plot(path, path.removeprefix(top) or path or "/", box, (group, inside[path]), whole)
        for (path, group), box in zip(ranked, boxes, strict=True)
    )


def _split(groups: dict[str, list[Folder]], lines: int) -> dict[str, list[Folder]]:
    """The groups, the largest divided by the folders in it again and again, up to `MOST_FOLDERS`."""
    whole: set[str] = set()
    while True:
        large = [path for path in groups if path not in whole and LARGE * _lines(groups[path]) > lines]
        if not large or len(groups) == MOST_FOLDERS:
            return groups
        largest = max(large, key=lambda path: (_lines(groups[path]), path))
        whole.add(largest)
        parts: dict[str, list[Folder]] = defaultdict(list)
        for folder in groups[largest]:
            rest = folder.path[len(largest) :]
            parts[largest + rest[: rest.find("/") + 1]].append(folder)
        divided = _joined(largest, parts, lines, MOST_FOLDERS - len(groups) + 1)
        groups = {path: group for path, group in groups.items() if path != largest} | divided


def _joined(path: str, parts: dict[str, list[Folder]], lines: int, most: int) -> dict[str, list[Folder]]:
    """The parts of a folder, `most` of them: those that are too small or too many stay with what lies directly in it."""
    large = sorted(
        (part for part in parts if part != path and SMALL * _lines(parts[part]) >= lines),
        key=lambda part: (-_lines(parts[part]), part),
    )[: most - 1]
    rest = [folder for part, group in parts.items() if part not in large for folder in group]
    return {part: parts[part] for part in large} | ({path: rest} if rest else {})


def _lines(folders: Iterable[Folder]) -> int:
    return sum(folder.sloc for folder in folders)


def _plot(
    path: str,
    name: str,
    box: Box,
    content: tuple[Sequence[Folder], Sequence[MeasuredFile]],
    whole: tuple[int, int],
) -> Plot:
    folders, files = content
    lines, hottest = whole
    inner = Box(
        box.x + GAP / 2, box.y + LABEL, max(0.0, box.width - GAP), max(0.0, box.height - LABEL - GAP / 2)
    )
    shown = [file for file in files if file.sloc > 0 and file.sloc >= _SMALLEST * lines]
    left = _lines(folders) - sum(file.sloc for file in shown)
    count = sum(folder.files for folder in folders) - len(shown)
    pieces: list[tuple[int, int, MeasuredFile | None]] = [(file.sloc, 1, file) for file in shown]
    if left > 0:
        pieces.append((left, count, None))
    pieces.sort(key=lambda each: (-each[0], each[2].path if each[2] else ""))
    boxes = squarify([sloc for sloc, _, _ in pieces], inner)
    tiles = [
        Tile(tile, heat(file.score, hottest) if file else 1, file, number, sloc)
        for (sloc, number, file), tile in zip(pieces, boxes, strict=True)
    ]
    return Plot(path, name, box, tuple(tiles))


def _common(paths: Sequence[str]) -> str:
    """The folder that all of them share."""
    if not paths:
        return ""
    parts = zip(min(paths).split("/")[:-1], max(paths).split("/")[:-1], strict=False)
    return "".join(f"{one}/" for one, _ in takewhile(lambda pair: pair[0] == pair[1], parts))
