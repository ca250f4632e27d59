"""A share of two trees: the files that one part of a repository answers for, at the head and at the base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.core.diff import Diff


@dataclass(frozen=True, slots=True)
class Share:
    """Some files of both trees. A file of the base belongs to whom it belongs at the head, through renames."""

    part: str | None
    """Name of the part; None for the whole repository."""
    _owns: Callable[[str], bool]
    _head_paths: Mapping[str, str]

    def at_head(self, path: str) -> bool:
        """Whether a file of the head is in it."""
        return self._owns(path)

    def at_base(self, path: str) -> bool:
        """Whether a file of the base is in it."""
        return self._owns(self._head_paths.get(path, path))


WHOLE = Share(None, lambda _path: True, {})


def share_of(part: str, owns: Callable[[str], bool], diff: Diff) -> Share:
    """The files for whose path at the head (at the base, where the head has removed them) `owns` holds."""
    return Share(part, owns, diff.head_paths())
