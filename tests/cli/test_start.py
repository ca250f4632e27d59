"""What a command imports: start-up time is the time that everybody waits, whatever the command does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gate.cli import _COMMANDS

HEAVY = ("sqlalchemy", "alembic", "dbos", "flask", "github", "requests", "jinja2", "vl_convert", "rich")
"""Each costs 20 ms or more; measured by `python -X importtime`."""


def imported(*arguments: str) -> set[str]:
    """Those of the heavy libraries that a run of the command line has imported by its end."""
    program = (
        "import sys\n"
        "from gate.cli import main\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "try:\n    main()\n"
        f"finally:\n    print(*sys.modules.keys() & set({HEAVY!r}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


def test_the_list_of_commands_imports_none() -> None:
    assert imported("--help") == set()


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("check", {"sqlalchemy", "rich"}),
        ("sandbox", {"rich"}),
        ("policy", {"sqlalchemy", "rich"}),
        ("web", {"sqlalchemy", "rich"}),
        # Run in every job of a CI.
        ("upload", set()),
    ],
)
def test_a_command_imports_what_it_needs(command: str, allowed: set[str]) -> None:
    assert imported(command, "--help") <= allowed


def test_the_list_says_of_each_command_what_it_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gate", "--help"], check=True, capture_output=True, text=True
    )
    listed = done.stdout.partition("Commands:")[2]

    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == list(_COMMANDS)
    assert "..." not in listed
