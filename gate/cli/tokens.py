"""`gate tokens`: the tokens by which CI sends reports of one repository, for the operator; each is shown once."""

from __future__ import annotations

import getpass
import secrets

import click

from gate.cli.stored import known_repository, stored_service
from gate.cli.terminal import messages
from gate.core.upload_token import PREFIX, RANDOM, digest_of, is_name


@click.group()
def tokens() -> None:
    """Tokens by which CI sends coverage reports of one repository. In GitHub Actions none is needed."""


@tokens.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--name", required=True, help="What to call it, e.g. jenkins; each name is used once.")
def create(repository: str, name: str) -> None:
    """Makes a token and prints it, this once: only its digest is kept. It can send reports of this repository."""
    if not is_name(name):
        raise click.BadParameter("1 to 100 letters, digits, spaces and . _ - / :", param_hint="--name")
    service = stored_service()
    known = known_repository(service, repository)
    token = PREFIX + secrets.token_urlsafe(RANDOM * 3 // 4)
    made = service.store.save_upload_token(
        known.id, name, digest_of(token), created_by=getpass.getuser(), now=service.now()
    )
    if not made:
        raise click.BadParameter(
            f"{known.full_name} has, or had, a token of the name {name!r}: choose another",
            param_hint="--name",
        )
    click.echo(token)
    messages().print(
        f"It can send reports of {known.full_name}. Keep it in a secret of your CI, as GATE_TOKEN; it is not shown again.",
        markup=False,
    )


@tokens.command("list")
@click.argument("repository", metavar="OWNER/NAME")
def list_of(repository: str) -> None:
    """What tokens a repository has, and when each was last used."""
    service = stored_service()
    known = known_repository(service, repository)
    found = service.store.upload_tokens(known.id)
    for token in found:
        used = f"last used on {token.last_used_on}" if token.last_used_on else "never used"
        state = f"revoked on {token.revoked_at:%Y-%m-%d}" if token.revoked_at else used
        click.echo(f"{token.name}: {state}; made on {token.created_at:%Y-%m-%d} by {token.created_by}")
    if not found:
        messages().print(f"{known.full_name} has no token", markup=False)


@tokens.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--name", required=True, help="Of the token.")
def revoke(repository: str, name: str) -> None:
    """Has a token open nothing from now on; reports that it sent stay."""
    service = stored_service()
    known = known_repository(service, repository)
    if not service.store.note_upload_token_revoked(known.id, name, service.now()):
        raise click.BadParameter(
            f"{known.full_name} has no token of the name {name!r} that is not revoked; `gate tokens list` shows them",
            param_hint="--name",
        )
    click.echo(f"the token {name} of {known.full_name} opens nothing any more")
