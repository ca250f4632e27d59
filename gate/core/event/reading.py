"""Webhook payloads as events.

Strict only in what Gate needs of a payload, for GitHub adds fields at will. Every value is hostile until it has
matched its pattern: shas, refs and names end in git commands, addresses and pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast, get_args

from gate.core.command import commands_in
from gate.core.event.values import (
    QUEUE,
    VERSION,
    AuthorizationEvent,
    CheckRunAction,
    CheckRunEvent,
    CheckSuiteEvent,
    CommandEvent,
    Event,
    InstallationAction,
    InstallationEvent,
    MergeGroupAction,
    MergeGroupEvent,
    PullRequestAction,
    PullRequestEvent,
    PushEvent,
    RepositoryAction,
    RepositoryEvent,
    RepositoryRef,
    TagEvent,
    WorkflowRunEvent,
    no_commit,
)
from gate.core.payload import Node


def parse(name: str, payload: object) -> Event | None:
    """The event of a payload, by the name in `X-GitHub-Event`; None when it is nothing to Gate.

    Raises: PayloadError, naming the place and what was expected there.
    """
    root = Node.of(payload)
    reader = _READERS.get(name)
    if reader is None:
        return None
    actions, read = reader
    if actions and root.optional_text("action") not in actions:
        return None
    if name not in _OF_PEOPLE and not root.has("installation"):
        return (
            None  # somebody's webhook of a repository leads here; without an installation nothing can be done
        )
    return read(root)


def _repository(root: Node) -> RepositoryRef:
    repository = root.child("repository")
    return RepositoryRef(
        installation_id=root.child("installation").integer("id"),
        id=repository.integer("id"),
        full_name=repository.full_name("full_name"),
        default_branch=repository.branch("default_branch"),
        private=repository.flag("private"),
        archived=repository.flag("archived") if repository.has("archived") else False,
    )


def _pull_request(root: Node) -> PullRequestEvent | None:
    base_change = root.optional_child("changes").optional_child("base")
    if root.text("action") == "edited" and base_change.empty:
        return None  # the title or the text; only another base changes the verdict
    pull_request = root.child("pull_request")
    head, base = pull_request.child("head"), pull_request.child("base")
    head_repository = head.optional_child("repo")
    author = pull_request.optional_child("user")
    return PullRequestEvent(
        action=cast("PullRequestAction", root.text("action")),
        repository=_repository(root),
        number=pull_request.integer("number"),
        head_sha=head.sha("sha"),
        base_sha=base.sha("sha"),
        base_ref=base.branch("ref"),
        head_full_name=None if head_repository.empty else head_repository.full_name("full_name"),
        draft=pull_request.flag("draft") if pull_request.has("draft") else False,
        author="ghost" if author.empty else author.text("login"),
        updated_at=pull_request.time("updated_at"),
        title=pull_request.text("title"),
        previous_base_ref="" if base_change.empty else base_change.child("ref").branch("from"),
        association=pull_request.optional_text("author_association"),
        merged_at=pull_request.time("merged_at") if pull_request.has("merged_at") else None,
    )


def _push(root: Node) -> PushEvent | TagEvent | None:
    if root.text("ref").startswith("refs/tags/"):
        return _tag(root)
    kind, _, branch = root.text("ref").partition("refs/heads/")
    if kind or branch.startswith(QUEUE) or no_commit(root.sha("after")):
        return None
    return PushEvent(
        repository=_repository(root),
        branch=root.branch("ref").removeprefix("refs/heads/"),
        before=root.sha("before"),
        after=root.sha("after"),
    )


def _tag(root: Node) -> TagEvent | None:
    tag = root.text("ref").removeprefix("refs/tags/")
    commit = root.optional_child("head_commit")
    # Of an annotated tag `after` is the tag's own id; without a commit it was removed, or leads to something else.
    if commit.empty or not VERSION.fullmatch(tag):
        return None
    return TagEvent(_repository(root), tag, commit.sha("id"), commit.time("timestamp"))


def _check_run(root: Node) -> CheckRunEvent:
    check_run = root.child("check_run")
    repository = _repository(root)
    return CheckRunEvent(
        action=cast("CheckRunAction", root.text("action")),
        repository=repository,
        app_id=check_run.child("app").integer("id"),
        check_run_id=check_run.integer("id"),
        name=check_run.text("name"),
        external_id=check_run.optional_text("external_id"),
        head_sha=check_run.sha("head_sha"),
        sender=root.child("sender").text("login"),
        pull_requests=_pull_requests_of(check_run, repository),
        identifier=root.optional_child("requested_action").optional_text("identifier"),
    )


def _check_suite(root: Node) -> CheckSuiteEvent:
    check_suite = root.child("check_suite")
    repository = _repository(root)
    return CheckSuiteEvent(
        repository=repository,
        app_id=check_suite.child("app").integer("id"),
        head_sha=check_suite.sha("head_sha"),
        pull_requests=_pull_requests_of(check_suite, repository),
    )


def _pull_requests_of(check: Node, repository: RepositoryRef) -> tuple[int, ...]:
    """Without those from this repository to another one, which GitHub lists as well."""
    return tuple(
        sorted(
            pull_request.integer("number")
            for pull_request in check.children("pull_requests")
            if pull_request.child("base").child("repo").integer("id") == repository.id
        )
    )


def _merge_group(root: Node) -> MergeGroupEvent:
    group = root.child("merge_group")
    return MergeGroupEvent(
        action=cast("MergeGroupAction", root.text("action")),
        repository=_repository(root),
        head_sha=group.sha("head_sha"),
        head_ref=group.branch("head_ref").removeprefix("refs/heads/"),
        base_sha=group.sha("base_sha"),
        base_ref=group.branch("base_ref").removeprefix("refs/heads/"),
    )


def _installation(root: Node) -> InstallationEvent:
    return InstallationEvent(
        action=cast("InstallationAction", root.text("action")),
        installation_id=root.child("installation").integer("id"),
    )


def _authorization(root: Node) -> AuthorizationEvent:
    return AuthorizationEvent(user_id=root.child("sender").integer("id"))


def _repository_change(root: Node) -> RepositoryEvent | None:
    change = root.optional_child("changes").optional_child("default_branch")
    if root.text("action") == "edited" and change.empty:
        return None  # its description or topics
    return RepositoryEvent(
        action=cast("RepositoryAction", root.text("action")),
        repository=_repository(root),
        previous_default_branch="" if change.empty else change.branch("from"),
    )


def _issue_comment(root: Node) -> CommandEvent | None:
    comment, issue = root.child("comment"), root.child("issue")
    # Most comments end here: before anything else of them is looked at.
    commands = commands_in(comment.body("body")) if issue.has("pull_request") else ()
    writer = comment.optional_child("user")
    by_program = comment.has("performed_via_github_app") or writer.optional_text("type") != "User"
    if not commands or by_program:
        return None
    author = issue.optional_child("user")
    return CommandEvent(
        repository=_repository(root),
        number=issue.integer("number"),
        comment_id=comment.integer("id"),
        commands=commands,
        written_at=comment.time("created_at"),
        person=writer.slug("login"),
        author="ghost" if author.empty else author.text("login"),
    )


def _workflow_run(root: Node) -> WorkflowRunEvent | None:
    run = root.child("workflow_run")
    head = run.optional_child("head_repository")
    # Whoever runs for the repository's own branches has a token to send reports with. A fork may be deleted meanwhile.
    if run.text("event") != "pull_request" or head.empty:
        return None
    if head.integer("id") == root.child("repository").integer("id"):
        return None
    return WorkflowRunEvent(
        repository=_repository(root),
        run_id=run.integer("id"),
        head_sha=run.sha("head_sha"),
        head_full_name=head.full_name("full_name"),
        workflow=run.optional_text("path"),
    )


_READERS: Mapping[str, tuple[tuple[str, ...], Callable[[Node], Event | None]]] = {
    "pull_request": (get_args(PullRequestAction), _pull_request),
    "push": ((), _push),
    "check_run": (get_args(CheckRunAction), _check_run),
    "check_suite": (("rerequested",), _check_suite),
    "merge_group": (get_args(MergeGroupAction), _merge_group),
    "installation": (
        ("created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"),
        _installation,
    ),
    "installation_repositories": (("added", "removed"), _installation),
    "installation_target": (("renamed",), _installation),
    "github_app_authorization": (("revoked",), _authorization),
    "repository": (get_args(RepositoryAction), _repository_change),
    "issue_comment": (("created",), _issue_comment),
    "workflow_run": (("completed",), _workflow_run),
}
"""Event name to the actions that matter (all, when none is named) and the function that reads it."""

_OF_PEOPLE = frozenset({"github_app_authorization"})
"""Events about a person, which belong to no installation."""
