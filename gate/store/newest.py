"""Parts of queries that look for what is newest: one look into an index for each repository or pull request."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from gate.core.verdict import Outcome
from gate.tables import measurement, pull_request, repository, revision
from gate.tables import verdict as judged

Totals = dict[int, dict[str, int]]
"""{repository: {metric: value}}."""
earlier = judged.alias("earlier")
"""Verdicts inside `newest`."""


def newest(*wanted: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
    """The run of the newest verdict that really is one, for each row of the query around it: one look into an index."""
    return (
        sa.select(earlier.c.run_id)
        .where(earlier.c.outcome != Outcome.SUPERSEDED.value, *wanted)
        .order_by(earlier.c.recorded_at.desc(), earlier.c.run_id.desc())
        .limit(1)
        .correlate(repository, pull_request)
        .scalar_subquery()
    )


def of_branch() -> sa.ScalarSelect[str]:
    """The newest run about the default branch of each `repository`."""
    return newest(
        earlier.c.repository_id == repository.c.id,
        earlier.c.number == 0,
        earlier.c.branch == repository.c.default_branch,
    )


def of_pull_request() -> sa.ScalarSelect[str]:
    """The newest run about each `pull_request`."""
    return newest(
        earlier.c.repository_id == pull_request.c.repository_id,
        earlier.c.number == pull_request.c.number,
        earlier.c.branch == "",
    )


def totals_at(
    connection: sa.Connection,
    ids: Collection[int],
    having: str,
    metrics: Collection[str],
    until: datetime | None = None,
) -> Totals:
    """{id: {metric: value}} of the newest commit until then that has the metric `having`."""
    has = sa.exists().where(
        measurement.c.repository_id == revision.c.repository_id,
        measurement.c.sha == revision.c.sha,
        measurement.c.metric == having,
    )
    sha = (
        sa.select(revision.c.sha)
        .where(revision.c.repository_id == repository.c.id, has.correlate(revision))
        .where(revision.c.committed_at <= until if until else sa.true())
        .order_by(revision.c.committed_at.desc(), revision.c.sha)
        .limit(1)
        .correlate(repository)
        .scalar_subquery()
    )
    statement = (
        sa.select(repository.c.id, measurement.c.metric, measurement.c.value)
        .select_from(repository)
        .join(measurement, measurement.c.repository_id == repository.c.id)
        .where(repository.c.id.in_(ids), measurement.c.sha == sha, measurement.c.metric.in_(metrics))
    )
    totals: Totals = {}
    for repository_id, metric, value in connection.execute(statement):
        totals.setdefault(repository_id, {})[metric] = value
    return totals
