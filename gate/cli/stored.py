"""What an operator's command works on: the service of the environment with a database that can be read, and a repository in it."""

from __future__ import annotations

import click

from gate.core.failure import Permanent
from gate.service import Service
from gate.settings import Settings
from gate.store import RepositoryRecord


def stored_service() -> Service:
    """The service of the environment. Raises: SettingsError; Permanent where its database cannot be worked with."""
    settings = Settings.from_environment()
    if settings.embedded and not settings.database_file.exists():
        raise Permanent(
            f"{settings.database_file} is not there: is GATE_DATA_DIR or GATE_DATABASE_URL right? `gate migrate` makes a new database"
        )
    service = Service.from_settings(settings)
    if problem := service.store.problem():
        raise Permanent(f"the database cannot be read: {problem}")
    return service


def known_repository(service: Service, full_name: str, *, named_by: str = "OWNER/NAME") -> RepositoryRecord:
    """The repository of that name. Raises: BadParameter of the argument or option that named it."""
    known = service.store.repository_named(full_name)
    if known is None:
        raise click.BadParameter(
            f"no repository {full_name!r} is known here; it is spelt OWNER/NAME", param_hint=named_by
        )
    return known
