"""`app.yaml` asks GitHub for exactly what the code uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gate.core.event import reading
from gate.settings import Settings
from gate.web.setup import manifest
from gate.web.sign_in import CALLBACK

ROOT = Path(__file__).parent.parent
AUTOMATIC = {
    "check_run",
    "check_suite",
    "installation",
    "installation_repositories",
    "installation_target",
    "github_app_authorization",
    "ping",
}
"""Events every App with `checks: write` gets without asking."""
NEEDED = {
    "metadata": "read",  # every App has it
    "actions": "read",  # GitHubRepository.artifacts
    "contents": "read",  # gate.git fetches
    "issues": "read",  # issue_comment events: GitHub sends them to nobody else
    "pull_requests": "write",  # pull_request events; GitHubRepository.create_comment
    "merge_queues": "read",  # merge_group events
    "checks": "write",  # GitHubRepository.create_check_run
    "statuses": "write",  # rulesets accept an App as expected source only with it
}


def _manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "app.yaml").read_text())
    return loaded


def test_it_lists_the_events_that_are_parsed() -> None:
    """
    Every event the code reads is subscribed, and no other.
    """
    assert set(_manifest()["default_events"]) == set(reading._READERS) - AUTOMATIC


def test_it_lists_the_permissions_that_are_needed() -> None:
    """
    Every permission has a caller or a stated reason, and there is no other.
    """
    assert _manifest()["default_permissions"] == NEEDED


def test_every_line_says_why() -> None:
    """
    Permissions that are not obvious carry their reason beside them.
    """
    text = (ROOT / "app.yaml").read_text()

    assert all(
        "#" in line
        for line in text.splitlines()
        if line.strip().startswith(("statuses", "contents", "checks", "issues", "pull_requests", "actions"))
    )


def test_it_registers_where_people_come_back_to(tmp_path: Path) -> None:
    """
    GitHub sends people who sign in to registered addresses only, compared letter by letter.
    """
    settings = Settings(
        app=None, data_dir=tmp_path, database_url="sqlite://", public_url="https://example.org/gate"
    )

    assert manifest(settings)["callback_urls"] == [f"https://example.org/gate{CALLBACK}"]
