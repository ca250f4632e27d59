"""How many requests one address may send, which address that is, and what is never refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from gate.web.limits import Limiter, client_of
from tests.web.service import PUSH, WebService, as_body, signed, web_app, web_service
from tests.web.test_api import described, mistakes

A_MINUTE = 3


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def service(tmp_path: Path, log: io.StringIO) -> Iterator[WebService]:
    service = web_service(tmp_path, requests_per_minute=A_MINUTE)
    service.telemetry.configure_log("info", stream=log)
    yield service
    service.close()


@pytest.fixture
def client(service: WebService) -> FlaskClient:
    return web_app(service).test_client()


def test_a_minutes_requests_may_come_at_once() -> None:
    """
    Sixty a minute: sixty at once, then one each second.
    """
    limiter = Limiter(60)

    at_once = [limiter.wait_seconds("a", 1000.0) for _ in range(62)]
    later = [limiter.wait_seconds("a", now) for now in (1000.5, 1001.0, 1001.5, 1003.0, 1003.0)]

    assert at_once == [0] * 60 + [1, 1]
    assert later == [1, 0, 1, 0, 0]


def test_it_says_how_long_to_wait() -> None:
    """
    Two a minute: the third has to wait half of one.
    """
    limiter = Limiter(2)

    assert [limiter.wait_seconds("a", now) for now in (0.0, 0.0, 0.0, 29.0, 30.0)] == [0, 0, 30, 1, 0]


def test_one_client_is_not_held_against_another() -> None:
    """
    Each has a bucket of its own.
    """
    limiter = Limiter(1)

    assert [limiter.wait_seconds(client, 0.0) for client in "abab"] == [0, 0, 60, 60]


def test_only_so_many_clients_are_remembered() -> None:
    """
    The one that was silent longest is forgotten first.
    """
    limiter = Limiter(1, most_clients=2)

    answers = [limiter.wait_seconds(client, 0.0) for client in "abacab"]

    assert answers == [0, 0, 60, 0, 60, 0]
    assert len(limiter) == 2


@given(
    times=st.lists(st.floats(0, 20), max_size=60).map(
        lambda steps: [sum(steps[:end]) for end in range(len(steps))]
    ),
    per_minute=st.integers(1, 30),
)
def test_no_minute_has_more_than_twice_its_requests(times: list[float], per_minute: int) -> None:
    """
    A full bucket and what comes back in that minute; and whoever waits as long as was said is answered.
    """
    limiter = Limiter(per_minute)
    answered = []
    for now in times:
        seconds = limiter.wait_seconds("a", now)
        if not seconds:
            answered.append(now)

    assert all(sum(first <= now < first + 60 for now in answered) <= 2 * per_minute for first in answered)
    seconds = limiter.wait_seconds("a", 10_000.0)
    while not seconds:
        seconds = limiter.wait_seconds("a", 10_000.0)
    assert limiter.wait_seconds("a", 10_000.0 + seconds) == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        # Without proxies the header is anybody's.
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", 0, "192.0.2.1"),
        # Each proxy adds whom it saw at the end; what stands before that was sent by the client.
        ("10.0.0.1", "198.51.100.7", 1, "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7", 1, "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7 ,10.0.0.2", 2, "198.51.100.7"),
        # Whoever comes past the proxies, or in a form nobody knows, counts as who connected.
        ("192.0.2.1", "198.51.100.7", 2, "192.0.2.1"),
        ("192.0.2.1", "", 1, "192.0.2.1"),
        ("192.0.2.1", "unknown", 1, "192.0.2.1"),
        ("192.0.2.1", ",", 1, "192.0.2.1"),
        # Some proxies add the port.
        ("10.0.0.1", "198.51.100.7:4711", 1, "198.51.100.7"),
        ("10.0.0.1", "[2001:db8:1:2::7]:4711", 1, "2001:db8:1:2::/64"),
        # Of IPv6 people have whole networks; of IPv4 written so, they have not.
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", 0, "fe80::/64"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
        ("", "", 0, ""),
    ],
)
def test_the_client_is_whom_our_own_proxies_saw(peer: str, forwarded: str, proxies: int, client: str) -> None:
    """
    Nobody chooses the address that is counted.
    """
    assert client_of(peer, forwarded, proxies) == client


@given(made_up=st.text(max_size=60), proxies=st.integers(1, 3))
def test_what_a_client_sends_does_not_change_who_it_is(made_up: str, proxies: int) -> None:
    """
    Whatever it writes into the header before our proxies add to it.
    """
    ours = ", ".join(["198.51.100.7", *["10.0.0.2"] * (proxies - 1)])

    assert client_of("10.0.0.1", f"{made_up}, {ours}", proxies) == "198.51.100.7"


@pytest.mark.parametrize("path", ["/", "/r/a/b", "/none", "/readyz", "/assets/gate.css"])
def test_too_many_requests_are_429(client: FlaskClient, path: str) -> None:
    """
    With when to come again; the first ones are answered as ever.
    """
    answers = [client.get(path) for _ in range(A_MINUTE + 1)]
    for answer in answers:
        answer.close()

    assert [answer.status_code == 429 for answer in answers] == [False] * A_MINUTE + [True]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert answers[-1].headers["X-Content-Type-Options"] == "nosniff"
    assert answers[-1].headers["Cache-Control"] == "no-store"


def test_the_api_says_so_as_it_says_everything(client: FlaskClient) -> None:
    """
    As the document describes it, in JSON.
    """
    answers = [client.get("/api/v1/repositories") for _ in range(A_MINUTE + 1)]

    assert [answer.status_code for answer in answers] == [200] * A_MINUTE + [429]
    told = json.loads(answers[-1].data)
    assert "3 requests a minute" in told["error"]
    assert mistakes(described("/repositories", 429, "application/json"), told) == []


def test_webhooks_and_health_are_never_refused(client: FlaskClient) -> None:
    """
    A push to many branches is many deliveries, and a refused health check would restart the service.
    """
    body = as_body(PUSH)
    for _ in range(A_MINUTE + 1):
        client.get("/none")

    deliveries = [client.post("/webhook", data=body, headers=signed(body)).status_code for _ in range(5)]
    healthy = [client.get("/healthz").status_code for _ in range(5)]

    assert client.get("/none").status_code == 429
    assert deliveries == [202] * 5
    assert healthy == [200] * 5


def test_clients_behind_our_proxy_are_told_apart(tmp_path: Path) -> None:
    """
    Once we know of it.
    """
    service = web_service(tmp_path, requests_per_minute=1, proxies=1)
    client = web_app(service).test_client()

    answers = [
        client.get("/none", headers={"X-Forwarded-For": f"{number}.1.1.1, 198.51.100.{last}"}).status_code
        for number, last in enumerate((7, 8, 7))
    ]
    service.close()

    assert answers == [404, 404, 429]


def test_a_proxy_that_nobody_told_us_of_is_noticed(client: FlaskClient, log: io.StringIO) -> None:
    """
    Everybody behind it shares a limit then, which is said once.
    """
    answers = [
        client.get("/none", headers={"X-Forwarded-For": f"198.51.100.{number}"}).status_code
        for number in range(A_MINUTE + 2)
    ]

    assert answers == [404] * A_MINUTE + [429] * 2
    assert log.getvalue().count("set GATE_PROXIES") == 1


def test_no_limit_is_none(tmp_path: Path) -> None:
    """
    Where something before the service has one.
    """
    service = web_service(tmp_path, requests_per_minute=0)
    client = web_app(service).test_client()

    answers = {client.get("/none").status_code for _ in range(50)}
    service.close()

    assert answers == {404}
