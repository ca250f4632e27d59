"""What trends are made of, in and out: measured commits, pull requests with their verdicts in short, what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

import sqlalchemy as sa

from gate.core.comparison import Ratio
from gate.core.trend import (
    LIMIT,
    Change,
    Happening,
    JudgedHead,
    Revision,
    Trend,
    beginning,
    newest_of_weeks,
    weekly,
    zone_of,
)
from gate.core.verdict import Outcome
from gate.store.content import plain
from gate.store.database import insert_new, upsert
from gate.store.records import RepositoryRecord, ShortVerdict
from gate.store.verdicts import Verdicts
from gate.tables import happening, measurement, pull_request, revision, waiver
from gate.tables import verdict as verdicts_made


class Trends(Verdicts):
    """The part of the store that knows how a repository came to where it is."""

    def note_revision(
        self, repository_id: int, sha: str, *, committed_at: datetime, totals: Mapping[str, int]
    ) -> None:
        """Keep a measured commit of the default branch; measured again, its totals are replaced metric by metric."""
        point = {"repository_id": repository_id, "sha": sha, "committed_at": committed_at}
        values = [
            {"repository_id": repository_id, "sha": sha, "metric": metric, "value": value}
            for metric, value in sorted(totals.items())
        ]
        with self._writing() as connection:
            upsert(connection, revision, [point])
            upsert(connection, measurement, values)

    def note_happening(self, repository_id: int, event: Happening) -> None:
        """Keep that the policy changed or a release was tagged; of one kind and commit the last word counts."""
        row = {
            "repository_id": repository_id,
            "kind": event.kind,
            "sha": event.sha,
            "text": plain(event.text),
            "at": event.at,
        }
        with self._writing() as connection:
            upsert(connection, happening, [row])

    def fill_revisions(
        self, repository_id: int, found: Iterable[tuple[str, datetime, Mapping[str, int]]]
    ) -> None:
        """Keep (sha, committed at, totals) of commits that were not measured when they came, all or none; those that were stay."""
        with self._writing() as connection:
            for sha, at, totals in sorted(found, key=lambda each: each[0]):
                point = {"repository_id": repository_id, "sha": sha, "committed_at": at}
                if insert_new(connection, revision, point):
                    values = [{"metric": metric, "value": value} for metric, value in sorted(totals.items())]
                    named = {"repository_id": repository_id, "sha": sha}
                    upsert(connection, measurement, [{**named, **value} for value in values])

    def recorded(self, repository_id: int, since: datetime) -> frozenset[str]:
        """The commits made since then that have totals, however they came to them."""
        statement = sa.select(revision.c.sha).where(
            revision.c.repository_id == repository_id, revision.c.committed_at >= since
        )
        with self._reading() as connection:
            return frozenset(connection.scalars(statement))

    def revisions(self, repository_id: int, *, limit: int = 100, filled: bool = True) -> tuple[Revision, ...]:
        """Commits of the default branch with their totals, newest first; without `filled`, those measured when they came."""
        newest = revision.c.committed_at.desc(), revision.c.sha
        points = (
            sa.select(revision)
            .where(revision.c.repository_id == repository_id, sa.true() if filled else _was_measured())
            .order_by(*newest)
            .limit(limit)
        )
        with self._reading() as connection:
            found = connection.execute(points).all()
            totals = _totals(connection, repository_id, [point.sha for point in found])
        return tuple(Revision(point.sha, point.committed_at, totals[point.sha]) for point in found)

    def trend(self, known: RepositoryRecord, *, first: date, last: date) -> Trend:
        """The weeks from `first` to `last`, both Mondays in the repository's time zone."""
        since = beginning(first, zone_of(known.timezone))
        return weekly(
            self._newest_of_weeks(known, since),
            self._changes(known.id, since),
            self._happenings(known.id, since),
            timezone=known.timezone,
            first=first,
            last=last,
        )

    def changes(self, known: RepositoryRecord, *, first: date) -> tuple[Change, ...]:
        """The pull requests that were judged or merged since that Monday, by number."""
        found = self._changes(known.id, beginning(first, zone_of(known.timezone)))
        return tuple(sorted(found, key=lambda change: change.number))

    def newest_in_short(self, repository_id: int, numbers: Collection[int]) -> dict[int, ShortVerdict]:
        """{number: its newest verdict} of these pull requests; those without one are missing."""
        newest = (
            sa.select(verdicts_made.c.number, sa.func.max(verdicts_made.c.recorded_at).label("at"))
            .where(_of_pull_requests(repository_id), verdicts_made.c.number.in_(sorted(numbers)))
            .group_by(verdicts_made.c.number)
            .subquery()
        )
        same = sa.and_(verdicts_made.c.number == newest.c.number, verdicts_made.c.recorded_at == newest.c.at)
        statement = (
            sa.select(
                *(verdicts_made.c[name] for name in ("run_id", "number", "head_sha", "outcome", "why")),
                newest.c.at,
            )
            .join(newest, same)
            .where(_of_pull_requests(repository_id))
            .order_by(verdicts_made.c.run_id)
        )
        with self._reading() as connection:
            rows = {row.number: row for row in connection.execute(statement)}
        waived = self._waived_at(repository_id, rows)
        found: dict[int, ShortVerdict] = {}
        for number, row in rows.items():
            if row.why is not None and number not in waived:
                found[number] = ShortVerdict(
                    row.run_id, number, row.head_sha, Outcome(row.outcome), row.why, row.at
                )
            elif full := self.newest_verdict(repository_id, number):
                found[number] = full.short
        return found

    def newest_of_branch(self, repository_id: int, branch: str) -> ShortVerdict | None:
        """The newest verdict on a push to a branch, in short; a waiver is of a pull request, so none is applied."""
        pushed = sa.and_(
            verdicts_made.c.repository_id == repository_id,
            verdicts_made.c.number == 0,
            verdicts_made.c.branch == branch,
        )
        return self._newest_in_short(pushed)

    def short_verdict(self, run_id: str) -> ShortVerdict | None:
        """The verdict of a run as it was judged, in short: what is left when its details are kept no longer."""
        return self._newest_in_short(verdicts_made.c.run_id == run_id)

    def _newest_in_short(self, wanted: sa.ColumnElement[bool]) -> ShortVerdict | None:
        names = ("run_id", "number", "head_sha", "outcome", "why", "recorded_at")
        statement = (
            sa.select(*(verdicts_made.c[name] for name in names))
            .where(wanted)
            .order_by(verdicts_made.c.recorded_at.desc(), verdicts_made.c.run_id.desc())
            .limit(1)
        )
        with self._reading() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        return ShortVerdict(
            row.run_id, row.number, row.head_sha, Outcome(row.outcome), row.why or "", row.recorded_at
        )

    def _newest_of_weeks(self, known: RepositoryRecord, since: datetime) -> tuple[Revision, ...]:
        """The newest measured commit of each week. Of 2,000 commits the totals of some 150 are read."""
        statement = sa.select(revision.c.sha, revision.c.committed_at, ~_was_measured()).where(
            revision.c.repository_id == known.id, revision.c.committed_at >= since
        )
        with self._reading() as connection:
            stamps = [(sha, at, filled) for sha, at, filled in connection.execute(statement).all()]
            shas = sorted(newest_of_weeks(stamps, zone_of(known.timezone)).values())
            totals = _totals(connection, known.id, shas)
        times = {sha: at for sha, at, _ in stamps}
        return tuple(Revision(sha, times[sha], totals[sha]) for sha in shas)

    def _happenings(self, repository_id: int, since: datetime) -> tuple[Happening, ...]:
        statement = sa.select(happening).where(
            happening.c.repository_id == repository_id, happening.c.at >= since
        )
        with self._reading() as connection:
            return tuple(
                Happening(row.kind, row.at, row.text, row.sha) for row in connection.execute(statement)
            )

    def _changes(self, repository_id: int, since: datetime) -> tuple[Change, ...]:
        """The pull requests that were judged or merged since then, with everything that was said of them."""
        concerned = sa.union(
            sa.select(verdicts_made.c.number).where(
                _of_pull_requests(repository_id), verdicts_made.c.recorded_at >= since
            ),
            sa.select(pull_request.c.number).where(
                pull_request.c.repository_id == repository_id, pull_request.c.merged_at >= since
            ),
        )
        columns = ("run_id", "number", "outcome", "recorded_at", "patch_covered", "patch_executable")
        said = (
            sa.select(*(verdicts_made.c[name] for name in columns))
            .where(_of_pull_requests(repository_id), verdicts_made.c.number.in_(concerned))
            .order_by(verdicts_made.c.recorded_at, verdicts_made.c.run_id)
        )
        known = sa.select(
            pull_request.c.number, pull_request.c.title, pull_request.c.author, pull_request.c.merged_at
        ).where(pull_request.c.repository_id == repository_id, pull_request.c.number.in_(concerned))
        judged: dict[int, list[JudgedHead]] = {}
        with self._reading() as connection:
            for run_id, number, outcome, at, covered, executable in connection.execute(said).all():
                tested = None if executable is None else Ratio(covered, executable)
                judged.setdefault(number, []).append(JudgedHead(run_id, at, Outcome(outcome), tested))
            pulls = connection.execute(known).all()
        waived = self._waived_at(repository_id, {pull.number for pull in pulls})
        self._apply_waivers(judged.get(number, []) for number in waived)
        return tuple(
            Change(
                pull.number,
                pull.title,
                pull.author,
                pull.merged_at,
                tuple(judged.get(pull.number, ())),
                waived.get(pull.number, ()),
            )
            for pull in pulls
        )

    def _apply_waivers(self, judged: Iterable[list[JudgedHead]]) -> None:
        """Replaces in these lists what a waiver changes."""
        lists = list(judged)
        blocked = [one.run_id for heads in lists for one in heads if one.outcome is Outcome.BLOCKED]
        outcomes = self.outcomes(blocked)
        for heads in lists:
            heads[:] = [replace(one, outcome=outcomes.get(one.run_id, one.outcome)) for one in heads]

    def _waived_at(self, repository_id: int, numbers: Collection[int]) -> dict[int, tuple[datetime, ...]]:
        """{number: when something was waived} of those of these pull requests that have waivers."""
        statement = (
            sa.select(waiver.c.number, waiver.c.given_at)
            .where(waiver.c.repository_id == repository_id)
            .order_by(waiver.c.given_at)
        )
        found: dict[int, tuple[datetime, ...]] = {}
        with self._reading() as connection:
            for row in connection.execute(statement):
                if row.number in numbers:
                    found[row.number] = (*found.get(row.number, ()), row.given_at)
        return found


def _was_measured() -> sa.ColumnElement[bool]:
    """Whether a `revision` was measured when it came, and not filled in later."""
    return sa.exists().where(
        measurement.c.repository_id == revision.c.repository_id,
        measurement.c.sha == revision.c.sha,
        measurement.c.metric == LIMIT,
    )


def _of_pull_requests(repository_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(verdicts_made.c.repository_id == repository_id, verdicts_made.c.branch == "")


def _totals(
    connection: sa.Connection, repository_id: int, shas: Collection[str]
) -> dict[str, dict[str, int]]:
    statement = (
        sa.select(measurement)
        .where(measurement.c.repository_id == repository_id, measurement.c.sha.in_(shas))
        .order_by(measurement.c.metric)
    )
    totals: dict[str, dict[str, int]] = {sha: {} for sha in shas}
    for _, sha, metric, value in connection.execute(statement).all():
        totals[sha][metric] = value
    return totals
