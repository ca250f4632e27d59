"""A list of names and globs means exactly these branches."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.branch_globs import listed


@pytest.mark.parametrize(
    ("glob", "branch", "fits"),
    [
        ("release", "release", True),
        # The whole name, in its letter case.
        ("release", "release/1", False),
        ("release", "my/release", False),
        ("Release", "release", False),
        # A star stays within a part of the name; two do not.
        ("release/*", "release/1.x", True),
        ("release/*", "release/", True),
        ("release/*", "release/1/fixes", False),
        ("release/**", "release/1/fixes", True),
        ("*", "main", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("***", "a/b", True),
        ("**/fixes", "release/1/fixes", True),
        ("*-stable", "3-stable", True),
        ("*-stable", "3-stable-2", False),
        ("v?", "v1", True),
        ("v?", "v12", False),
        ("v?1", "v/1", False),
        # All else is itself.
        ("v1.x", "v1-x", False),
        ("[ab]", "a", False),
        ("!main", "other", False),
        ("", "", True),
    ],
)
def test_each_sign_means_one_thing(glob: str, branch: str, fits: bool) -> None:
    """
    Names mean themselves, stars as people know them from GitHub's rules for branches.
    """
    assert listed(branch, [glob]) is fits


def test_one_of_several_is_enough_and_none_lists_nothing() -> None:
    """
    The list is one of alternatives.
    """
    assert listed("b", ["a", "b"])
    assert not listed("b", [])


@given(st.text("a/*?", max_size=12), st.text("ab/", max_size=12))
def test_the_meaning_is_that_of_an_expression(glob: str, branch: str) -> None:
    """
    What is followed all ways at once finds what an engine that goes back would find.
    """
    signs = {"*": "[^/]*", "?": "[^/]"}
    parts = re.findall(r"\*\*+|.", glob)
    expression = "".join(
        ".*" if part.startswith("**") else signs.get(part, re.escape(part)) for part in parts
    )

    assert listed(branch, [glob]) is (re.fullmatch(expression, branch) is not None)


def test_many_stars_end_soon() -> None:
    """
    A glob that would keep an engine busy for years is answered.
    """
    assert not listed("a" * 250, ["*a" * 120 + "b"])


@pytest.mark.parametrize("glob", ["*a" * 1000, "**a" * 666, "?*" * 1000, "a" * 2000, "*" * 2000, "*/" * 1000])
def test_the_longest_globs_take_milliseconds(glob: str) -> None:
    """
    Of 2,000 characters each; the slowest took 0.27 seconds when each place was looked at by itself.
    """
    before = time.process_time()

    listed("a" * 2000, [glob])
    listed("a/" * 1000, [glob])

    assert time.process_time() - before < 0.1


@given(st.text("a/*?", max_size=200), st.text("ab/", max_size=200))
def test_the_meaning_is_that_of_the_definition(glob: str, branch: str) -> None:
    """
    Longer ones than an engine that goes back would answer: each token against each beginning of the name.
    """
    fitting = {0}  # lengths of beginnings that the tokens so far fit
    for token in re.findall(r"\*\*+|.", glob):
        fitting = {end for start in fitting for end in ends(token, branch, start)}

    assert listed(branch, [glob]) is (len(branch) in fitting)


def ends(token: str, branch: str, start: int) -> set[int]:
    """Where what a token stands for may end when it begins there."""
    if token.startswith("**"):
        return set(range(start, len(branch) + 1))
    if token == "*":
        slash = branch.find("/", start)
        return set(range(start, (len(branch) if slash < 0 else slash) + 1))
    here = branch[start : start + 1]
    fits = here == token or (token == "?" and here not in {"", "/"})
    return {start + 1} if fits and here else set()
