"""GitHub in trouble: whatever goes wrong with a request, each name ends with exactly one completed check run."""

from __future__ import annotations

import base64
import re

import pytest

from gate.github.app import TIMEOUT_SECONDS
from tests.fake_github.faults import (
    BAD_GATEWAY,
    BAD_GATEWAY_BUT_APPLIED,
    CREATE_CHECK_RUN,
    CREATE_TOKEN,
    CUT,
    CUT_BUT_APPLIED,
    GIT,
    UPDATE_CHECK_RUN,
    Fault,
    lag,
    secondary_limit,
    slow,
)
from tests.flows.conftest import NEW_SECRET, SHOP, SOURCE, TANGLE, World, runs_of, said_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

TOO_MANY = Fault(429, "Too many requests", {"Retry-After": "1"})
FINE = slow(0.001)
"""Between two faults, so that they hit different requests and waits for the second attempt do not add up."""
TROUBLE = (
    BAD_GATEWAY,
    BAD_GATEWAY_BUT_APPLIED,
    CUT,
    CUT_BUT_APPLIED,
    secondary_limit(1),
    TOO_MANY,
    lag("0" * 40),
)


def test_every_kind_of_trouble_with_check_runs(world: World) -> None:
    """
    Requests that fail, and those whose answer alone is lost, are repeated without doubling a check run.
    """
    world.github.faults.script(CREATE_CHECK_RUN, slow(TIMEOUT_SECONDS + 1))
    for operation, faults in ((CREATE_CHECK_RUN, TROUBLE), (UPDATE_CHECK_RUN, TROUBLE[:-1])):
        for fault in faults:
            world.github.faults.script(operation, fault, FINE)

    pulls = [world.repository().open_pull_request({"shop.py": SOURCE + TANGLE}) for _ in range(4)]

    world.settled(*pulls)

    assert all(said_once(pull) for pull in pulls)
    assert world.github.faults.left == {}


@pytest.mark.long
def test_trouble_with_tokens_and_git(world: World) -> None:
    """
    A verdict waits for tokens and for git as it does for check runs.
    """
    world.github.faults.script(CREATE_TOKEN, BAD_GATEWAY, CUT, TOO_MANY)
    world.github.faults.script(GIT, BAD_GATEWAY, CUT, Fault(429, "slow down"))
    pull = world.repository(private=True).open_pull_request({"shop.py": SOURCE + TANGLE})

    world.settled(pull)

    assert pull.check_run.conclusion == "failure"
    assert said_once(pull)
    assert world.github.faults.left == {}


@pytest.mark.long
def test_a_limited_account_waits_and_another_does_not(world: World) -> None:
    """
    Who is limited for long is judged when GitHub allows it, without a request before; who is not, is judged meanwhile.
    """
    before = len(world.github.exchanges)
    world.github.faults.script(CREATE_CHECK_RUN, secondary_limit(12))
    limited = world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})
    world.until(lambda: CREATE_CHECK_RUN not in world.github.faults.left, "the limit")
    other = world.repository(owner="acme").open_pull_request({"shop.py": SOURCE + TANGLE})

    world.settled(other, limited)

    assert said_once(limited)
    assert said_once(other)
    refused = [one.operation for one in world.github.exchanges[before:] if one.status == 403]
    assert refused == [CREATE_CHECK_RUN]


@pytest.mark.long
def test_a_head_that_the_api_does_not_show_yet(world: World) -> None:
    """
    The webhook may come before the API knows the commit; then the check run is made a little later.
    """
    repository = world.repository()
    world.github.webhooks.held = True
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    repository.invisible.add(pull.head_sha)
    world.github.deliver()
    world.until(lambda: _asked_in_vain(world, repository.full_name), "a request for the unknown commit")

    repository.invisible.clear()

    world.settled(pull)
    assert said_once(pull)


@pytest.mark.parametrize("operation", [CREATE_CHECK_RUN, UPDATE_CHECK_RUN])
def test_a_cancelled_run_does_not_reopen_what_was_closed(world: World, operation: str) -> None:
    """
    A request that is under way while its run is superseded may end after the closing; nothing stays in progress.
    """
    repository = world.repository({**SHOP, ".gate.toml": ""})
    world.github.faults.script(operation, slow(2))
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    old = pull.head_sha
    world.until(lambda: operation not in world.github.faults.left, "the slow request")

    pull.force_push({"README.md": "another\n"})

    world.settled(pull)
    world.until(
        lambda: (
            [run.status for run in repository.check_runs if run.head_sha == old and run.name == "gate"]
            == ["completed"]
        ),
        "the old head's gate",
    )
    assert len(runs_of(pull)) == 4


def _asked_in_vain(world: World, full_name: str) -> bool:
    return any(one.status in {404, 422} and full_name in one.path for one in world.github.exchanges)


def test_the_log_holds_no_secret(world: World) -> None:
    """
    At the level `debug`, and when requests with tokens fail, no key, secret, token or JWT is in the log.
    """
    world.github.faults.script(CREATE_TOKEN, CUT)
    world.github.faults.script(GIT, Fault(403, "no"))
    pull = world.repository(private=True).open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)

    log = world.service.log.read_text()

    app = world.github.app
    secrets = [NEW_SECRET, app.webhook_secret, app.client_secret, *app.private_key.splitlines()[1:-1]]
    tokens = [
        *world.github.tokens,
        *(base64.b64encode(f"x-access-token:{t}".encode()).decode() for t in world.github.tokens),
    ]
    assert '"level": "debug"' in log
    assert [one for one in (*secrets, *tokens) if one in log] == []
    assert re.findall(r"eyJ[\w-]{10,}\.[\w-]{10,}\.", log) == []
