"""What happened to the pull requests of some repositories lately, as sums, in a fixed number of queries. Columns only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from gate.core.comparison import Ratio
from gate.core.verdict import Outcome
from gate.store.newest import of_pull_request, totals_at
from gate.store.records import Recent, RepositoryRecord
from gate.store.verdicts import Verdicts
from gate.tables import pull_request, repository
from gate.tables import verdict as judged


class Recently(Verdicts):
    """The part of the store that sums up what people did."""

    def recent(self, repositories: Sequence[RepositoryRecord], since: datetime) -> Recent:
        """What happened in them since then, taken together."""
        ids = [each.id for each in repositories]
        names = {each.id: each.full_name for each in repositories}
        counted = _counted(ids, since)
        with self._reading() as connection:
            checked, blocked = connection.execute(_sums(counted)).one()
            fixed = connection.scalar(_fixed(counted))
            covered, executable = connection.execute(_patches(ids, since)).one()
            red = connection.execute(_merged_red(ids, since)).all()
            static = totals_at(connection, ids, "over", ("findings_high",))
        turned = self._turned(red)
        return Recent(
            checked=checked,
            blocked=int(blocked or 0),
            fixed=fixed or 0,
            merged_red=tuple(
                (names[row.repository_id], row.number) for row in red if row.run_id not in turned
            ),
            patch=Ratio(int(covered or 0), int(executable or 0)),
            high=sum(totals.get("findings_high", 0) for totals in static.values()),
        )

    def _turned(self, rows: Iterable[sa.Row[int, int, str]]) -> set[str]:
        """Runs among these (repository_id, number, run_id) whose verdict is not red any more, for it was waived."""
        outcomes = self.outcomes([row.run_id for row in rows])
        return {run_id for run_id, outcome in outcomes.items() if outcome is Outcome.WAIVED}


def _counted(ids: Collection[int], since: datetime) -> sa.Subquery:
    """Each pull request that was judged since then, and whether (1 or 0) it was blocked."""
    blocked = sa.case((judged.c.outcome == Outcome.BLOCKED.value, 1), else_=0)
    return (
        sa.select(judged.c.repository_id, judged.c.number, sa.func.max(blocked).label("blocked"))
        .where(
            judged.c.repository_id.in_(ids),
            judged.c.recorded_at >= since,
            judged.c.branch == "",
            judged.c.outcome != Outcome.SUPERSEDED.value,
        )
        .group_by(judged.c.repository_id, judged.c.number)
        .subquery()
    )


def _sums(counted: sa.Subquery) -> sa.Select[int, int]:
    return sa.select(sa.func.count(), sa.func.sum(counted.c.blocked)).select_from(counted)


def _fixed(counted: sa.Subquery) -> sa.Select[int]:
    same = sa.and_(
        pull_request.c.repository_id == counted.c.repository_id, pull_request.c.number == counted.c.number
    )
    return (
        sa.select(sa.func.count())
        .select_from(counted)
        .join(pull_request, same)
        .join(judged, judged.c.run_id == of_pull_request())
        .where(
            counted.c.blocked == 1,
            pull_request.c.merged_at.is_not(None),
            judged.c.outcome == Outcome.PASSED.value,
        )
    )


def _patches(ids: Collection[int], since: datetime) -> sa.Select[int, int]:
    return (
        sa.select(sa.func.sum(judged.c.patch_covered), sa.func.sum(judged.c.patch_executable))
        .select_from(pull_request)
        .join(judged, judged.c.run_id == of_pull_request())
        .where(pull_request.c.repository_id.in_(ids), pull_request.c.merged_at >= since)
    )


def _merged_red(ids: Collection[int], since: datetime) -> sa.Select[int, int, str]:
    """What could not be measured stands in nobody's way before the repository is armed."""
    unmeasured = sa.and_(
        judged.c.outcome == Outcome.COULD_NOT_MEASURE.value, repository.c.armed_at <= judged.c.recorded_at
    )
    return (
        sa.select(pull_request.c.repository_id, pull_request.c.number, judged.c.run_id)
        .select_from(pull_request)
        .join(repository, repository.c.id == pull_request.c.repository_id)
        .join(judged, judged.c.run_id == of_pull_request())
        .where(
            pull_request.c.repository_id.in_(ids),
            pull_request.c.merged_at >= since,
            sa.or_(judged.c.outcome == Outcome.BLOCKED.value, unmeasured),
        )
        .order_by(pull_request.c.merged_at.desc(), pull_request.c.repository_id, pull_request.c.number)
    )
