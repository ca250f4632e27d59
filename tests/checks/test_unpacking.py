"""Archives of artifacts: what is in them comes out as it is, and whatever no artifact has is refused with its cause."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.coverage_reports import unpacking
from checks.coverage_reports.unpacking import unpacked
from tests.archives import archive, with_flag, with_size

XML = b"<coverage/>" * 20_000


def read(made: bytes) -> tuple[dict[str, bytes], object]:
    """(content by path, the last word) of an archive."""
    stream = b"".join(unpacked(io.BytesIO(made)))
    found: dict[str, bytes] = {}
    path = ""
    while True:
        line, _, stream = stream.partition(b"\n")
        match json.loads(line):
            case [str(path)]:
                found[path] = b""
            case int(size):
                found[path] += stream[:size]
                stream = stream[size:]
            case last:
                assert stream == b""
                return found, last


def test_files_come_out_as_they_are() -> None:
    """
    In pieces, whatever is in them; folders are nothing.
    """
    files = {"a/": b"", "a/coverage.xml": XML, ".coverage": b"SQLite format 3\0\n5\n", "empty.info": b""}

    found, last = read(archive(files))

    assert found == {name: content for name, content in files.items() if name != "a/"}
    assert last is None


REFUSED: list[tuple[Callable[[], bytes], str]] = [
    # Names that lead elsewhere.
    (lambda: archive({"/etc/passwd": b"x"}), "'/etc/passwd' leads out of the archive."),
    (lambda: archive({"../../x": b"x"}), "leads out"),
    (lambda: archive({"a/../../x": b"x"}), "leads out"),
    (lambda: archive({"a\nb": b"x"}), "is no path of at most 200 characters"),
    (lambda: archive({"x" * 201: b"x"}), "is no path of at most 200 characters"),
    # What is no file.
    (lambda: archive({"l": b"/etc/passwd"}, modes={"l": stat.S_IFLNK | 0o777}), "'l' is no file, but a link"),
    (
        lambda: archive({"l": b""}, modes={"l": stat.S_IFIFO | 0o644}),
        "'l' is no file, but a link or a device",
    ),
    (lambda: archive({"z.zip": archive({"a": b"x"})}), "'z.zip' is a zip archive in the archive."),
    # Bombs.
    (lambda: archive({f"{n}/": b"" for n in range(1001)}), "it has 1,001 entries, more than 1,000."),
    (lambda: archive({str(n): b"" for n in range(51)}), "it has 51 files, more than 50."),
    (
        lambda: archive({"a": b"\0" * (60 << 20), "b": b"\0" * (41 << 20)}),
        "its files have more than 100 MB, unpacked. Upload each report as an artifact of its own.",
    ),
    (
        lambda: with_size(archive({"a": b"\0" * 1000}), 999),
        "it is no zip archive that can be read (BadZipFile).",
    ),
    (lambda: with_size(archive({"a": b"\0" * 1000}), 1001), "'a' is not as large as the archive says."),
    # What cannot be opened.
    (lambda: with_flag(archive({"a": b"x"}), 1), "'a' is encrypted."),
    (lambda: b"", "it is no zip archive that can be read (BadZipFile)."),
    (lambda: b"\x1f\x8b" * 100, "it is no zip archive that can be read (BadZipFile)."),
    (lambda: archive({"a": XML})[:-30], "it is no zip archive that can be read (BadZipFile)."),
    (lambda: archive({}), "it is empty. Files that begin with a dot need `include-hidden-files: true`."),
    (lambda: archive({"a": XML}).replace(b"PK\x03\x04", b"PK\x03\x05"), "(BadZipFile)"),
]


@pytest.mark.parametrize(
    ("make", "text"), REFUSED, ids=[f"{number} {text[:30]}" for number, (_, text) in enumerate(REFUSED)]
)
def test_what_no_artifact_has_is_refused(make: Callable[[], bytes], text: str) -> None:
    """
    With its cause as the last word, whatever came out before.
    """
    _, last = read(make())

    assert isinstance(last, str)
    assert text in last


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """
    One of them would hide the other.
    """
    with zipfile.ZipFile(tmp_path / "z", "w") as made:
        made.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("a", "2")

    _, last = read((tmp_path / "z").read_bytes())

    assert isinstance(last, str)
    assert last.startswith("it has two files of one name.")


def test_other_ways_to_compress_are_refused(tmp_path: Path) -> None:
    """
    GitHub's action uses none of them, and their memory is bounded by nobody.
    """
    with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a", "1")

    _, last = read((tmp_path / "z").read_bytes())

    assert "'a' is compressed in a way that GitHub does not use." in str(last)


def test_damage_in_the_middle_is_told() -> None:
    """
    What zlib makes of it is nobody's business.
    """
    made = bytearray(archive({"a": XML}))
    made[40:60] = b"\xff" * 20

    _, last = read(bytes(made))

    assert "it cannot be unpacked (error)." in str(last)


def test_the_job_writes_to_its_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What `unpacked` gives of the file in the folder where it starts.
    """
    (tmp_path / "report").write_bytes(archive({"a": b"x"}))
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "result").open("wb") as result:
        monkeypatch.setenv("GATE_RESULT_FD", str(os.dup(result.fileno())))

        unpacking.main()

    assert (tmp_path / "result").read_bytes() == b'["a"]\n1\nxnull\n'
