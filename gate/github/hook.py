"""The App's own webhook: which deliveries failed, and sending them again. GitHub never does so by itself.

Source: https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from github import Github

if TYPE_CHECKING:
    from gate.github.app import GitHub

A_PAGE = 100
MOST_PAGES = 100
"""Of deliveries looked through at once: 10,000 are an outage that the comparison of pull requests mends faster."""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt of GitHub to tell us of an event."""

    id: int
    guid: str
    """The same for every attempt."""
    delivered_at: datetime
    succeeded: bool


def deliveries(door: GitHub, since: datetime) -> Iterator[DeliveryAttempt]:
    """Attempts since a time, newest first. Raises: Transient, Permanent."""
    cursor = ""
    for _ in range(MOST_PAGES):
        address = f"/app/hook/deliveries?per_page={A_PAGE}" + (f"&cursor={quote(cursor)}" if cursor else "")
        headers, shown = door.as_app("the webhook deliveries", partial(_get, address))
        for one in shown:
            taken = one["status"] == "OK" or 200 <= one["status_code"] < 300
            attempt = DeliveryAttempt(
                one["id"], one["guid"], datetime.fromisoformat(one["delivered_at"]), taken
            )
            if attempt.delivered_at < since:
                return
            yield attempt
        cursor = _next_cursor(headers.get("link", ""))
        if not cursor:
            return


def redeliver(door: GitHub, delivery_id: int) -> None:
    """Have GitHub try a delivery again. Raises: Transient, Permanent."""
    path = f"/app/hook/deliveries/{delivery_id}/attempts"
    door.ask_as_app(f"delivery {delivery_id} again", "POST", path)


def _get(address: str, client: Github) -> tuple[dict[str, Any], Any]:
    return client.requester.requestJsonAndCheck("GET", address)


def _next_cursor(link: str) -> str:
    """The cursor of the next page in a Link header; empty on the last one."""
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            query = parse_qs(urlsplit(address.strip(" <>")).query)
            return query.get("cursor", [""])[0]
    return ""
