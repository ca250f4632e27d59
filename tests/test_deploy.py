"""The samples in `deploy/`: what they start and set is there; whether a cluster takes them is not tried."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from gate.cli import gate

DEPLOY = Path(__file__).parent.parent / "deploy"
OPERATIONS = (DEPLOY.parent / "docs" / "operations.md").read_text()
FILES = sorted(DEPLOY.iterdir())
OF_COMPOSE = {"GATE_IMAGE", "GATE_DATABASE_PASSWORD"}
"""Variables of the Compose file alone."""


def commands() -> list[tuple[str, str]]:
    """(file, command) of every `gate COMMAND` that is started."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    found = [
        ("compose.yaml", service["command"][1])
        for service in compose["services"].values()
        if "command" in service
    ]
    for document in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
        for container in containers(document):
            found.append(("kubernetes.yaml", container["command"][1]))
    for unit in DEPLOY.glob("*.service"):
        started = re.findall(r"^Exec\w+=/opt/gate/bin/gate (\w+)$", unit.read_text(), re.MULTILINE)
        found += [(unit.name, command) for command in started]
    return found


def containers(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Of one Kubernetes object."""
    found: list[dict[str, Any]] = document["spec"].get("template", {}).get("spec", {}).get("containers", [])
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_variable_is_a_setting(file: Path) -> None:
    """
    No sample sets what nobody reads.
    """
    names = set(re.findall(r"\bGATE_[A-Z_]+\b", file.read_text())) - OF_COMPOSE

    assert {name for name in names if f"`{name}`" not in OPERATIONS} == set()


@pytest.mark.parametrize(("file", "command"), commands())
def test_every_command_is_one(file: str, command: str) -> None:
    """
    What the samples start, `gate` has.
    """
    assert gate.get_command(click.Context(gate), command) is not None


def test_each_way_starts_all_of_it() -> None:
    """
    Migration, webhooks and workers; a worker has the time to hand over.
    """
    by_file: dict[str, set[str]] = {}
    for file, command in commands():
        by_file.setdefault(
            file.partition(".")[0].replace("gate-web", "units").replace("gate-worker@", "units"), set()
        ).add(command)

    assert by_file == {name: {"migrate", "web", "worker"} for name in ("compose", "kubernetes", "units")}
    for unit in DEPLOY.glob("*.service"):
        parser = ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
        parser.read_string(unit.read_text())
        assert int(parser["Service"]["TimeoutStopSec"]) > 30
