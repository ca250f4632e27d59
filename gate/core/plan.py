"""What to do about an event: a pure decision, before anything is known but the event itself."""

from __future__ import annotations

from typing import assert_never

from gate.core.event import (
    APPROVE,
    RERUN,
    AuthorizationEvent,
    CheckRunEvent,
    CheckSuiteEvent,
    CommandEvent,
    Event,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    RepositoryEvent,
    TagEvent,
    WorkflowRunEvent,
)
from gate.core.upload_work import FetchReports
from gate.core.work import (
    Approve,
    CloseGroup,
    CloseRuns,
    Evaluate,
    EvaluateGroup,
    Forget,
    NoteRelease,
    RecordBranch,
    Reevaluate,
    Rejudge,
    Supersede,
    Sync,
    Waive,
    Work,
)


def plan(event: Event, *, app_id: int) -> tuple[Work, ...]:  # noqa: C901, PLR0911  (one answer for each kind of event)
    """What to do about an event; nothing for other Apps' check runs, nor where nothing can be written any more."""
    if _read_only(event):
        return ()
    match event:
        case PullRequestEvent():
            return (_plan_pull_request(event),)
        case PushEvent() | TagEvent():
            return _plan_push(event)
        case CheckRunEvent() | CheckSuiteEvent():
            return _plan_button(event) if event.app_id == app_id else ()
        case InstallationEvent():
            return (Sync(event.installation_id),)
        case RepositoryEvent():
            return _plan_repository(event)
        case CommandEvent():
            return (_plan_command(event),)
        case MergeGroupEvent():
            return (_plan_group(event),)
        case AuthorizationEvent():
            return (Forget(event.user_id),)
        case WorkflowRunEvent():
            return (_plan_workflow_run(event),)
    assert_never(event)


def _read_only(event: Event) -> bool:
    """Whether it is of an archived repository, and does not say that this just began or ended."""
    whole = RepositoryEvent | InstallationEvent | AuthorizationEvent
    return not isinstance(event, whole) and event.repository.archived


def _plan_pull_request(event: PullRequestEvent) -> Work:
    if event.action == "closed":
        return CloseRuns(
            event.repository, event.number, event.head_sha, event.updated_at, merged_at=event.merged_at
        )
    evaluate = Evaluate(
        repository=event.repository,
        number=event.number,
        head_sha=event.head_sha,
        base_sha=event.base_sha,
        base_ref=event.base_ref,
        updated_at=event.updated_at,
        author=event.author,
        title=event.title,
        draft=event.draft,
        head_full_name=event.head_full_name,
        association=event.association,
    )
    return Supersede(evaluate)


def _plan_push(event: PushEvent | TagEvent) -> tuple[Work, ...]:
    """Of a version, that it was tagged. Which branches are gated, and bring a policy of their own, the policy says: whoever does the work reads it."""
    if isinstance(event, TagEvent):
        return (NoteRelease(event.repository, event.tag, event.sha, event.committed_at),)
    recording = RecordBranch(event.repository, event.branch, event.after)
    if event.created:
        return (recording,)
    return recording, Rejudge(event.repository, event.branch, event.before)


def _plan_button(event: CheckRunEvent | CheckSuiteEvent) -> tuple[Work, ...]:
    if isinstance(event, CheckSuiteEvent):
        return (Reevaluate(event.repository, event.head_sha),)
    if event.action == "requested_action" and event.identifier == APPROVE:
        return (Approve(event.repository, event.head_sha, event.sender),)
    if event.action == "requested_action" and event.identifier != RERUN:
        return ()
    return (Reevaluate(event.repository, event.head_sha),)


def _plan_repository(event: RepositoryEvent) -> tuple[Work, ...]:
    """Another default branch is other rules for every pull request, and wants to be measured."""
    repository = event.repository
    sync = Sync(repository.installation_id, repository)
    return (
        (sync, Rejudge(repository, repository.default_branch)) if event.previous_default_branch else (sync,)
    )


def _plan_group(event: MergeGroupEvent) -> Work:
    group = EvaluateGroup(
        repository=event.repository,
        number=event.number,
        branch=event.head_ref,
        head_sha=event.head_sha,
        base_sha=event.base_sha,
        base_ref=event.base_ref,
    )
    return CloseGroup(group) if event.action == "destroyed" else Supersede(group)


def _plan_workflow_run(event: WorkflowRunEvent) -> Work:
    """Whether reports are wanted, the policy says: whoever does the work reads it."""
    return FetchReports(event.repository, event.run_id, event.head_sha, event.head_full_name, event.workflow)


def _plan_command(event: CommandEvent) -> Work:
    return Waive(
        repository=event.repository,
        number=event.number,
        origin=f"comment:{event.comment_id}",
        commands=event.commands,
        written_at=event.written_at,
        person=event.person,
        author=event.author,
    )
