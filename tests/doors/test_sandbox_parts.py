"""Parts of the sandbox that need no namespaces: the filter's program, control groups on plain folders, commands."""

from __future__ import annotations

import os
import struct
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from gate import owner
from gate.sandbox import Limits, Mount, cgroup, command, here, seccomp
from gate.sandbox.values import SandboxError


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_path_through_the_filter_ends(machine: str) -> None:
    """No jump leads behind the end, and the last word is an answer."""
    data = seccomp.program(machine)
    instructions = list(struct.iter_unpack("<HBBI", data))

    furthest = max(
        index + 1 + max(yes, no)
        for index, (code, yes, no, _) in enumerate(instructions)
        if code & 0x07 == 0x05
    )

    assert furthest < len(instructions) < 200
    assert instructions[-1][0] == 0x06


def test_an_unknown_machine_has_no_filter() -> None:
    """And so no box: `supported` says it before."""
    assert not seccomp.supported("vax")
    with pytest.raises(KeyError):
        seccomp.program("vax")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A version 2 hierarchy as far as plain files can play it."""
    service = tmp_path / "gate.service"
    service.mkdir()
    (service / "cgroup.controllers").write_text("cpu memory pids\n")
    (service / "cgroup.subtree_control").write_text("")
    return tmp_path


def test_a_delegated_subtree_is_found(root: Path) -> None:
    """Version 2: where memory and pids are to be had, they are switched on for the children."""
    found = cgroup.find(root, "0::/gate.service\n")

    assert found == cgroup.Hierarchy(2, (root / "gate.service",), cpu=True)
    assert (root / "gate.service/cgroup.subtree_control").read_text() == "+memory +pids +cpu"


def test_processor_time_is_not_required(root: Path) -> None:
    """Memory and pids alone make a group; the probe says what is missing."""
    (root / "gate.service/cgroup.controllers").write_text("memory pids\n")

    found = cgroup.find(root, "0::/gate.service\n")

    assert found == cgroup.Hierarchy(2, (root / "gate.service",), cpu=False)


def test_processor_time_is_bounded_by_a_quota(root: Path) -> None:
    """A core and a half is that share of each period."""
    hierarchy = cgroup.Hierarchy(2, (root / "gate.service",), cpu=True)

    group = cgroup.create(hierarchy, "test", Limits(memory_mb=64, seconds=1, cpus=1.5))

    assert (group.folders[0] / "cpu.max").read_text() == "150000 100000"


def test_a_service_that_moved_into_its_leaf_finds_the_same_place(root: Path) -> None:
    """The second start in the same group must not nest."""
    found = cgroup.find(root, "0::/gate.service/gate-service\n")

    assert found == cgroup.Hierarchy(2, (root / "gate.service",), cpu=True)


@pytest.mark.parametrize("own", ["0::/elsewhere\n", "0::/\n", "1:cpu:/\n"])
def test_without_controllers_there_is_no_group(root: Path, own: str) -> None:
    """None is an answer; the probe says what follows from it."""
    assert cgroup.find(root, own) is None


def test_version_1_needs_both_controllers(tmp_path: Path) -> None:
    """Memory and pids, each in its own tree."""
    (tmp_path / "memory/a").mkdir(parents=True)
    (tmp_path / "pids/b").mkdir(parents=True)

    both = cgroup.find(tmp_path, "9:pids:/b\n4:memory:/a\n0::/\n")

    assert both == cgroup.Hierarchy(1, (tmp_path / "memory/a", tmp_path / "pids/b"))
    assert cgroup.find(tmp_path, "4:memory:/a\n0::/\n") is None


def test_version_1_bounds_processor_time_where_it_can(tmp_path: Path) -> None:
    """The third tree counts only where it has a quota."""
    for name in ("memory", "pids", "cpu"):
        (tmp_path / name).mkdir()
    own = "3:cpu,cpuacct:/\n9:pids:/\n4:memory:/\n"

    without = cgroup.find(tmp_path, own)
    (tmp_path / "cpu/cpu.cfs_quota_us").touch()
    found = cgroup.find(tmp_path, own)

    assert without == cgroup.Hierarchy(1, (tmp_path / "memory", tmp_path / "pids"))
    assert found == cgroup.Hierarchy(1, (tmp_path / "memory", tmp_path / "pids", tmp_path / "cpu"), cpu=True)


def test_a_group_that_cannot_be_bounded_is_an_error(tmp_path: Path) -> None:
    """Never a box without its limits: a folder in which no limit can be set is refused."""
    hierarchy = cgroup.Hierarchy(1, (tmp_path / "missing", tmp_path / "missing"))

    with pytest.raises(SandboxError, match="could not be set up"):
        cgroup.create(hierarchy, "test", Limits(memory_mb=64, seconds=1))


def test_groups_of_dead_owners_are_found(tmp_path: Path) -> None:
    """A killed worker's at once, a day old and empty one's of an owner elsewhere; all others stay."""
    alive, dead, elsewhere = owner.own(), replace(owner.own(), started=1), replace(owner.own(), namespace=1)
    for name in (f"a@{alive}", f"b@{dead}", f"c@{elsewhere}", f"d@{elsewhere}", "service", "x@y"):
        (tmp_path / f"gate-{name}").mkdir()
    os.utime(tmp_path / f"gate-d@{elsewhere}", (0, 0))

    found = [group.folders[0].name for group in cgroup.of_dead_owners(cgroup.Hierarchy(2, (tmp_path,)))]

    assert found == [f"gate-b@{dead}", f"gate-d@{elsewhere}"]


def test_a_target_is_mounted_once(tmp_path: Path) -> None:
    """The first mount of a target stands, and links of its source are followed on this side."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    chosen = command.distinct([Mount(tmp_path / "link", "/a"), Mount(tmp_path, "/a"), Mount(tmp_path, "/b")])

    assert chosen == (Mount(tmp_path / "real", "/a"), Mount(tmp_path, "/b"))


def test_only_root_needs_a_launcher_without_groups() -> None:
    """A normal user's bubblewrap starts as it is."""
    line = command.launcher(
        ["bwrap"],
        stage=None,
        entrances=(),
        mounts=[Mount(Path("/a"), "/b")],
        limits=Limits(memory_mb=64, seconds=1),
    )

    assert line == ["bwrap"]


def test_a_table_of_mounts_takes_any_path(tmp_path: Path) -> None:
    """Spaces, tabs, line ends and backslashes are written as fstab(5) has them; files and folders alike are told."""
    folder = tmp_path / "a b\t\n\\c"
    folder.mkdir()
    stage = command.Stage(Path("/stage"), 60600)

    first = stage.table([Mount(folder, "/x")], Limits(memory_mb=64, seconds=1, disk_mb=1)).splitlines()

    assert first[0] == f"{tmp_path}/a\\040b\\011\\012\\134c /stage/0 none bind,X-mount.mkdir 0 0"
    assert first[4] == (
        "gate /stage/writable3 tmpfs "
        "size=1048576,nr_inodes=256,mode=0755,uid=60600,gid=60600,nosuid,nodev,X-mount.mkdir 0 0"
    )


def test_without_a_box_links_that_lead_outside_are_left_out() -> None:
    """
    What is unpacked for a run without a box stays in its folder.
    """

    def write(stream: BinaryIO) -> None:
        with tarfile.open(fileobj=stream, mode="w:") as archive:
            for name, target in (
                ("kept", "a.py"),
                ("sub/up", "../a.py"),
                ("out", "../x"),
                ("root", "/etc/passwd"),
            ):
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, target
                archive.addfile(link)
            archive.addfile(tarfile.TarInfo("a.py"))
            archive.addfile(tarfile.TarInfo("../escaped.py"))

    with here.unpacked(write) as folder:
        found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))

    assert found == ["a.py", "kept", "sub", "sub/up"]
