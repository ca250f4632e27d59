"""What stands between a pull request and its base branch: branch protection and rulesets, and whether checks are green."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fake_github.repositories import Repository

PASSING = {"success", "neutral", "skipped"}
"""Source: docs.github.com, "Troubleshooting required status checks"."""
RECENTLY = timedelta(days=7)
QUEUE = {
    "check_response_timeout_minutes": 60,
    "grouping_strategy": "ALLGREEN",
    "max_entries_to_build": 5,
    "max_entries_to_merge": 5,
    "merge_method": "MERGE",
    "min_entries_to_merge": 1,
    "min_entries_to_merge_wait_minutes": 5,
}


class NotMergeableError(Exception):
    """GitHub does not merge; the text says what is in the way."""


class NotOfferedError(Exception):
    """GitHub does not offer this App as the source of a required check."""


@dataclass(frozen=True, slots=True)
class Protection:
    """The branch protection of one branch, as far as it is about checks."""

    checks: tuple[tuple[str, int | None], ...]
    """Name, and the App that has to report it; None: anybody."""
    strict: bool = False
    enforce_admins: bool = False

    @property
    def level(self) -> str:
        """GitHub's word for who is bound by the checks."""
        if not self.checks:
            return "off"
        return "everyone" if self.enforce_admins else "non_admins"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A named set of rules; only an active one holds."""

    id: int
    name: str
    source: str
    """`owner/name`, or the organisation all of whose repositories it is for."""
    checks: tuple[tuple[str, int | None], ...] = ()
    enforcement: str = "active"
    branches: tuple[str, ...] = ("~DEFAULT_BRANCH",)
    strict: bool = False
    merge_queue: bool = False
    admins_bypass: bool = False
    more: tuple[str, ...] = field(default=())
    """Types of further rules that have no parameters, e.g. `deletion`."""

    def covers(self, repository: Repository, branch: str) -> bool:
        """Whether it is for this branch."""
        return any(_matches(pattern, repository, branch) for pattern in self.branches)

    @property
    def source_type(self) -> str:
        """Whose it is."""
        return "Repository" if "/" in self.source else "Organization"

    def rules(self) -> Iterator[dict[str, Any]]:
        """Its rules as the API spells them."""
        yield from ({"type": kind} for kind in self.more)
        if self.checks:
            checks = [
                {"context": name} if app_id is None else {"context": name, "integration_id": app_id}
                for name, app_id in self.checks
            ]
            parameters = {
                "required_status_checks": checks,
                "strict_required_status_checks_policy": self.strict,
                "do_not_enforce_on_create": False,
            }
            yield {"type": "required_status_checks", "parameters": parameters}
        if self.merge_queue:
            yield {"type": "merge_queue", "parameters": QUEUE}


def active_rules(repository: Repository, branch: str) -> list[dict[str, Any]]:
    """The rules of all rulesets that hold for a branch, which need not exist."""
    return [
        {
            **rule,
            "ruleset_source_type": ruleset.source_type,
            "ruleset_source": ruleset.source,
            "ruleset_id": ruleset.id,
        }
        for ruleset in _active(repository, branch)
        for rule in ruleset.rules()
    ]


def refuse_source(repository: Repository, app_id: int) -> None:
    """Raises: NotOfferedError, unless the App may write statuses here and has made a check run in the last days.

    Source: docs.github.com, "Available rules for rulesets", on the source of required checks.
    """
    github = repository.github
    if app_id == github.app.id:
        found = github.installation_of(repository)
        if found is None or found.permissions.get("statuses") != "write":
            raise NotOfferedError(f"App {app_id} may not write statuses in {repository.full_name}")
    runs = [run for run in repository.check_runs if run.app_id == app_id]
    if not any(run.history and run.history[-1].at > github.now() - RECENTLY for run in runs):
        raise NotOfferedError(f"App {app_id} has made no check run in {repository.full_name} lately")


def refuse_merge(repository: Repository, branch: str, head_sha: str, *, admin: bool) -> None:
    """Raises: NotMergeableError, when a rule of the branch is in the way of this head, whoever merges."""
    obstacles: list[str] = []
    protection = repository.protections.get(branch)
    if protection and not (admin and protection.level == "non_admins"):
        obstacles += _obstacles(repository, branch, head_sha, protection.checks, strict=protection.strict)
    for ruleset in _active(repository, branch):
        if admin and ruleset.admins_bypass:
            continue
        obstacles += _obstacles(repository, branch, head_sha, ruleset.checks, strict=ruleset.strict)
        if ruleset.merge_queue:
            obstacles.append("Changes must be made through the merge queue")
    if obstacles:
        raise NotMergeableError(f"Repository rule violations found: {'; '.join(obstacles)}")


def _active(repository: Repository, branch: str) -> list[Ruleset]:
    return [
        ruleset
        for ruleset in repository.rulesets
        if ruleset.enforcement == "active" and ruleset.covers(repository, branch)
    ]


def _matches(pattern: str, repository: Repository, branch: str) -> bool:
    if pattern == "~DEFAULT_BRANCH":
        return branch == repository.default_branch
    return pattern == "~ALL" or fnmatchcase(f"refs/heads/{branch}", pattern)


def _obstacles(
    repository: Repository,
    branch: str,
    head_sha: str,
    checks: tuple[tuple[str, int | None], ...],
    *,
    strict: bool,
) -> Iterator[str]:
    """Why these required checks do not let the head in."""
    yield from (
        f'Required status check "{name}" is expected'
        for name, app_id in checks
        if not _green(repository, head_sha, name, app_id)
    )
    tip = repository.branch(branch)
    if checks and strict and repository.git.run("merge-base", tip, head_sha) != tip:
        yield "the branch must be up to date before merging"


def _green(repository: Repository, head_sha: str, name: str, app_id: int | None) -> bool:
    """Whether everything of this name on the head passes: the newest check run of each App, and the status.

    Of a bound check only its App's check runs count.
    """
    newest = {
        run.app_id: run
        for run in repository.check_runs
        if run.head_sha == head_sha and run.name == name and app_id in {None, run.app_id}
    }
    found = [run.status == "completed" and run.conclusion in PASSING for run in newest.values()]
    if app_id is None:
        said = [one for one in repository.statuses if one["sha"] == head_sha and one["context"] == name]
        found += [one["state"] == "success" for one in said[-1:]]
    return bool(found) and all(found)
