"""Which files of a folder are coverage reports, and what each is called where it is sent; by names alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

PATTERNS = (".coverage", ".coverage.*", "coverage.xml", "coverage.json", "lcov.info", "cov*.xml")
"""What coverage.py and pytest-cov write, unless they are told otherwise."""
_MOST = 100
"""Characters of a name."""


def reports_among(names: Iterable[str]) -> list[str]:
    """Those of these file names that a report has, in order."""
    return sorted(name for name in names if any(fnmatchcase(name, pattern) for pattern in PATTERNS))


def names_of(paths: Sequence[str], name: str) -> list[str]:
    """What each of these files is called; `name` is what a person said, or empty.

    One file is called so; of several each by its path after that. Raises: ValueError where two would be called alike.
    """
    if name and len(paths) == 1:
        return [name]
    before = f"{name}/" if name else ""
    found = [before + _allowed(path)[-(_MOST - len(before)) :] for path in paths]
    if len(set(found)) < len(found):
        twice = next(each for each in found if found.count(each) > 1)
        raise ValueError(f"two of the files would be called {twice!r}; send each with a --name of its own")
    return found


def _allowed(path: str) -> str:
    """With a dash for every character that a name has not."""
    return re.sub(r"[^A-Za-z0-9._/:-]", "-", path)
