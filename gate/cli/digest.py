"""`gate digest`: see the weekly mail before anybody gets it, try the mail server, and stop or allow an address."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click

from gate.cli.stored import known_repository, stored_service
from gate.cli.terminal import messages
from gate.core.failure import Permanent
from gate.core.message import as_bytes
from gate.core.subscription import Subscription, normalise
from gate.core.trend import WEEK, monday, name_of, zone_of
from gate.service import Service
from gate.settings import Settings
from gate.smtp import Delivery, NotSentError

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_PREVIEWED_FOR = "you@example.org"


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    address = normalise(value)
    if not address:
        raise click.BadParameter(f"expected a plain mail address, as in mira@example.org, got {value!r}")
    return address


def _monday(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    match = _WEEK.fullmatch(value or "")
    try:
        if value is None:
            return None
        if match:
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        pass
    raise click.BadParameter(f"expected a week by ISO 8601, as in 2026-W47, got {value!r}")


@click.group()
def digest() -> None:
    """The weekly mail: preview it, try delivery, stop or allow an address."""


@digest.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option(
    "--week",
    callback=_monday,
    metavar="2026-W47",
    help="The week to tell of. [default: the last one that ended]",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder for the files. [default: here]",
)
def preview(repository: str, week: date | None, output: Path) -> None:
    """Writes the mail about a repository as .eml, .html and .txt, and sends nothing."""
    from gate.workflows.send_digest import digest_for  # drawing and rendering cost start-up
    from gate.workflows.write_mail import weekly

    service = stored_service()
    known = known_repository(service, repository)
    wanted = week or monday(service.now(), zone_of(known.timezone)) - WEEK
    reader = Subscription(_PREVIEWED_FOR, "confirmed", None, service.now())
    told = digest_for(service, [(known, reader)], wanted, _PREVIEWED_FOR)
    if told is None:
        messages().print(
            f"{known.full_name}, {name_of(wanted)}: nothing happened, so no mail would be sent "
            '(unless `[digest] quiet_weeks = "send"`)',
            markup=False,
        )
        return
    made = weekly(service, told, _PREVIEWED_FOR, now=service.now())
    output.mkdir(parents=True, exist_ok=True)
    stem = f"{known.full_name.replace('/', '-')}-{told.week}"
    parts = {part.get_content_type(): part for part in made.walk()}
    files = {
        ".eml": as_bytes(made),
        ".html": parts["text/html"].get_content().encode(),
        ".txt": parts["text/plain"].get_content().encode(),
    }
    for suffix, content in files.items():
        path = output / f"{stem}{suffix}"
        path.write_bytes(content)
        click.echo(path)
    messages().print(f"Subject: {told.subject}", markup=False)


@digest.command()
@click.option(
    "--to", "address", required=True, callback=_address, metavar="ADDRESS", help="Who gets the test mail."
)
@click.option("--dry-run", is_flag=True, help="Connect, encrypt and log in, but send nothing.")
def send(address: str, *, dry_run: bool) -> None:
    """Sends a test mail, or tries everything but that."""
    from gate.workflows.write_mail import trial  # as above

    service = Service.from_settings(Settings.from_environment())
    with service.mailer() as mailer:
        if dry_run:
            try:
                click.echo(f"works: {mailer.probe()}; nothing was sent")
            except NotSentError as error:
                raise Permanent(f"the mail server cannot be used: {error}") from error
            return
        _told(mailer.send(trial(service, address, now=service.now()), address), address)


@digest.command()
@click.argument("address", callback=_address)
def stop(address: str) -> None:
    """Sends an address no more mail at all, as its owner could by the link in every mail."""
    service = stored_service()
    new = service.store.suppress(address, "operator", service.now())
    click.echo(f"{address} gets no more mail" if new else f"{address} got no mail already")


@digest.command()
@click.argument("address", callback=_address)
def allow(address: str) -> None:
    """Lets mail through again to an address that was stopped, or that bounced."""
    found = stored_service().store.unsuppress(address)
    click.echo(f"{address} may get mail again" if found else f"{address} was not stopped")


def _told(delivery: Delivery, address: str) -> None:
    match delivery.state:
        case "sent":
            click.echo(f"sent: the server took the mail to {address} ({delivery.detail})")
        case "bounced":
            raise Permanent(f"the server refuses mail to {address}: {delivery.detail}")
        case "retry":
            raise Permanent(f"the mail did not leave: {delivery.detail}")
        case "unknown":
            raise Permanent(f"whether the mail left is not known: {delivery.detail}")
