"""Find out what is to be compared, and by whose rules: fetch the revisions, find the merge base, read the policy.

Which policy rules follows `docs/policy.md`: never the head's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from gate.core.branch_globs import listed
from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.policy import Policy
from gate.core.work import Evaluate
from gate.git import Repository
from gate.service import Service
from gate.workflows.judge import Question, policy_at, policy_source
from gate.workflows.organisation import defaults_of
from gate.workflows.rules import rules_at


def ask(service: Service, work: Evaluate) -> Question:
    """The question a pull request puts, with everything it names fetched.

    Raises: PolicyError for a broken policy that this pull request does not repair, Transient while GitHub does not
    show the head.
    """
    defaults = defaults_of(service, work.repository)
    mirror = service.mirror(work.repository)
    mirror.fetch({work.head_sha: f"refs/pull/{work.number}/head"})
    default = mirror.fetch_tip(f"refs/heads/{work.repository.default_branch}")
    is_default = work.base_ref == work.repository.default_branch
    target = default if is_default else mirror.fetch_tip(f"refs/heads/{work.base_ref}")
    base = mirror.merge_base(work.head_sha, target) or ""
    sha, name = ruling(mirror, work.repository, work.base_ref, Tips(default, target), defaults.policy)
    rules = rules_at(mirror, sha, name, head=work.head_sha, base=base, over=defaults.policy)
    age = (service.now() - mirror.committed_at(base)).days if base else None
    return Question(
        base=base,
        head=work.head_sha,
        head_name=work.head_sha,
        rules=rules.sha,
        policy=rules.policy,
        policy_source=policy_source(mirror, rules.sha, rules.name, defaults),
        base_age_days=age,
        defaults=defaults.policy,
    )


def ask_of_branch(service: Service, repository: RepositoryRef, sha: str, branch: str) -> Question:
    """The question a push to a followed branch puts: the commit with its first parent, by the parent's policy.

    Raises: PolicyError, Transient.
    """
    defaults = defaults_of(service, repository)
    mirror = service.mirror(repository)
    mirror.fetch({sha: f"refs/heads/{branch}"})
    parent = next(iter(mirror.parents(sha)), "")
    return Question(
        base=parent,
        head=sha,
        head_name=sha,
        rules=parent,
        policy=policy_at(mirror, parent, defaults.policy),
        policy_source=policy_source(mirror, parent, "the parent commit", defaults),
        defaults=defaults.policy,
    )


@dataclass(frozen=True, slots=True)
class Tips:
    """Where two branches are now."""

    default: str
    base: str
    """Of the branch a pull request is to be merged into; the same for the default branch."""


def ruling(
    mirror: Repository, repository: RepositoryRef, base_ref: str, tips: Tips, over: Policy
) -> tuple[str, str]:
    """(sha, branch) whose policy counts: the default branch, or the base branch where the default's policy lists it."""
    default = repository.default_branch
    if base_ref != default:
        # A broken policy of the default branch lists nothing, and is told by whoever reads it.
        with suppress(PolicyError):
            if listed(base_ref, policy_at(mirror, tips.default, over).gate.branches):
                return tips.base, base_ref
    return tips.default, default
