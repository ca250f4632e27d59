"""A mirror of GitHub over HTTP with the App's own tokens: what is private opens, and nothing of the token stays."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gate.core.failure import Transient
from gate.git import Mirror
from gate.github import GitHub
from tests.fake_github import FakeGitHub, Repository


@pytest.fixture
def private(github: FakeGitHub) -> Repository:
    return github.repository({"app.py": "x = 1\n"}, name="octo/private", private=True)


def mirror_of(repository: Repository, folder: Path, token: str = "") -> Mirror:
    """The mirror of a repository, with a token unless it is empty."""
    return Mirror(folder / f"{repository.id}.git", repository.clone_url, (lambda: token) if token else None)


def token_for(github: FakeGitHub, door: GitHub, repository: Repository) -> str:
    """The token that the App may read this repository with."""
    installation = github.installation_of(repository)
    assert installation is not None
    return door.token(installation.id, repository.id)


def test_a_private_pull_request_is_fetched(
    github: FakeGitHub, door: GitHub, private: Repository, tmp_path: Path
) -> None:
    """Head and base of a private repository's pull request come with the repository's own token."""
    pull = private.open_pull_request({"app.py": "x = 2\n"})
    mirror = mirror_of(private, tmp_path, token_for(github, door, private))

    mirror.fetch({pull.head_sha: f"refs/pull/{pull.number}/head"})
    tip = mirror.fetch_tip("refs/heads/main")

    assert mirror.file(pull.head_sha, "app.py") == b"x = 2\n"
    assert mirror.merge_base(pull.head_sha, tip) == tip


def test_a_head_that_was_pushed_over_is_fetched_by_its_sha(
    github: FakeGitHub, door: GitHub, private: Repository, tmp_path: Path
) -> None:
    """A run that was overtaken by a force-push still finds the head of its own event."""
    pull = private.open_pull_request({"app.py": "x = 2\n"})
    older = pull.head_sha
    pull.force_push({"app.py": "x = 3\n"})
    mirror = mirror_of(private, tmp_path, token_for(github, door, private))

    mirror.fetch({older: f"refs/pull/{pull.number}/head"})

    assert mirror.file(older, "app.py") == b"x = 2\n"


def test_a_renamed_repository_is_followed(
    github: FakeGitHub, door: GitHub, private: Repository, tmp_path: Path
) -> None:
    """The old address of a repository leads to the new one, for git too."""
    mirror = mirror_of(private, tmp_path, token_for(github, door, private))
    private.rename("octo/renamed")

    assert mirror.fetch_tip("refs/heads/main") == private.head_sha


@pytest.mark.parametrize("of_another", [True, False], ids=["another repository's token", "no token"])
def test_what_is_private_stays_closed(
    github: FakeGitHub, door: GitHub, private: Repository, tmp_path: Path, of_another: bool
) -> None:
    """Without its own token a private repository is not there; nobody is asked for a password."""
    public = github.repository({"app.py": "x = 1\n"}, name="octo/public")
    token = token_for(github, door, public) if of_another else ""

    with pytest.raises(Transient, match="not to be had"):
        mirror_of(private, tmp_path, token).fetch_tip("refs/heads/main")


def test_no_file_of_a_mirror_holds_the_token(
    github: FakeGitHub, door: GitHub, private: Repository, tmp_path: Path
) -> None:
    """Neither the token nor the header made of it is written anywhere below the mirror."""
    token = token_for(github, door, private)
    mirror_of(private, tmp_path / "mirrors", token).fetch_tip("refs/heads/main")

    written = b"".join(path.read_bytes() for path in (tmp_path / "mirrors").rglob("*") if path.is_file())

    assert token.encode() not in written
    assert base64.b64encode(f"x-access-token:{token}".encode()) not in written
