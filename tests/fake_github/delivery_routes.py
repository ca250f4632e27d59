"""Operations on the App's webhook: its settings, and its deliveries with another try."""

from __future__ import annotations

from datetime import timedelta

from tests.fake_github import rendering
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route
from tests.fake_github.webhooks import Delivery

KEPT = timedelta(days=3)


@route("GET /app/hook/config", needs="app")
def read_hook(call: Call) -> Answer:
    """Where deliveries go, and how."""
    return Answer(_hook(call))


@route("PATCH /app/hook/config", needs="app")
def change_hook(call: Call) -> Answer:
    """Change what the body names."""
    webhooks = call.github.webhooks
    webhooks.url = call.body.get("url", webhooks.url)
    webhooks.content_type = call.body.get("content_type", webhooks.content_type)
    call.github.app.webhook_secret = call.body.get("secret", call.github.app.webhook_secret)
    return Answer(_hook(call))


@route("GET /app/hook/deliveries", needs="app")
def list_deliveries(call: Call) -> Answer:
    """Attempts of the last three days, newest first, paged by a cursor."""
    size = int(call.query.get("per_page", "30"))
    oldest = call.github.now() - KEPT
    sent = [one for one in call.github.webhooks.deliveries if one.delivered_at and one.delivered_at > oldest]
    found = list(reversed(sent))
    wanted = call.query.get("status")
    if wanted:
        # The description's definition: what failed to connect has no status code, so neither list has it.
        first, last = (400, 599) if wanted == "failure" else (200, 399)
        found = [one for one in found if first <= one.status_code <= last]
    if "cursor" in call.query:
        found = [one for one in found if one.id < int(call.query["cursor"])]
    shown = found[:size]
    link = f"{call.github.api_url}{call.path}?per_page={size}&cursor={shown[-1].id if shown else 0}"
    headers = {"Link": f'<{link}>; rel="next"'} if len(found) > size else {}
    return Answer([_delivery(one) for one in shown], headers=headers)


@route("GET /app/hook/deliveries/{delivery_id}", needs="app")
def read_delivery(call: Call) -> Answer:
    """One attempt with all that was sent and answered."""
    delivery = _find(call)
    _, headers = call.github.webhooks.request(delivery)
    request = {"headers": headers, "payload": delivery.payload}
    response = {"headers": {}, "payload": delivery.answer}
    return Answer(
        {
            **_delivery(delivery),
            "url": call.github.webhooks.url or "",
            "request": request,
            "response": response,
        }
    )


@route("POST /app/hook/deliveries/{delivery_id}/attempts", needs="app")
def redeliver(call: Call) -> Answer:
    """Try once more, later."""
    call.github.webhooks.replay(_find(call))
    return Answer({}, 202)


def _find(call: Call) -> Delivery:
    wanted = call.parameters["delivery_id"]
    if not wanted.isdigit():
        raise RefusedError(400, "Bad Request")
    found = next((one for one in call.github.webhooks.deliveries if one.id == int(wanted)), None)
    if found is None:
        raise not_found()
    return found


def _hook(call: Call) -> rendering.Json:
    webhooks = call.github.webhooks
    return {
        "content_type": webhooks.content_type,
        "insecure_ssl": "1" if webhooks.insecure_ssl else "0",
        "secret": "********",
        "url": webhooks.url or "",
    }


def _delivery(delivery: Delivery) -> rendering.Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": rendering.time(delivery.delivered_at or delivery.made_at),
        "redelivery": delivery.redelivery,
        "duration": 0.1,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }
