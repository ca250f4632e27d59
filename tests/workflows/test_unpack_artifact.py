"""Archives of artifacts unpacked in a real box; what comes out of one is not believed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pytest

from checks.coverage_reports import unpacking
from gate.core.artifact import ArtifactError
from gate.sandbox import Exit, Sandbox
from gate.workflows import unpack_artifact as module
from gate.workflows.unpack_artifact import content, unpack
from tests.archives import archive
from tests.boxes import NAME, sandbox_or_skip


def unpacked(sandbox: Sandbox, made: bytes, folder: Path) -> dict[str, bytes]:
    """Content by path."""
    (folder / "archive").write_bytes(made)
    with (folder / "files").open("w+b") as result:
        files = unpack(sandbox, folder / "archive", result, name=NAME)
        return {file.path: b"".join(content(result, file)) for file in files}


@pytest.mark.box
def test_files_come_out_of_the_box(tmp_path: Path) -> None:
    """
    As they were packed, those of many pieces too.
    """
    files = {"a/coverage.xml": b"<coverage/>\n" * 200_000, ".coverage": b"5\nnull\n", "empty": b""}

    assert unpacked(sandbox_or_skip(), archive(files), tmp_path) == files


@pytest.mark.box
@pytest.mark.parametrize(
    ("made", "text"),
    [
        (b"%PDF", "it is no zip archive that can be read"),
        (archive({"a": b"x", "../b": b"y"}), r"'\.\./b' leads out of the archive"),
        # Half of it is out already.
        (archive({"a": b"x" * 100, "b": archive({"c": b""})}), "'b' is a zip archive in the archive"),
    ],
)
def test_a_refusal_comes_out_of_the_box(tmp_path: Path, made: bytes, text: str) -> None:
    """
    Whatever came before it is not used.
    """
    with pytest.raises(ArtifactError, match=text):
        unpacked(sandbox_or_skip(), made, tmp_path)


@pytest.mark.box
def test_a_hundred_thousand_entries_end_in_the_box(tmp_path: Path) -> None:
    """
    The directory alone is memory: a few megabytes for each megabyte of it.
    """
    made = archive({f"{number}/": b"" for number in range(100_000)})

    with pytest.raises(ArtifactError, match="it has 100,000 entries, more than 1,000"):
        unpacked(sandbox_or_skip(), made, tmp_path)


def test_the_limits_are_those_of_the_job() -> None:
    """
    Which says what to do where there is more.
    """
    assert (module.MOST_FILES, module.MOST_NAME) == (unpacking.MOST_FILES, unpacking.MOST_NAME)


class Said(Sandbox):
    """A box that ended so, out of which this came."""

    def __init__(self, said: bytes, ended: Exit) -> None:
        super().__init__("none")
        self._said, self._ended = said, ended

    def run(self, *_: object, result_to: BinaryIO | None = None, **__: object) -> Exit:
        assert result_to is not None
        result_to.write(self._said)
        return self._ended


DONE = Exit(0, 1, b"", b"")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b"", "status 0 and no result"),
        (b"null\n", "makes no sense"),
        (b'["a"]\n', "makes no sense"),
        (b'["a"]\n5\nabc', "makes no sense"),
        (b'["a"]\n0\nnull\n', "makes no sense"),
        (b'["a"]\n-1\nnull\n', "makes no sense"),
        (b'["a"]\n65537\n' + b"x" * 65_537 + b"null\n", "makes no sense"),
        (b'["a"]\n1.0\nxnull\n', "makes no sense"),
        (b'["a"]\ntrue\nxnull\n', "makes no sense"),
        (b"5\nabcdenull\n", "makes no sense"),
        (b'["a", 5]\nnull\n', "makes no sense"),
        (b'[["a"]]\nnull\n', "makes no sense"),
        (b'["a"]\n' * 51 + b"null\n", "makes no sense"),
        (b'["' + b"a" * 201 + b'"]\nnull\n', "makes no sense"),
        (b"[" * 100_000, "makes no sense"),
        (b"x" * 1_000_000, "makes no sense"),
        (b'"it is broken."\n', "^it is broken$"),
    ],
)
def test_what_comes_out_is_held_to_its_form(tmp_path: Path, said: bytes, text: str) -> None:
    """
    Whatever a box that was taken over says, nothing but bounded pieces of named files is used.
    """
    with pytest.raises(ArtifactError, match=text):
        unpack(Said(said, DONE), tmp_path, io.BytesIO(), name=NAME)


@pytest.mark.parametrize(
    ("ended", "text"),
    [
        (Exit(0, 1, b"", b"", "cancelled"), "cannot be unpacked: it was cancelled"),
        (Exit(137, 1, b"", b"", "memory", "It used more than 300 MB."), "It used more than 300 MB"),
        (Exit(1, 1, b"", b""), "status 1"),
    ],
)
def test_a_box_that_was_ended_says_why(tmp_path: Path, ended: Exit, text: str) -> None:
    """
    What it had said until then is not used.
    """
    with pytest.raises(ArtifactError, match=text):
        unpack(Said(b'["a"]\nnull\n', ended), tmp_path, io.BytesIO(), name=NAME)
