"""The weekly mails: to whom, when, and never twice, through a real mail server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from gate.core.mail_work import SendDigests
from gate.core.relay import Relay
from gate.core.work import subject
from gate.store import MailKey, Store
from gate.workflows import send_digest
from gate.workflows.deliver import CLAIM
from gate.workflows.send_digest import begin, due, send_digests
from tests.mail_server import Script
from tests.workflows.inline_run import InlineRun
from tests.workflows.mail.mail_service import (
    MIRA,
    MONDAY,
    SHOP,
    VAULT,
    WES,
    Clock,
    know,
    note_recipients,
    settings_for,
)

WEEK_47 = MailKey("weekly", MIRA, week="2026-W47")


def send(service: Clock) -> None:
    """What one of the workers does every hour."""
    send_digests(InlineRun(), service, SendDigests())


def state(service: Clock, key: MailKey = WEEK_47) -> str:
    """What became of a mail; empty where it was not begun."""
    found = service.store.mail(key)
    return found.state if found else ""


def digests(script: Script) -> list[tuple[str, EmailMessage]]:
    """The weekly mails that arrived."""
    return [(to, mail) for to, mail in script.taken if mail["List-Id"] == "<weekly.gate.example>"]


def test_a_mail_arrives_once(service: Clock, script: Script) -> None:
    """
    Whole, with its picture, and no second one however often the hour comes.
    """
    for _ in range(3):
        send(service)

    ((to, mail),) = digests(script)
    assert to == MIRA
    assert mail["Subject"] == "octo/shop, week 47: coverage 80.4 % (+0.6 pp), 1 function more over the limit"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert state(service) == "sent"


@pytest.mark.parametrize(
    ("now", "zone", "week"),
    [
        # Eight o'clock on Monday, by the clocks of the repository.
        ("2026-11-23T06:59", "Europe/Zurich", None),
        ("2026-11-23T07:00", "Europe/Zurich", "2026-11-16"),
        ("2026-11-22T23:00", "Asia/Tokyo", "2026-11-16"),
        ("2026-11-22T22:59", "Asia/Tokyo", None),
        # Later in the week the same week is told of: after a time away nobody hears of older ones.
        ("2026-11-29T22:59", "Europe/Zurich", "2026-11-16"),
        # The clocks were changed in the night before.
        ("2026-03-30T06:00", "Europe/Zurich", "2026-03-23"),
        ("2026-03-30T05:59", "Europe/Zurich", None),
    ],
)
def test_when_a_week_is_told_of(now: str, zone: str, week: str | None) -> None:
    """
    The last one that ended, from Monday morning on.
    """
    found = due(datetime.fromisoformat(now).replace(tzinfo=UTC), zone)

    assert (found.isoformat() if found else None) == week


def test_before_its_time_nothing_is_sent(service: Clock, script: Script) -> None:
    """
    On Monday at seven there.
    """
    service.time = MONDAY - timedelta(hours=1)

    send(service)

    assert script.taken == []


def test_after_a_time_away_only_the_latest_week_is_sent(service: Clock, script: Script) -> None:
    """
    Three weeks of silence of the service are one mail, about the last of them.
    """
    note_recipients(service.store, SHOP, MIRA, quiet=True)
    service.time = MONDAY + timedelta(weeks=3)

    send(service)

    assert [mail["Subject"] for _, mail in digests(script)] == ["octo/shop, week 50: no change"]
    assert state(service) == ""


def test_one_mail_for_all_repositories_of_a_person(service: Clock, script: Script) -> None:
    """
    Also of a private one, where the operator allows the domain.
    """
    know(service.store, VAULT, MIRA)

    send(service)

    ((_, mail),) = digests(script)
    assert mail["Subject"].startswith("2 repositories, week 47: mixed in 2 of 2")


def test_a_person_in_two_zones_waits_for_the_later_one(service: Clock, script: Script) -> None:
    """
    One mail a week: it goes when the week has ended for all repositories.
    """
    know(service.store, VAULT, MIRA, timezone="America/New_York")

    send(service)
    before = len(digests(script))
    service.time = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
    send(service)

    assert (before, len(digests(script))) == (0, 1)


def test_a_silent_week_is_skipped(service: Clock, script: Script) -> None:
    """
    Nothing happened in week 48, so nothing is sent about it.
    """
    service.time = MONDAY + timedelta(weeks=1)

    send(service)

    assert script.taken == []
    assert state(service, MailKey("weekly", MIRA, week="2026-W48")) == ""


def test_who_did_not_confirm_gets_a_question_first(service: Clock, script: Script) -> None:
    """
    One question, then nothing until they say yes.
    """
    note_recipients(service.store, SHOP, WES)

    send(service)
    send(service)
    asked = [mail["Subject"] for _, mail in script.taken]
    service.store.confirm(SHOP.id, WES, service.now())
    send(service)

    assert asked == ["Do you want a weekly e-mail about octo/shop?"]
    assert [to for to, _ in digests(script)] == [WES]


def test_who_stopped_gets_nothing(service: Clock, script: Script) -> None:
    """
    About the repository, or at all, whatever the policy and the operator say.
    """
    know(service.store, VAULT, MIRA, "ada@northwind.example")
    service.store.stop(SHOP.id, MIRA, MONDAY)
    service.store.suppress("ada@northwind.example", "stopped", MONDAY)

    send(service)

    ((to, mail),) = digests(script)
    assert (to, mail["Subject"].split(",")[0]) == (MIRA, "octo/vault")


def test_a_removed_repository_is_not_told_of(service: Clock, script: Script) -> None:
    """
    The App was taken from it.
    """
    service.store.keep_repositories(SHOP.installation_id, [], now=service.time)

    send(service)

    assert script.taken == []


def test_a_private_repository_is_kept_from_other_domains(service: Clock, script: Script) -> None:
    """
    They are not even asked, for the name alone says too much.
    """
    know(service.store, VAULT, WES)
    note_recipients(service.store, SHOP)

    send(service)

    assert script.taken == []


def test_a_refused_address_is_not_tried_again(service: Clock, script: Script) -> None:
    """
    550 for the recipient: this week's mail is over.
    """
    script.rcpt = {MIRA: "550 no such user"}
    send(service)
    script.rcpt = {}
    send(service)

    assert (state(service), script.taken) == ("bounced", [])


def test_a_mail_put_off_is_sent_an_hour_later(service: Clock, script: Script) -> None:
    """
    451: tried again until it is taken, and then no more.
    """
    script.rcpt = {MIRA: "451 come back"}
    send(service)
    first = state(service)
    script.rcpt = {}
    send(service)
    send(service)

    assert (first, state(service), len(script.taken)) == ("retry", "sent", 1)


def test_a_server_that_is_down_takes_the_mail_later(service: Clock, script: Script, relay: Relay) -> None:
    """
    Nothing left, so nothing is lost.
    """
    script.cut_at = "data"
    send(service)
    first = state(service)
    script.cut_at = ""
    send(service)

    assert (first, state(service), len(script.taken)) == ("retry", "sent", 1)


def test_a_mail_of_which_no_answer_came_is_not_sent_again(service: Clock, script: Script) -> None:
    """
    The connection broke after it had left: the server may have it, and here it has. One loss is better than two copies.
    """
    script.cut_at = "end"
    send(service)
    script.cut_at = ""
    send(service)

    assert (state(service), len(script.taken)) == ("unknown", 1)


def test_two_workers_at_once_send_one(service: Clock, script: Script, relay: Relay, tmp_path: Path) -> None:
    """
    Each with a connection and a store of its own, on one database.
    """

    def work(_: int) -> None:
        other = Clock(settings_for(relay, tmp_path))
        with Store(other.settings.database_url) as store:
            other.store = store
            send(other)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    assert len(digests(script)) == 1
    assert state(service) == "sent"


def test_a_crash_between_sending_and_recording_sends_no_second_one(
    service: Clock, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The worker dies with the server's answer in its hands: the mail is `unknown` when its time is over, and told to the operator.
    """
    with monkeypatch.context() as patch:
        patch.setattr(Store, "end_mail", _die)
        with pytest.raises(SystemExit):
            send(service)
    send(service)
    meanwhile = state(service)
    service.time += CLAIM + timedelta(seconds=1)
    send(service)
    service.telemetry.show_mails(service.store.mail_counts())

    assert (meanwhile, state(service), len(script.taken)) == ("sending", "unknown", 1)
    assert b'gate_mails{kind="weekly",state="unknown"} 1.0' in service.telemetry.exposition(repositories=None)


def test_two_bounces_in_different_weeks_end_it(service: Clock, script: Script) -> None:
    """
    One is an accident; what was taken in between starts the count anew.
    """
    note_recipients(service.store, SHOP, MIRA, quiet=True)

    def week(number: int, answer: str) -> None:
        service.time = MONDAY + timedelta(weeks=number)
        script.rcpt = {MIRA: answer} if answer else {}
        send(service)

    week(0, "550 full")
    week(1, "")
    week(2, "550 full")
    once = service.store.suppressed([MIRA])
    week(3, "550 full")
    week(4, "")

    assert once == {}
    assert service.store.suppressed([MIRA]) == {MIRA: "bounced"}
    assert len(script.taken) == 1


def test_many_recipients_share_one_connection(service: Clock, script: Script) -> None:
    """
    Twenty mails, one log-in.
    """
    note_recipients(service.store, SHOP, *(f"p{number}@northwind.example" for number in range(25)))

    send(service)

    assert len({to for to, _ in digests(script)}) == 20
    assert script.connections == 1


def test_a_server_that_takes_nothing_is_left_alone(service: Clock, script: Script) -> None:
    """
    After two failures of its own the rest waits for the next hour.
    """
    note_recipients(service.store, SHOP, *(f"p{number}@northwind.example" for number in range(5)))
    script.mail = "550 you are blocked"

    send(service)

    assert script.connections == 2
    assert service.store.mail_counts() == {("weekly", "retry"): 2}


def test_one_day_has_a_limit(service: Clock, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is left over goes out the next day.
    """
    monkeypatch.setattr(send_digest, "MOST_MAILS_A_DAY", 2)
    note_recipients(service.store, SHOP, *(f"p{number}@northwind.example" for number in range(3)))

    send(service)
    first = len(script.taken)
    service.time += timedelta(days=1)
    send(service)

    assert (first, len(script.taken)) == (2, 3)


def test_hostile_names_stay_text(service: Clock, script: Script) -> None:
    """
    Markup in a title is shown as it was written.
    """
    send(service)

    ((_, mail),) = digests(script)
    html = next(part for part in mail.walk() if part.get_content_type() == "text/html").get_content()
    assert "Retry &lt;b&gt;" in html
    assert "Retry <b>" not in html


def test_one_sending_at_a_time(service: Clock) -> None:
    """
    While the mails of the hour before are still going out, no second sending queues up.
    """
    idle, busy = InlineRun(), InlineRun(under_way={subject(SendDigests()): ("the first",)})

    begin(idle, service)
    begin(busy, service)

    assert (idle.started, busy.started) == ([SendDigests()], [])


def test_without_a_mail_server_nothing_is_begun(service: Clock, tmp_path: Path) -> None:
    """
    Recipients of a policy alone send nothing.
    """
    service.settings = replace(service.settings, mail=None)
    run = InlineRun()

    begin(run, service)
    send(service)

    assert run.started == []
    assert service.store.mail_counts() == {}


def _die(*_: object) -> None:
    raise SystemExit
