"""No address out of a payload goes on: whatever the URLs of GitHub's own examples are, the same work follows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.codec import encode
from gate.core import event as events
from gate.core.event import reading
from gate.core.plan import plan
from tests.rewriting_addresses import CANARY, is_address, rewritten
from tests.web.service import APP
from tests.web.test_webhook_examples import EXAMPLES, as_ours

READ = [
    pytest.param(event["name"], as_ours(example), id=f"{event['name']}-{number}")
    for event in EXAMPLES
    if event["name"] in reading._READERS
    for number, example in enumerate(event["examples"])
]
HOSTS = st.sampled_from(
    ["169.254.169.254", "localhost:22", "[::1]", "metadata.internal", "github.com@evil.example", ""]
)
SCHEMES = st.sampled_from(["http", "https", "file", "gopher", "ssh", "git", "ext::sh -c"])


def followed(name: str, payload: Any) -> tuple[object, ...]:
    """What Gate decides to do, as it is kept."""
    event = events.parse(name, payload)
    return (repr(event), *(json.dumps(encode(work)) for work in plan(event, app_id=APP.id))) if event else ()


@pytest.mark.parametrize(("name", "payload"), READ)
def test_the_addresses_of_an_example_change_nothing(name: str, payload: dict[str, Any]) -> None:
    """
    Every one of them names another place, and neither the event nor the work knows.
    """
    changed, count = rewritten(payload)

    assert count > 0
    assert followed(name, changed) == followed(name, payload)
    assert CANARY not in "".join(map(str, followed(name, changed)))


@given(example=st.sampled_from(READ), scheme=SCHEMES, host=HOSTS)
def test_no_address_at_all_changes_anything(example: Any, scheme: str, host: str) -> None:
    """
    Inner services, files, other protocols.
    """
    name, payload = example.values

    changed, _ = rewritten(payload, f"{scheme}://{host}")

    assert followed(name, changed) == followed(name, payload)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://github.com/a/b", True),
        ("git@github.com:a/b.git", True),
        ("git://github.com/a/b.git", True),
        ("/gate waive coverage https://a.b", False),
        ("a/b", False),
        ("refs/heads/main", False),
    ],
)
def test_what_is_rewritten(text: str, address: bool) -> None:
    """
    Whatever a program could take for a place to ask.
    """
    assert is_address(text) is address
