"""Globs mean what git means by them, and are decided in time whatever they are and whatever they are held against."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from gate.core.globs import compile_globs

SEGMENTS = st.text("ab*?", min_size=1, max_size=6) | st.sampled_from(["**", "*", "[ab]*b", "[!a]*", "***"])
GLOBS = st.lists(SEGMENTS, min_size=1, max_size=5).map("/".join)
PATHS = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=6).map("/".join)


@given(glob=st.tuples(st.sampled_from(["", "/"]), GLOBS, st.sampled_from(["", "/"])).map("".join), path=PATHS)
def test_a_glob_means_what_pathspec_makes_of_it(glob: str, path: str) -> None:
    """Deciding early changes no answer."""
    assert compile_globs([glob]).match(path) is GitIgnoreSpec.from_lines([glob]).match_file(path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*a" * 30 + "b", "a" * 200 + "c"),
        ("**/a/" * 30 + "b", "a/" * 200 + "c"),
        ("/x/**/*a*a*a/**/*a*a*a/**/b", "x/" + "aaaaaaaaa/" * 100 + "c"),
        ("*" * 100 + "b", "a" * 200),
    ],
    ids=["stars", "folders", "both", "only stars"],
)
def test_no_glob_keeps_a_worker_busy(glob: str, path: str) -> None:
    """The time grows with the path's length, not with a power of it for each wildcard."""
    assert not compile_globs([glob]).match(path)
