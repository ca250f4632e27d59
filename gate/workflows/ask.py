"""Find out what is to be compared, and by whose rules: fetch the revisions, find the merge base, read the policy.

Which policy rules follows `docs/policy.md`: never the head's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from gate.core.branch_globs import listed
from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.policy import Defaults, Policy
from gate.core.work import Evaluate, EvaluateGroup
from gate.git import Repository
from gate.service import Service
from gate.workflows.organisation import defaults_of
from gate.workflows.question import Question
from gate.workflows.rules import Rules, rules_at
from gate.workflows.settings_of import policy_at, policy_source


def ask(service: Service, work: Evaluate) -> Question:
    """The question a pull request puts, with everything it names fetched.

    Raises: PolicyError for a broken policy that this pull request does not repair, Transient while GitHub does not
    show the head.
    """
    repository = work.repository
    defaults = defaults_of(service, repository)
    mirror = service.mirror(repository)
    mirror.fetch({work.head_sha: f"refs/pull/{work.number}/head"})
    default = mirror.fetch_tip(f"refs/heads/{repository.default_branch}")
    is_default = work.base_ref == repository.default_branch
    target = default if is_default else mirror.fetch_tip(f"refs/heads/{work.base_ref}")
    base = mirror.merge_base(work.head_sha, target) or ""
    sha, name = ruling(mirror, repository, work.base_ref, Tips(default, target), defaults.policy)
    rules = rules_at(mirror, sha, name, head=work.head_sha, base=base, over=defaults.policy)
    return _question(service, mirror, work.head_sha, base, rules, defaults)


def ask_of_group(service: Service, work: EvaluateGroup) -> Question:
    """The question a merge group puts: its head with what the queue built it on.

    That is what the base branch will be when this group is merged, so its policy rules where the branch brings one.
    Raises: as `ask`.
    """
    repository = work.repository
    defaults = defaults_of(service, repository)
    mirror = service.mirror(repository)
    branch = f"refs/heads/{work.branch}"
    mirror.fetch({work.head_sha: branch, work.base_sha: branch})
    is_default = work.base_ref == repository.default_branch
    default = work.base_sha if is_default else mirror.fetch_tip(f"refs/heads/{repository.default_branch}")
    sha, name = ruling(mirror, repository, work.base_ref, Tips(default, work.base_sha), defaults.policy)
    rules = rules_at(mirror, sha, name, head=work.head_sha, base=work.base_sha, over=defaults.policy)
    return _question(service, mirror, work.head_sha, work.base_sha, rules, defaults)


def _question(
    service: Service, mirror: Repository, head: str, base: str, rules: Rules, defaults: Defaults
) -> Question:
    age = (service.now() - mirror.committed_at(base)).days if base else None
    return Question(
        base=base,
        head=head,
        head_name=head,
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


class Here:
    """What one life of a run has in the mirror of its machine. A later life may be on another one, or after a loss."""

    def __init__(self, *, fetched: bool = False) -> None:
        self.fetched = fetched

    def bring(self, service: Service, repository: RepositoryRef, question: Question, refs: Refs) -> None:
        """Fetches what the question names, unless this life has. Raises: Transient."""
        if not self.fetched:
            named = {question.base: refs.base, question.rules: refs.base, question.head: refs.head}
            service.mirror(repository).fetch({sha: ref for sha, ref in named.items() if sha})
            self.fetched = True


@dataclass(frozen=True, slots=True)
class Refs:
    """Where the commits of a question are to be had; those that the refs have left are asked for by their sha."""

    head: str
    base: str


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
