"""What a webhook says of a change: the payload GitHub sends, with whole repository, sender and installation objects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fake_github import rendering
from tests.fake_github.identity import Installation
from tests.fake_github.repositories import NO_COMMIT, Repository
from tests.fake_github.state import Change, GitHub

Json = dict[str, Any]


def payload(github: GitHub, change: Change) -> Json:
    """The body of the delivery that tells of a change."""
    made: Json = {} if change.action is None else {"action": change.action}
    made |= _MAKERS[change.event](github, change)
    if change.repository is not None:
        made["repository"] = rendering.repository(change.repository)
        made["organization"] = {
            "login": change.repository.owner,
            "id": github.user_id(change.repository.owner),
        }
    if change.event == "push":
        # Only here GitHub writes these as integers.
        for name in ("created_at", "pushed_at"):
            made["repository"][name] = _epoch(github.now())
    made["sender"] = rendering.user(
        github, change.sender, kind="Bot" if change.sender.endswith("[bot]") else "User"
    )
    if change.installation is not None and "installation" not in made:
        node = f"I_{change.installation.id}"
        made["installation"] = {"id": change.installation.id, "node_id": node}
    return made


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _pull_request(github: GitHub, change: Change) -> Json:
    if change.pull is None:
        raise ValueError(f"{change.action} of no pull request")
    return {
        "number": change.pull.number,
        "pull_request": rendering.pull_request(change.pull),
        **change.details,
    }


def _issue_comment(github: GitHub, change: Change) -> Json:
    if change.pull is None:
        raise ValueError("a comment on no pull request")
    return {
        "issue": rendering.issue_of(change.pull),
        **change.details,
        "comment": rendering.comment(change.details["comment"]),
    }


def _push(github: GitHub, change: Change) -> Json:
    repository, before, after = _repository(change), change.details["before"], change.details["after"]
    head_commit = None if after == NO_COMMIT else _head_commit(github, repository, after)
    forced = NO_COMMIT not in {before, after} and not _is_ancestor(repository, before, after)
    return {
        "ref": change.details["ref"],
        "before": before,
        "after": after,
        "created": before == NO_COMMIT,
        "deleted": after == NO_COMMIT,
        "forced": forced,
        "base_ref": None,
        "compare": f"{github.url}/{repository.full_name}/compare/{before[:12]}...{after[:12]}",
        "commits": [head_commit] if head_commit else [],
        "head_commit": head_commit,
        "pusher": {"name": change.sender, "email": f"{change.sender}@users.noreply.github.com"},
    }


def _is_ancestor(repository: Repository, before: str, after: str) -> bool:
    return repository.git.run("rev-list", "--count", f"{after}..{before}") == "0"


def _head_commit(github: GitHub, repository: Repository, sha: str) -> Json:
    shown = repository.git.run("show", "--no-patch", "--format=%T%x00%cI%x00%an%x00%ae%x00%B", sha).split(
        "\0"
    )
    tree, moment, name, email, message = shown
    person = {"name": name, "email": email, "username": name, "date": moment}
    return {
        "id": sha,
        "tree_id": tree,
        "distinct": True,
        "message": message,
        "timestamp": moment,
        "url": f"{github.url}/{repository.full_name}/commit/{sha}",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": [],
    }


def _check_run(github: GitHub, change: Change) -> Json:
    if change.check_run is None:
        raise ValueError(f"{change.action} of no check run")
    run = rendering.check_run(change.check_run)
    run["check_suite"] = _suite(
        github, _repository(change), change.check_run.head_sha, change.check_run.suite_id
    )
    return {"check_run": run, **change.details}


def _check_suite(github: GitHub, change: Change) -> Json:
    repository, sha = _repository(change), change.details["after"]
    number = next((run.suite_id for run in repository.check_runs if run.head_sha == sha), None)
    suite = _suite(github, repository, sha, number or github.new_id())
    suite |= {"before": change.details.get("before"), "after": sha}
    return {"check_suite": suite}


def _suite(github: GitHub, repository: Repository, sha: str, number: int) -> Json:
    pulls = rendering.pull_requests_of(repository, sha)
    created = rendering.time(github.now())
    return {
        "id": number,
        "node_id": f"CS_{number}",
        "head_branch": pulls[0]["head"]["ref"] if pulls else _branch_at(repository, sha),
        "head_sha": sha,
        "status": "queued",
        "conclusion": None,
        "url": f"{github.api_url}/repos/{repository.full_name}/check-suites/{number}",
        "before": None,
        "after": sha,
        "pull_requests": pulls,
        "app": rendering.app(github),
        "created_at": created,
        "updated_at": created,
    }


def _branch_at(repository: Repository, sha: str) -> str | None:
    """A branch with that tip; None for the head of a fork, which the base repository has no branch of."""
    names = repository.git.run(
        "for-each-ref", f"--points-at={sha}", "--format=%(refname:short)", "refs/heads/"
    )
    return names.splitlines()[0] if names else None


def _merge_group(github: GitHub, change: Change) -> Json:
    group = {name: change.details[name] for name in ("head_sha", "head_ref", "base_sha", "base_ref")}
    group["head_commit"] = _head_commit(github, _repository(change), group["head_sha"])
    reason = {"reason": change.details["reason"]} if "reason" in change.details else {}
    return {"merge_group": group, **reason}


def _workflow_run(github: GitHub, change: Change) -> Json:
    if change.pull is None:
        raise ValueError("a workflow of no pull request")
    where, head = _repository(change), change.pull.head_repository
    api, number = f"{github.api_url}/repos/{where.full_name}/actions/runs", change.details["run_id"]
    moment = rendering.time(github.now())
    run = {
        "id": number,
        "name": "tests",
        "path": change.details["path"],
        "head_branch": change.pull.head_ref,
        "head_sha": change.pull.head_sha,
        "event": change.details["event"],
        "status": "completed",
        "conclusion": "success",
        "run_attempt": 1,
        # Empty for forks, says GitHub; for others the list is not read.
        "pull_requests": [],
        "url": f"{api}/{number}",
        "artifacts_url": f"{api}/{number}/artifacts",
        "actor": rendering.user(github, change.pull.author),
        "created_at": moment,
        "updated_at": moment,
        "repository": _short(where),
        "head_repository": _short(head) if head else None,
    }
    return {"workflow_run": run, "workflow": {"id": 1, "name": "tests", "path": change.details["path"]}}


def _installation(github: GitHub, change: Change) -> Json:
    shown = _installed(github, change)
    return {
        "installation": shown,
        "repositories": [_short(one) for one in change.details.get("repositories", [])],
    }


def _installation_repositories(github: GitHub, change: Change) -> Json:
    lists = {
        name: [_short(one) for one in change.details[name]]
        for name in ("repositories_added", "repositories_removed")
    }
    return {
        "installation": _installed(github, change),
        "repository_selection": "selected",
        "requester": None,
        **lists,
    }


def _installed(github: GitHub, change: Change) -> Json:
    installation = change.installation
    if not isinstance(installation, Installation):
        raise TypeError(f"{change.event} of no installation")
    shown = rendering.installation(github, installation)
    # The schema says strings; real deliveries carry integers.
    return shown | dict.fromkeys(
        ("created_at", "updated_at"), _epoch(installation.created_at or github.now())
    )


def _short(repository: Repository) -> Json:
    return {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
    }


def _repository_changed(github: GitHub, change: Change) -> Json:
    return dict(change.details)


def _authorization(github: GitHub, change: Change) -> Json:
    """Nothing besides action and sender, who is the person."""
    return {}


def _ping(github: GitHub, change: Change) -> Json:
    config = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    hook = {"type": "App", "id": 1, "name": "web", "active": True, "app_id": github.app.id, "config": config}
    return {"zen": "Design for failure.", "hook_id": 1, "hook": hook | {"events": list(github.app.events)}}


def _repository(change: Change) -> Repository:
    if change.repository is None:
        raise ValueError(f"{change.event} of no repository")
    return change.repository


_MAKERS = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "github_app_authorization": _authorization,
    "installation": _installation,
    "issue_comment": _issue_comment,
    "installation_repositories": _installation_repositories,
    "merge_group": _merge_group,
    "ping": _ping,
    "pull_request": _pull_request,
    "push": _push,
    "repository": _repository_changed,
    "workflow_run": _workflow_run,
}
