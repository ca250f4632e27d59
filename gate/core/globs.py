"""Globs with the meaning `.gitignore` gives them; the only place that knows pathspec."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_STAR = re.escape("[^/]*")
_FOLDERS = "(?:/.+)?/"
_FOLDERS_FIRST = "^(?:.+/)?"
"""How pathspec writes `*`, `/**/` and a beginning that may lie in any folder; nothing else of it looks like that."""
_STAR_BEFORE_STAR = re.compile(rf"{_STAR}((?:(?!{_STAR})(?:\[\^/\]|[^/]))*)(?={_STAR})")


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
        return Globs(GitIgnoreSpec.from_lines(patterns, _Pattern))
    except re.error as error:
        raise ValueError(f"Invalid git pattern: {error}") from error


def is_glob(pattern: str) -> bool:
    """Whether git would take the pattern."""
    try:
        compile_globs([pattern])
    except ValueError:
        return False
    return True


def decided(expression: str) -> str:
    """Pathspec's expression with the same meaning, which looks at no part of a path twice.

    Where several wildcards follow each other, the first place that fits one is as good as any later one. An engine that
    tries the later ones too needs years for `*a*a*a*a*a*a*b`, and cannot be stopped.
    """
    first, *others = _STAR_BEFORE_STAR.sub(r"(?>[^/]*?\1)", expression).split(_FOLDERS)
    if not others:
        return first
    if first.startswith(_FOLDERS_FIRST):
        first = f"^(?>(?:.+?/)??{first.removeprefix(_FOLDERS_FIRST)}(?=/))"
    middle = "".join(f"(?>(?:/.+?)??/{part}(?=/))" for part in others[:-1])
    return f"{first}{middle}{_FOLDERS}{others[-1]}"


class _Pattern(GitIgnoreSpecPattern):
    """One line, as pathspec reads it."""

    @classmethod
    def pattern_to_regex(cls, pattern: Any) -> tuple[Any, bool | None]:
        """The expression, and whether it excludes."""
        expression, include = super().pattern_to_regex(pattern)
        return (decided(expression) if isinstance(expression, str) else expression), include
