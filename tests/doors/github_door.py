"""What the tests of the GitHub door share: check runs to send, and what GitHub saw of it."""

from __future__ import annotations

from gate.core.check_run import RERUN, Annotation, CheckRun
from gate.github import GitHub, GitHubRepository
from tests.fake_github import FakeGitHub, PullRequest, Repository, faults


def through(door: GitHub, repository: Repository) -> GitHubRepository:
    installation = repository.github.installation_of(repository)
    assert installation
    return door.repository(installation.id, repository.id, repository.full_name)


def a_check_run(pull: PullRequest, *, annotations: int = 0) -> CheckRun:
    return CheckRun(
        name="gate / complexity",
        head_sha=pull.head_sha,
        external_id="delivery:0",
        status="completed",
        conclusion="failure",
        title="Too complex",
        summary="One function.",
        text="More.",
        annotations=tuple(
            Annotation("app.py", line, line, "failure", "tangle", f"annotation {line}")
            for line in range(1, annotations + 1)
        ),
        details_url="http://gate.invalid/run",
        actions=(RERUN,),
    )


def in_progress(pull: PullRequest) -> CheckRun:
    return CheckRun("gate", pull.head_sha, "delivery:0", "in_progress", "", "Started", "Fetching.")


def operations(github: FakeGitHub, *, statuses: bool = False) -> list[str]:
    """What was asked of the API so far, tokens and look-ups for adoption aside."""
    shown = [
        one for one in github.exchanges if one.method in {"POST", "PATCH"} and "access_tokens" not in one.path
    ]
    return [f"{one.method} {one.status}" if statuses else one.method for one in shown]


def tokens_made(github: FakeGitHub) -> int:
    return sum(one.operation == faults.CREATE_TOKEN for one in github.exchanges)
