"""Pairing, apart from what is paired."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.core.comparison.pairing import common_parts, pair_alike, pair_equal

Parts = tuple[str, ...]
THINGS = st.lists(st.lists(st.sampled_from("abcd"), max_size=5).map(tuple), max_size=6)


def same_length(old: Parts, new: Parts) -> tuple[int, ...]:
    return (int(len(old) != len(new)),)


def test_equal_keys_are_paired_in_order_and_no_key_never() -> None:
    """
    The first with the first; None stands for what must not be paired.
    """
    pairs, left, come = pair_equal(
        ["a1", "x1", "a2", "b1"], ["b2", "a3", "x2"], lambda thing: None if thing[0] == "x" else thing[0]
    )

    assert pairs == [("a1", "a3"), ("b1", "b2")]
    assert (left, come) == (["x1", "a2"], ["x2"])


def test_the_most_alike_are_paired_first() -> None:
    """
    Half of the parts have to be common; of equally alike ones the better rank counts first.
    """
    base: list[Parts] = [("a", "b", "c", "d"), ("a", "b")]
    head: list[Parts] = [("a", "b", "c", "x"), ("x", "y"), ("b", "a")]

    pairs, left, come = pair_alike(base, head, lambda thing: thing, same_length)

    assert pairs == [(("a", "b"), ("b", "a")), (("a", "b", "c", "d"), ("a", "b", "c", "x"))]
    assert (left, come) == ([], [("x", "y")])


def test_a_part_that_stands_everywhere_says_nothing() -> None:
    """
    A hundred times a hundred functions with `return None` are not compared with each other for it.
    """
    base: list[Parts] = [("return None", f"old {n}") for n in range(101)]
    head: list[Parts] = [("return None", f"new {n}") for n in range(101)]

    assert common_parts(base, head) == {}
    assert len(common_parts(base[:100], head[:100])) == 10_000


@given(THINGS, THINGS)
def test_exchanging_the_sides_makes_the_same_pairs(base: list[Parts], head: list[Parts]) -> None:
    """
    What blames a change must not depend on its direction.
    """
    forward, _, _ = pair_alike(base, head, lambda thing: thing, same_length)
    backward, _, _ = pair_alike(head, base, lambda thing: thing, same_length)

    assert sorted(forward) == sorted((old, new) for new, old in backward)
