"""Whom the fake lets in: JWTs, tokens that expire, and git with or without them."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from tests.fake_github import Executable, FakeGitHub, Link, PullRequest, Repository, Submodule, faults
from tests.fake_github.client import app_jwt, ask, token_for


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"iss": "Iv23liFAKEFAKEFAKE00"}, 200),
        ({"iss": "7"}, 401),
        ({"iat": int(time.time()) + 86_400}, 401),
        ({"exp": int(time.time()) - 1}, 401),
        ({"exp": int(time.time()) + 86_400}, 401),
        ({"iat": "soon"}, 401),
    ],
)
def test_jwt_is_checked(github: FakeGitHub, claims: dict[str, Any], status: int) -> None:
    """
    The App's JWT must be from this App, already valid, and expire within ten minutes.
    """
    assert ask(github, "GET", "/app", credentials=app_jwt(github, **claims)).status == status


def test_jwt_of_another_key_is_refused(github: FakeGitHub) -> None:
    """
    A JWT signed with anything but the App's key says nothing.
    """
    forged = jwt.encode({"iat": 1, "exp": 2**31, "iss": "4242"}, "secret" * 10, algorithm="HS256")

    answer = ask(github, "GET", "/app", credentials=forged)

    assert (answer.status, answer.body["message"]) == (401, "A JSON web token could not be decoded")


def test_token_expires_after_an_hour(github: FakeGitHub, repository: Repository) -> None:
    """
    A token works for one hour and then gets 401.
    """
    token = token_for(github)
    github.advance(timedelta(minutes=59))
    before = ask(github, "GET", "/repos/octo/app", credentials=token)
    github.advance(timedelta(minutes=1))

    after = ask(github, "GET", "/repos/octo/app", credentials=token)

    assert (before.status, after.status, after.body["message"]) == (200, 401, "Bad credentials")


def test_token_has_the_long_form(github: FakeGitHub, repository: Repository) -> None:
    """
    Tokens are of the stateless form: the App's id and about 520 characters.
    """
    token = token_for(github)

    assert token.startswith("ghs_4242_")
    assert (len(token), token.count(".")) == (520, 2)


def test_token_is_narrowed_to_what_was_asked(github: FakeGitHub, repository: Repository) -> None:
    """
    A narrowed token sees no other private repository and may do nothing it was not made for.
    """
    other = github.repository({"a": "1"}, name="octo/other", private=True)
    path = f"/app/installations/{next(iter(github.installations))}/access_tokens"
    wanted = {"repository_ids": [repository.id], "permissions": {"contents": "read"}}

    made = ask(github, "POST", path, wanted, credentials=app_jwt(github))

    token = made.body["token"]
    assert [one["full_name"] for one in made.body["repositories"]] == ["octo/app"]
    assert ask(github, "GET", "/installation/repositories", credentials=token).body["total_count"] == 1
    assert ask(github, "GET", f"/repos/{other.full_name}", credentials=token).status == 404
    assert ask(github, "GET", "/repos/octo/app/pulls", credentials=token).status == 403
    assert github.problems == []


@pytest.mark.parametrize(
    "wanted",
    [{"repository_ids": [1]}, {"permissions": {"contents": "write"}}, {"permissions": {"issues": "write"}}],
)
def test_token_cannot_exceed_the_installation(
    github: FakeGitHub, repository: Repository, wanted: dict[str, Any]
) -> None:
    """
    Neither repositories nor permissions that the installation lacks are granted.
    """
    path = f"/app/installations/{next(iter(github.installations))}/access_tokens"

    assert ask(github, "POST", path, wanted, credentials=app_jwt(github)).status == 422


def test_revoked_token_is_refused(github: FakeGitHub, repository: Repository) -> None:
    """
    A token that revoked itself is good for nothing more.
    """
    token = token_for(github)

    assert ask(github, "DELETE", "/installation/token", credentials=token).status == 204
    assert ask(github, "GET", "/repos/octo/app", credentials=token).status == 401


def git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_private_repository_is_cloned_only_with_a_token(github: FakeGitHub, tmp_path: Path) -> None:
    """
    Git needs a good token of the right repository.
    """
    private = github.repository({"app.py": "x = 1\n"}, name="octo/private", private=True)
    other = github.repository({"app.py": "x = 1\n"}, name="octo/other", private=True)
    address = private.clone_url.replace("://", "://x-access-token:{}@")
    late = token_for(github, private)
    github.advance(timedelta(hours=1))
    tokens = {
        "good": token_for(github, private),
        "other": token_for(github, other),
        "late": late,
        "none": "x",
    }
    tokens["checks"] = token_for(github, private, checks="write")

    cloned = {
        name: git("clone", "--quiet", address.format(token), name, cwd=tmp_path).returncode == 0
        for name, token in tokens.items()
    }

    assert cloned == {"good": True, "other": False, "late": False, "none": False, "checks": False}
    assert git("clone", "--quiet", private.clone_url, "anonymous", cwd=tmp_path).returncode != 0


def test_heads_of_pull_requests_are_fetched_from_the_base(
    github: FakeGitHub, pull: PullRequest, tmp_path: Path
) -> None:
    """
    The head of a fork is a ref of the base repository, and an abandoned head is still there by its sha.
    """
    fork = pull.repository.open_pull_request({"evil.py": "1\n"}, fork=True, author="mallory")
    abandoned = fork.head_sha
    fork.force_push({"evil.py": "2\n"})
    git("clone", "--quiet", pull.repository.clone_url, "clone", cwd=tmp_path)

    fetched = git("fetch", "--quiet", "origin", "refs/pull/2/head", abandoned, cwd=tmp_path / "clone")

    assert fetched.returncode == 0, fetched.stderr
    assert git("cat-file", "-p", f"{fork.head_sha}:evil.py", cwd=tmp_path / "clone").stdout == "2\n"
    assert "mallory" not in git("ls-remote", cwd=tmp_path / "clone").stdout


def test_nobody_pushes_to_it(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    """
    Git may only read.
    """
    git("clone", "--quiet", repository.clone_url, "clone", cwd=tmp_path)

    assert git("push", "origin", "HEAD:new", cwd=tmp_path / "clone").returncode != 0
    assert git("ls-remote", "origin", "refs/heads/new", cwd=tmp_path / "clone").stdout == ""


def test_commits_hold_every_kind_of_entry(github: FakeGitHub, repository: Repository) -> None:
    """
    Links, executables, submodules, odd names and bytes that are no text get into the tree as they were given.
    """
    sha = repository.push(
        "main",
        {"link": Link("app.py"), "run": Executable("#!/bin/sh\n"), "sub": Submodule("1" * 40),
         'odd "é\n.py': b"\xff\x00", "app.py": None},
    )  # fmt: skip

    entries = repository.git.run("ls-tree", "-r", "-z", sha).strip("\0").split("\0")
    assert sorted((entry.split()[0], entry.partition("\t")[2]) for entry in entries) == [
        ("100644", 'odd "é\n.py'),
        ("100755", "run"),
        ("120000", "link"),
        ("160000", "sub"),
    ]


def test_manifest_registers_the_app_once(github: FakeGitHub) -> None:
    """
    The code that GitHub sends the browser back with is exchanged for the App's secrets, a single time.
    """
    code = "abc"
    github.manifests[code] = {"name": "Our Gate"}
    path = f"/app-manifests/{code}/conversions"

    first, second = (ask(github, "POST", path, credentials="none") for _ in range(2))

    assert (first.status, first.body["name"], first.body["pem"]) == (201, "Our Gate", github.app.private_key)
    assert second.status == 404


def test_registration_sends_the_browser_back_with_a_code(github: FakeGitHub) -> None:
    """
    The posted manifest is exchanged for a code at the address it names, beside the state that was given.
    """
    manifest = {
        "url": "http://gate.invalid",
        "redirect_url": f"{github.url}/_back",
        "hook_attributes": {"url": "http://gate.invalid/webhook"},
        "default_permissions": {"checks": "write"},
        "default_events": ["push"],
    }
    form = urlencode({"manifest": json.dumps(manifest)}).encode()

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{github.url}/organizations/octo/settings/apps/new?state=s", form, timeout=10)

    raised.value.close()
    code = next(iter(github.manifests))
    assert raised.value.url == f"{github.url}/_back?code={code}&state=s"
    assert ask(github, "POST", f"/app-manifests/{code}/conversions", credentials="x").body["events"] == [
        "push"
    ]


def test_suspended_installation_sees_nothing(github: FakeGitHub, tmp_path: Path) -> None:
    """
    While it is suspended, neither the API nor git serve an installation.
    """
    repository = github.repository({"app.py": "x = 1\n"}, private=True)
    installation = next(iter(github.installations.values()))
    token = token_for(github)
    address = repository.clone_url.replace("://", f"://x-access-token:{token}@")
    github.suspend(installation)

    suspended = (
        ask(github, "GET", "/repos/octo/app", credentials=token),
        git("ls-remote", address, cwd=tmp_path),
    )
    github.unsuspend(installation)

    assert (suspended[0].status, suspended[1].returncode) == (403, 128)
    assert ask(github, "GET", "/repos/octo/app", credentials=token).status == 200
    assert git("ls-remote", address, cwd=tmp_path).returncode == 0


def test_git_follows_a_renamed_repository(github: FakeGitHub, tmp_path: Path) -> None:
    """
    A clone address with the old name leads to the repository.
    """
    repository = github.repository({"app.py": "x = 1\n"}, private=True)
    address = repository.clone_url.replace("://", f"://x-access-token:{token_for(github)}@")
    repository.rename("octo/renamed")

    assert repository.head_sha in git("ls-remote", address, cwd=tmp_path).stdout


def test_scripted_faults_happen_to_git(github: FakeGitHub, repository: Repository, tmp_path: Path) -> None:
    """
    A git client meets errors and cut connections when they are scripted, and is served again afterwards.
    """
    github.faults.script(faults.GIT, faults.BAD_GATEWAY, faults.CUT)

    statuses = [git("ls-remote", repository.clone_url, cwd=tmp_path).returncode for _ in range(3)]

    assert statuses == [128, 128, 0]
    assert github.git_http.requests[0] == "/octo/app.git/info/refs?service=git-upload-pack"
