"""How repositories stand, in a fixed number of queries whatever their number. Columns only, as in `gate.store.recently`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from gate.core.comparison import Ratio
from gate.core.standing import BranchFacts, windows
from gate.core.trend import Point, Revision
from gate.core.verdict import Outcome
from gate.store.newest import earlier, newest, of_branch, of_pull_request, totals_at
from gate.store.recently import Recently
from gate.store.records import RepositoryRecord
from gate.tables import measurement, pull_request, repository, revision
from gate.tables import verdict as judged

WEEKS = 12
_MONTH = timedelta(days=30)
_COVERAGE = ("covered", "executable", "coverage_minimum")
_DRAWN = ("covered", "executable", "over")
_STATIC = ("over", "findings_high", "findings_medium", "findings_low")


class Overview(Recently):
    """The part of the store that compares repositories."""

    def branch_facts(self, repositories: Sequence[RepositoryRecord], now: datetime) -> dict[int, BranchFacts]:
        """{id: how the default branch stands} of each of them; whether a waiver turned a verdict is looked up."""
        ids = [each.id for each in repositories]
        armed = [each.id for each in repositories if each.armed]
        with self._reading() as connection:
            judgements = connection.execute(_newest_on_branch(ids)).all()
            coverage = totals_at(connection, armed, "executable", _COVERAGE)
            static = totals_at(connection, ids, "over", _STATIC)
            before = totals_at(connection, armed, "executable", _COVERAGE, now - _MONTH)
            static_before = totals_at(connection, ids, "over", ("over",), now - _MONTH)
            weeks = _weeks(connection, ids, now)
            opened = {row.repository_id: row.opened for row in connection.execute(_open(ids))}
            merged = {row.id: row.merged for row in connection.execute(_merged_since(ids))}
            blocked = connection.execute(_blocked_heads(ids)).all()
            last = {row.id: row for row in connection.execute(_last_runs(ids))}
        turned = self._turned(blocked)
        blocks = [row.repository_id for row in blocked if row.run_id not in turned]
        found = {
            each.id: BranchFacts(
                armed=each.armed,
                coverage=_share(coverage.get(each.id)),
                coverage_before=_share(before.get(each.id)),
                minimum=coverage.get(each.id, {}).get("coverage_minimum"),
                over=static.get(each.id, {}).get("over"),
                over_before=static_before.get(each.id, {}).get("over"),
                findings=_findings(static.get(each.id)),
                points=weeks[each.id],
                merged_since=merged.get(each.id, 0),
                open=opened.get(each.id, 0),
                blocked=blocks.count(each.id),
                last_run_id=last[each.id].run_id if each.id in last else "",
                last_run_at=last[each.id].recorded_at if each.id in last else None,
            )
            for each in repositories
        }
        for row in judgements:
            found[row.id] = replace(
                found[row.id],
                outcome=Outcome(row.outcome),
                why=row.why or "",
                run_id=row.run_id,
                judged_at=row.recorded_at,
            )
        return found


def _newest_on_branch(ids: Collection[int]) -> sa.Select[int, str, str, str, datetime]:
    return (
        sa.select(repository.c.id, judged.c.run_id, judged.c.outcome, judged.c.why, judged.c.recorded_at)
        .select_from(repository)
        .join(judged, judged.c.run_id == of_branch())
        .where(repository.c.id.in_(ids))
    )


def _last_runs(ids: Collection[int]) -> sa.Select[int, str, datetime]:
    last = newest(earlier.c.repository_id == repository.c.id)
    return (
        sa.select(repository.c.id, judged.c.run_id, judged.c.recorded_at)
        .select_from(repository)
        .join(judged, judged.c.run_id == last)
        .where(repository.c.id.in_(ids))
    )


def _open(ids: Collection[int]) -> sa.Select[int, int]:
    return (
        sa.select(pull_request.c.repository_id, sa.func.count().label("opened"))
        .where(pull_request.c.repository_id.in_(ids), pull_request.c.state == "open")
        .group_by(pull_request.c.repository_id)
    )


def _merged_since(ids: Collection[int]) -> sa.Select[int, int]:
    """Merged into the default branch later than its newest verdict."""
    return (
        sa.select(repository.c.id, sa.func.count().label("merged"))
        .select_from(repository)
        .join(judged, judged.c.run_id == of_branch())
        .join(pull_request, pull_request.c.repository_id == repository.c.id)
        .where(
            repository.c.id.in_(ids),
            pull_request.c.merged_at > judged.c.recorded_at,
            pull_request.c.base_ref == repository.c.default_branch,
        )
        .group_by(repository.c.id)
    )


def _blocked_heads(ids: Collection[int]) -> sa.Select[int, int, str]:
    """Open pull requests whose newest verdict is one on their head, and blocked before any waiver."""
    return (
        sa.select(pull_request.c.repository_id, pull_request.c.number, judged.c.run_id)
        .select_from(pull_request)
        .join(judged, judged.c.run_id == of_pull_request())
        .where(
            pull_request.c.repository_id.in_(ids),
            pull_request.c.state == "open",
            judged.c.head_sha == pull_request.c.head_sha,
            judged.c.outcome == Outcome.BLOCKED.value,
        )
    )


def _weeks(connection: sa.Connection, ids: Collection[int], now: datetime) -> Mapping[int, tuple[Point, ...]]:
    """{id: the newest measured commit of each of the last weeks}."""
    starts = windows(now, WEEKS)
    week = sa.case(
        *((revision.c.committed_at > start, index) for index, start in reversed([*enumerate(starts)])),
        else_=-1,
    )
    # In a query of its own: Postgres does not see that an expression with values in it is the one it groups by.
    dated = (
        sa.select(revision.c.repository_id, revision.c.committed_at, week.label("week"))
        .where(revision.c.repository_id.in_(ids), revision.c.committed_at > starts[0])
        .subquery()
    )
    ends = (
        sa.select(dated.c.repository_id, dated.c.week, sa.func.max(dated.c.committed_at).label("at"))
        .group_by(dated.c.repository_id, dated.c.week)
        .subquery()
    )
    at_that_time = sa.and_(
        revision.c.repository_id == ends.c.repository_id, revision.c.committed_at == ends.c.at
    )
    statement = (
        sa.select(revision.c.repository_id, ends.c.week, *(_value(metric) for metric in _DRAWN))
        .select_from(ends)
        .join(revision, at_that_time)
        .order_by(revision.c.sha)
    )
    totals: dict[tuple[int, int], dict[str, int]] = {}
    for repository_id, index, *values in connection.execute(statement):
        there = {metric: value for metric, value in zip(_DRAWN, values, strict=True) if value is not None}
        totals[repository_id, index] = there
    return {
        each: tuple(
            Point(start.date(), Revision("", start, totals[each, index]) if (each, index) in totals else None)
            for index, start in enumerate(starts)
        )
        for each in ids
    }


def _value(metric: str) -> sa.ScalarSelect[int]:
    """Of the revision around it. As a join, SQLite reads all measurements of a repository for each of its weeks."""
    return (
        sa.select(measurement.c.value)
        .where(
            measurement.c.repository_id == revision.c.repository_id,
            measurement.c.sha == revision.c.sha,
            measurement.c.metric == metric,
        )
        .correlate(revision)
        .scalar_subquery()
    )


def _share(totals: Mapping[str, int] | None) -> Ratio | None:
    return Ratio(totals["covered"], totals["executable"]) if totals else None


def _findings(totals: Mapping[str, int] | None) -> tuple[int, int, int] | None:
    if not totals or "findings_high" not in totals:
        return None
    return totals["findings_high"], totals.get("findings_medium", 0), totals.get("findings_low", 0)
