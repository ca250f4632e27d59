"""Artifacts through the GitHub door: what is listed, and archives from a storage that gets no credentials of ours."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from werkzeug import Response

from gate.core.failure import MissingPermission, Permanent, Transient
from gate.github import Artifact, GitHub, TooLargeError
from gate.github import artifacts as module
from tests.doors.github_door import through
from tests.fake_github import FakeGitHub, PullRequest, Repository

MB = 1 << 20


def fetched(door: GitHub, repository: Repository, number: int, *, most_bytes: int = MB) -> bytes:
    stream = io.BytesIO()
    through(door, repository).download_artifact(number, stream, most_bytes=most_bytes)
    return stream.getvalue()


def test_the_artifacts_of_a_run_are_listed(door: GitHub, pull: PullRequest) -> None:
    """
    All pages, with the run and the head that GitHub says they are of.
    """
    made = [
        pull.repository.upload_artifact(f"gate-{n}", b"PK" * n, run_id=7, sha=pull.head_sha)
        for n in range(101)
    ]
    pull.repository.upload_artifact("gate-other", b"", run_id=8, sha=pull.head_sha)

    found = through(door, pull.repository).artifacts(7)

    assert sorted(found, key=lambda one: one.id) == [
        Artifact(one.id, one.name, 2 * n, expired=False, run_id=7, head_sha=pull.head_sha)
        for n, one in enumerate(made)
    ]


def test_an_archive_comes_without_credentials(
    door: GitHub, github: FakeGitHub, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Neither the token goes to the storage, nor what the machine's `.netrc` has for it; the fake would note either.
    """
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    made = repository.upload_artifact("gate-unit", b"PK" * 100_000, run_id=7, sha=repository.head_sha)

    assert fetched(door, repository, made.id) == made.archive
    assert github.storage.requests == [f"/{made.id}.zip"]


def test_an_archive_that_is_too_large_is_not_read_to_its_end(door: GitHub, repository: Repository) -> None:
    """
    Whatever the list said of its size.
    """
    made = repository.upload_artifact("gate-unit", b"x" * 3 * MB, run_id=7, sha=repository.head_sha)

    with pytest.raises(TooLargeError, match="it has more than 2 MB"):
        fetched(door, repository, made.id, most_bytes=2 * MB)


@pytest.mark.parametrize(
    "address",
    [
        "http://storage.example/1.zip",
        "http://127.0.0.1.example/1.zip",
        "ftp://127.0.0.1/1.zip",
        "file:///etc/passwd",
        "https:///1.zip",
        "//127.0.0.1/1.zip",
        "",
    ],
)
def test_only_an_encrypted_way_is_taken(
    door: GitHub, github: FakeGitHub, repository: Repository, address: str
) -> None:
    """
    Or one to GitHub's own host; nothing is asked of another address.
    """
    made = repository.upload_artifact("gate-unit", b"PK", run_id=7, sha=repository.head_sha)
    github.archive_address = address

    with pytest.raises(Permanent, match=r"keeps artifact .* at no https address"):
        fetched(door, repository, made.id)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Response("AuthenticationFailed", 403), "storage answered 403"),
        (Response("", 302, {"Location": "http://169.254.169.254/"}), "storage answered 302"),
        (Response("", 500), "storage answered 500"),
        (Response("", 204), "storage answered 204"),
    ],
)
def test_a_storage_that_has_it_not_is_asked_again_later(
    door: GitHub, github: FakeGitHub, repository: Repository, answer: Response, text: str
) -> None:
    """
    By a new address; nobody is led on from there.
    """
    made = repository.upload_artifact("gate-unit", b"PK", run_id=7, sha=repository.head_sha)
    github.storage.answer = answer

    with pytest.raises(Transient, match=text):
        fetched(door, repository, made.id)


def test_a_storage_that_cannot_be_reached_is_asked_again_later(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    The address is a key, and stands in no error.
    """
    made = repository.upload_artifact("gate-unit", b"PK", run_id=7, sha=repository.head_sha)
    github.archive_address = "http://127.0.0.1:1/1.zip?sig=key"

    with pytest.raises(Transient, match="could not be fetched") as raised:
        fetched(door, repository, made.id)

    assert "sig" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_archive_that_takes_too_long_is_given_up(
    door: GitHub, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    However many bytes come in between.
    """
    monkeypatch.setattr(module, "DOWNLOAD_SECONDS", -1)
    made = repository.upload_artifact("gate-unit", b"PK", run_id=7, sha=repository.head_sha)

    with pytest.raises(Transient, match="did not arrive within"):
        fetched(door, repository, made.id)


def test_an_artifact_that_is_gone_is_not_asked_for_again(door: GitHub, repository: Repository) -> None:
    """
    GitHub keeps them some weeks.
    """
    with pytest.raises(Permanent, match="artifact 17"):
        fetched(door, repository, 17)


def test_without_the_permission_its_place_is_named(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    Where an owner accepts it; all else of the App goes on, for it has tokens of its own.
    """
    installation = github.installation_of(repository)
    assert installation is not None
    del installation.permissions["actions"]

    with pytest.raises(MissingPermission, match=r"lacks the permission actions: read\. An owner .* accept"):
        through(door, repository).artifacts(7)

    assert through(door, repository).now().id == repository.id
