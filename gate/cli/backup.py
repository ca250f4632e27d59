"""`gate backup` and `gate restore`: the databases of a service, copied while it works, and brought back on the day of loss.

Mirrors and environments are made again, and the key is kept apart: neither is in a back-up. Postgres has programs of its own for
the copy, `pg_dump` and `pg_restore`; what is to be done after it is the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import click

from checks.codec import decode
from gate.cli.stored import stored_service
from gate.cli.terminal import messages
from gate.core.failure import Permanent
from gate.service import STORED_APP, Service
from gate.settings import KEY_FILE, App, Settings
from gate.sqlite_file import BESIDE, copy, problem
from gate.store import Store
from gate.store.following import RESTORED

FORMAT = 1
"""Of a back-up; another number for one that is to be read in another way."""
MANIFEST = "manifest.json"
OURS, THE_ENGINES = "gate.db", "engine.db"
ORDER = (THE_ENGINES, OURS)
"""In which they are copied. A step writes to ours first, and then the engine notes that it is done; so whatever the older copy of
the engine's says is done stands in ours. What was done between the copies is done once more, as after a crash, and finds itself
there. The other way round the engine would take for done what ours has never heard of: a verdict, or a waiver, lost for good."""

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
def backup(folder: Path) -> None:
    """Copies the databases of a service on SQLite, while it works, to FOLDER, which is made or is empty.

    It holds source code and addresses of people: only its owner may read it. The key is not in it.
    """
    if not Settings.from_environment().embedded:
        raise click.UsageError("the database is on Postgres: copy it with pg_dump, see docs/operations.md")
    service = stored_service()
    if folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"the folder {folder} is not empty", param_hint="FOLDER")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    places = _places(service.settings)
    taken_at = service.now()
    for name in ORDER:
        if not places[name].exists():
            raise Permanent(f"{places[name]} is not there: run `gate migrate`")
        copy(places[name], folder / name)
    manifest = {
        "format": FORMAT,
        "gate": version("gate"),
        "taken_at": taken_at.isoformat(timespec="seconds"),
        "files": {name: _digest(folder / name) for name in ORDER},
    }
    # Last: a back-up without it is not whole.
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    (folder / MANIFEST).chmod(0o600)
    click.echo(f"{sum((folder / name).stat().st_size for name in ORDER)} bytes are in {folder}")
    if not service.settings.secret_key and (service.data_dir / KEY_FILE).exists():
        messages().print(
            f"{service.data_dir / KEY_FILE} is not in it: keep a copy in another place, once", markup=False
        )


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path | None) -> None:
    """Brings a back-up in FOLDER to a data folder without data; on Postgres, says that pg_restore has just done so.

    From then on Gate looks at GitHub for what it may have made since the back-up, before it makes it again.
    """
    settings = Settings.from_environment()
    service = Service.from_settings(settings)
    if settings.embedded:
        if folder is None:
            raise click.UsageError("name the folder that `gate backup` made")
        _bring_back(service, folder)
    elif folder is not None:
        raise click.UsageError("the database is on Postgres: run pg_restore, and then this without a folder")
    elif service.store.is_empty():
        raise Permanent("the database is empty: run pg_restore first, see docs/operations.md")
    else:
        _note(service.store, service)
    click.echo(f"The database is restored; {_key_problem(service) or 'start Gate'}")


def _bring_back(service: Service, folder: Path) -> None:
    """Nothing lies at its place before all of it was looked at. Raises: Permanent."""
    places = _places(service.settings)
    taken = [Path(f"{place}{end}") for place in places.values() for end in BESIDE]
    if found := [str(path) for path in taken if path.exists()]:
        raise Permanent(
            f"{found[0]} is there: restore to a GATE_DATA_DIR without data, or move it away first"
        )
    _look_at(folder)
    places[OURS].parent.mkdir(parents=True, exist_ok=True)
    drafts = {name: place.with_name(f".restored-{place.name}") for name, place in places.items()}
    try:
        for name, draft in drafts.items():
            draft.touch(mode=0o600)
            shutil.copyfile(folder / name, draft)
        with Store(f"sqlite:///{drafts[OURS]}") as store:
            _note(store, service)
        for name in ORDER:
            drafts[name].rename(places[name])
    finally:
        for draft in drafts.values():
            for end in BESIDE:
                Path(f"{draft}{end}").unlink(missing_ok=True)


def _look_at(folder: Path) -> None:
    """Raises: Permanent, where it is no back-up, or not as it was made."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = decode(dict[str, str], manifest["files"])
        if manifest["format"] != FORMAT or sorted(files) != sorted(ORDER):
            raise Permanent(
                f"{folder} is a back-up of another Gate, {manifest['gate']}: restore it with that one"
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Permanent(f"{folder} is no whole back-up: it has no {MANIFEST} that can be read") from error
    for name, digest in files.items():
        path = folder / name
        if not path.exists() or _digest(path) != digest:
            raise Permanent(f"{path} is not what was backed up: take another back-up")
        if said := problem(path):
            raise Permanent(f"{path} is damaged: {said}")


def _note(store: Store, service: Service) -> None:
    """Raises: Permanent where a newer Gate made the database."""
    store.migrate()
    store.note_read_until(RESTORED, service.now())


def _key_problem(service: Service) -> str:
    """What has to be done before Gate can open what is stored encrypted; empty for nothing."""
    sealed = service.store.secret(STORED_APP)
    if sealed is None or service.settings.app is not None:
        return ""
    key = service.settings.data_dir / KEY_FILE
    if not service.settings.secret_key and not key.exists():
        return f"put the {KEY_FILE} it was kept with into {key.parent}, or set GATE_SECRET_KEY, before you start Gate"
    try:
        service.unseal(App, sealed)
    except Permanent as error:
        return f"but {error}"
    return ""


def _places(settings: Settings) -> dict[str, Path]:
    """By name in a back-up, where the files of the databases are."""
    from gate.engine.database import file_of  # DBOS costs 0.5 s of start-up

    return {THE_ENGINES: file_of(settings), OURS: settings.database_file}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
