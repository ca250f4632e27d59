"""Decoded reports that are kept: the same values, and no more than fit."""

from __future__ import annotations

import pytest

from checks.report import FileReport, Finding
from gate.store import decoded as decoded_module
from gate.store.content import packed, unpacked
from gate.store.decoded import Decoded


def report(number: int) -> FileReport:
    finding = Finding("B101", number, number, 0, "low", "high", "text " * 20)
    return FileReport("security", "1", findings=(finding,))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was really decoded."""
    contents: list[bytes] = []

    def spy(wanted: type[FileReport], content: bytes) -> FileReport | None:
        contents.append(content)
        return unpacked(wanted, content)

    monkeypatch.setattr(decoded_module, "unpacked", spy)
    return contents


def test_what_was_written_or_read_is_not_decoded_again(reads: list[bytes]) -> None:
    """
    Whoever reads gets the value that was written.
    """
    kept, one, two = Decoded(), report(1), packed(report(2))

    found = [kept.unpacked(kept.packed(one)), kept.unpacked(two), kept.unpacked(two)]

    assert found == [one, report(2), report(2)]
    assert reads == [two]


def test_the_longest_unused_go_first(reads: list[bytes]) -> None:
    """
    Three fit.
    """
    contents = [packed(report(number)) for number in range(4)]
    kept = Decoded(most_bytes=sum(map(len, contents[:3])))

    for number in (0, 1, 2, 0, 3, 0, 1):
        kept.unpacked(contents[number])

    assert reads == [contents[number] for number in (0, 1, 2, 3, 1)]


def test_what_cannot_be_read_is_nothing(reads: list[bytes]) -> None:
    """
    Each time, for another Gate may write it anew.
    """
    kept = Decoded()

    assert [kept.unpacked(b"{}"), kept.unpacked(b"{}")] == [None, None]
    assert len(reads) == 2


def test_one_that_is_larger_than_all_is_not_kept(reads: list[bytes]) -> None:
    """
    Nor in the way of others.
    """
    kept = Decoded(most_bytes=1)

    assert kept.unpacked(kept.packed(report(1))) == report(1)
    assert len(reads) == 1
