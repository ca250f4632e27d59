"""Which failures and skips tell of a network or a service that is not there."""

from __future__ import annotations

import pytest

from checks.unreachable_service import missing, skips, tells


@pytest.mark.parametrize(
    "text",
    [
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
        "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)",
        "socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "urllib3.exceptions.NameResolutionError: Failed to resolve 'example.org'",
        "OSError: [Errno 101] Network is unreachable",
        "pymongo.errors.ServerSelectionTimeoutError: localhost:27017: [Errno 111]",
        "x" * 100_000 + "Connection refused",
    ],
)
def test_a_failed_connection_is_one(text: str) -> None:
    """By the words of the kernel, of the resolver or of a well-known client."""
    assert tells(text)


@pytest.mark.parametrize("text", ["", "AssertionError: refused", "TimeoutError", "connection closed"])
def test_other_failures_are_none(text: str) -> None:
    """What may have another cause is the project's."""
    assert not tells(text)


@pytest.mark.parametrize(
    ("reason", "names_one"),
    [
        ("Can't run the test because the network is unreachable", True),
        ("requires internet", True),
        ("tests are OFFLINE", True),
        ("[Errno 111] Connection refused", True),
        ("needs Windows", False),
        ("networkx is not installed", False),
        ("", False),
    ],
)
def test_a_skip_may_name_a_network(reason: str, names_one: bool) -> None:
    """In the words people write, whole ones only."""
    assert skips(reason) is names_one


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)", "PostgreSQL"),
        ("psycopg.OperationalError: connection failed: Connection refused", "PostgreSQL"),
        ("Can't connect to local MySQL server through socket", "MySQL"),
        (
            "redis.exceptions.ConnectionError: Error 111 connecting to cache:1234. Connection refused.",
            "Redis",
        ),
        ("pymongo.errors.ServerSelectionTimeoutError: [Errno 111]", "MongoDB"),
        ("[Errno 111] Connect call failed ('::1', 5672, 0, 0)", "RabbitMQ"),
        ("kafka.errors.NoBrokersAvailable: Connection refused", "Kafka"),
        ("http://search:9200/ Connection refused", "Elasticsearch"),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "the network"),
        ("OSError: [Errno 101] Network is unreachable", "the network"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "a service"),
        # A port is a number of its own.
        ("Connection refused: 15432", "a service"),
    ],
)
def test_what_is_missing_has_a_name(text: str, service: str) -> None:
    """By port or client; nothing else of the text is repeated."""
    assert tells(text)
    assert missing(text) == service
