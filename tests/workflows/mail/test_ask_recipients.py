"""The question whether somebody wants mail: once a month, and nothing but that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.event import RepositoryRef
from gate.core.mail_work import AskRecipients
from gate.workflows import ask_recipients as module
from gate.workflows.ask_recipients import ask_recipients
from tests.mail_server import Script
from tests.workflows.inline_run import InlineRun
from tests.workflows.mail.mail_service import MONDAY, SHOP, WES, Clock, know, note_recipients


def ask(service: Clock, repository: RepositoryRef = SHOP) -> None:
    """What a worker does when a policy was recorded."""
    ask_recipients(InlineRun(), service, AskRecipients(repository))


def test_the_question_says_nothing_of_the_repository_but_its_name(service: Clock, script: Script) -> None:
    """
    With a button, a link that stops every mail, and the headers of a list.
    """
    note_recipients(service.store, SHOP, WES)

    ask(service)

    ((to, mail),) = script.taken
    text = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_content()
    assert to == WES
    assert mail["Subject"] == "Do you want a weekly e-mail about octo/shop?"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "https://gate.example/mail/confirm/" in text
    assert "https://gate.example/mail/stop/" in text
    assert WES not in "".join(line for line in text.splitlines() if "https://" in line)


def test_one_question_in_thirty_days(service: Clock, script: Script) -> None:
    """
    However often the policy is recorded; and none after an answer.
    """
    note_recipients(service.store, SHOP, WES)
    for _ in range(3):
        ask(service)
    service.time = MONDAY + timedelta(days=29, hours=23)
    ask(service)
    before = len(script.taken)
    service.time = MONDAY + timedelta(days=30)
    ask(service)
    service.store.stop(SHOP.id, WES, service.now())
    service.time = MONDAY + timedelta(days=90)
    ask(service)

    assert (before, len(script.taken)) == (1, 2)


def test_a_question_that_did_not_leave_is_asked_again(service: Clock, script: Script) -> None:
    """
    451, then taken; a refused one is not repeated.
    """
    note_recipients(service.store, SHOP, WES, "gone@elsewhere.example")
    script.rcpt = {WES: "451 later", "gone@elsewhere.example": "550 no such user"}
    ask(service)
    script.rcpt = {}
    ask(service)
    ask(service)

    assert [to for to, _ in script.taken] == [WES]


def test_one_address_is_asked_little(service: Clock, script: Script) -> None:
    """
    Of five repositories that name it, three may ask in one day.
    """
    for number in range(20, 25):
        repository = replace(SHOP, id=number, full_name=f"octo/r{number}")
        know(service.store, repository, WES)
        ask(service, repository)

    assert len(script.taken) == 3


def test_one_day_has_a_limit(service: Clock, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    So that nobody sends mail to the world by a file in a repository.
    """
    monkeypatch.setattr(module, "MOST_ASKED_A_DAY", 2)
    note_recipients(service.store, SHOP, *(f"p{number}@elsewhere.example" for number in range(5)))

    ask(service)

    assert len(script.taken) == 2


def test_twenty_of_a_list_are_asked(service: Clock, script: Script) -> None:
    """
    The rest of it counts for nothing.
    """
    note_recipients(service.store, SHOP, *(f"p{number}@elsewhere.example" for number in range(30)))

    ask(service)

    assert len(script.taken) == 20
    assert script.connections == 1


def test_a_suppressed_address_is_not_asked(service: Clock, script: Script) -> None:
    """
    Nor is anybody of a repository that the App was taken from.
    """
    note_recipients(service.store, SHOP, WES)
    service.store.suppress(WES, "stopped", MONDAY)
    ask(service)
    service.store.unsuppress(WES)
    service.store.keep_repositories(SHOP.installation_id, [], now=MONDAY)
    ask(service)

    assert script.taken == []
