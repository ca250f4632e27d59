"""The fake refuses what GitHub refuses, and notes every request that GitHub's description does not allow."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
import requests

from tests.fake_github import FakeGitHub, PullRequest, Repository, faults
from tests.fake_github.client import (
    CHECK_RUNS,
    annotation,
    app_jwt,
    ask,
    check_run,
    output,
    token_for,
)
from tests.fake_github.description import operations
from tests.fake_github.routing import ROUTES


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        # From the description.
        ({"status": "finished"}, "status"),
        ({"conclusion": "green"}, "conclusion"),
        ({"output": {"title": "t"}}, "output"),
        ({"output": output(annotations=[annotation()] * 51)}, "annotations"),
        ({"output": output(annotations=[{"path": "a"}])}, "annotations"),
        ({"output": output(summary="s" * 65536)}, "summary"),
        ({"output": output(text="s" * 65536)}, "text"),
        ({"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4}, "actions"),
        ({"actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]}, "actions"),
        ({"actions": [{"label": "l", "description": "d" * 41, "identifier": "i"}]}, "actions"),
        ({"colour": "red"}, "colour"),
        # Said only in prose.
        ({"status": "completed"}, "conclusion"),
        ({"status": "in_progress", "conclusion": "success"}, "status"),
        ({"output": output(title="t" * 65536)}, "title"),
        ({"output": output(summary="ä" * 40000)}, "output"),
        ({"output": output(annotations=[annotation(start_line=0)])}, "start_line"),
        ({"output": output(annotations=[annotation(start_line=2)])}, "start_line"),
        ({"output": output(annotations=[annotation(end_line=2, start_column=1)])}, "start_column"),
        ({"output": output(annotations=[annotation(path="/app.py")])}, "path"),
        ({"output": output(annotations=[annotation(path="a/../app.py")])}, "path"),
        ({"output": output(annotations=[annotation(path="a//app.py")])}, "path"),
        ({"output": output(annotations=[annotation(path="")])}, "path"),
        ({"output": output(annotations=[annotation(message=" ")])}, "message"),
        ({"output": output(annotations=[annotation(message="m\x00")])}, "message"),
        ({"output": output(title=" ")}, "title"),
        ({"output": output(title="a\x07bell")}, "title"),
        ({"output": output(summary="half a pair \udce9")}, "summary"),
        ({"name": " "}, "name"),
        ({"details_url": "javascript:alert(1)"}, "details_url"),
        ({"details_url": "/runs/1"}, "details_url"),
        ({"actions": [{"label": "l", "description": "d", "identifier": "i" * 21}]}, "actions"),
        ({"actions": [{"label": "", "description": "d", "identifier": "i"}]}, "actions"),
        ({"output": output(annotations=[annotation(title="t" * 256)])}, "title"),
        ({"output": output(annotations=[annotation(message="m" * 65537)])}, "message"),
        ({"output": output(annotations=[annotation(raw_details="m" * 65537)])}, "raw_details"),
    ],
)
def test_invalid_check_run_is_refused_and_noted(
    github: FakeGitHub, pull: PullRequest, wrong: dict[str, Any], field: str
) -> None:
    """
    What GitHub does not accept of a check run is answered with 422, makes nothing, and is a problem.
    """
    answer = ask(github, "POST", CHECK_RUNS, check_run(pull, **wrong))

    assert answer.status == 422
    assert field in json.dumps(answer.body["errors"])
    assert pull.check_runs == {}
    assert len(github.problems) == 1


def test_valid_requests_leave_no_problem(github: FakeGitHub, pull: PullRequest) -> None:
    """
    The limits themselves are allowed.
    """
    full = output(summary="s" * 65535, annotations=[annotation(message="m" * 65536)] * 50)
    body = check_run(pull, status="completed", conclusion="success", output=full)

    answer = ask(github, "POST", CHECK_RUNS, body)

    assert (answer.status, answer.body["output"]["annotations_count"]) == (201, 50)
    assert github.problems == []


def test_annotations_are_appended_and_paged(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Each update adds its annotations; they are listed thirty a page with links to the others.
    """
    number = ask(github, "POST", CHECK_RUNS, check_run(pull)).body["id"]
    for start in (0, 50):
        lines = [annotation(start_line=line, end_line=line) for line in range(start + 1, start + 51)]
        ask(github, "PATCH", f"{CHECK_RUNS}/{number}", {"output": output(annotations=lines)})

    page = ask(github, "GET", f"{CHECK_RUNS}/{number}/annotations?page=2")

    assert [one["start_line"] for one in page.body] == list(range(31, 61))
    assert [link.split("rel=")[1] for link in page.headers["Link"].split(", ")] == [
        '"prev"',
        '"next"',
        '"last"',
        '"first"',
    ]
    assert github.problems == []


def test_completed_run_can_be_reopened(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A run that goes back to in_progress has no conclusion any more.
    """
    made = ask(github, "POST", CHECK_RUNS, check_run(pull, conclusion="failure"))

    answer = ask(github, "PATCH", f"{CHECK_RUNS}/{made.body['id']}", {"status": "in_progress"})

    assert (made.body["status"], answer.body["status"], answer.body["conclusion"]) == (
        "completed",
        "in_progress",
        None,
    )


def test_other_apps_run_is_not_ours_to_change(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Only the App that made a check run may change it.
    """
    number = ask(github, "POST", CHECK_RUNS, check_run(pull)).body["id"]
    pull.check_run.app_id = 1

    assert ask(github, "PATCH", f"{CHECK_RUNS}/{number}", {"status": "in_progress"}).status == 403


def test_check_runs_of_a_commit_are_the_newest_of_each_name(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Without `filter=all` a repeated name is listed once.
    """
    for external_id in ("1", "2"):
        ask(github, "POST", CHECK_RUNS, check_run(pull, external_id=external_id))
    path = f"/repos/octo/app/commits/{pull.head_sha}/check-runs?check_name=gate"

    latest, every = ask(github, "GET", path), ask(github, "GET", f"{path}&filter=all")

    assert [one["external_id"] for one in latest.body["check_runs"]] == ["2"]
    assert [one["external_id"] for one in every.body["check_runs"]] == ["2", "1"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        # Nobody has this operation.
        ("GET", "/repos/octo/app/secrets", 404),
        ("DELETE", "/repos/octo/app", 404),
        # GitHub has it, the fake does not.
        ("GET", "/repos/octo/app/commits", 501),
        # Its parameters are wrong.
        ("GET", "/repos/octo/app/pulls?state=ajar", 422),
        ("GET", "/repos/octo/app/pulls?per_page=101", 422),
        ("GET", "/repos/octo/app/pulls?page=two", 422),
        ("GET", "/repos/octo/app/pulls?stat=open", 422),
    ],
)
def test_unknown_request_is_noted(
    github: FakeGitHub, repository: Repository, method: str, path: str, status: int
) -> None:
    """
    A request that GitHub or the fake does not know fails the test that sent it.
    """
    assert ask(github, method, path).status == status
    assert len(github.problems) == 1


def test_broken_json_is_refused(github: FakeGitHub, repository: Repository) -> None:
    """
    A body that is no JSON gets 400.
    """
    headers = {"Authorization": f"Bearer {token_for(github)}", "User-Agent": "test"}
    request = urllib.request.Request(github.api_url + CHECK_RUNS, b"{", headers)

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=10)

    with raised.value as error:
        assert error.code == 400


def test_renamed_repository_redirects(github: FakeGitHub, pull: PullRequest) -> None:
    """
    Under the old name reading answers 301 and writing 307, both to the repository's id.
    """
    pull.repository.rename("octo/renamed")

    read = ask(github, "GET", "/repos/octo/app/pulls/1")
    written = ask(github, "POST", CHECK_RUNS, check_run(pull))

    assert (read.status, read.body["number"]) == (200, 1)
    assert written.status == 307
    assert written.headers["Location"] == f"{github.api_url}/repositories/{pull.repository.id}/check-runs"


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        (faults.BAD_GATEWAY, 502, {}),
        (faults.secondary_limit(3), 403, {"Retry-After": "3"}),
        (faults.primary_limit(9), 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}),
        (faults.TOO_MANY_REQUESTS, 429, {}),
    ],
)
def test_scripted_fault_happens_once(
    github: FakeGitHub, pull: PullRequest, fault: faults.Fault, status: int, header: dict[str, str]
) -> None:
    """
    A scripted fault spoils exactly the next request of its operation, which then has no effect.
    """
    github.faults.script(faults.CREATE_CHECK_RUN, fault)

    spoilt, good = (ask(github, "POST", CHECK_RUNS, check_run(pull)) for _ in range(2))

    assert (spoilt.status, good.status, len(pull.repository.check_runs)) == (status, 201, 1)
    assert header.items() <= spoilt.headers.items()


def test_every_operation_of_the_fake_is_described() -> None:
    """
    The fake serves nothing that GitHub's description, or the list of what it adds, does not have.
    """
    assert ROUTES.keys() - {operation.name for operation in operations()} == set()


READABLE = [
    "/repos/octo/app",
    "/repos/octo/app/pulls?state=all&sort=updated&direction=asc",
    "/repos/octo/app/pulls/1",
    "/repos/octo/app/commits/main",
    "/repos/octo/app/commits/main/pulls",
    "/repos/octo/app/branches/main",
    "/repos/octo/app/rules/branches/feature/x",
    "/repos/octo/app/rulesets",
    "/repos/octo/app/git/ref/pull/1/head",
    "/repos/octo/app/collaborators/mona/permission",
    "/repos/octo/app/actions/runs/7/artifacts?name=coverage",
    "/installation/repositories",
    "/rate_limit",
]


@pytest.mark.parametrize("path", READABLE)
def test_answers_are_as_described(github: FakeGitHub, pull: PullRequest, path: str) -> None:
    """
    What the fake tells is valid by GitHub's description.
    """
    pull.repository.upload_artifact("coverage", b"", run_id=7, sha=pull.head_sha)

    assert ask(github, "GET", path).status == 200
    assert github.problems == []


@pytest.mark.parametrize(
    "path",
    [
        "/app",
        "/app/installations",
        "/app/hook/config",
        "/app/hook/deliveries",
        "/repos/octo/app/installation",
    ],
)
def test_answers_to_the_app_are_as_described(github: FakeGitHub, repository: Repository, path: str) -> None:
    """
    What the fake tells the App itself is valid, too.
    """
    assert ask(github, "GET", path, credentials=app_jwt(github)).status == 200
    assert github.problems == []


def test_status_is_kept(github: FakeGitHub, pull: PullRequest) -> None:
    """
    A commit status is answered as described and stays with its commit.
    """
    answer = ask(
        github, "POST", f"/repos/octo/app/statuses/{pull.head_sha}", {"state": "success", "context": "gate"}
    )

    assert (answer.status, pull.repository.statuses[0]["sha"]) == (201, pull.head_sha)
    assert github.problems == []


def test_artifact_is_downloaded(github: FakeGitHub, repository: Repository) -> None:
    """
    The archive of an artifact is on another server, which wants no credentials.
    """
    made = repository.upload_artifact("coverage", b"PK", run_id=7, sha=repository.head_sha)
    address = f"{github.api_url}/repos/octo/app/actions/artifacts/{made.id}/zip"
    headers = {"Authorization": f"Bearer {token_for(github)}"}

    answer = requests.get(address, headers=headers, allow_redirects=False, timeout=10)
    archive = requests.get(answer.headers["Location"], timeout=10)

    assert (answer.status_code, archive.content) == (302, b"PK")
    assert answer.headers["Location"].startswith(github.storage_url)
    assert github.problems == []


def test_unknown_page_is_noted(github: FakeGitHub) -> None:
    """
    A request for anything but the API, git and the pages Gate needs fails the test that sent it.
    """
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{github.url}/explore", timeout=10)

    raised.value.close()
    assert github.problems == ["GET /explore: neither the API nor git"]


def test_archived_repository_is_read_and_not_written(github: FakeGitHub, pull: PullRequest) -> None:
    """
    GitHub says so with 403, to Apps as to people.
    """
    pull.repository.archived = True

    written = ask(github, "POST", CHECK_RUNS, check_run(pull))
    read = ask(github, "GET", "/repos/octo/app/pulls/1")

    assert (written.status, written.body["message"]) == (403, "Repository was archived so is read-only.")
    assert read.status == 200


def test_refused_request_says_which_permission_it_takes(github: FakeGitHub, pull: PullRequest) -> None:
    """
    In a header, as GitHub does for Apps.
    """
    token = token_for(github, checks="read")

    refused = ask(github, "POST", CHECK_RUNS, check_run(pull), credentials=token)

    assert (refused.status, refused.body["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "checks=write"
