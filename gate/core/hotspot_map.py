"""The treemap of hotspots: folders, and in each its files, as boxes with a step of heat. It draws nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from gate.core.hotspot import heat
from gate.core.measured_file import Folder, MeasuredFile
from gate.core.treemap import Box, squarify

MOST_FOLDERS = 16
LABEL = 20.0
"""Height of a folder's name."""
GAP = 4.0
"""Between folders."""
_SMALLEST = 0.0008
"""Share of the whole map below which a file has no box of its own: nobody could see or hit it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A file, or what is left of a folder: then `file` is None and `files` says how many."""

    box: Box
    heat: int
    file: MeasuredFile | None
    files: int = 1
    sloc: int = 0


@dataclass(frozen=True, slots=True)
class Plot:
    """A folder on the map."""

    path: str
    """Of what lies directly in the folder that all share, that one; empty for the root and for the folders left over."""
    name: str
    box: Box
    tiles: tuple[Tile, ...]


def hotspot_map(folders: Iterable[Folder], files: Iterable[MeasuredFile], size: Box) -> tuple[Plot, ...]:
    """`folders` count what lies directly in each, `files` are those that may have a box of their own.

    Area is lines of code; a folder that all files share is left out of the names.
    """
    known = [folder for folder in folders if folder.sloc > 0]
    hottest = max((folder.score for folder in known), default=0)
    top = _common([folder.path for folder in known])
    groups: dict[str, list[Folder]] = defaultdict(list)
    for folder in known:
        groups[_group(folder.path, top)].append(folder)
    ranked = sorted(groups.items(), key=lambda item: (-_lines(item[1]), item[0]))
    inside: dict[str, list[MeasuredFile]] = defaultdict(list)
    for file in files:
        inside[_group(file.path[: file.path.rfind("/") + 1], top)].append(file)
    kept = [
        (path, path.removeprefix(top) or top or "/", group, inside[path])
        for path, group in ranked[:MOST_FOLDERS]
    ]
    if rest := [folder for _, group in ranked[MOST_FOLDERS:] for folder in group]:
        kept.append(("", "other folders", rest, []))
    boxes = squarify([_lines(group) for _, _, group, _ in kept], size)
    whole = (_lines(known), hottest)
    return tuple(
        _plot(path, name, box, (group, own), whole)
        for (path, name, group, own), box in zip(kept, boxes, strict=True)
    )


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
    shown = sorted(
        (file for file in files if file.sloc > 0 and file.sloc >= _SMALLEST * lines),
        key=lambda file: (-file.sloc, file.path),
    )
    sizes = [file.sloc for file in shown]
    left = _lines(folders) - sum(sizes)
    count = sum(folder.files for folder in folders) - len(shown)
    if left > 0:
        sizes.append(left)
    boxes = squarify(sizes, inner)
    tiles = [
        Tile(tile, heat(file.score, hottest), file, sloc=file.sloc)
        for file, tile in zip(shown, boxes, strict=False)
    ]
    if left > 0:
        tiles.append(Tile(boxes[-1], 1, None, count, left))
    return Plot(path, name, box, tuple(tiles))


def _common(paths: Sequence[str]) -> str:
    """The folder that all of them share."""
    if not paths:
        return ""
    parts = zip(min(paths).split("/")[:-1], max(paths).split("/")[:-1], strict=False)
    return "".join(f"{one}/" for one, _ in takewhile(lambda pair: pair[0] == pair[1], parts))


def _group(folder: str, top: str) -> str:
    """The folder below the common one that it lies in, or the common one itself."""
    rest = folder.removeprefix(top)
    return top + rest[: rest.find("/") + 1]
