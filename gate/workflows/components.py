"""A tree as one suite sees it: the repository's own without the components that have tests of theirs, or one of those.

It runs nothing and judges nothing; which file belongs to whom is decided in `gate.core.component`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from gate.core.component import Part, Parts, topmost
from gate.core.diff import TreeEntry
from gate.core.manifest import PYTEST_FILES, is_manifest
from gate.core.source import Selection
from gate.workflows.measure import Tree


def seen_by(suite: Part, tree: Tree, parts: Parts) -> Tree | None:
    """The tree with the files of one suite only; every path is relative to the folder its tests run in.

    None where it has nothing to run and nothing to cover in it, and there are other suites.
    """
    if len(parts.suites) == 1:
        return tree
    folder = _existing(suite.folder, tree.entries) if suite.name else ""
    start = f"{folder}/" if folder else ""
    below = [entry.path for entry in tree.entries if entry.path.startswith(start)]
    mine = frozenset(path for path in below if parts.of(path).suite == suite.name)
    others = topmost(below, (path for path in below if path not in mine))
    entries = _below(tree.entries, start, mine.__contains__)
    borrowed = () if not suite.name or any(map(_tells_needs, entries)) else _manifests(tree.entries)
    selection = Selection(
        sources=_below(tree.selection.sources, start, mine.__contains__),
        tests=_below(tree.selection.tests, start, mine.__contains__),
    )
    if not selection.tests and not selection.coverage_paths():
        return None
    return replace(
        tree,
        entries=(*entries, *borrowed),
        selection=selection,
        suite=suite.name,
        folder=folder,
        others=tuple(path.removeprefix(start) for path in others),
        borrowed=bool(folder and borrowed),
    )


def _existing(folder: str, entries: Iterable[TreeEntry]) -> str:
    """The folder, or the nearest one above that the tree has."""
    paths = [entry.path for entry in entries]
    while folder and not any(path.startswith(f"{folder}/") for path in paths):
        folder = folder.rpartition("/")[0]
    return folder


def _below(entries: Iterable[TreeEntry], start: str, is_mine: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
    return tuple(
        replace(entry, path=entry.path.removeprefix(start)) for entry in entries if is_mine(entry.path)
    )


def _tells_needs(entry: TreeEntry) -> bool:
    """Whether a file says what tests need; pytest's own configuration does not."""
    return is_manifest(entry.path) and entry.path not in PYTEST_FILES


def _manifests(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    """Those of the repository's root, for a component that has none of its own."""
    return tuple(filter(_tells_needs, entries))
