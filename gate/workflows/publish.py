"""Put check runs on GitHub: `gate` while a head is judged, each check when it is known, `gate` again at the end.

Every function can be repeated: a check run is found again by its run's id. None decides what a text says.
"""

from __future__ import annotations

from dataclasses import replace

from gate.core import check_run, same_head
from gate.core.check_run import CheckRun, Links
from gate.core.event import RepositoryRef
from gate.core.verdict import CheckVerdict, Components, Provenance, Verdict, components_of
from gate.core.waiver import waive_check
from gate.service import Service
from gate.store import VerdictRecord


def links(
    service: Service, repository: RepositoryRef, *, head_sha: str, base_sha: str = "", run_id: str
) -> Links:
    """The places a text of this run points to."""
    settings = service.settings
    return Links(
        web_url=f"{settings.github_url.rstrip('/')}/{repository.full_name}",
        head_sha=head_sha,
        base_sha=base_sha,
        pages_url=settings.public_url.rstrip("/"),
        run_id=run_id,
    )


def start(service: Service, repository: RepositoryRef, number: int, stage: str, where: Links) -> None:
    """Shows `gate` in progress on the head, with the stage a person reads."""
    put(service, repository, number, check_run.started(stage, where))


def check(  # noqa: PLR0913  (each part is another thing to know)
    service: Service,
    repository: RepositoryRef,
    number: int,
    judged: CheckVerdict,
    provenance: Provenance,
    where: Links,
    *,
    advise: bool,
    components: Components = (),
) -> None:
    """Publishes one check, completed, with what it says of the components and what was waived on its pull request."""
    given = service.store.waivers(repository.id, [number])
    shown = waive_check(judged, given, provenance)
    parts = tuple((name, waive_check(each, given, provenance, component=name)) for name, each in components)
    put(
        service,
        repository,
        number,
        check_run.render(shown, provenance, where, advise=advise, components=parts),
    )


def conclude(service: Service, repository: RepositoryRef, run_id: str) -> None:
    """Completes `gate` with the saved verdict of a run, and shows on its checks what was waived.

    Where open pull requests share the head, each gets the worst of their verdicts.
    """
    published: dict[tuple[int, str], CheckRun] = {}
    # Again when another one was concluded or a waiver given meanwhile, for whoever did may not have seen ours.
    while (runs := _conclusions(service, repository, _saved(service, run_id))) != published:
        for (number, name), run in runs.items():
            if published.get((number, name)) != run:
                put(service, repository, number, run)
        published = runs


def _saved(service: Service, run_id: str) -> VerdictRecord:
    record = service.store.verdict(run_id)
    if record is None:
        raise AssertionError(f"the verdict of run {run_id} was not saved")
    return record


def _conclusions(
    service: Service, repository: RepositoryRef, record: VerdictRecord
) -> dict[tuple[int, str], CheckRun]:
    """By number and name, what is to be shown: waived checks, which were published as blocked, and every `gate`."""
    verdict = record.verdict
    provenance = verdict.provenance
    where = links(
        service, repository, head_sha=provenance.head, base_sha=provenance.base, run_id=record.run_id
    )
    waived = [
        check_run.render(each, provenance, where, advise=verdict.advise, components=components)
        for each, components in ((each, components_of(verdict, each.check)) for each in verdict.checks)
        if each.waivers or any(part.waivers for _, part in components)
    ]
    gates = same_head.worst(_gates(service, repository, record.number, verdict, where))
    return {
        **{(record.number, run.name): run for run in waived},
        **{(number, gate.name): gate for number, gate in gates.items()},
    }


def _gates(
    service: Service, repository: RepositoryRef, number: int, verdict: Verdict, where: Links
) -> dict[int, CheckRun]:
    """By number, the last `gate` of each open pull request with this head; ours fails while another is not judged."""
    own = check_run.render_overall(verdict, where)
    others = _of_same_head(service, repository, number, where)
    for other, gate in others.items():
        if gate is None and own.conclusion in {"success", "neutral"}:
            own = same_head.waiting(other, where)
    return {number: own, **{other: gate for other, gate in others.items() if gate is not None}}


def _of_same_head(
    service: Service, repository: RepositoryRef, number: int, where: Links
) -> dict[int, CheckRun | None]:
    """The `gate` of each other open pull request with this head; None while that one is being judged."""
    found: dict[int, CheckRun | None] = {}
    for other in service.store.open_pull_requests_at(repository.id, where.head_sha):
        if other.number == number:
            continue
        last = service.store.newest_verdict(repository.id, other.number)
        judging = any(
            run.head_sha == where.head_sha and run.name == check_run.OVERALL
            for run in service.store.open_check_runs(repository.id, other.number)
        )
        if judging or last is None or last.verdict.provenance.head != where.head_sha:
            found[other.number] = None
        else:
            theirs = replace(where, base_sha=last.verdict.provenance.base, run_id=last.run_id)
            found[other.number] = check_run.render_overall(last.verdict, theirs)
    return found


def give_up(
    service: Service, repository: RepositoryRef, number: int, text: str, hint: str, where: Links
) -> None:
    """Completes `gate` as "could not measure": it never stays in progress."""
    put(service, repository, number, check_run.failed(text, hint, where))


def supersede(
    service: Service, repository: RepositoryRef, number: int, *, but: str = "", only: str = "", newer_sha: str
) -> None:
    """Closes the check runs of the pull request that are still in progress: all but those of one run, or only those."""
    for open_run in service.store.open_check_runs(repository.id, number):
        if open_run.run_id == but or (only and open_run.run_id != only):
            continue
        where = links(service, repository, head_sha=open_run.head_sha, run_id=open_run.run_id)
        put(service, repository, number, check_run.superseded(newer_sha, where, name=open_run.name))


def put(service: Service, repository: RepositoryRef, number: int, run: CheckRun) -> None:
    """Creates the check run, or updates the one this run has already made under that name."""
    github = service.github.repository(repository.installation_id, repository.id, repository.full_name)
    known = service.store.check_run_ids(run.external_id).get(run.name)
    if known is None:
        known = github.create_check_run(run)
    else:
        github.update_check_run(known, run)
    service.store.save_check_run_id(
        run.external_id,
        run.name,
        run.head_sha,
        known,
        repository_id=repository.id,
        number=number,
        completed=run.status == "completed",
    )
