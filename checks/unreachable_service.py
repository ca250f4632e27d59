"""Tell from a failing or skipped test's words that it wanted a network or a service that is not there, and which.

Tests run without a network and with nobody listening beside them, so a suite that needs a database or a site fails in a
way that has nothing to do with the change. Standard library only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.report import Service

_SIGNS = re.compile(
    r"Connection refused|ConnectionRefusedError|Connect call failed|ECONNREFUSED"
    r"|Temporary failure in name resolution|Name or service not known|NameResolutionError|gaierror"
    r"|Network is unreachable|No route to host|ENETUNREACH|Could not connect to (?:server|tenant)"
    r"|could not connect to server|Can't connect to (?:local )?MySQL server|ServerSelectionTimeoutError"
)
_SKIPS = re.compile(r"\b(?:network|internet|offline)\b", re.IGNORECASE)
_SERVICES: tuple[tuple[Service, re.Pattern[str]], ...] = (
    (
        "PostgreSQL",
        re.compile(r"\b5432\b|postgres|psycopg|asyncpg|could not connect to server", re.IGNORECASE),
    ),
    ("MySQL", re.compile(r"\b3306\b|mysql|mariadb", re.IGNORECASE)),
    ("Redis", re.compile(r"\b6379\b|redis|valkey", re.IGNORECASE)),
    ("MongoDB", re.compile(r"\b27017\b|mongo|ServerSelectionTimeoutError", re.IGNORECASE)),
    ("RabbitMQ", re.compile(r"\b5672\b|amqp|pika|rabbitmq", re.IGNORECASE)),
    ("Kafka", re.compile(r"\b9092\b|kafka", re.IGNORECASE)),
    ("Elasticsearch", re.compile(r"\b9200\b|elasticsearch|opensearch", re.IGNORECASE)),
    (
        "the network",
        re.compile(
            r"name resolution|Name or service not known|NameResolutionError|gaierror|unreachable|ENETUNREACH|No route to host"
        ),
    ),
)
"""The first whose words or port stand in the text."""
_LONGEST = 64 * 1024


def tells(text: str) -> bool:
    """Whether the text, or its end where it is long, has the words of a failed connection or look-up."""
    return _SIGNS.search(text[-_LONGEST:]) is not None


def skips(reason: str) -> bool:
    """Whether the reason for which a test was skipped names a missing network or service."""
    return tells(reason) or _SKIPS.search(reason[-_LONGEST:]) is not None


def missing(text: str) -> Service:
    """What is not there, of a text that tells of it."""
    end = text[-_LONGEST:]
    return next((service for service, signs in _SERVICES if signs.search(end)), "a service")
