"""`gate.owner`: processes told apart, and the scratch folders they leave when they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gate import owner
from gate.git import Checkout
from tests.doors.author import Author

ROOT = Path(__file__).parents[2]


def test_an_owner_is_told_apart_from_a_later_process() -> None:
    """By its start, and by the namespace its number counts in; what is written can be read again."""
    me = owner.own()

    assert owner.parse(str(me)) == me
    assert me.state() == "alive"
    assert replace(me, started=me.started + 1).state() == "dead"
    assert replace(me, namespace=1).state() == "elsewhere"
    assert owner.parse("1.2") is None


def test_scratch_folders_of_dead_owners_go(tmp_path: Path) -> None:
    """The next one to make a folder takes away what a killed process left, and nothing else."""
    left = tmp_path / f"work-{replace(owner.own(), started=1)}-x"
    left.mkdir()
    (left / "file").touch()
    others = [tmp_path / f"work-{owner.own()}-x", tmp_path / "work-of-somebody", tmp_path / "file"]
    for other in others:
        other.mkdir()

    with owner.scratch("work-", tmp_path) as folder:
        assert sorted(tmp_path.iterdir()) == sorted([*others, folder])

    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_a_killed_reader_of_a_checkout_leaves_nothing_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gate check` killed in the midst: the next one takes its snapshot away."""
    author = Author(tmp_path / "work")
    author.commit({"a.py": b"1\n"})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = (
        "import os, signal, sys; from pathlib import Path; from gate.git import Checkout\n"
        "checkout = Checkout.find(Path(sys.argv[1])); checkout.working_tree(); os.kill(os.getpid(), signal.SIGKILL)"
    )

    killed = subprocess.run(
        [sys.executable, "-c", program, author.root],
        check=False,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    left = list(temporary.iterdir())
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with Checkout.find(author.root):
        beside = list(temporary.iterdir())

    assert killed.returncode == -signal.SIGKILL
    assert len(left) == len(beside) == 1
    assert left != beside
    assert list(temporary.iterdir()) == []
