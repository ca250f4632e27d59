"""What GitHub told us: webhook signatures and payloads as values; deciding what follows is `gate.core.work`'s part.

Strict only in what Gate needs of a payload, for GitHub adds fields at will. Every value is hostile until it has
matched its pattern: shas, refs and names end in git commands, addresses and pages.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from gate.core.command import commands_in
from gate.core.payload import Node

PullRequestAction = Literal[
    "opened", "synchronize", "reopened", "ready_for_review", "converted_to_draft", "edited", "closed"
]
CheckRunAction = Literal["rerequested", "requested_action"]
MergeGroupAction = Literal["checks_requested", "destroyed"]
InstallationAction = Literal[
    "created", "deleted", "suspend", "unsuspend", "new_permissions_accepted", "added", "removed"
]
RepositoryAction = Literal[
    "renamed", "transferred", "archived", "unarchived", "privatized", "publicized", "edited"
]


class SignatureError(Exception):
    """The body was not signed with any of our secrets."""


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """The repository an event is about, and the installation whose token reads it."""

    installation_id: int
    id: int
    full_name: str
    default_branch: str
    private: bool


@dataclass(frozen=True, slots=True)
class PullRequestEvent:
    """Something happened to a pull request: a reason to look at it, never its state, for order is not guaranteed."""

    action: PullRequestAction
    repository: RepositoryRef
    number: int
    head_sha: str
    base_sha: str
    base_ref: str
    """Branch name without `refs/heads/`."""
    head_full_name: str | None
    """None when the fork was deleted."""
    draft: bool
    author: str
    updated_at: datetime
    title: str
    previous_base_ref: str = ""
    """Set only when the base branch was changed."""


@dataclass(frozen=True, slots=True)
class PushEvent:
    """A branch got a new tip; tags, deletions and merge queue branches are no events."""

    repository: RepositoryRef
    branch: str
    before: str
    """All zeros for a new branch."""
    after: str

    @property
    def created(self) -> bool:
        """Whether the branch is new."""
        return _NO_COMMIT.fullmatch(self.before) is not None


@dataclass(frozen=True, slots=True)
class CheckRunEvent:
    """Somebody pressed a button of a check run."""

    action: CheckRunAction
    repository: RepositoryRef
    app_id: int
    """The App that owns the run; other Apps' runs arrive as well."""
    check_run_id: int
    name: str
    external_id: str
    head_sha: str
    sender: str
    pull_requests: tuple[int, ...] = ()
    """Numbers of this repository's pull requests; empty for forks."""
    identifier: str = ""
    """Of the pressed action, for `requested_action`."""


@dataclass(frozen=True, slots=True)
class CheckSuiteEvent:
    """Somebody pressed "Re-run all checks"."""

    repository: RepositoryRef
    app_id: int
    head_sha: str
    pull_requests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeGroupEvent:
    """A merge queue built a group, or gave it up."""

    action: MergeGroupAction
    repository: RepositoryRef
    head_sha: str
    head_ref: str
    base_sha: str
    base_ref: str


@dataclass(frozen=True, slots=True)
class InstallationEvent:
    """The App was installed, removed, suspended, or given other repositories or permissions."""

    action: InstallationAction
    installation_id: int


@dataclass(frozen=True, slots=True)
class RepositoryEvent:
    """A repository has another name, owner, visibility or default branch now."""

    action: RepositoryAction
    repository: RepositoryRef


@dataclass(frozen=True, slots=True)
class CommandEvent:
    """A person wrote `/gate` commands below a pull request; comments without one, and those of programs, are no events."""

    repository: RepositoryRef
    number: int
    comment_id: int
    commands: tuple[str, ...]
    """Lines as they were written, cleaned and shortened."""
    written_at: datetime
    """GitHub's time, in whole seconds."""
    person: str
    """Login of who wrote them."""
    author: str
    """Login of whose pull request it is."""


Event = (
    PullRequestEvent
    | PushEvent
    | CheckRunEvent
    | CheckSuiteEvent
    | MergeGroupEvent
    | InstallationEvent
    | RepositoryEvent
    | CommandEvent
)

_SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")
_NO_COMMIT = re.compile(r"0{40}(0{24})?")


def verify(body: bytes, signature: str | None, secrets: Iterable[str]) -> None:
    """Return when the raw `body` carries the `X-Hub-Signature-256` of one of the `secrets`.

    All secrets are tried, so that the answer takes as long for the first as for the last.

    Raises: SignatureError.
    Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    # Bytes on both sides: compare_digest raises TypeError for text that is not ASCII.
    given = _SIGNATURE.fullmatch((signature or "").strip().encode("utf-8", "replace"))
    if given is None:
        raise SignatureError("X-Hub-Signature-256 is missing or not `sha256=` and 64 hexadecimal digits")
    holds = False
    for secret in secrets:
        if not secret:
            continue
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        holds |= hmac.compare_digest(expected, given[1])
    if not holds:
        raise SignatureError("X-Hub-Signature-256 does not match the body and the webhook secret")


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
    return read(root)


def _repository(root: Node) -> RepositoryRef:
    repository = root.child("repository")
    return RepositoryRef(
        installation_id=root.child("installation").integer("id"),
        id=repository.integer("id"),
        full_name=repository.full_name("full_name"),
        default_branch=repository.branch("default_branch"),
        private=repository.flag("private"),
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
    )


def _push(root: Node) -> PushEvent | None:
    kind, _, branch = root.text("ref").partition("refs/heads/")
    if kind or branch.startswith("gh-readonly-queue/") or _NO_COMMIT.fullmatch(root.sha("after")):
        return None
    return PushEvent(
        repository=_repository(root),
        branch=root.branch("ref").removeprefix("refs/heads/"),
        before=root.sha("before"),
        after=root.sha("after"),
    )


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


def _repository_change(root: Node) -> RepositoryEvent:
    return RepositoryEvent(action=cast("RepositoryAction", root.text("action")), repository=_repository(root))


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


_READERS: Mapping[str, tuple[tuple[str, ...], Callable[[Node], Event | None]]] = {
    "pull_request": (get_args(PullRequestAction), _pull_request),
    "push": ((), _push),
    "check_run": (get_args(CheckRunAction), _check_run),
    "check_suite": (("rerequested",), _check_suite),
    "merge_group": (get_args(MergeGroupAction), _merge_group),
    "installation": (get_args(InstallationAction), _installation),
    "installation_repositories": (get_args(InstallationAction), _installation),
    "repository": (get_args(RepositoryAction), _repository_change),
    "issue_comment": (("created",), _issue_comment),
}
"""Event name to the actions that matter (all, when none is named) and the function that reads it."""
