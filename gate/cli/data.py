"""`gate data`: everything that is kept of one repository, written to a folder or deleted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import click

from gate.cli.stored import known_repository, stored_service
from gate.cli.terminal import messages
from gate.git import remove_mirrors

FORMAT = 1
"""Of the export; another number for files that are to be read in another way."""


@click.group()
def data() -> None:
    """What is kept of a repository: export it, delete it."""


@data.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option(
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder that is made, or is empty.",
)
def export(repository: str, output: Path) -> None:
    """Writes everything but secrets: a file of JSON lines for each table, and manifest.json.

    Read-only, and safe while the service runs.
    """
    service = stored_service()
    known = known_repository(service, repository)
    if output.exists() and any(output.iterdir()):
        raise click.BadParameter(f"the folder {output} is not empty", param_hint="--output")
    output.mkdir(parents=True, exist_ok=True)
    tables = {name: _write(output / f"{name}.jsonl", rows) for name, rows in service.store.export(known.id)}
    manifest = {
        "format": FORMAT,
        "gate": version("gate"),
        "schema": service.store.schema_revision(),
        "repository": {"id": known.id, "full_name": known.full_name},
        "exported_at": service.now().isoformat(timespec="seconds"),
        "tables": tables,
    }
    # Last: an export without it is not whole.
    (output / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{sum(tables.values())} rows of {known.full_name} are in {output}")


@data.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option("--yes", is_flag=True, help="Really do it; without it, only what would go is said.")
def delete(repository: str, *, yes: bool) -> None:
    """Deletes everything that is kept of a repository, and its mirror on this machine. Check runs on GitHub stay."""
    service = stored_service()
    known = known_repository(service, repository)
    if not yes:
        rows = sum(sum(1 for _ in rows) for _, rows in service.store.export(known.id))
        click.echo(f"{rows} rows of {known.full_name} and its mirror would be deleted; say --yes to do it")
        return
    rows = service.store.delete_repository(known.id)
    remove_mirrors(service.mirrors, service.store.followed_repositories())
    click.echo(f"{rows} rows of {known.full_name} were deleted")
    if known.state != "removed":
        messages().print(
            f"The App is still installed on {known.full_name}: what comes next is measured and kept again. Remove it there first.",
            markup=False,
        )


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> int:
    """How many rows."""
    count = 0
    with path.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row) + "\n")
            count += 1
    return count
