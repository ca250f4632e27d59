"""A push changed the rules: judge the open pull requests it concerns again, one after another, from stored reports.

It judges nothing itself. A push that leaves the effective rules as they were starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.core.component import Parts
from gate.core.coverage_configuration import rcfile
from gate.core.event import RepositoryRef
from gate.core.failure import Gone, Permanent, PolicyError, Transient
from gate.core.policy import Policy, digest
from gate.core.run import Run
from gate.core.tool_configuration import BANDIT_FILES, COVERAGE_FILES, bandit_options
from gate.core.work import Evaluate, Rejudge, Supersede
from gate.git import Mirror
from gate.service import Service
from gate.store import PullRequestRecord, VerdictRecord
from gate.workflows.ask import Tips, ruling
from gate.workflows.organisation import defaults_of, speaks_for_others
from gate.workflows.settings_of import files_at, policy_at

MOST = 200
"""Open pull requests of a repository that are judged again: those that changed last."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A repository, with the policy below its own."""

    repository: RepositoryRef
    mirror: Mirror
    over: Policy


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    """The rules at a revision, as far as they judge: where these are equal no verdict differs for them."""

    policy: str
    bandit: str
    coverage: str


_UNKNOWN = _Fingerprint("", "", "")


def rejudge(run: Run, service: Service, work: Rejudge) -> None:
    """Starts an evaluation of every open pull request whose verdict is by other rules than those of now."""
    for each in run.step(_find, service, work, name="find pull requests"):
        run.start(each)


def _find(service: Service, work: Rejudge) -> tuple[Supersede | Rejudge, ...]:
    repository = work.repository
    known = service.store.pull_requests(repository.id, open_only=True, limit=MOST)
    is_default = work.branch == repository.default_branch
    if not is_default:
        known = tuple(pull for pull in known if pull.base_ref == work.branch)
    others = _others(service, repository) if is_default and speaks_for_others(repository) else ()
    if not known and not others:
        return ()
    mirror = service.mirror(repository)
    try:
        place = _Place(repository, mirror, defaults_of(service, repository).policy)
    except PolicyError:  # every evaluation will say so, whatever this repository's own files say
        if work.before:
            return ()
        return tuple(
            Supersede(evaluation_of(repository, pull, later=_standing(service, pull) is not None))
            for pull in known
        )
    if work.before and not _changed(place, work):
        return ()
    return (*_stale(service, place, known), *others)


def _others(service: Service, repository: RepositoryRef) -> tuple[Rejudge, ...]:
    """What a repository says for all of its owner's, concerns those that we know."""
    found = (
        each for each in service.store.repositories_of(repository.installation_id) if each.id != repository.id
    )
    return tuple(Rejudge(each.ref, each.default_branch) for each in found)


def _changed(place: _Place, work: Rejudge) -> bool:
    """Whether the branch has other rules than before the push; also where that cannot be known."""
    tip = place.mirror.fetch_tip(f"refs/heads/{work.branch}")
    try:
        place.mirror.fetch({work.before: f"refs/heads/{work.branch}"})
    except Transient:  # a forced push can take away what was there
        return True
    return _fingerprint(place, work.before) != _fingerprint(place, tip)


def _stale(service: Service, place: _Place, pulls: tuple[PullRequestRecord, ...]) -> Iterator[Supersede]:
    """Those judged by other rules, and those whose evaluation may have begun by them."""
    bases = {pull.base_ref for pull in pulls}
    now = {base_ref: _rules_of(place, base_ref) for base_ref in sorted(bases)}
    for pull in pulls:
        judged = _judged_by(service, place, pull)
        if now[pull.base_ref] is None or now[pull.base_ref] != judged:
            yield Supersede(evaluation_of(place.repository, pull, later=judged is not None))


def _rules_of(place: _Place, base_ref: str) -> _Fingerprint | None:
    """The rules for pull requests to that branch; None where they are broken, or the branch is gone."""
    default = place.mirror.fetch_tip(f"refs/heads/{place.repository.default_branch}")
    try:
        base = place.mirror.fetch_tip(f"refs/heads/{base_ref}")
    except Gone:
        raise
    except Permanent:
        return None
    sha, _ = ruling(place.mirror, place.repository, base_ref, Tips(default, base), place.over)
    return _fingerprint(place, sha)


def _judged_by(service: Service, place: _Place, pull: PullRequestRecord) -> _Fingerprint | None:
    """The rules of the verdict that stands; None where there is none, or it is being made."""
    record = _standing(service, pull)
    if record is None:
        return None
    last = record.verdict.provenance
    found = _fingerprint(place, last.policy_sha) if place.mirror.resolve(last.policy_sha) else None
    # The policy may have been another one at the same commit: what is below it is no part of it.
    return _Fingerprint(last.policy_digest, found.bandit, found.coverage) if found else _UNKNOWN


def _standing(service: Service, pull: PullRequestRecord) -> VerdictRecord | None:
    """The verdict on the present head; None where there is none, or it is being made again."""
    return (
        None if service.store.open_check_runs(pull.repository_id, pull.number) else verdict_on(service, pull)
    )


def verdict_on(service: Service, pull: PullRequestRecord) -> VerdictRecord | None:
    """The newest verdict, if it is on the present head."""
    last = service.store.newest_verdict(pull.repository_id, pull.number)
    return last if last is not None and last.verdict.provenance.head == pull.head_sha else None


def _fingerprint(place: _Place, sha: str) -> _Fingerprint | None:
    """The rules at a commit; None where they are broken."""
    try:
        policy = policy_at(place.mirror, sha, place.over)
        bandit = bandit_options(files_at(place.mirror, sha, BANDIT_FILES))
    except PolicyError:
        return None
    folders = sorted({suite.folder for suite in Parts(policy).suites})
    found = [files_at(place.mirror, sha, COVERAGE_FILES, folder) for folder in folders]
    coverage = [rcfile(files, branches=False, root="") for files in found]
    return _Fingerprint(digest(policy), repr(bandit), "\n".join(coverage))


def evaluation_of(repository: RepositoryRef, pull: PullRequestRecord, *, later: bool) -> Evaluate:
    """The work that judges a pull request as it was last seen; `later`: nobody waits for it."""
    return Evaluate(
        repository=repository,
        number=pull.number,
        head_sha=pull.head_sha,
        base_sha="",
        base_ref=pull.base_ref,
        updated_at=pull.updated_at,
        author=pull.author,
        title=pull.title,
        later=later,
    )
