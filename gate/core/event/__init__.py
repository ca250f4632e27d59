"""What GitHub tells us: who signed it, and what it says, as values."""

from gate.core.event.reading import parse
from gate.core.event.signature import SignatureError, verify
from gate.core.event.values import (
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
    RepositoryRef,
    TagEvent,
    WorkflowRunEvent,
)

__all__ = (
    "APPROVE",
    "RERUN",
    "AuthorizationEvent",
    "CheckRunEvent",
    "CheckSuiteEvent",
    "CommandEvent",
    "Event",
    "InstallationEvent",
    "MergeGroupEvent",
    "PullRequestEvent",
    "PushEvent",
    "RepositoryEvent",
    "RepositoryRef",
    "SignatureError",
    "TagEvent",
    "WorkflowRunEvent",
    "parse",
    "verify",
)
