"""`gate history`: trends from git history, of a repository of the service, or of the checkout here as a table.

For the service it only asks: a worker does the work. In a checkout it measures the newest commit of each week.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from gate.cli.local import checkout_at, code_of, defaults_in, local_service
from gate.cli.stored import known_repository, stored_service
from gate.cli.terminal import messages, progress
from gate.core.failure import Permanent
from gate.core.history_work import FillHistory
from gate.core.trend import (
    MEASURES,
    Point,
    Revision,
    monday,
    name_of,
    newest_of_weeks,
    number_of,
    since,
    zone_of,
)
from gate.core.work import subject
from gate.workflows.judge import Case
from gate.workflows.settings_of import policy_at
from gate.workflows.sum_history import question_of_history, since_then, sum_history

SHOWN = (
    "sloc",
    "complexity",
    "over",
    "worst",
    "maintainability",
    "high",
    "medium",
    "low",
    "suppressed",
    "escapes",
)
"""Measures of a table, see `docs/trends.md`."""
_HERE = "in a checkout, without OWNER/NAME"


@dataclass(frozen=True, slots=True)
class _Week:
    """The newest commit of a week."""

    point: Point
    revision: Revision

    @property
    def row(self) -> list[str | float]:
        """Week, commit, and the measures; whole numbers as they are."""
        found = (MEASURES[name].value(self.point) for name in SHOWN)
        values = ["" if value is None else round(number_of(value), 2) for value in found]
        whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
        return [name_of(self.point.week), self.revision.sha[:10], *whole]


@click.command()
@click.argument("repository", metavar="[OWNER/NAME]", default="")
@click.option(
    "--since",
    "begin",
    default="1y",
    show_default=True,
    metavar="SPAN",
    help="How far back: 30d, 12w, 6m, 1y or a date.",
)
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), help=f"{_HERE} [default: text]")
@click.option(
    "--defaults",
    "defaults_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"{_HERE}: a copy of the `.gate.toml` of the organisation's `.github` repository.",
)
def history(repository: str, begin: str, form: str | None, defaults_file: Path | None) -> None:
    """Fills complexity, maintainability, size and security trends of the service's OWNER/NAME from git history.

    A worker does it in the background. Without OWNER/NAME, the weeks of the checkout here are printed.
    """
    if not repository:
        _print_here(begin, form or "text", defaults_file)
        return
    if form or defaults_file:
        raise click.UsageError(
            "--format and --defaults are for a checkout; the service shows trends on its pages and at /api/v1"
        )
    _ask(repository, begin)


def _ask(repository: str, begin: str) -> None:
    service = stored_service()
    known = known_repository(service, repository)
    if known.state != "active":
        raise Permanent(f"{known.full_name} is {known.state}: nothing is fetched from it")
    work = FillHistory(known.ref, _begin(begin, service.now()))
    service.submitter.submit(work, f"{subject(work)}:{uuid.uuid4()}")
    click.echo(
        f"the worker fills in the trends of {known.full_name} since {work.since:%Y-%m-%d}, in the background"
    )


def _begin(text: str, now: datetime) -> datetime:
    try:
        return since(text, now)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error


def _print_here(begin: str, form: str, defaults_file: Path | None) -> None:
    with (
        progress() as shown,
        local_service(cache=True) as service,
        checkout_at(Path()) as checkout,
    ):
        moment = _begin(begin, service.now())
        branch = checkout.default_branch() or "HEAD"
        tip = checkout.resolve(branch)
        if tip is None:
            raise Permanent("there is no commit here yet")
        policy = policy_at(checkout, tip, defaults_in(defaults_file).policy)
        question = question_of_history(tip, policy)
        case = Case(service, code_of(service, checkout), question, progress=shown.stage)
        weeks = _weeks(case, moment)
    if not weeks:
        messages().print(f"no commit of {branch} since {moment:%Y-%m-%d}", markup=False)
    click.echo(_printed(weeks, form), nl=False)


def _weeks(case: Case, begin: datetime) -> Sequence[_Week]:
    zone = zone_of(case.question.policy.gate.timezone)
    line = case.code.git.first_parents(case.question.head)
    newest = {*newest_of_weeks(((commit.sha, commit.at, False) for commit in line), zone).values()}
    wanted = since_then((commit for commit in line if commit.sha in newest), begin, len(line))
    totals = sum_history(case, [commit.sha for commit in wanted]) if wanted else ()
    found = [Revision(commit.sha, commit.at, each) for commit, each in zip(wanted, totals, strict=True)]
    return [_Week(Point(monday(one.committed_at, zone), one), one) for one in found]


def _printed(weeks: Iterable[_Week], form: str) -> str:
    if form == "json":
        return json.dumps([_values(week) for week in weeks], indent=2) + "\n"
    rows: list[list[str | float]] = [["week", "commit", *SHOWN]]
    rows += [week.row for week in weeks]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue()
    return "".join(f"{line}\n" for line in _columns([[str(cell) for cell in row] for row in rows]))


def _values(week: _Week) -> dict[str, object]:
    revision = week.revision
    return {
        "week": name_of(week.point.week),
        "commit": revision.sha,
        "committed_at": revision.committed_at.isoformat(),
        "totals": dict(sorted(revision.totals.items())),
    }


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
