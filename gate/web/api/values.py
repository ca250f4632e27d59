"""What the API says of each thing, as JSON values; `document` describes the same as schemas, and tests compare them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from gate.core.comparison import Ratio
from gate.core.measured_file import FilesAt, MeasuredFile
from gate.core.trend import MEASURES, Measure, Point, Revision, Trend, name_of
from gate.core.verdict_json import as_json, valid_text, waived_as_json
from gate.settings import Settings
from gate.store import PullRequestRecord, RepositoryRecord, ShortVerdict, VerdictRecord, WaiverRecord

JsonObject = dict[str, object]

PULL_REQUEST_COLUMNS = (
    "number",
    "title",
    "author",
    "state",
    "base_ref",
    "head_sha",
    "updated_at",
    "merged_at",
    "outcome",
    "why",
    "judged_head",
    "judged_at",
    "run_id",
)
WAIVER_COLUMNS = (
    "pull_request",
    "check",
    "person",
    "role",
    "by_author",
    "given_at",
    "why",
    "head",
    "reasons",
    "origin",
)
WEEK_COUNTS = (
    "pull_requests_checked",
    "pull_requests_blocked",
    "pull_requests_merged",
    "pull_requests_merged_red",
    "waivers",
)
FILE_COLUMNS = (
    "path",
    "blob",
    "sloc",
    "functions",
    "complexity",
    "worst",
    "worst_name",
    "worst_line",
    "over_limit",
    "limit",
    "covered",
    "executable",
    "uncovered_lines",
    "high",
    "medium",
    "low",
    "suppressed",
    "maintainability",
    "changes",
)
TREND_COLUMNS = ("week", "begins", "commit", "committed_at", *MEASURES, *WEEK_COUNTS)


def repository(settings: Settings, record: RepositoryRecord) -> JsonObject:
    """A repository as last seen."""
    path = quote(record.full_name)
    return {
        "id": record.id,
        "full_name": record.full_name,
        "default_branch": record.default_branch,
        "private": record.private,
        "state": record.state,
        "armed": record.armed,
        "timezone": record.timezone,
        "url": f"{settings.public_url}/api/v1/repositories/{path}",
        "html_url": f"{settings.public_url}/r/{path}",
    }


def revision(point: Revision | None) -> JsonObject | None:
    """A measured commit, with its totals by metric."""
    if point is None:
        return None
    return {"sha": point.sha, "committed_at": _time(point.committed_at), "totals": dict(point.totals)}


def trend(full_name: str, months: int, found: Trend) -> JsonObject:
    """Weekly points, what happened, and what drifts."""
    return {
        "repository": full_name,
        "months": months,
        "timezone": found.timezone,
        "measures": [
            {"name": each.name, "title": each.title, "unit": each.unit, "better": each.better}
            for each in MEASURES.values()
        ],
        "points": [_point(point) for point in found.points],
        "happenings": [
            {"kind": each.kind, "at": _time(each.at), "text": valid_text(each.text), "sha": each.sha}
            for each in found.happenings
        ],
        "drifts": [
            {
                "measure": each.measure,
                "weeks": each.weeks,
                "first": _ratio(MEASURES[each.measure], each.first),
                "last": _ratio(MEASURES[each.measure], each.last),
                "text": each.text,
            }
            for each in found.drifts
        ],
    }


def trend_row(point: Point) -> JsonObject:
    """A week as a row of `TREND_COLUMNS`; what was not measured is empty."""
    values = {name: measure.value(point) for name, measure in MEASURES.items()}
    counts = (point.checked, point.blocked, point.merged, point.merged_red)
    return {
        **_week(point),
        **{name: value and _number(MEASURES[name], value) for name, value in values.items()},
        **dict(zip(WEEK_COUNTS, (*map(len, counts), point.waivers), strict=True)),
    }


def pull_request(record: PullRequestRecord, newest: ShortVerdict | None) -> JsonObject:
    """A pull request with its newest verdict, which may be about an earlier head."""
    return {
        "number": record.number,
        "title": record.title,
        "author": record.author,
        "state": record.state,
        "base_ref": record.base_ref,
        "head_sha": record.head_sha,
        "updated_at": _time(record.updated_at),
        "merged_at": _time(record.merged_at),
        "verdict": None if newest is None else short_verdict(newest),
    }


def pull_request_row(record: PullRequestRecord, newest: ShortVerdict | None) -> JsonObject:
    """The same as a row of `PULL_REQUEST_COLUMNS`."""
    said = {} if newest is None else short_verdict(newest)
    return {
        **pull_request(record, None),
        "outcome": said.get("outcome"),
        "why": said.get("why"),
        "judged_head": said.get("head"),
        "judged_at": said.get("recorded_at"),
        "run_id": said.get("run_id"),
    }


def short_verdict(short: ShortVerdict) -> JsonObject:
    """A verdict in short."""
    return {
        "run_id": short.run_id,
        "outcome": short.outcome.value,
        "why": valid_text(short.why),
        "head": short.head_sha,
        "recorded_at": _time(short.recorded_at),
    }


def run(full_name: str, record: VerdictRecord) -> JsonObject:
    """A run with its verdict in full."""
    return {
        "run_id": record.run_id,
        "repository": full_name,
        "pull_request": record.number or None,
        "branch": record.branch or None,
        "recorded_at": _time(record.recorded_at),
        "verdict": as_json(record.verdict),
    }


def files(at: FilesAt | None, found: Iterable[MeasuredFile]) -> JsonObject:
    """Files of the newest measured commit, and which one that is; null before the first."""
    return {
        "commit": None if at is None else at.sha,
        "committed_at": None if at is None else _time(at.committed_at),
        "files": [file(each) for each in found],
    }


def file(found: MeasuredFile) -> JsonObject:
    """A source file with its numbers, as a value and as a row of `FILE_COLUMNS`; what was not measured is null."""
    index = found.maintainability
    return {
        "path": valid_text(found.path),
        "blob": found.blob,
        "sloc": found.sloc,
        "functions": found.functions,
        "complexity": found.complexity,
        "worst": found.worst,
        "worst_name": valid_text(found.worst_name),
        "worst_line": found.worst_line,
        "over_limit": found.over,
        "limit": found.maximum,
        "covered": found.coverage.covered if found.coverage else None,
        "executable": found.coverage.executable if found.coverage else None,
        "uncovered_lines": found.uncovered,
        "high": found.high,
        "medium": found.medium,
        "low": found.low,
        "suppressed": found.suppressed,
        "maintainability": None if index is None else index / 100,
        "changes": found.changes,
    }


def waiver(record: WaiverRecord) -> JsonObject:
    """A waiver with what it covers."""
    given = record.waiver
    return {
        "pull_request": record.number,
        "check": given.check,
        "person": given.person,
        "role": given.role,
        "by_author": given.own,
        "given_at": _time(given.given_at),
        "why": valid_text(given.why),
        "head": given.head_sha,
        "reasons": waived_as_json(given),
        "origin": record.origin,
    }


def waiver_row(record: WaiverRecord) -> JsonObject:
    """The same as a row of `WAIVER_COLUMNS`."""
    reasons = " | ".join(valid_text(reason.text) for reason in record.waiver.reasons)
    return {**waiver(record), "reasons": reasons}


def _point(point: Point) -> JsonObject:
    values = {name: measure.value(point) for name, measure in MEASURES.items()}
    return {
        **_week(point),
        "values": {name: value and _ratio(MEASURES[name], value) for name, value in values.items()},
        "checked": list(point.checked),
        "blocked": list(point.blocked),
        "merged": list(point.merged),
        "merged_red": list(point.merged_red),
        "waivers": point.waivers,
    }


def _week(point: Point) -> JsonObject:
    newest = point.revision
    return {
        "week": name_of(point.week),
        "begins": point.week.isoformat(),
        "commit": None if newest is None else newest.sha,
        "committed_at": None if newest is None else _time(newest.committed_at),
    }


def _ratio(measure: Measure, value: Ratio) -> JsonObject:
    return {"value": _number(measure, value), "part": value.covered, "whole": value.executable}


def _number(measure: Measure, value: Ratio) -> float:
    return round(measure.number(value), 4)


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
