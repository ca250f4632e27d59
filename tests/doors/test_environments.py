"""Test environments: built in the box from manifests, cached by content, never changed."""

from __future__ import annotations

import fcntl
import io
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from gate.core.policy import Tests, parse
from gate.core.suite_command import SuiteCommand
from gate.environments import Environment, Unprepared, archive, in_use, interpreters, prepare
from gate.environments.recipe import Recipe
from gate.eviction import lock_of
from gate.sandbox import Sandbox
from tests.boxes import LIMITS, NAME, sandbox_or_skip
from tests.wheel_index import has_wheel, wheel_index

PYTEST = SuiteCommand("pytest")
UNITTEST = SuiteCommand("unittest")


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture
def index() -> Iterator[str]:
    if not has_wheel("pytest"):
        pytest.skip("no wheels here: `pip download -d .wheels pytest` makes them")
    with wheel_index() as url:
        yield url


NO_INDEX = ("http://127.0.0.1:9/simple",)


@pytest.mark.box
def test_a_suite_that_needs_nothing_needs_no_index(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without requirements and with unittest, an environment is made with no network at all."""
    made = prepare(sandbox, {}, tests=Tests(), command=UNITTEST, index_urls=NO_INDEX, directory=tmp_path)

    assert isinstance(made, Environment)
    assert made.packages == ()


@pytest.mark.box
def test_pytest_is_added_where_it_runs_the_tests(sandbox: Sandbox, index: str, tmp_path: Path) -> None:
    """Nobody has to name pytest; it comes from the index and works in the box."""
    made = prepare(sandbox, {}, tests=Tests(), command=PYTEST, index_urls=(index,), directory=tmp_path)

    assert isinstance(made, Environment)
    shown = sandbox.run(
        (made.python, "-m", "pytest", "--version"), name=NAME, limits=LIMITS, mounts=made.mounts
    )
    assert shown.output.startswith(b"pytest 9")


@pytest.mark.box
def test_an_environment_is_made_once(sandbox: Sandbox, index: str, tmp_path: Path) -> None:
    """Equal requirements are found again without an index; others are another environment."""
    first = prepare(sandbox, {}, tests=Tests(), command=PYTEST, index_urls=(index,), directory=tmp_path)
    files = {"requirements.txt": b"iniconfig\n"}

    again = prepare(sandbox, {}, tests=Tests(), command=PYTEST, index_urls=(index,), directory=tmp_path)
    other = prepare(sandbox, files, tests=Tests(), command=UNITTEST, index_urls=(index,), directory=tmp_path)

    assert again == first
    assert isinstance(other, Environment)
    assert [name.split("-")[0] for name in other.packages] == ["iniconfig"]
    assert sorted(path.name[0] for path in (tmp_path / "environments").iterdir()).count(".") == 0


@pytest.mark.box
def test_an_environment_that_is_in_use_is_not_waited_for(sandbox: Sandbox, tmp_path: Path) -> None:
    """Base and head have the same one, and run side by side."""

    def prepared() -> Environment | Unprepared:
        return prepare(sandbox, {}, tests=Tests(), command=UNITTEST, index_urls=NO_INDEX, directory=tmp_path)

    made = prepared()
    assert isinstance(made, Environment)
    with ThreadPoolExecutor(1) as other, in_use(made):
        again = other.submit(prepared).result(timeout=30)

    assert again == made


@pytest.mark.box
def test_whoever_waited_for_the_builder_does_not_wait_for_its_tests(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two sides builds what both need, and uses it before the other, which waits, has noticed."""

    def prepared(directory: Path) -> Environment | Unprepared:
        return prepare(sandbox, {}, tests=Tests(), command=UNITTEST, index_urls=NO_INDEX, directory=directory)

    made = prepared(tmp_path / "built")
    assert isinstance(made, Environment)
    assert made.place is not None
    asked, flock = threading.Event(), fcntl.flock

    def noted(lock: IO[str], how: int) -> None:
        asked.set()
        flock(lock, how)

    monkeypatch.setattr(fcntl, "flock", noted)
    place = tmp_path / "both" / made.place.relative_to(tmp_path / "built")
    place.parent.mkdir(parents=True)
    with ThreadPoolExecutor(1) as other, lock_of(place).open("a") as lock:
        flock(lock, fcntl.LOCK_EX)
        waiting = other.submit(prepared, tmp_path / "both")
        assert asked.wait(30)
        time.sleep(0.2)  # It waits in the kernel, where that cannot be seen on every machine.
        made.place.rename(place)
        flock(lock, fcntl.LOCK_SH)
        found = waiting.result(timeout=30)

    assert isinstance(found, Environment)
    assert found.place == place


@pytest.mark.box
def test_an_environment_works_below_any_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its hooks look beside it for coverage.py and the project's path."""
    made = prepare(sandbox, {}, tests=Tests(), command=UNITTEST, index_urls=NO_INDEX, directory=tmp_path)
    assert isinstance(made, Environment)
    assert made.place is not None
    root = tmp_path / "root"
    (root / "tmp/gate").mkdir(parents=True)
    (root / "tmp/gate/python_path").write_text("/of/the/project")
    (root / "venv").symlink_to(made.place / "venv")
    (root / "gate").symlink_to(made.place / "gate")
    code = "import sys; print('/of/the/project' in sys.path, sys.modules['coverage'].__file__)"

    shown = [
        subprocess.run([python, "-c", code], env={}, check=True, capture_output=True, text=True).stdout
        for python in (root / "venv/bin/python", made.place / "venv/bin/python")
    ]

    assert shown == [
        f"True {root}/gate/coverage/coverage/__init__.py\n",
        f"False {made.place}/gate/coverage/coverage/__init__.py\n",
    ]


@pytest.mark.box
def test_what_the_index_does_not_have_is_said(sandbox: Sandbox, index: str, tmp_path: Path) -> None:
    """The step is named, the installer's words are shown, and nothing half-made stays."""
    files = {"requirements.txt": b"no-such-package-anywhere\n"}

    made = prepare(sandbox, files, tests=Tests(), command=UNITTEST, index_urls=(index,), directory=tmp_path)

    assert isinstance(made, Unprepared)
    assert made.step == "resolve"
    assert "no-such-package-anywhere" in made.output
    assert [path for path in (tmp_path / "environments").iterdir() if path.is_dir()] == []


@pytest.mark.box
def test_an_unreachable_index_is_said(sandbox: Sandbox, tmp_path: Path) -> None:
    """No index is a failure to install, not a broken box."""
    made = prepare(sandbox, {}, tests=Tests(), command=PYTEST, index_urls=NO_INDEX, directory=tmp_path)

    assert isinstance(made, Unprepared)
    assert made.step == "install"
    assert made.ours


@pytest.mark.box
def test_a_lock_that_cannot_be_met_is_left_out_and_said(sandbox: Sandbox, index: str, tmp_path: Path) -> None:
    """Better the newest versions than no tests."""
    lock = b'[[package]]\nname = "iniconfig"\nversion = "0.0.1"\n'
    files = {"requirements.txt": b"iniconfig\n", "uv.lock": lock}

    made = prepare(sandbox, files, tests=Tests(), command=UNITTEST, index_urls=(index,), directory=tmp_path)

    assert isinstance(made, Environment)
    assert made.description.endswith("left out: the lock file, whose versions cannot be met")


# What uv prints.
WHEELLESS = (
    "hint: Wheels are required for `mkautodoc` because building from source is disabled for all packages"
)


def test_a_requirement_without_a_wheel_is_spared() -> None:
    """One that is asked for by name; the others stay, locked as they were."""
    recipe = Recipe(("httpx", "MkAutoDoc==0.2.0"), ("httpx==1.0",), interpreters.own(), ())

    spared = recipe.without_wheelless(WHEELLESS)

    assert spared is not None
    assert (spared.requirements, spared.constraints) == (("httpx",), ("httpx==1.0",))
    assert spared.left_out == ("MkAutoDoc==0.2.0 has no wheel",)
    assert spared.without_wheelless(WHEELLESS) is None


def test_versions_are_unlocked_once() -> None:
    """A recipe without a lock has nothing more to spare."""
    locked = Recipe(("httpx",), ("httpx==1.0",), interpreters.own(), ())

    unlocked = locked.unlocked()

    assert unlocked is not None
    assert (unlocked.requirements, unlocked.constraints) == (("httpx",), ())
    assert unlocked.unlocked() is None


@pytest.mark.parametrize(
    ("tests", "manifest"),
    [
        (Tests(), b'[project]\nname = "a"\nrequires-python = ">=4"\n'),
        (Tests(), b'[project]\nname = "a"\nrequires-python = "soon"\n'),
        (Tests(), f'[project]\nname = "a"\nrequires-python = ">0,<{"9" * 5000}"\n'.encode()),
        (Tests(python="3.99"), b""),
        (Tests(python="3.99, ~=3"), b""),
    ],
    ids=["too new", "no specifier", "no number", "policy", "policy's specifier"],
)
def test_without_an_interpreter_nothing_starts(tests: Tests, manifest: bytes, tmp_path: Path) -> None:
    """What is wanted and what is there are both said."""
    made = prepare(
        Sandbox("none"),
        {"pyproject.toml": manifest},
        tests=tests,
        command=UNITTEST,
        index_urls=(),
        directory=tmp_path,
    )

    assert isinstance(made, Unprepared)
    assert made.step == "python"
    assert "requires-python" in made.text or "3.99" in made.text
    assert len(made.text) < 400


@pytest.mark.parametrize(
    "wanted", ["{series}", " {series}.*", "{version}", ">={series}", "== {series}.* , <4", "3,>={series}"]
)
def test_the_policy_names_a_version_or_says_which_will_do(wanted: str) -> None:
    """As `[tests] python` takes them."""
    ours = interpreters.own()
    text = wanted.format(series=ours.series, version=ours.version)

    policy = parse(f'[tests]\npython = "{text}"\n'.encode())

    assert interpreters.choose(policy.tests.python, "<3") == ours


def test_the_services_interpreter_comes_first() -> None:
    """Where it is admitted, no other is looked for."""
    own = interpreters.own()

    assert interpreters.choose("", f">={own.series}") == own
    assert interpreters.choose(own.series, "") == own


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    "hostile",
    [
        member("../escape"),
        member("venv/../../escape"),
        member("/tmp/escape"),
        member("elsewhere/file"),
        member("venv/link", tarfile.SYMTYPE, "/etc"),
        member("venv/hard", tarfile.LNKTYPE, "/etc/passwd"),
        member("venv/fifo", tarfile.FIFOTYPE),
        member("venv/device", tarfile.BLKTYPE),
        member("venv/folder", tarfile.DIRTYPE),
        member("venv"),
    ],
    ids=lambda entry: f"{entry.name} {entry.type.decode()}",
)
def test_an_installers_archive_is_not_believed(hostile: tarfile.TarInfo, tmp_path: Path) -> None:
    """Only regular files below the two folders are written."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        made.addfile(member("venv/good"))
        made.addfile(hostile)
    stream.seek(0)
    (tmp_path / "into").mkdir()

    with pytest.raises(archive.ArchiveError):
        archive.unpack(stream, tmp_path / "into")

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["good", "into", "venv"]


def test_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    """An installer's box that sent something else is said to have."""
    with pytest.raises(archive.ArchiveError):
        archive.unpack(io.BytesIO(b"not a tar" * 1000), tmp_path)
