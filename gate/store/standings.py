"""Where all repositories stand at this moment, in three queries however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import sqlalchemy as sa

from gate.store.records import Standing
from gate.store.trends import Trends
from gate.tables import measurement, pull_request, repository, revision, verdict, waiver

PENDING = "pending"


class Standings(Trends):
    """The part of the store that knows how everything is now."""

    def standings(self, metrics: Collection[str]) -> tuple[Standing, ...]:
        """Of every repository with the App, by id; of the totals those of these metrics."""
        # One seek in an index for each repository; a maximum by group would read all commits.
        point = revision.alias()
        newest = (
            sa.select(point.c.sha)
            .where(point.c.repository_id == repository.c.id)
            .order_by(point.c.committed_at.desc(), point.c.sha)
            .limit(1)
            .correlate(repository)
            .scalar_subquery()
        )
        known = (
            sa.select(repository.c.id, repository.c.full_name, revision.c.sha, revision.c.committed_at)
            .select_from(repository)
            .join(
                revision,
                sa.and_(revision.c.repository_id == repository.c.id, revision.c.sha == newest),
                isouter=True,
            )
            .where(repository.c.state != "removed")
            .order_by(repository.c.id)
        )
        found = known.subquery()
        values = (
            sa.select(measurement.c.repository_id, measurement.c.metric, measurement.c.value)
            .select_from(measurement)
            .join(found, sa.and_(measurement.c.repository_id == found.c.id, measurement.c.sha == found.c.sha))
            .where(measurement.c.metric.in_(sorted(metrics)))
        )
        totals: dict[int, dict[str, int]] = {}
        with self._reading() as connection:
            rows = connection.execute(known).all()
            for row in connection.execute(values):
                totals.setdefault(row.repository_id, {})[row.metric] = row.value
        counts = self._open_pull_requests()
        return tuple(
            Standing(row.full_name, row.committed_at, totals.get(row.id, {}), counts.get(row.id, {}))
            for row in rows
        )

    def _open_pull_requests(self) -> dict[int, Counter[str]]:
        """{repository: {outcome: how many}}. Only of those with a waiver is the whole verdict read."""
        said = verdict.alias()
        newest = (
            sa.select(said.c.run_id)
            .where(
                said.c.repository_id == pull_request.c.repository_id,
                said.c.number == pull_request.c.number,
                said.c.branch == "",
            )
            .order_by(said.c.recorded_at.desc(), said.c.run_id.desc())
            .limit(1)
            .correlate(pull_request)
            .scalar_subquery()
        )
        waived = sa.exists().where(
            waiver.c.repository_id == pull_request.c.repository_id,
            waiver.c.number == pull_request.c.number,
        )
        judged = sa.and_(verdict.c.run_id == newest, verdict.c.head_sha == pull_request.c.head_sha)
        statement = (
            sa.select(
                pull_request.c.repository_id, verdict.c.run_id, verdict.c.outcome, waived.label("waived")
            )
            .select_from(pull_request)
            .join(repository, repository.c.id == pull_request.c.repository_id)
            .join(verdict, judged, isouter=True)
            .where(pull_request.c.state == "open", repository.c.state != "removed")
        )
        with self._reading() as connection:
            rows = connection.execute(statement).all()
        counts: dict[int, Counter[str]] = {}
        for row in rows:
            whole = self.verdict(row.run_id) if row.waived and row.run_id else None
            outcome = whole.verdict.outcome.value if whole else row.outcome or PENDING
            counts.setdefault(row.repository_id, Counter())[outcome] += 1
        return counts
