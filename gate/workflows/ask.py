"""Find out what is to be compared, and by whose rules: fetch the revisions, find the merge base, read the policy.

Which policy rules follows `docs/policy.md`: never the head's.
"""

from __future__ import annotations

from dataclasses import replace

from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.policy import Policy
from gate.core.work import Evaluate
from gate.git import Mirror, Repository
from gate.service import Service
from gate.workflows.judge import Question, policy_at, policy_source

LOOK_BACK = 500
"""Commits of the default branch that are searched for the last valid policy."""


def ask(service: Service, work: Evaluate) -> Question:
    """The question a pull request puts, with everything it names fetched.

    Raises: PolicyError for a broken policy that this pull request does not repair, Transient while GitHub does not
    show the head.
    """
    mirror = service.mirror(work.repository)
    mirror.fetch({work.head_sha: f"refs/pull/{work.number}/head"})
    default = mirror.fetch_tip(f"refs/heads/{work.repository.default_branch}")
    is_default = work.base_ref == work.repository.default_branch
    target = default if is_default else mirror.fetch_tip(f"refs/heads/{work.base_ref}")
    base = mirror.merge_base(work.head_sha, target) or ""
    question = _ruled(mirror, work, default=default, target=target)
    age = (service.now() - mirror.committed_at(base)).days if base else None
    return replace(question, base=base, base_age_days=age)


def ask_of_branch(service: Service, repository: RepositoryRef, sha: str, branch: str) -> Question:
    """The question a push to a followed branch puts: the commit with its first parent, by the parent's policy.

    Raises: PolicyError, Transient.
    """
    mirror = service.mirror(repository)
    mirror.fetch({sha: f"refs/heads/{branch}"})
    parent = next(iter(mirror.parents(sha)), "")
    return Question(
        base=parent,
        head=sha,
        head_name=sha,
        rules=parent,
        policy=policy_at(mirror, parent),
        policy_source=policy_source(mirror, parent, "the parent commit"),
    )


def _ruled(mirror: Mirror, work: Evaluate, *, default: str, target: str) -> Question:
    """The question without its base: the default branch's policy, or the base branch's own where that one lists it."""
    rules, name = default, work.repository.default_branch
    try:
        policy = policy_at(mirror, rules)
        if work.base_ref in policy.gate.branches:
            rules, name = target, work.base_ref
            policy = policy_at(mirror, rules)
    except PolicyError as error:
        rules, policy = _last_valid(mirror, work.head_sha, rules, error)
        name = f"the last valid one; {name}'s is broken, and this change repairs it"
    return Question(
        base="",
        head=work.head_sha,
        head_name=work.head_sha,
        rules=rules,
        policy=policy,
        policy_source=policy_source(mirror, rules, name),
    )


def _last_valid(git: Repository, head: str, tip: str, error: PolicyError) -> tuple[str, Policy]:
    """The newest valid policy before a broken one, for a head that repairs it.

    Raises: PolicyError, the one given, when the head does not repair it.
    """
    try:
        policy_at(git, head)
    except PolicyError:
        raise error from None
    sha = tip
    for _ in range(LOOK_BACK):
        sha = next(iter(git.parents(sha)), "")
        try:
            return sha, policy_at(git, sha)
        except PolicyError:
            continue
    raise error
