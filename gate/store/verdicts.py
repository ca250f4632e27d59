"""Verdicts, the check runs that show them, and sealed secrets, in and out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from gate.core.check_run import OVERALL
from gate.core.verdict import Outcome, Verdict, Waiver, patch, why
from gate.core.waiver import with_waivers
from gate.core.work import Head
from gate.store.comments import Comments
from gate.store.content import packed, plain, unpacked
from gate.store.database import insert_new, upsert
from gate.store.records import CheckRunRecord, VerdictRecord
from gate.store.waivers import Waivers, insert_waiver, waivers_in
from gate.tables import check_run, repository, secret
from gate.tables import verdict as verdicts_made


class Verdicts(Waivers, Comments):
    """The part of the store that remembers what was said. Verdicts are kept as judged, and read with their waivers."""

    def save_verdict(
        self,
        repository_id: int,
        number: int,
        verdict: Verdict,
        *,
        run_id: str,
        now: datetime,
        branch: str = "",
    ) -> None:
        """Keep the verdict of a run as it was judged; a step that is repeated replaces its own, and its first time stays.

        With a branch it is one on a merge group, or on a push to a gated branch.
        """
        tested = patch(verdict)
        row = {
            "run_id": run_id,
            "repository_id": repository_id,
            "number": number,
            "branch": plain(branch, 255),
            "head_sha": verdict.provenance.head,
            "outcome": verdict.outcome.value,
            "policy_sha": verdict.provenance.policy_sha,
            "policy_digest": verdict.provenance.policy_digest,
            "recorded_at": now,
            "why": plain(why(verdict)),
            "patch_covered": tested.covered if tested else None,
            "patch_executable": tested.executable if tested else None,
            # Waivers turn nothing but what is blocked.
            "waived_outcome": None if verdict.outcome is Outcome.BLOCKED else verdict.outcome.value,
            "content": packed(verdict),
        }
        with self._writing() as connection:
            upsert(connection, verdicts_made, [row], keeping=["recorded_at"])
        if verdict.outcome is Outcome.BLOCKED:
            self._note_outcomes(repository_id, number, verdicts_made.c.run_id == run_id)

    def save_waiver(self, repository_id: int, number: int, waiver: Waiver, *, origin: str) -> bool:
        """Keep a waiver, unless what asked for it has one already; whether it was kept."""
        blocked = sa.and_(
            verdicts_made.c.repository_id == repository_id,
            verdicts_made.c.number == number,
            verdicts_made.c.outcome == Outcome.BLOCKED.value,
        )
        with self._writing() as connection:
            kept = insert_waiver(connection, repository_id, number, waiver, origin)
            connection.execute(sa.update(verdicts_made).where(blocked).values(waived_outcome=None))
        self._note_outcomes(repository_id, number, blocked)
        return kept

    def _note_outcomes(self, repository_id: int, number: int, wanted: sa.ColumnElement[bool]) -> None:
        """Keeps what these blocked verdicts on a pull request say with its waivers.

        The rows first: a waiver that comes in between has to wait for them, and then they are looked at once more.
        """
        with self._writing() as connection:
            rows = connection.execute(sa.select(verdicts_made).where(wanted).with_for_update()).all()
            given = waivers_in(connection, repository_id, [number])
            for row in rows:
                judged = unpacked(Verdict, row.content)
                if judged is not None:
                    connection.execute(
                        sa.update(verdicts_made)
                        .where(verdicts_made.c.run_id == row.run_id)
                        .values(waived_outcome=with_waivers(judged, given).outcome.value)
                    )

    def outcomes(self, run_ids: Collection[str]) -> dict[str, Outcome]:
        """{run: outcome of its verdict with the waivers of its pull request}; without those that this version does not read."""
        columns = (verdicts_made.c.run_id, verdicts_made.c.waived_outcome)
        statement = sa.select(*columns).where(verdicts_made.c.run_id.in_(sorted(run_ids)))
        with self._reading() as connection:
            known = {run_id: outcome for run_id, outcome in connection.execute(statement)}  # noqa: C416
        found = {run_id: Outcome(outcome) for run_id, outcome in known.items() if outcome is not None}
        unknown = sorted(known.keys() - found.keys())
        if unknown:  # of before there was such a column
            records = self._verdicts(verdicts_made.c.run_id.in_(unknown), limit=len(unknown))
            found |= {record.run_id: record.verdict.outcome for record in records}
        return found

    def verdict(self, run_id: str) -> VerdictRecord | None:
        """The verdict of a run."""
        return next(iter(self._verdicts(verdicts_made.c.run_id == run_id, limit=1)), None)

    def verdicts(
        self, repository_id: int, number: int, *, limit: int = 100, offset: int = 0
    ) -> tuple[VerdictRecord, ...]:
        """Verdicts on a pull request, newest first; those in a form this version does not read are left out."""
        wanted = sa.and_(
            verdicts_made.c.repository_id == repository_id,
            verdicts_made.c.number == number,
            verdicts_made.c.branch == "",
        )
        return self._verdicts(wanted, limit=limit, offset=offset)

    def newest_verdict(self, repository_id: int, number: int) -> VerdictRecord | None:
        """The last verdict on a pull request; None where it has none that this version reads."""
        return next(iter(self.verdicts(repository_id, number, limit=1)), None)

    def verdicts_at(
        self, repository_id: int, head_sha: str, *, limit: int = 100
    ) -> tuple[VerdictRecord, ...]:
        """Verdicts on a commit, of whichever pull request, merge group or branch, newest first."""
        wanted = sa.and_(verdicts_made.c.repository_id == repository_id, verdicts_made.c.head_sha == head_sha)
        return self._verdicts(wanted, limit=limit)

    def save_check_run(
        self,
        head: Head,
        run_id: str,
        name: str,
        check_run_id: int,
        *,
        completed: bool,
        now: datetime | None = None,
    ) -> None:
        """Keep which check run on GitHub shows what, and whether it is completed; id 0, and the time, before it is made."""
        row = {
            "run_id": run_id,
            "name": name,
            "repository_id": head.repository.id,
            "number": head.number,
            "branch": plain(head.branch, 255),
            "head_sha": head.sha,
            "check_run_id": check_run_id,
            "completed": completed,
            "made_at": now,
        }
        with self._writing() as connection:
            upsert(connection, check_run, [row], keeping=["made_at"])

    def open_check_runs(
        self, repository_id: int, number: int, *, branch: str = "", head_sha: str = ""
    ) -> tuple[CheckRunRecord, ...]:
        """Check runs of a pull request, or of a merge group, that are not completed, oldest first; of one head if given."""
        wanted = sa.and_(
            check_run.c.repository_id == repository_id,
            check_run.c.number == number,
            check_run.c.branch == plain(branch, 255),
            ~check_run.c.completed,
        )
        return self._check_runs(sa.and_(wanted, check_run.c.head_sha == head_sha) if head_sha else wanted)

    def open_gates_at(self, repository_id: int, head_sha: str) -> tuple[CheckRunRecord, ...]:
        """Every `gate` on a commit that is not completed, of whichever pull request or merge group."""
        return self._check_runs(
            sa.and_(
                check_run.c.repository_id == repository_id,
                check_run.c.head_sha == head_sha,
                check_run.c.name == OVERALL,
                ~check_run.c.completed,
            )
        )

    def is_answered(self, repository_id: int, number: int, head_sha: str) -> bool:
        """Whether some run has said its last word on a head of a pull request."""
        wanted = sa.and_(
            check_run.c.repository_id == repository_id,
            check_run.c.number == number,
            check_run.c.branch == "",
            check_run.c.head_sha == head_sha,
            check_run.c.name == OVERALL,
            check_run.c.completed,
        )
        return bool(self._check_runs(wanted))

    def newest_check_run(self, repository_id: int, head_sha: str, name: str) -> CheckRunRecord | None:
        """The one of that name that was made last on a commit, for whichever pull request: it is the one that counts."""
        wanted = sa.and_(
            check_run.c.repository_id == repository_id,
            check_run.c.head_sha == head_sha,
            check_run.c.name == name,
            check_run.c.check_run_id > 0,
        )
        return next(iter(reversed(self._check_runs(wanted))), None)

    def set_due(self, run_id: str, due_at: datetime) -> None:
        """The check runs of a run are overdue from then on."""
        statement = sa.update(check_run).where(check_run.c.run_id == run_id).values(due_at=due_at)
        with self._writing() as connection:
            connection.execute(statement)

    def set_due_later(self, more: timedelta) -> None:
        """Every check run that is not completed has so much more time."""
        unfinished = sa.and_(~check_run.c.completed, check_run.c.due_at.is_not(None))
        with self._writing() as connection:
            due = dict(
                connection.execute(sa.select(check_run.c.run_id, check_run.c.due_at).where(unfinished)).all()
            )
            for run_id, due_at in due.items():
                mine = sa.and_(check_run.c.run_id == run_id, unfinished)
                connection.execute(sa.update(check_run).where(mine).values(due_at=due_at + more))

    def overdue(self, now: datetime) -> tuple[CheckRunRecord, ...]:
        """Check runs that should be completed by now, in repositories where the App may act, oldest first."""
        active = sa.select(repository.c.id).where(repository.c.state == "active")
        late = sa.and_(~check_run.c.completed, check_run.c.due_at < now)
        return self._check_runs(sa.and_(late, check_run.c.repository_id.in_(active)))

    def check_run_of(self, run_id: str, name: str) -> CheckRunRecord | None:
        """The check run of that name that a run made or is making."""
        found = self._check_runs(sa.and_(check_run.c.run_id == run_id, check_run.c.name == name))
        return next(iter(found), None)

    def check_run_made_at(self, run_id: str, name: str) -> datetime | None:
        """Since when the check run of that name is there; None where there is none, or it is from before that was kept."""
        statement = sa.select(check_run.c.made_at).where(
            check_run.c.run_id == run_id, check_run.c.name == name
        )
        with self._reading() as connection:
            found: datetime | None = connection.scalar(statement)
        return found

    def _check_runs(self, wanted: sa.ColumnElement[bool]) -> tuple[CheckRunRecord, ...]:
        columns = [check_run.c[each.name] for each in fields(CheckRunRecord)]
        statement = sa.select(*columns).where(wanted).order_by(check_run.c.check_run_id, check_run.c.run_id)
        with self._reading() as connection:
            return tuple(CheckRunRecord(*row) for row in connection.execute(statement))

    def save_new_secret(self, name: str, ciphertext: bytes) -> bool:
        """Keep a sealed secret, unless there is one of that name; whether it was kept."""
        with self._writing() as connection:
            return insert_new(connection, secret, {"name": name, "ciphertext": ciphertext})

    def secret(self, name: str) -> bytes | None:
        """The sealed secret of that name."""
        with self._reading() as connection:
            found: bytes | None = connection.scalar(
                sa.select(secret.c.ciphertext).where(secret.c.name == name)
            )
        return found

    def _verdicts(
        self, wanted: sa.ColumnElement[bool], *, limit: int, offset: int = 0
    ) -> tuple[VerdictRecord, ...]:
        statement = (
            sa.select(verdicts_made)
            .where(wanted)
            .order_by(verdicts_made.c.recorded_at.desc(), verdicts_made.c.run_id.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._reading() as connection:
            rows = connection.execute(statement).all()
        pull_requests = sorted({(row.repository_id, row.number) for row in rows})
        waivers = {key: self.waivers(key[0], [key[1]]) for key in pull_requests}
        refusals = {key: self.refusals(*key) for key in pull_requests}
        comments = {key: self.comment(*key) for key in pull_requests}
        records: list[VerdictRecord] = []
        for row in rows:
            judged = unpacked(Verdict, row.content)
            if judged is not None:
                key = (row.repository_id, row.number)
                verdict = with_waivers(judged, waivers[key], refusals[key].get(row.head_sha, ()))
                if (comment := comments[key]) and comment.problem:
                    verdict = replace(verdict, comment_problem=comment.problem)
                records.append(VerdictRecord(row.run_id, *key, row.branch, verdict, row.recorded_at))
        return tuple(records)
