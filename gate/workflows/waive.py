"""Carry out the `/gate` commands of a comment or form: ask GitHub for the person's role, keep the waiver, show it. Nothing is measured.

What may be waived by whom is decided in `gate.core.command`; a command that may not be carried out is answered on the
head's `gate`, for Gate answers nobody with a comment.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from gate.core.command import Asker, decide, refused
from gate.core.failure import Gone, Permanent
from gate.core.run import Run
from gate.core.verdict import Verdict, Waiver
from gate.core.work import Waive
from gate.service import Service
from gate.workflows import publish
from gate.workflows.comment import comment

LOOK_BACK = 20
"""Verdicts that are looked at for the one a command is about; so many are not made while one is under way."""


def waive(run: Run, service: Service, work: Waive) -> None:
    """Keeps the waivers, or why they were not given, and brings the check runs and the comment of the newest verdict up to date."""
    answered = [
        run.step(partial(_answer, service, work, index), name=f"command {index}")
        for index in range(len(work.commands))
    ]
    if any(answered):
        run.step(_show, service, work, name="show")
        comment(run, service, work.repository, work.number)


def give_up(run: Run, service: Service, work: Waive, text: str) -> None:
    """Says on the page that the commands of a run that failed were not carried out."""
    run.step(partial(_say, service, work, text), name="say")


def _answer(service: Service, work: Waive, index: int) -> bool:
    """Whether there is something to show; nothing is said to closed pull requests, nor to whoever was told too often."""
    head_sha = _open_head(service, work)
    if head_sha is None:
        return False
    origin = f"{work.origin}:{index}"
    verdict = _seen(service, work)
    answer = decide(work.commands[index], _asker(service, work, verdict), verdict, service.now())
    if isinstance(answer, Waiver):
        service.store.save_waiver(work.repository.id, work.number, answer, origin=origin)
        return True
    return service.store.save_refusal(
        work.repository.id, work.number, answer, head_sha=head_sha, origin=origin
    )


def _say(service: Service, work: Waive, text: str) -> None:
    """A refusal of each command without an answer; from the database alone, for GitHub may be what failed."""
    known = service.store.pull_request(work.repository.id, work.number)
    answered = service.store.answers(work.repository.id, work.origin)
    for index, command in enumerate(work.commands):
        origin = f"{work.origin}:{index}"
        if known is None or origin in answered:
            continue
        why = f"It could not be carried out: {text.rstrip('.')}. Nothing is waived; try again."
        refusal = refused(command, work.person, why, service.now())
        service.store.save_refusal(
            work.repository.id, work.number, refusal, head_sha=known.head_sha, origin=origin
        )


def _asker(service: Service, work: Waive, verdict: Verdict | None) -> Asker:
    """The person as GitHub knows them now; whether an author is alone is asked only where it matters."""
    github = service.on_github(work.repository)
    role = github.role(work.person)
    roles = verdict.waiver_roles if verdict else ()
    author_login = work.author or github.pull_request(work.number).author
    author = work.person.casefold() == author_login.casefold()
    alone: bool | None = None
    if author and role in roles:
        try:
            alone = github.people_with(roles) <= {work.person}
        except Gone:
            raise
        except Permanent as error:
            service.telemetry.log.warning("collaborators not told", error=str(error))
    return Asker(work.person, role, author, alone)


def _show(service: Service, work: Waive) -> None:
    """A newer head that is being judged shows it when its own verdict is there."""
    newest = service.store.newest_verdict(work.repository.id, work.number)
    if newest is not None and newest.verdict.provenance.head == _open_head(service, work):
        publish.conclude(service, work.repository, newest.run_id)


def _open_head(service: Service, work: Waive) -> str | None:
    """The head of the pull request, None of a closed one; GitHub says it where the comment came before any event of it."""
    known = service.store.pull_request(work.repository.id, work.number)
    if known is None:
        service.store.meet_repository(work.repository)
    seen = known or service.on_github(work.repository).pull_request(work.number)
    return seen.head_sha if seen.state == "open" else None


def _seen(service: Service, work: Waive) -> Verdict | None:
    """The verdict the person saw: nobody waives what came after their word.

    A form names it. Of a comment it is the newest that was there when the command was written.
    """
    if work.run_id:
        shown = service.store.verdict(work.run_id)
        known = shown is not None and (shown.repository_id, shown.number) == (
            work.repository.id,
            work.number,
        )
        return shown.verdict if shown is not None and known else None
    # GitHub's times are whole seconds, cut off.
    until = work.written_at + timedelta(seconds=1)
    found = service.store.verdicts(work.repository.id, work.number, limit=LOOK_BACK)
    return next((record.verdict for record in found if record.recorded_at < until), None)
