"""The links in mails: GET changes nothing, POST acts at once, and nobody can make one of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gate.core.event import RepositoryRef
from gate.core.mail_token import ConfirmToken, StopToken
from gate.store import Store
from tests.web.service import WebService, web_app, web_service

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MIRA = "mira@b.example"


@pytest.fixture
def service(store: Store, tmp_path: Path) -> Iterator[WebService]:
    made = web_service(tmp_path, migrated=False, public_url="https://gate.example/below")
    made.store = store
    store.save_repository(RepositoryRef(1, 7, "octo/shop", "main", private=True))
    store.claim_asking(7, MIRA, now=NOON, not_since=NOON - timedelta(days=30))
    yield made
    made.submitter.close()


@pytest.fixture
def client(service: WebService) -> FlaskClient:
    return web_app(service).test_client()


def confirm(service: WebService, repository_id: int = 7) -> str:
    return f"/mail/confirm/{service.seal(ConfirmToken(MIRA, repository_id)).decode()}"


def stop(service: WebService, repository_id: int = 0) -> str:
    return f"/mail/stop/{service.seal(StopToken(MIRA, repository_id)).decode()}"


def test_looking_changes_nothing(service: WebService, client: FlaskClient) -> None:
    """
    Scanners open every link of a mail; they find a button, and no cookie comes with it.
    """
    for address in (confirm(service), stop(service), stop(service, 7)):
        answer = client.get(address)
        assert answer.status_code == 200
        assert f'<form method="post" action="/below{address}">' in answer.text
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert MIRA not in answer.text

    assert service.store.subscriptions(7)[MIRA].state == "asked"
    assert service.store.suppressed([MIRA]) == {}


def test_one_confirms_by_the_button(service: WebService, client: FlaskClient) -> None:
    """
    Without a session, a form token or an Origin; twice is as good as once.
    """
    answers = [client.post(confirm(service)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "You get the weekly e-mail" in answers[1].text
    assert service.store.subscriptions(7)[MIRA].state == "confirmed"


def test_one_click_stops_everything(service: WebService, client: FlaskClient) -> None:
    """
    As a mail client does it by RFC 8058: one POST, no cookie, no page before it.
    """
    answers = [client.post(stop(service), data={"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Set-Cookie" not in answers[0].headers
    assert service.store.suppressed([MIRA]) == {MIRA: "stopped"}


def test_one_click_of_an_alert_stops_mail_about_its_repository(
    service: WebService, client: FlaskClient
) -> None:
    """
    The rest goes on.
    """
    client.post(stop(service, 7), data={"List-Unsubscribe": "One-Click"})

    assert service.store.subscriptions(7)[MIRA].state == "stopped"
    assert service.store.suppressed([MIRA]) == {}


def test_one_may_stop_everything_from_the_page_of_one(service: WebService, client: FlaskClient) -> None:
    """
    By its second button.
    """
    answer = client.post(stop(service, 7), data={"scope": "all"})

    assert "sends nothing more to this address" in answer.text
    assert service.store.suppressed([MIRA]) == {MIRA: "stopped"}


def test_a_stop_works_for_ever(service: WebService, client: FlaskClient) -> None:
    """
    Also of a repository that is not known any more: then everything stops.
    """
    answer = client.post(stop(service, 99), data={"scope": "repository"})

    assert answer.status_code == 200
    assert service.store.suppressed([MIRA]) == {MIRA: "stopped"}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["confirm", "stop"])
def test_a_forged_link_leads_nowhere(
    service: WebService, client: FlaskClient, page: str, method: str
) -> None:
    """
    Made up, cut, changed, of another kind, too long, or sealed by another service.
    """
    good = (confirm(service) if page == "confirm" else stop(service)).rpartition("/")[2]
    other = (stop(service) if page == "confirm" else confirm(service)).rpartition("/")[2]
    tokens = ["x", "h\N{LATIN SMALL LETTER E WITH ACUTE}", good[:-4], "A" + good[1:], other, "x" * 5000]

    answers = [getattr(client, method)(f"/mail/{page}/{token}").status_code for token in tokens]

    assert answers == [404] * len(tokens)
    assert service.store.suppressed([MIRA]) == {}
    assert service.store.subscriptions(7)[MIRA].state == "asked"


def test_a_confirmation_of_a_repository_that_is_gone(service: WebService, client: FlaskClient) -> None:
    """
    There is nothing to confirm.
    """
    assert client.post(confirm(service, 99)).status_code == 404


def test_suppression_wins_over_a_confirmation(service: WebService, client: FlaskClient) -> None:
    """
    Whoever has an old mail cannot start it again for somebody who stopped everything.
    """
    service.store.suppress(MIRA, "stopped", NOON)

    answer = client.post(confirm(service))

    assert "This address gets no e-mail" in answer.text
    assert service.store.subscriptions(7)[MIRA].state == "asked"


def test_a_question_that_is_not_open_any_more(service: WebService, client: FlaskClient) -> None:
    """
    The repository's data was deleted meanwhile and it came back: one is asked anew.
    """
    service.store.save_repository(RepositoryRef(1, 8, "octo/new", "main", private=False))

    answer = client.post(confirm(service, 8))

    assert "not open any more" in answer.text
    assert service.store.subscriptions(8) == {}


def test_hostile_names_stay_text(service: WebService, client: FlaskClient) -> None:
    """
    GitHub has no such names today.
    """
    service.store.save_repository(RepositoryRef(1, 7, "octo/<b>\u202ex", "main", private=True))

    page = client.get(confirm(service)).text

    assert "octo/&lt;b&gt;\N{REPLACEMENT CHARACTER}x" in page
    assert "<b>" not in page
