"""The command line: `gate COMMAND`. What a command needs is imported when it is run, so that each starts fast."""

from __future__ import annotations

import importlib
import sys

import click

_COMMANDS = {
    "check": ("gate.cli.check:check", "The verdict on a checkout, as the server would give it."),
    "measure": ("gate.cli.check:measure", "The raw report of one check on one revision."),
    "init": ("gate.cli.policy:init", "Writes a `.gate.toml` that fits the present numbers."),
    "policy": ("gate.cli.policy:policy", "Look at a `.gate.toml`: is it valid, what does it mean."),
    "serve": ("gate.cli.serve:serve", "Web and worker together, on SQLite unless told otherwise."),
    "web": ("gate.cli.serve:web", "Answers webhooks and serves the pages."),
    "worker": (
        "gate.cli.serve:worker",
        "Carries out the work: one on SQLite, any number on Postgres.",
    ),
    "migrate": ("gate.cli.serve:migrate", "Brings the database to this version."),
    "doctor": ("gate.cli.doctor:doctor", "Tries everything Gate rests on here."),
    "history": ("gate.cli.history:history", "Trends from git history, of the service or of a checkout."),
    "waivers": ("gate.cli.waivers:waivers", "Every waiver that was given, and by whom."),
    "backup": ("gate.cli.backup:backup", "Copies the databases on SQLite, while the service works."),
    "restore": ("gate.cli.backup:restore", "Brings a back-up to an empty data folder."),
    "data": ("gate.cli.data:data", "What is kept of a repository: export it, delete it."),
    "upload": ("gate.cli.upload:upload", "Sends coverage reports of a CI build to Gate."),
    "tokens": ("gate.cli.tokens:tokens", "Tokens by which CI sends reports: make, list, revoke."),
    "digest": ("gate.cli.digest:digest", "The weekly mail: preview it, try delivery, stop or allow one."),
    "sandbox": ("gate.cli.sandbox:sandbox", "The box that strangers' tests run in."),
}
"""By name: where the command is, and what the list of all says of it."""


class _Late(click.Group):
    """A group whose commands are imported when one is run, and not when all are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place, _ = _COMMANDS.get(cmd_name, ("", ""))
        if not place:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Late, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gate")
def gate() -> None:
    """A code-quality gate: blocks changes that worsen coverage, complexity or security."""


def main() -> None:
    """Runs the command line; mistakes a person can mend end with a sentence and status 2, not with a traceback."""
    try:
        gate(standalone_mode=True)
    except Exception as error:
        if not _can_be_mended(error):
            raise
        from gate.cli.terminal import messages

        messages().print(str(error), markup=False, style="red")
        sys.exit(2)


def _can_be_mended(error: Exception) -> bool:
    from gate.core.failure import Permanent, PolicyError, Transient
    from gate.sandbox import SandboxError
    from gate.variables import SettingsError

    return isinstance(error, PolicyError | Permanent | Transient | SettingsError | SandboxError)
