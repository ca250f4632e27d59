"""What GitHub told us, as values; deciding what follows is `gate.core.plan`'s part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PullRequestAction = Literal[
    "opened", "synchronize", "reopened", "ready_for_review", "converted_to_draft", "edited", "closed"
]
CheckRunAction = Literal["rerequested", "requested_action"]
MergeGroupAction = Literal["checks_requested", "destroyed"]
InstallationAction = Literal[
    "created", "deleted", "suspend", "unsuspend", "new_permissions_accepted", "added", "removed", "renamed"
]
RepositoryAction = Literal[
    "renamed", "transferred", "archived", "unarchived", "privatized", "publicized", "edited"
]

RERUN, APPROVE = "rerun", "approve"
"""Identifiers of our buttons: measure again; run the tests of a first-time contributor."""

QUEUE = "gh-readonly-queue/"
"""What the names of a merge queue's branches begin with: `gh-readonly-queue/BASE/pr-NUMBER-SHA`."""

VERSION = re.compile(
    r"(?:[A-Za-z@][A-Za-z0-9._/-]{0,60}[-/@])?[vV]?\d+(?:\.\d+)+[A-Za-z0-9.+-]{0,30}", re.ASCII
)
"""Tags that are releases: `v1.2.0`, `2026.1`, `api-1.2.0rc1`."""

_NO_COMMIT = re.compile(r"0{40}(0{24})?")
_OF_GROUP = re.compile(rf"{QUEUE}.+/pr-([1-9][0-9]{{0,8}})-[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """The repository an event is about, and the installation whose token reads it."""

    installation_id: int
    id: int
    full_name: str
    default_branch: str
    private: bool
    archived: bool = False
    """Whether nothing can be written there."""


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
    association: str = ""
    """What GitHub says the author is to the repository, e.g. `FIRST_TIME_CONTRIBUTOR`."""
    merged_at: datetime | None = None
    """Set only when it was merged."""


@dataclass(frozen=True, slots=True)
class PushEvent:
    """A branch got a new tip; deletions and merge queue branches are no events."""

    repository: RepositoryRef
    branch: str
    before: str
    """All zeros for a new branch."""
    after: str

    @property
    def created(self) -> bool:
        """Whether the branch is new."""
        return no_commit(self.before)


@dataclass(frozen=True, slots=True)
class TagEvent:
    """A tag that reads like a version was set: a release. Removed ones and others are no events."""

    repository: RepositoryRef
    tag: str
    sha: str
    """The commit it leads to."""
    committed_at: datetime
    """That commit's time, for the event has no other."""


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
    """Of the pressed button, for `requested_action`: `RERUN` or `APPROVE`, if it is one of ours."""


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
    """Branch of the queue, without `refs/heads/`."""
    base_sha: str
    """The tip of the base branch, or the group before this one."""
    base_ref: str

    @property
    def number(self) -> int:
        """The pull request the group adds to its base, by the branch's name; 0 when that has another form."""
        named = _OF_GROUP.fullmatch(self.head_ref)
        return int(named[1]) if named else 0


@dataclass(frozen=True, slots=True)
class InstallationEvent:
    """The App was installed, removed, suspended, or given other repositories or permissions."""

    action: InstallationAction
    installation_id: int


@dataclass(frozen=True, slots=True)
class AuthorizationEvent:
    """A person took back what they had allowed the App to see in their name."""

    user_id: int


@dataclass(frozen=True, slots=True)
class RepositoryEvent:
    """A repository has another name, owner, visibility or default branch now."""

    action: RepositoryAction
    repository: RepositoryRef
    previous_default_branch: str = ""
    """Set only when the default branch was changed."""


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


@dataclass(frozen=True, slots=True)
class WorkflowRunEvent:
    """A workflow for a pull request from another repository ended; those of the repository's own are no events."""

    repository: RepositoryRef
    """Where it ran: that of the pull request, which the event does not name."""
    run_id: int
    head_sha: str
    """The head that it ran for; its code saw that, or what GitHub made to merge it."""
    head_full_name: str
    """The repository that the head is in."""
    workflow: str
    """The file that says what it does, for people."""


Event = (
    PullRequestEvent
    | PushEvent
    | TagEvent
    | CheckRunEvent
    | CheckSuiteEvent
    | MergeGroupEvent
    | InstallationEvent
    | AuthorizationEvent
    | RepositoryEvent
    | CommandEvent
    | WorkflowRunEvent
)


def no_commit(sha: str) -> bool:
    """Whether it is all zeros, as of a branch that is not there before or after a push."""
    return _NO_COMMIT.fullmatch(sha) is not None
