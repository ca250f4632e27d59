"""Sets of line numbers as the bits of an integer: small where they are kept, counted and compared at once.

It knows neither coverage nor files. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_HEX = re.compile(r"0|[1-9a-f][0-9a-f]*")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LineSet(AbstractSet[int]):
    """Line numbers, in order; equal to every set of the same numbers."""

    bits: int = 0
    """The bit of each line is set: of lines 1 and 3 it is 0b1010."""

    @classmethod
    def of(cls, lines: Iterable[int]) -> LineSet:
        """The set of these lines. Raises: ValueError for a negative number."""
        return lines if isinstance(lines, LineSet) else cls(_bits([*lines]))

    @classmethod
    def from_hex(cls, text: str) -> LineSet:
        """What `hex` wrote. Raises: ValueError for any other text."""
        if not _HEX.fullmatch(text):
            raise ValueError("expected a set of lines as hexadecimal digits")
        return cls(int(text, 16))

    @property
    def hex(self) -> str:
        """The bits as hexadecimal digits; of decimal ones Python reads no more than 4,300."""
        return f"{self.bits:x}"

    @property
    def last(self) -> int:
        """The highest line; 0 where there is none."""
        return max(0, self.bits.bit_length() - 1)

    def __iter__(self) -> Iterator[int]:
        # By a digit for each line: to take bit after bit from a large number would copy it each time.
        digits = bin(self.bits)[:1:-1]
        line = digits.find("1")
        while line >= 0:
            yield line
            line = digits.find("1", line + 1)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __contains__(self, line: object) -> bool:
        return isinstance(line, int) and line >= 0 and bool(self.bits >> line & 1)

    def __eq__(self, other: object) -> bool:
        # Not by `super()`: a class with slots is another one than the one it is written as.
        return self.bits == other.bits if isinstance(other, LineSet) else AbstractSet.__eq__(self, other)

    def __hash__(self) -> int:
        return self._hash()

    def __and__(self, other: Iterable[int]) -> LineSet:
        return LineSet(self.bits & LineSet.of(other).bits)

    def __or__(self, other: Iterable[int]) -> LineSet:  # type: ignore[override]  # of numbers only
        return LineSet(self.bits | LineSet.of(other).bits)

    def __sub__(self, other: Iterable[int]) -> LineSet:
        return LineSet(self.bits & ~LineSet.of(other).bits)

    def __xor__(self, other: Iterable[int]) -> LineSet:  # type: ignore[override]  # of numbers only
        return LineSet(self.bits ^ LineSet.of(other).bits)

    @classmethod
    def _from_iterable(cls, it: Iterable[int]) -> LineSet:  # type: ignore[override]  # of numbers only
        return cls.of(it)

    def __repr__(self) -> str:
        return f"LineSet.of({[*self]})"


def _bits(lines: list[int]) -> int:
    if not lines:
        return 0
    if min(lines) < 0:
        raise ValueError(f"{min(lines)} is no line number")
    # Byte by byte, for the same reason as above.
    octets = bytearray(max(lines) // 8 + 1)
    for line in lines:
        octets[line >> 3] |= 1 << (line & 7)
    return int.from_bytes(octets, "little")
