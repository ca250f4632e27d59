"""The GitHub door's tokens are narrow, shared and never shown."""

from __future__ import annotations

import logging
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from gate.core.failure import Permanent
from gate.github import GitHub, convert_manifest
from tests.doors.github_door import in_progress, through, tokens_made
from tests.fake_github import FakeGitHub, PullRequest, Repository, faults


def test_token_is_narrow(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    A token for git may read the contents of its own repository and nothing else.
    """
    installation = github.install(github.repository({"b.py": "1\n"}, name="octo/other", installed=False))

    token = github.token(door.token(installation.id, repository.id))

    assert token.repository_ids == frozenset({repository.id})
    assert token.permissions == {"contents": "read", "metadata": "read"}


def test_git_clones_with_the_token(door: GitHub, github: FakeGitHub, tmp_path: Path) -> None:
    """
    The token opens a private repository to git.
    """
    private = github.repository({"app.py": "x = 1\n"}, name="octo/private", private=True)
    installation = github.installation_of(private)
    assert installation
    token = door.token(installation.id, private.id)

    address = private.clone_url.replace("://", f"://x-access-token:{token}@")
    subprocess.run(["git", "clone", "--quiet", address, tmp_path / "clone"], check=True)

    assert (tmp_path / "clone" / "app.py").read_text() == "x = 1\n"


def test_token_is_kept_until_shortly_before_it_expires(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    One token serves for most of its hour and is replaced while it is still good.
    """
    installation = github.installation_of(repository)
    assert installation
    first = door.token(installation.id, repository.id)
    github.advance(timedelta(minutes=54))
    second = door.token(installation.id, repository.id)
    github.advance(timedelta(minutes=2))

    third = door.token(installation.id, repository.id)

    assert (second, third == first, tokens_made(github)) == (first, False, 2)
    assert github.token(first)


def test_refused_token_is_replaced_once(door: GitHub, github: FakeGitHub, pull: PullRequest) -> None:
    """
    A token that GitHub does not take any more, whatever the clocks say, is exchanged and the call succeeds.
    """
    repository = through(door, pull.repository)
    repository.pull_request(1)
    github.tokens.clear()

    assert repository.pull_request(1).head_sha == pull.head_sha
    assert tokens_made(github) == 2


def test_threads_share_tokens_but_no_client(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    Eight threads at once each get their own answers, with one token among them.
    """
    pulls = [repository.open_pull_request({f"{number}.py": "1\n"}) for number in range(8)]
    answers: dict[int, set[str]] = {}
    start = threading.Barrier(8)

    def ask(number: int) -> None:
        start.wait()
        answers[number] = {through(door, repository).pull_request(number).head_sha for _ in range(10)}

    threads = [threading.Thread(target=ask, args=(pull.number,)) for pull in pulls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {pull.number: {pull.head_sha} for pull in pulls}
    assert tokens_made(github) == 1


def test_unusable_key_is_named(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A private key that is none is the administrator's to mend, and is not repeated in the message.
    """
    door = GitHub(app_id=github.app.id, private_key="not a key at all", api_url=github.api_url)

    with pytest.raises(Permanent, match="check GATE_PRIVATE_KEY") as raised:
        through(door, pull.repository).pull_request(1)

    assert "not a key at all" not in str(raised.value)
    door.close()


def test_wrong_app_is_permanent(github: FakeGitHub, pull: PullRequest) -> None:
    """
    An App that GitHub does not know by this key is told what to check.
    """
    door = GitHub(app_id=1, private_key=github.app.private_key, api_url=github.api_url)

    with pytest.raises(Permanent, match="Check GATE_APP_ID, GATE_PRIVATE_KEY and the clock"):
        through(door, pull.repository).pull_request(1)

    door.close()


def test_no_secret_is_shown(
    door: GitHub, github: FakeGitHub, pull: PullRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Neither tokens nor the key stand in a representation, a message or the log, at any log level.
    """
    caplog.set_level(logging.DEBUG)
    repository = through(door, pull.repository)
    repository.create_check_run(in_progress(pull))
    tokens = list(github.tokens)
    github.faults.script(faults.READ_PULL_REQUEST, faults.Fault(403, f"what is {tokens[0]} to us"))

    with pytest.raises(Permanent) as raised:
        repository.pull_request(1)

    shown = f"{door!r} {repository!r} {vars(door)!r} {raised.value} {caplog.text}"
    assert [token for token in [*tokens, github.app.private_key] if token in shown] == []


def test_every_request_names_the_version_of_the_api(
    door: GitHub, github: FakeGitHub, pull: PullRequest
) -> None:
    """
    Tokens, reads and writes all ask for the version of the API that the code was written for.
    """
    repository = through(door, pull.repository)

    repository.update_check_run(repository.create_check_run(in_progress(pull)), in_progress(pull))
    repository.pull_request(1)

    assert {one.api_version for one in github.exchanges} == {"2022-11-28"}


def test_manifest_becomes_an_app(github: FakeGitHub) -> None:
    """
    The code GitHub sends the browser back with is exchanged for the App and its secrets, once.
    """
    github.manifests["a-code"] = {"name": "Our Gate"}

    app = convert_manifest("a-code", api_url=github.api_url)

    assert (app["id"], app["name"], app["pem"]) == (github.app.id, "Our Gate", github.app.private_key)
    with pytest.raises(Permanent, match="Not Found"):
        convert_manifest("a-code", api_url=github.api_url)
