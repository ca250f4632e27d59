"""Globs with the meaning `.gitignore` gives them; the only place that knows pathspec."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pathspec import GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Globs:
    """A list of globs, the last one that fits decides (`!` takes back); made by `compile_globs`."""

    _spec: GitIgnoreSpec

    def match(self, path: str) -> bool:
        """Whether the path, relative and with `/`, or a folder it lies in, is matched."""
        return self._spec.match_file(path)


def compile_globs(patterns: Iterable[str]) -> Globs:
    """The globs, ready to match.

    Raises: ValueError for a glob that means nothing, e.g. `!` alone.
    """
    try:
        return Globs(GitIgnoreSpec.from_lines(patterns))
    except re.error as error:
        raise ValueError(f"Invalid git pattern: {error}") from error


def is_glob(pattern: str) -> bool:
    """Whether git would take the pattern."""
    try:
        compile_globs([pattern])
    except ValueError:
        return False
    return True
