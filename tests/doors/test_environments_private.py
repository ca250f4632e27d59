"""Environments of forks: made without the indexes that have a password, and never taken from those that were made with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import Environment, Unprepared, index, prepare
from gate.sandbox import Sandbox
from tests.boxes import sandbox_or_skip
from tests.distributions import put_source_distribution, put_wheel
from tests.wheel_index import index_of

pytestmark = pytest.mark.box

PASSWORD = "s3cret"


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture(autouse=True)
def nothing_learnt() -> None:
    index._learnt.clear()


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """The folder of an index that has a package nobody else has."""
    folder = tmp_path / "private"
    folder.mkdir()
    put_wheel(folder, "acme", {"acme.py": "KEY = 1\n"})
    return folder


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """The folder of an index for everybody."""
    folder = tmp_path / "public"
    folder.mkdir()
    put_wheel(folder, "open", {"open.py": "x = 1\n"})
    return folder


def prepared(
    sandbox: Sandbox,
    requirements: str,
    urls: tuple[str, ...],
    directory: Path,
    *,
    fork: bool,
    tests: Tests | None = None,
) -> Environment | Unprepared:
    return prepare(
        sandbox,
        {"requirements.txt": requirements.encode()},
        tests=tests or Tests(),
        command=SuiteCommand("unittest"),
        index_urls=urls,
        public_only=fork,
        directory=directory,
    )


def test_a_fork_has_an_environment_of_its_own(
    sandbox: Sandbox, private: Path, public: Path, tmp_path: Path
) -> None:
    """Of equal packages even, and it says what was left out; the index with a password is not asked."""
    with index_of(private, PASSWORD) as closed, index_of(public) as opened:
        urls = (closed.url, opened.url)
        own = prepared(sandbox, "open", urls, tmp_path, fork=False)
        asked = len(closed.asked)
        forks = prepared(sandbox, "open", urls, tmp_path, fork=True)
        again = prepared(sandbox, "open", urls, tmp_path, fork=True)

    assert isinstance(own, Environment)
    assert isinstance(forks, Environment)
    assert own.packages == forks.packages == ("open-1",)
    assert own.key != forks.key
    assert again == forks
    assert len(closed.asked) == asked
    assert forks.description.endswith("left out: packages of private indexes, which forks are not given")


def test_what_was_made_with_a_password_is_not_taken_for_a_fork(
    sandbox: Sandbox, private: Path, public: Path, tmp_path: Path
) -> None:
    """However equal the manifests: the package is missing, its name is shown, the password is not."""
    with index_of(private, PASSWORD) as closed, index_of(public) as opened:
        urls = (opened.url, closed.url)
        own = prepared(sandbox, "acme", urls, tmp_path, fork=False)
        forks = prepared(sandbox, "acme", urls, tmp_path, fork=True)

    assert isinstance(own, Environment)
    assert own.packages == ("acme-1",)
    assert isinstance(forks, Unprepared)
    assert (forks.step, forks.ours) == ("resolve", True)
    assert "acme" in forks.output
    assert PASSWORD not in repr(forks)


def test_without_a_password_anywhere_a_fork_is_like_any_other(
    sandbox: Sandbox, public: Path, tmp_path: Path
) -> None:
    """One environment serves both."""
    with index_of(public) as opened:
        own = prepared(sandbox, "open", (opened.url,), tmp_path, fork=False)
        forks = prepared(sandbox, "open", (opened.url,), tmp_path, fork=True)

    assert isinstance(own, Environment)
    assert own == forks


@pytest.mark.parametrize("requirements", ["", "iniconfig"])
def test_where_every_index_has_a_password_a_fork_gets_nothing(
    sandbox: Sandbox, requirements: str, tmp_path: Path
) -> None:
    """Not from uv's own default either, which the operator has not chosen; who needs nothing is measured."""
    urls = ("http://somebody:s3cret@127.0.0.1:9/simple",)

    made = prepared(sandbox, requirements, urls, tmp_path, fork=True)

    if requirements:
        assert isinstance(made, Unprepared)
        assert (made.step, made.ours) == ("resolve", True)
    else:
        assert isinstance(made, Environment)
        assert made.packages == ()


def test_a_fork_builds_no_more_than_others(sandbox: Sandbox, public: Path, tmp_path: Path) -> None:
    """Where a password forbids source distributions, a fork has none, so that its packages differ by no more than they must."""
    put_source_distribution(public, "made", "")
    closed = "http://somebody:s3cret@127.0.0.1:9/simple"

    with index_of(public) as opened:
        urls = (opened.url, closed)
        made = prepared(sandbox, "made", urls, tmp_path, fork=True, tests=Tests(sdists=True))

    assert isinstance(made, Environment)
    assert made.packages == ()
    assert "made has no wheel; packages of private indexes" in made.description
