"""`gate waivers`: who waived what, where, when and why, out of the service's database; nothing is changed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC

import click

from gate.cli.stored import known_repository, stored_service
from gate.cli.terminal import messages
from gate.core.cell import cell
from gate.core.markdown import clean
from gate.core.verdict_json import waived_as_json
from gate.store import WaiverRecord

COLUMNS = (
    "repository",
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


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True
)
@click.option("--repository", default="", metavar="OWNER/NAME", help="Of this one alone. [default: all]")
def waivers(form: str, repository: str) -> None:
    """Every waiver that was given, by repository, pull request and time."""
    service = stored_service()
    if repository:
        known_repository(service, repository, named_by="--repository")
    records = service.store.all_waivers(repository)
    match form:
        case "csv":
            click.echo(as_csv(records), nl=False)
        case "json":
            click.echo(json.dumps([_values(record) for record in records], indent=2))
        case _:
            for line in _lines(records):
                click.echo(line)
            if not records:
                messages().print("no waiver was given yet", markup=False)


def as_csv(records: Iterable[WaiverRecord]) -> str:
    """A header and one row a waiver; no cell is a formula to a spreadsheet."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records:
        values = _values(record)
        reasons = " | ".join(reason.text for reason in record.waiver.reasons)
        writer.writerow([cell(value) for value in (values | {"reasons": reasons}).values()])
    return rows.getvalue()


def _values(record: WaiverRecord) -> dict[str, object]:
    waiver = record.waiver
    values = (
        record.repository,
        record.number,
        waiver.check,
        waiver.person,
        waiver.role,
        waiver.own,
        waiver.given_at.astimezone(UTC).isoformat(timespec="seconds"),
        waiver.why,
        waiver.head_sha,
        waived_as_json(waiver),
        record.origin,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _lines(records: Iterable[WaiverRecord]) -> Iterator[str]:
    for record in records:
        waiver = record.waiver
        author = ", the author" if waiver.own else ""
        yield (
            f"{record.repository} #{record.number}: {waiver.check} waived by {waiver.person} ({waiver.role}{author})"
            f" on {waiver.given_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {clean(waiver.why)}"
        )
        yield from (f"    {clean(reason.text)}" for reason in waiver.reasons)
