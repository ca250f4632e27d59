"""The policy a head is judged by, at the revision whose policy counts; where that one is broken, the last valid one.

Which revision counts is for its callers to know.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.core.failure import PolicyError
from gate.core.policy import Policy
from gate.git import Repository
from gate.workflows.settings_of import POLICY_FILE, policy_at

LOOK_BACK = 500
"""Commits that are searched for the last valid policy."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy, and where it stands."""

    sha: str
    name: str
    """For people: the branch, or what was asked for."""
    policy: Policy


def rules_at(git: Repository, sha: str, name: str, *, head: str, base: str, over: Policy) -> Rules:
    """The policy of a revision; for a head that repairs a broken one, the newest valid one before it.

    Raises: PolicyError, where it is broken and the head does not repair it, or there never was a valid one.
    """
    try:
        return Rules(sha, name, policy_at(git, sha, over))
    except PolicyError as error:
        if not _repairs(git, head, base, over):
            raise
        sha, policy = _last_valid(git, sha, over, error)
    return Rules(sha, f"the last valid one; {name}'s is broken, and this change repairs it", policy)


def writes_policy(git: Repository, head: str, base: str) -> bool:
    """Whether a head has another policy than its base: with the one it began with, merging it changes none."""
    return git.file(head, POLICY_FILE) != (git.file(base, POLICY_FILE) if base else None)


def _repairs(git: Repository, head: str, base: str, over: Policy) -> bool:
    """Whether merging the head brings a valid policy: one that the head itself has written, not one it began with."""
    if not writes_policy(git, head, base):
        return False
    try:
        policy_at(git, head, over)
    except PolicyError:
        return False
    return True


def _last_valid(git: Repository, tip: str, over: Policy, error: PolicyError) -> tuple[str, Policy]:
    """The newest valid policy before a broken one. Raises: PolicyError, the one given, where there is none."""
    sha = tip
    for _ in range(LOOK_BACK):
        sha = next(iter(git.parents(sha)), "")
        try:
            return sha, policy_at(git, sha, over)
        except PolicyError:
            continue
    raise error
