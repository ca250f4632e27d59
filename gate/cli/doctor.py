"""`gate doctor`: what holds on this machine (or of a repository on GitHub), what is missing, and what follows."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from importlib import metadata

import click
from rich.markup import escape

from gate.cli.terminal import output
from gate.core.failure import Transient
from gate.core.payload import is_full_name
from gate.environments import interpreters
from gate.sandbox import Feature
from gate.service import Service
from gate.settings import Settings

_TOOLS = ("radon", "bandit", "coverage", "dbos", "PyGithub")


def _full_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_full_name(value):
        raise click.BadParameter(f"expected OWNER/NAME, as in octo/app, got {value!r}")
    return value


@click.command()
@click.option(
    "--repository",
    metavar="OWNER/NAME",
    callback=_full_name,
    help="Look at this repository on GitHub instead of at this machine: is the check required?",
)
@click.pass_context
def doctor(context: click.Context, repository: str | None) -> None:
    """Tries everything Gate rests on here. Exit status 1 when something it needs does not hold."""
    service = Service.from_settings(Settings.from_environment())
    console = output()
    broken = 0
    for feature in _on_github(service, repository) if repository else _here(service):
        fatal = feature.required and not feature.holds
        broken += fatal
        mark = "[green]✔[/]" if feature.holds else "[red]✘[/]" if fatal else "[yellow]▲[/]"
        console.print(f"{mark} [bold]{escape(feature.name)}[/]: {escape(feature.text)}")
    if not repository:
        versions = ", ".join(f"{name} {metadata.version(name)}" for name in _TOOLS)
        console.print(
            f"[dim]{platform.python_implementation()} {platform.python_version()}; {escape(versions)}[/]"
        )
    context.exit(1 if broken else 0)


def _on_github(service: Service, full_name: str) -> Iterator[Feature]:
    from gate.cli.on_github import on_github  # PyGithub costs 0.2 s of start-up

    return on_github(service, full_name)


def _here(service: Service) -> Iterator[Feature]:
    yield from _programs()
    yield from _state(service)
    yield from service.sandbox.probe()
    yield _interpreters()


def _programs() -> Iterator[Feature]:
    git = shutil.which("git")
    yield Feature("git", git is not None, git or "not found on PATH: nothing can be fetched; install git")


def _interpreters() -> Feature:
    own, others = interpreters.own(), interpreters.others()
    versions = dict.fromkeys(each.version for each in others if each.version != own.version)
    text = ", ".join([f"{own.version} (the service's)", *versions])
    if not others:
        text += (
            "; projects that need another cannot be measured: install it where uv finds it, or beside ours"
        )
    return Feature("interpreters", True, text, required=False)


def _state(service: Service) -> Iterator[Feature]:
    settings = service.settings
    try:
        folder = service.data_dir
        probe = folder / ".doctor"
        probe.touch()
        probe.unlink()
        yield Feature("data folder", True, str(folder.resolve()))
    except OSError as error:
        yield Feature(
            "data folder",
            False,
            f"{settings.data_dir} cannot be written ({error.strerror}); set GATE_DATA_DIR",
        )
        if settings.embedded:
            yield Feature("database", False, "SQLite needs the data folder, and so does the GitHub App")
            return
    problem = service.store.problem()
    kind = "SQLite, one worker" if settings.embedded else "Postgres, any number of workers"
    yield Feature("database", not problem, problem or f"{kind}; reachable")
    yield _app(service)


def _app(service: Service) -> Feature:
    try:
        app = service.app
    except Transient:
        # A new database has no tables yet, and so no App.
        app = None
    text = (
        f"id {app.id} at {service.settings.github_api_url}"
        if app
        else "none yet: start `gate serve`, open /setup"
    )
    return Feature("GitHub App", app is not None, text, required=False)
