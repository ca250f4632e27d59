"""From nothing to a first verdict: `gate serve` without an App, registered at /setup, installed, and at work without a restart."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.fake_github import FakeGitHub
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World
from tests.running_service import RunningService

NO_APP = {
    "GATE_APP_ID": "",
    "GATE_PRIVATE_KEY": "",
    "GATE_WEBHOOK_SECRET": "",
    "GATE_CLIENT_ID": "",
    "GATE_CLIENT_SECRET": "",
}


@pytest.fixture
def unregistered(tmp_path: Path) -> Iterator[World]:
    """A service that has no App yet."""
    with (
        FakeGitHub(tmp_path / "github") as github,
        RunningService(tmp_path / "service", github, environment=NO_APP) as service,
    ):
        yield World(github, service, itertools.count(1))
        assert github.problems == []


def test_registered_at_setup_both_processes_know_the_app(unregistered: World) -> None:
    """
    Web and worker were started before there was an App, and judge the first pull request after it was registered.
    """
    github, service = unregistered.github, unregistered.service
    address = re.search(r"(http://\S+/setup\?token=[\w-]+)", service.log.read_text())
    assert address
    browser = requests.Session()

    form = browser.get(address[1], timeout=10).text
    action = re.search(r'<form method="post" action="([^"]+)"', form)
    manifest = re.search(r'name="manifest" value="([^"]+)"', form)
    assert action
    assert manifest
    done = browser.post(html.unescape(action[1]), data={"manifest": html.unescape(manifest[1])}, timeout=10)

    assert "The App is registered" in done.text
    assert browser.get(address[1], timeout=10).status_code == 404
    repository = github.repository(SHOP, name="octo/shop")
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    assert unregistered.verdict(pull).conclusion == "failure"
    assert github.app.webhook_secret not in service.log.read_text()
