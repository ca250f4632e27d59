"""Operations on check runs, check suites and commit statuses."""

from __future__ import annotations

from typing import Any

from tests.fake_github import rendering
from tests.fake_github.check_runs import CheckRun
from tests.fake_github.plausible import whole
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route
from tests.fake_github.rules import check_run_mistakes


@route("POST /repos/{owner}/{repo}/check-runs", needs="checks:write")
def create_check_run(call: Call) -> Answer:
    """A new check run on a commit of the repository, whatever runs there are already."""
    _refuse_mistakes(check_run_mistakes(call.body))
    sha = call.body["head_sha"]
    if call.commit(sha) != sha:
        raise RefusedError(422, f"No commit found for SHA: {sha}")
    repository, github = call.repository, call.github
    suite = (
        next((run.suite_id for run in repository.check_runs if run.head_sha == sha), None) or github.new_id()
    )
    made = CheckRun(github.new_id(), repository, github.app.id, suite, call.body["name"], sha)
    made.write(call.body, github.now())
    repository.check_runs.append(made)
    _announce(made, "created")
    if made.status == "completed":
        _announce(made, "completed")
    return Answer(rendering.check_run(made), 201)


@route("GET /repos/{owner}/{repo}/check-runs/{check_run_id}", needs="checks:read")
def read_check_run(call: Call) -> Answer:
    """One check run."""
    return Answer(rendering.check_run(_check_run(call)))


@route("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", needs="checks:write")
def update_check_run(call: Call) -> Answer:
    """Change what the body names; annotations are appended, nothing ever removes one."""
    run = _check_run(call)
    if run.app_id != call.github.app.id:
        raise RefusedError(403, "Invalid app_id - only the app that created the check run may change it")
    _refuse_mistakes(check_run_mistakes(call.body, run=run))
    before = run.status
    run.write(call.body, call.github.now())
    if run.status == "completed" and before != "completed":
        _announce(run, "completed")
    return Answer(rendering.check_run(run))


@route("GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", needs="checks:read")
def list_annotations(call: Call) -> Answer:
    """The annotations of a check run, in the order they came."""
    run = _check_run(call)
    return call.page([rendering.annotation(run, one) for one in run.annotations])


@route("POST /repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", needs="checks:write")
def rerequest_check_run(call: Call) -> Answer:
    """As pressing "Re-run"."""
    _check_run(call).rerequest()
    return Answer({}, 201)


@route("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", needs="checks:read")
def list_check_runs(call: Call) -> Answer:
    """The check runs of a commit: the newest of each name, or with `filter=all` every one."""
    sha = call.commit(call.parameters["ref"])
    runs = [run for run in call.repository.check_runs if run.head_sha == sha]
    if call.query.get("filter", "latest") == "latest":
        runs = list({run.name: run for run in runs}.values())
    for name, field in (("check_name", "name"), ("status", "status"), ("app_id", "app_id")):
        if name in call.query:
            runs = [run for run in runs if str(getattr(run, field)) == call.query[name]]
    return call.page([rendering.check_run(run) for run in reversed(runs)], key="check_runs")


@route("POST /repos/{owner}/{repo}/statuses/{sha}", needs="statuses:write")
def create_status(call: Call) -> Answer:
    """A commit status."""
    sha, now = call.commit(call.parameters["sha"]), rendering.time(call.github.now())
    shown = whole("status", **call.body, id=call.github.new_id(), created_at=now, updated_at=now)
    shown["url"] = f"{call.api}/statuses/{sha}"
    call.repository.statuses.append({"sha": sha, **call.body})
    return Answer(shown, 201)


def _check_run(call: Call) -> CheckRun:
    number = call.parameters["check_run_id"]
    found = next((run for run in call.repository.check_runs if str(run.id) == number), None)
    if found is None:
        raise not_found()
    return found


def _refuse_mistakes(mistakes: list[tuple[str, str]]) -> None:
    if mistakes:
        raise RefusedError(422, "Invalid request.", mistakes=mistakes)


def _announce(run: CheckRun, action: str) -> None:
    github = run.repository.github
    details: dict[str, Any] = {}
    sender = f"{github.app.slug}[bot]"
    github.changed("check_run", action, run.repository, check_run=run, sender=sender, details=details)
