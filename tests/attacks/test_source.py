"""What arrives with the tree itself: links, odd members and names of a tar stream, which meet only the box's own folders."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from gate.sandbox import Exit, Sandbox, SandboxError
from tests.attacks.attack import attacked
from tests.boxes import LIMITS, tar_of

pytestmark = pytest.mark.box

READ = "print('BREACH' if 's3cret' in open('here').read() else '')"


def member(
    name: str, kind: bytes = tarfile.REGTYPE, target: str = "", content: bytes = b""
) -> tuple[tarfile.TarInfo, bytes]:
    """One member of a tar stream."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mode = kind, target, len(content), 0o777
    return made, content


def stream_of(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> Callable[[BinaryIO], None]:
    """A writer of these members, in this order."""

    def write(stream: BinaryIO) -> None:
        with tarfile.open(fileobj=stream, mode="w|") as archive:
            for made, content in members:
                archive.addfile(made, io.BytesIO(content))

    return write


def naively_unpacked(write_source: Callable[[BinaryIO], None], folder: Path) -> None:
    """The proof outside: the same stream, unpacked as a program would that trusts it."""
    stream = io.BytesIO()
    write_source(stream)
    stream.seek(0)
    folder.mkdir(exist_ok=True)
    with tarfile.open(fileobj=stream) as archive:
        archive.extraction_filter = lambda made, _: made
        archive.extractall(folder)


def attacked_unless_refused(
    sandbox: Sandbox, code: str, write_source: Callable[[BinaryIO], None]
) -> Exit | None:
    """How an attack ends; None when its source is refused by name before it begins."""
    try:
        return attacked(sandbox, code, write_source=write_source)
    except SandboxError as error:
        if "could not be set up" not in str(error):
            raise
        return None


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symbolic", "hard"])
def test_a_link_to_a_file_of_this_machine_leads_nowhere(
    sandbox: Sandbox, tmp_path: Path, kind: bytes
) -> None:
    """A symbolic link dangles; a hard link refers to no file of the archive, and such a source is refused."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    source = stream_of([member("here", kind, str(secret))])

    naively_unpacked(source, tmp_path / "work")
    if kind == tarfile.SYMTYPE:
        ended = attacked(sandbox, READ, write_source=source)
        assert b"No such file" in ended.output
    else:
        with pytest.raises(SandboxError, match="could not be set up"):
            attacked(sandbox, READ, write_source=source)

    assert (tmp_path / "work/here").read_text() == "s3cret"


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(
            lambda out: [member("l", tarfile.SYMTYPE, str(out)), member("l/breach", content=b"x")],
            id="through a link",
        ),
        pytest.param(
            lambda out: [
                member("a", tarfile.SYMTYPE, str(out.parent)),
                member(f"a/{out.name}/breach", content=b"x"),
            ],
            id="through a link to a parent",
        ),
        pytest.param(lambda out: [member(f"../{out.name}/breach", content=b"x")], id="up"),
        pytest.param(lambda out: [member(f"{out}/breach", content=b"x")], id="absolute"),
        pytest.param(
            lambda out: [
                member("f", tarfile.SYMTYPE, f"{out}/breach"),
                member("f", content=b"x"),
            ],
            id="link, then a file of its name",
        ),
        pytest.param(
            lambda out: [
                member("d", tarfile.DIRTYPE),
                member("d/l", tarfile.SYMTYPE, f"../../{out.name}"),
                member("d/l/breach", content=b"x"),
            ],
            id="through a relative link",
        ),
    ],
)
def test_nothing_is_written_outside(
    sandbox: Sandbox, tmp_path: Path, build: Callable[[Path], list[tuple[tarfile.TarInfo, bytes]]]
) -> None:
    """Links and paths that lead out make a file of this machine when they are trusted; from a box they make none."""
    out = tmp_path / "out"
    out.mkdir()
    source = stream_of(build(out))
    naively_unpacked(source, tmp_path / "work")
    proved = (out / "breach").exists()
    (out / "breach").unlink(missing_ok=True)

    ended = attacked_unless_refused(sandbox, "pass", source)

    assert not list(out.iterdir())
    assert proved, "the stream does no harm when it is trusted either"
    assert ended is None or ended.status == 0


@pytest.mark.parametrize(
    ("made", "allowed"),
    [
        pytest.param(member("fifo", tarfile.FIFOTYPE), True, id="a pipe"),
        pytest.param(member("device", tarfile.CHRTYPE), False, id="a device"),
        pytest.param(member("disk", tarfile.BLKTYPE), False, id="a disk"),
    ],
)
def test_special_files_harm_nobody(
    sandbox: Sandbox, made: tuple[tarfile.TarInfo, bytes], allowed: bool
) -> None:
    """A pipe lies in the box, where nobody waits on it but the code itself; a device is refused with the source."""
    made[0].devmajor, made[0].devminor = 8, 0
    if allowed:
        assert attacked(sandbox, "pass", write_source=stream_of([made])).status == 0
        return

    with pytest.raises(SandboxError, match="could not be set up"):
        attacked(sandbox, "pass", write_source=stream_of([made]))


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(os.urandom(1 << 16), id="noise"),
        pytest.param(b"\0" * 512, id="half an end"),
        pytest.param(tarfile.TarInfo("a").tobuf()[:300], id="half a header"),
    ],
)
def test_a_broken_stream_is_no_run(sandbox: Sandbox, stream: bytes) -> None:
    """What is no archive is either refused by name or an empty tree; the box never waits for more."""
    ended = attacked_unless_refused(sandbox, "import os; print(os.listdir('.'))", lambda to: _put(to, stream))

    assert ended is None or b"[]" in ended.output


def test_a_member_may_be_shorter_than_it_says(sandbox: Sandbox) -> None:
    """A header that promises more than there is ends the unpacking, not the service."""
    header = tarfile.TarInfo("big")
    header.size = 1 << 40

    with pytest.raises(SandboxError, match="could not be set up"):
        attacked(sandbox, "pass", write_source=lambda to: _put(to, header.tobuf() + b"x" * 512))


def test_sparse_files_take_their_size_at_most(sandbox: Sandbox) -> None:
    """A hole of a terabyte is refused by the limit of a file's size; outside it would look like a terabyte of result."""
    code = "import os; f = open('hole', 'wb'); os.truncate(f.fileno(), int(__import__('sys').argv[1])); print('BREACH')"

    ended = attacked(sandbox, code, str(1 << 40))

    assert b"File too large" in ended.output or ended.status == 128 + 25


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["a" * 255 + "/" + "b" * 255], id="long"),
        pytest.param(["/".join(["d" * 200] * 15) + "/f"], id="deep"),
        pytest.param(["README", "readme", "ReadMe"], id="differing in case"),
        pytest.param(["new\nline", "tab\t", "-rf", "$(id)", "\udcff", "`id`", " "], id="strange"),
    ],
)
def test_any_name_is_a_name(sandbox: Sandbox, names: list[str]) -> None:
    """Whatever a file is called, it is unpacked under that name and no other."""
    code = "import os\nprint(sum(len(files) for _, _, files in os.walk('.')))"

    ended = attacked(sandbox, code, write_source=tar_of(dict.fromkeys(names, b"x")))

    assert ended.output == b"began\n%d\n" % len(names)


def test_a_name_too_long_for_a_folder_is_refused(sandbox: Sandbox) -> None:
    """The unpacking says so."""
    with pytest.raises(SandboxError, match="File name too long"):
        attacked(sandbox, "pass", write_source=tar_of({"a" * 300: b""}))


def test_very_many_files_reach_a_limit(sandbox: Sandbox) -> None:
    """Endless files end at the deadline or at the memory of the box, whichever is first."""

    def endless(stream: BinaryIO) -> None:
        number = 0
        while True:
            stream.write(tarfile.TarInfo(f"{number:08}").tobuf())
            number += 1

    limits = replace(LIMITS, seconds=1.5)

    ended = attacked(sandbox, "pass", write_source=endless, limits=limits)

    assert ended.ended_by in {"time", "memory", "disk"}


def test_a_tree_cannot_be_changed_by_a_later_run(sandbox: Sandbox) -> None:
    """What one run leaves in its folders is gone with its box."""
    attacked(sandbox, "for f in ('/tmp', '/home/gate', '/dev/shm', '.'): open(f + '/left', 'w').close()")

    code = "import os\nfor f in ('/tmp', '/home/gate', '/dev/shm', '.'):\n  if os.path.exists(f + '/left'): print('BREACH')"
    ended = attacked(sandbox, code)

    assert ended.status == 0


def _put(stream: BinaryIO, content: bytes) -> None:
    stream.write(content)
