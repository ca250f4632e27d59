"""The command line: `gate COMMAND`. Commands are imported when they are asked for, so that each starts fast."""

from __future__ import annotations

import importlib
import sys

import click

from gate.cli.terminal import messages
from gate.core.failure import Permanent, PolicyError, Transient
from gate.sandbox import SandboxError
from gate.settings import SettingsError

_COMMANDS = {
    "check": "gate.cli.check:check",
    "measure": "gate.cli.check:measure",
    "init": "gate.cli.policy:init",
    "policy": "gate.cli.policy:policy",
    "serve": "gate.cli.serve:serve",
    "web": "gate.cli.serve:web",
    "worker": "gate.cli.serve:worker",
    "migrate": "gate.cli.serve:migrate",
    "doctor": "gate.cli.doctor:doctor",
    "waivers": "gate.cli.waivers:waivers",
    "data": "gate.cli.data:data",
    "digest": "gate.cli.digest:digest",
    "sandbox": "gate.cli.sandbox:sandbox",
}


class _Late(click.Group):
    """A group whose commands are imported when one is run or all are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Late, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gate")
def gate() -> None:
    """A code-quality gate: blocks changes that worsen coverage, complexity or security."""


def main() -> None:
    """Runs the command line; mistakes a person can mend end with a sentence and status 2, not with a traceback."""
    try:
        gate(standalone_mode=True)
    except (PolicyError, Permanent, Transient, SettingsError, SandboxError) as error:
        messages().print(str(error), markup=False, style="red")
        sys.exit(2)
