"""Pairing the things of a base with those of a head, one to one. It knows no check.

Every step gives the same pairs when base and head are exchanged: of two candidate pairs that share a thing the one
that counts first is the same from both sides, and nothing else decides which pairs are made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T")
Pairs = list[tuple[T, T]]


def pair_equal(
    base: Sequence[T], head: Sequence[T], key: Callable[[T], Hashable | None]
) -> tuple[Pairs[T], list[T], list[T]]:
    """Pairs of things with an equal key, first with first; and what is left of base and of head, in order.

    Things whose key is None are never paired.
    """
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for index, thing in enumerate(head):
        waiting[key(thing)].append(index)
    waiting.pop(None, None)
    for indexes in waiting.values():
        indexes.reverse()
    pairs: Pairs[T] = []
    left: list[T] = []
    taken: set[int] = set()
    for thing in base:
        indexes = waiting.get(key(thing), [])
        if indexes:
            taken.add(indexes[-1])
            pairs.append((thing, head[indexes.pop()]))
        else:
            left.append(thing)
    return pairs, left, [thing for index, thing in enumerate(head) if index not in taken]


def pair_alike(
    base: Sequence[T],
    head: Sequence[T],
    parts: Callable[[T], Sequence[str]],
    rank: Callable[[T, T], tuple[int, ...]],
) -> tuple[Pairs[T], list[T], list[T]]:
    """Pairs of things that have at least half of their parts in common, the most alike first; and what is left.

    Alike is Dice's coefficient over multisets: twice the common parts over all parts. Among equally alike pairs the
    one with the lowest `rank` counts first, which has to be the same for both directions.
    """
    base_parts, head_parts = [parts(thing) for thing in base], [parts(thing) for thing in head]
    candidates = []
    for (i, j), common in common_parts(base_parts, head_parts).items():
        total = len(base_parts[i]) + len(head_parts[j])
        if 4 * common >= total:
            # Likeness in millionths, for whole numbers compare alike on every machine.
            candidates.append((-(2_000_000 * common // total), rank(base[i], head[j]), i, j))
    pairs: Pairs[T] = []
    taken_base: set[int] = set()
    taken_head: set[int] = set()
    for _, _, i, j in sorted(candidates):
        if i not in taken_base and j not in taken_head:
            taken_base.add(i)
            taken_head.add(j)
            pairs.append((base[i], head[j]))
    return pairs, _without(base, taken_base), _without(head, taken_head)


def common_parts(base: Sequence[Sequence[str]], head: Sequence[Sequence[str]]) -> dict[tuple[int, int], int]:
    """How many parts each two things have in common, counted with their number; only where there is one.

    A part that stands almost everywhere (`return None` in a thousand functions) says nothing and is left out.
    """
    holders, others = _holders(base), _holders(head)
    common: Counter[tuple[int, int]] = Counter()
    for part, here in holders.items():
        there = others.get(part, [])
        if len(here) * len(there) > _MOST_MEETINGS:
            continue
        for i, count in here:
            for j, other in there:
                common[i, j] += min(count, other)
    return dict(common)


_MOST_MEETINGS = 10_000
"""Keeps the comparison of two large trees within seconds."""


def _holders(things: Sequence[Sequence[str]]) -> dict[str, list[tuple[int, int]]]:
    """By part: the things that have it, and how often."""
    holders: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, parts in enumerate(things):
        for part, count in Counter(parts).items():
            holders[part].append((index, count))
    return holders


def _without(things: Sequence[T], taken: set[int]) -> list[T]:
    return [thing for index, thing in enumerate(things) if index not in taken]
