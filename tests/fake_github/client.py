"""A client of the fake's API that checks nothing, so that the fake can be asked for what it must refuse."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import jwt

from tests.fake_github import FakeGitHub, PullRequest, Repository

CHECK_RUNS = "/repos/octo/app/check-runs"


@dataclass
class Answered:
    """An answer of the API."""

    status: int
    body: Any
    headers: dict[str, str]


def ask(
    github: FakeGitHub, method: str, path: str, body: object = None, *, credentials: str = ""
) -> Answered:
    """Send one request with a client that checks nothing; without credentials, as the first installation."""
    credentials = credentials or token_for(github)
    data = None if body is None else json.dumps(body).encode()
    headers = {
        "Authorization": f"Bearer {credentials}",
        "User-Agent": "test",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(github.api_url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answered(answer.status, json.loads(answer.read() or "null"), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answered(error.code, json.loads(error.read() or "null"), dict(error.headers))


def token_for(github: FakeGitHub, *repositories: Repository, **permissions: str) -> str:
    installation = next(iter(github.installations.values()))
    narrowed = frozenset(one.id for one in repositories) or None
    return github.new_token(installation, narrowed, permissions or installation.permissions).text


def app_jwt(github: FakeGitHub, **claims: Any) -> str:
    now = int(time.time())
    given = {"iat": now - 60, "exp": now + 300, "iss": str(github.app.id), **claims}
    return jwt.encode(given, github.app.private_key, algorithm="RS256")


def check_run(pull: PullRequest, **more: Any) -> dict[str, Any]:
    return {"name": "gate", "head_sha": pull.head_sha, **more}


def annotation(**more: Any) -> dict[str, Any]:
    return {
        "path": "app.py",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "notice",
        "message": "m",
        **more,
    }


def output(**more: Any) -> dict[str, Any]:
    return {"title": "t", "summary": "s", **more}
