"""The numbers of all repositories at this moment, in three queries however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import sqlalchemy as sa

from gate.store.newest import commit, of_pull_request
from gate.store.records import Gauges
from gate.store.trends import Trends
from gate.tables import measurement, pull_request, repository, revision, verdict, waiver

PENDING = "pending"


class Gauging(Trends):
    """The part of the store that knows how everything is now."""

    def gauges(self, metrics: Collection[str]) -> tuple[Gauges, ...]:
        """Of every repository with the App, by id; of the totals those of these metrics."""
        newest = sa.and_(revision.c.repository_id == repository.c.id, revision.c.sha == commit())
        known = (
            sa.select(repository.c.id, repository.c.full_name, revision.c.sha, revision.c.committed_at)
            .select_from(repository)
            .join(revision, newest, isouter=True)
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
            Gauges(row.full_name, row.committed_at, totals.get(row.id, {}), counts.get(row.id, {}))
            for row in rows
        )

    def _open_pull_requests(self) -> dict[int, Counter[str]]:
        """{repository: {outcome: how many}}. Only of those with a waiver is the whole verdict read."""
        waived = sa.exists().where(
            waiver.c.repository_id == pull_request.c.repository_id,
            waiver.c.number == pull_request.c.number,
        )
        judged = sa.and_(verdict.c.run_id == of_pull_request(), verdict.c.head_sha == pull_request.c.head_sha)
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
