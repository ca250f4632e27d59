"""What is fuzzed: a name, how inputs are made, and what tries one. The input of a number is always the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

Make = Callable[[Random], Any]
Try = Callable[[Any], None]
"""Raises for what must not be: any exception but those the tried function is documented to raise."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads what strangers wrote."""

    name: str
    share: int
    """Of all inputs, beside the shares of the others."""
    make: Make
    opened: Callable[[Path], AbstractContextManager[Try]]
    """What tries inputs, in a folder of its own."""

    def given(self, seed: int, number: int) -> Any:
        """The input of this number, from 0."""
        return self.make(Random(f"{self.name} {seed} {number}"))


def pure(name: str, share: int, make: Make, attempt: Try) -> Target:
    """A target that needs nothing but its input."""

    @contextmanager
    def opened(_: Path) -> Iterator[Try]:
        yield attempt

    return Target(name, share, make, opened)
