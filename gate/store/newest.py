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
revisions = revision.alias()
"""Commits inside `commit`."""


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


def commit(*wanted: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
    """The newest measured commit of each `repository` of the query around it; a maximum by group would read all commits."""
    return (
        sa.select(revisions.c.sha)
        .where(revisions.c.repository_id == repository.c.id, *wanted)
        .order_by(revisions.c.committed_at.desc(), revisions.c.sha)
        .limit(1)
        .correlate(repository)
        .scalar_subquery()
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
        measurement.c.repository_id == revisions.c.repository_id,
        measurement.c.sha == revisions.c.sha,
        measurement.c.metric == having,
    )
    sha = commit(has.correlate(revisions), revisions.c.committed_at <= until if until else sa.true())
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
