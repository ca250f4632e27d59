"""Verdicts, the check runs that show them, and sealed secrets, in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from gate.core.verdict import Verdict
from gate.core.waiver import with_waivers
from gate.store.comments import Comments
from gate.store.content import packed, unpacked
from gate.store.database import upsert
from gate.store.records import CheckRunRecord, VerdictRecord
from gate.store.waivers import Waivers
from gate.tables import check_run, secret
from gate.tables import verdict as verdicts_made


class Verdicts(Waivers, Comments):
    """The part of the store that remembers what was said. Verdicts are kept as judged, and read with their waivers."""

    def save_verdict(
        self, repository_id: int, number: int, verdict: Verdict, *, run_id: str, now: datetime
    ) -> None:
        """Keep the verdict of a run as it was judged; a step that is repeated replaces its own, and its first time stays."""
        row = {
            "run_id": run_id,
            "repository_id": repository_id,
            "number": number,
            "head_sha": verdict.provenance.head,
            "outcome": verdict.outcome.value,
            "policy_sha": verdict.provenance.policy_sha,
            "policy_digest": verdict.provenance.policy_digest,
            "recorded_at": now,
            "content": packed(verdict),
        }
        with self._writing() as connection:
            upsert(connection, verdicts_made, [row], keeping=["recorded_at"])

    def verdict(self, run_id: str) -> VerdictRecord | None:
        """The verdict of a run."""
        return next(iter(self._verdicts(verdicts_made.c.run_id == run_id, limit=1)), None)

    def verdicts(self, repository_id: int, number: int, *, limit: int = 100) -> tuple[VerdictRecord, ...]:
        """Verdicts on a pull request, newest first; those in a form this version does not read are left out."""
        wanted = sa.and_(verdicts_made.c.repository_id == repository_id, verdicts_made.c.number == number)
        return self._verdicts(wanted, limit=limit)

    def newest_verdict(self, repository_id: int, number: int) -> VerdictRecord | None:
        """The last verdict on a pull request; None where it has none that this version reads."""
        return next(iter(self.verdicts(repository_id, number, limit=1)), None)

    def verdicts_at(
        self, repository_id: int, head_sha: str, *, limit: int = 100
    ) -> tuple[VerdictRecord, ...]:
        """Verdicts on a commit, of whichever pull request, newest first."""
        wanted = sa.and_(verdicts_made.c.repository_id == repository_id, verdicts_made.c.head_sha == head_sha)
        return self._verdicts(wanted, limit=limit)

    def save_check_run_id(  # noqa: PLR0913  (a check run is known by all of these)
        self,
        run_id: str,
        name: str,
        head_sha: str,
        check_run_id: int,
        *,
        repository_id: int,
        number: int,
        completed: bool,
    ) -> None:
        """Keep which check run on GitHub shows what, and whether it is completed."""
        row = {
            "run_id": run_id,
            "name": name,
            "repository_id": repository_id,
            "number": number,
            "head_sha": head_sha,
            "check_run_id": check_run_id,
            "completed": completed,
        }
        with self._writing() as connection:
            upsert(connection, check_run, [row])

    def check_run_ids(self, run_id: str) -> dict[str, int]:
        """{name: GitHub's id} of the check runs of a run."""
        statement = sa.select(check_run.c.name, check_run.c.check_run_id).where(check_run.c.run_id == run_id)
        with self._reading() as connection:
            return {row.name: row.check_run_id for row in connection.execute(statement)}

    def open_check_runs(self, repository_id: int, number: int) -> tuple[CheckRunRecord, ...]:
        """Check runs of a pull request that are not completed, oldest first."""
        statement = (
            sa.select(check_run.c.run_id, check_run.c.name, check_run.c.head_sha, check_run.c.check_run_id)
            .where(
                check_run.c.repository_id == repository_id,
                check_run.c.number == number,
                ~check_run.c.completed,
            )
            .order_by(check_run.c.check_run_id)
        )
        with self._reading() as connection:
            return tuple(CheckRunRecord(*row) for row in connection.execute(statement))

    def save_secret(self, name: str, ciphertext: bytes) -> None:
        """Keep a sealed secret in place of the one of that name."""
        with self._writing() as connection:
            upsert(connection, secret, [{"name": name, "ciphertext": ciphertext}])

    def secret(self, name: str) -> bytes | None:
        """The sealed secret of that name."""
        with self._reading() as connection:
            found: bytes | None = connection.scalar(
                sa.select(secret.c.ciphertext).where(secret.c.name == name)
            )
        return found

    def _verdicts(self, wanted: sa.ColumnElement[bool], *, limit: int) -> tuple[VerdictRecord, ...]:
        statement = (
            sa.select(verdicts_made)
            .where(wanted)
            .order_by(verdicts_made.c.recorded_at.desc(), verdicts_made.c.run_id.desc())
            .limit(limit)
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
                records.append(VerdictRecord(row.run_id, *key, verdict, row.recorded_at))
        return tuple(records)
