"""Webhooks that failed are sent again: each once it is due, a few times, and never one that arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.work import Redeliver
from gate.github import DeliveryAttempt
from gate.workflows.redeliver import FIRST_WAIT, KEPT, MOST_TIMES, Found, redeliver, sorted_out
from tests.fake_github import Delivery, FakeGitHub
from tests.fake_github.receiver import serving
from tests.workflows.conftest import Later
from tests.workflows.inline_run import InlineRun

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FAILED = DeliveryAttempt(1, "one", NOON, succeeded=False)


@pytest.fixture
def down(github: FakeGitHub, service: Later) -> FakeGitHub:
    """A GitHub that could not reach us for two events."""
    github.webhooks.url = "http://127.0.0.1:1/webhook"
    github.webhooks.down = True
    github.webhooks.held = True
    for _ in range(2):
        github.webhooks.ping()
    github.deliver()
    return github


def sent_again(github: FakeGitHub) -> list[str]:
    """The guids of the attempts that we asked for."""
    return sorted(one.guid for one in github.deliveries if one.redelivery)


def swept(service: Later) -> None:
    redeliver(InlineRun(), service, Redeliver())


def attempted(github: FakeGitHub) -> None:
    """GitHub carries out the attempts it was asked for."""
    github.deliver()


@pytest.mark.parametrize(
    ("attempts", "found"),
    [
        ([], Found((), ())),
        ([FAILED], Found((), (("one", 1),))),
        # The newest attempt is the one to repeat, whatever the order of the list.
        ([FAILED, replace(FAILED, id=2)], Found((), (("one", 2),))),
        ([replace(FAILED, id=2), FAILED], Found((), (("one", 2),))),
        # One that arrived at last, or at first, is done with.
        ([FAILED, replace(FAILED, id=2, succeeded=True)], Found(("one",), ())),
        ([replace(FAILED, succeeded=True), replace(FAILED, id=2)], Found(("one",), ())),
    ],
)
def test_attempts_are_grouped_by_event(attempts: list[DeliveryAttempt], found: Found) -> None:
    """
    GitHub gives every attempt of an event the same guid.
    """
    assert sorted_out(attempts) == found


def test_failed_deliveries_are_sent_again(service: Later, down: FakeGitHub) -> None:
    """
    Those that failed to connect too, which GitHub does not count as failures with a status.
    """
    wanted = sorted(one.guid for one in down.deliveries)

    swept(service)

    assert sent_again(down) == wanted


def test_what_arrived_is_not_sent_again(service: Later, down: FakeGitHub) -> None:
    """
    Once a second attempt succeeded there is no third.
    """
    swept(service)
    with serving() as receiver:
        down.webhooks.url, down.webhooks.down = receiver.url, False
        attempted(down)
    service.ahead = 2 * FIRST_WAIT

    swept(service)

    assert len(sent_again(down)) == 2


def test_attempts_are_later_and_later_and_end(service: Later, down: FakeGitHub) -> None:
    """
    An event that we can never take is tried a few times, and is not begun anew while GitHub lists it.
    """
    counts = []
    for minutes in (0, 1, 5, 6, 25, 26, 110, 500, 1000, 2000):
        service.ahead = timedelta(minutes=minutes)
        swept(service)
        attempted(down)
        counts.append(len(sent_again(down)) // 2)

    assert counts == [1, 1, 2, 2, 3, 3, 4, 4, 4, 4]
    assert max(counts) == MOST_TIMES
    assert service.store.due_deliveries(service.now() + KEPT / 2) == ()


@pytest.mark.long
def test_a_long_list_is_read_to_its_end(service: Later, down: FakeGitHub) -> None:
    """
    GitHub gives a hundred a page.
    """
    for _ in range(150):
        down.webhooks.ping()
    down.deliver()
    failed: list[Delivery] = [one for one in down.deliveries if one.status != "OK"]

    swept(service)

    assert len(sent_again(down)) == len(failed) == 152


def test_what_was_read_before_is_not_read_again(service: Later, down: FakeGitHub) -> None:
    """
    A sweep begins where the last one ended, and a little before.
    """
    swept(service)
    reads = len([one for one in down.exchanges if one.path == "/app/hook/deliveries"])
    service.ahead = timedelta(hours=1)
    for _ in range(3):
        swept(service)

    assert len([one for one in down.exchanges if one.path == "/app/hook/deliveries"]) == reads + 3
    until = service.store.read_until("deliveries")
    assert until is not None
    assert service.now() - until < timedelta(minutes=1)
