"""The web process: no request is answered by 5xx, signed and mutated webhooks included, and the API keeps to its document."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask
from jsonschema import Draft202012Validator

from gate.core import event as events
from gate.core.payload import PayloadError
from gate.core.plan import plan
from gate.core.upload_token import digest_of
from gate.web.api import document
from tests.fuzz import mutation
from tests.fuzz.target import Target, Try, pure
from tests.web.service import APP, as_body, signed, web_app, web_service
from tests.web.test_api import TOKEN, described, fill
from tests.web.test_pages import PUBLIC, ClockedService
from tests.web.test_webhook_examples import EXAMPLES, as_ours

_COMMAND = {"body": "Fine.\n/gate waive coverage generated code\n"}
EVENTS = [(each["name"], as_ours(example)) for each in EXAMPLES for example in each["examples"]]
# None of GitHub's own has a command of ours.
EVENTS += [
    (
        name,
        payload
        | {"issue": payload["issue"] | {"pull_request": {}}, "comment": payload["comment"] | _COMMAND},
    )
    for name, payload in EVENTS
    if name == "issue_comment"
]


class _Watched(dict[str, Any]):
    """An object that knows which of its keys were asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__({key: _watched(value) for key, value in values.items()})
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def _watched(value: Any) -> Any:
    if isinstance(value, dict):
        return _Watched(value)
    return [*map(_watched, value)] if isinstance(value, list) else value


def _asked(value: Any) -> Any:
    """Without what nobody asked for."""
    if isinstance(value, _Watched):
        return {key: _asked(item) for key, item in value.items() if key in value.asked}
    return [*map(_asked, value)] if isinstance(value, list) else value


def _what_is_read(name: str, payload: Any) -> Any:
    """As much of the payload as Gate reads: a change anywhere else is of no consequence."""
    watched = _watched(payload)
    events.parse(name, watched)
    return _asked(watched)


READ = [
    (name, _what_is_read(name, payload))
    for name, payload in EVENTS
    if events.parse(name, payload) is not None
]
"""Of the events that say something to Gate."""
_WHOLE: Any = document.openapi("https://gate.example")
_PATHS = sorted(path for path, methods in _WHOLE["paths"].items() if "get" in methods)
_UPLOADER = "gate_" + "u" * 40
_REPORTS = (b"TN:\nSF:a.py\nDA:1,1\nend_of_record\n", b"<coverage/>", b"{}", gzip.compress(b"TN:\n"), b"")
_PLACES = {
    "owner": ("northwind", "no", "..", "\ud800", "a/b", "é", "x" * 300),
    "name": ("delivery-worker", "delivery-worker", "secret-plans", "%00", "x.csv", "'"),
    "number": ("482", "483", "0", "-1", "9" * 30, "x"),
    "run_id": ("run:0", "run:1", "secret:0", "\0", "../x"),
}
_TOKENS = ("", "no", "gate_", f"gate_{'x' * 40}", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "é")
_WORDS = ("", "0", "1", "-1", "3", "36", "100", "999999999", "9" * 30, "１", "open", "all", "src/", "/", "%", "\0", "\ud800", "a" * 2000, "1.0", " 1")  # fmt: skip  # noqa: RUF001  (a digit that is none of ASCII's)


def _event(random: Random) -> tuple[str, Any]:
    name, payload = random.choice(READ if random.random() < 0.9 else EVENTS)
    return name, mutation.value(random, payload)


def _parsed(given: tuple[str, Any]) -> None:
    with suppress(PayloadError):
        event = events.parse(*given)
        if event is not None:
            plan(event, app_id=APP.id)


def _delivery(random: Random) -> tuple[str, bytes, str, str]:
    """(event, body, content type, delivery id), to be signed."""
    name, payload = _event(random)
    try:
        body = as_body(payload)
    except ValueError:
        body = b"{}"
    kind = "application/json"
    if random.random() < 0.15:
        body = mutation.text(random, [body])
    if random.random() < 0.1:
        body, kind = urlencode({"payload": body}).encode(), "application/x-www-form-urlencoded"
    return name, body, kind, f"{random.getrandbits(60):x}"


def _request(random: Random) -> tuple[str, str, dict[str, str]]:
    """(path of the document, address, headers) of a request to the API."""
    path = random.choice(_PATHS)
    address = path
    for name, allowed in _PLACES.items():
        chosen = allowed[0] if random.random() < 0.6 else random.choice(allowed)
        address = address.replace(f"{{{name}}}", _quoted(chosen))
    operation = _WHOLE["paths"][path]["get"]
    query = [
        (parameter["name"], _value(random, parameter["schema"]))
        for each in operation["parameters"]
        if (parameter := _parameter(each))["in"] == "query" and random.random() < 0.6
    ]
    if random.random() < 0.1:
        query.append((random.choice(("unknown", "page", "")), random.choice(_WORDS)))
    headers = {}
    if random.random() < 0.5:
        headers["Authorization"] = random.choice(
            (f"Bearer {TOKEN}", "Bearer no", "Basic eDp5", "Bearer", "é")
        )
    if random.random() < 0.3:
        headers["Accept"] = random.choice(("text/csv", "*/*;q=nan", "application/json", ",;=", "image/*"))
    return path, f"/api/v1{address}?{'&'.join(f'{name}={_quoted(word)}' for name, word in query)}", headers


def _report(random: Random) -> tuple[str, dict[str, str], bytes]:
    """(query, headers, body) of a report that is sent."""
    known = {"name": ("unit", "a b/c:d"), "commit": ("a" * 40, "b" * 64), "pull_request": ("1", "7")}
    query = [
        (name, random.choice((*words, *words, *_WORDS)))
        for name, words in known.items()
        if random.random() < 0.8
    ]
    headers = {"Authorization": f"Bearer {_UPLOADER if random.random() < 0.9 else random.choice(_TOKENS)}"}
    if random.random() < 0.5:
        headers["Content-Encoding"] = random.choice(("gzip", "x-gzip", "identity", "br", ""))
    body = random.choice(_REPORTS)
    if random.random() < 0.5:
        body = mutation.text(random, [body])
    if random.random() < 0.3:
        body = gzip.compress(body)
    return "&".join(f"{name}={_quoted(word)}" for name, word in query), headers, body


def _parameter(reference: Any) -> Any:
    return _WHOLE["components"]["parameters"][reference["$ref"].rpartition("/")[2]]


def _value(random: Random, schema: Any) -> str:
    if random.random() < 0.3:
        return random.choice(_WORDS)
    if "enum" in schema:
        return str(random.choice(schema["enum"]))
    if schema["type"] == "integer":
        return str(random.randint(schema["minimum"], min(schema.get("maximum", 50), 50)))
    return random.choice(("", "src/", "a/b/", "é/"))


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@cache
def _validator(path: str, status: int) -> Draft202012Validator:
    return Draft202012Validator(described(path, status, "application/json"))


def _page(random: Random) -> tuple[str, str, str, dict[str, str]]:
    """(rule's number, method, rest of the address, form) of a request to any route at all."""
    words = [random.choice((*_WORDS, *sum(_PLACES.values(), ()))) for _ in range(8)]
    names = ("page", "order", "folder", "state", "months", "code", "form_token", "mail", "path", "check", "x")
    query = urlencode({random.choice(names): words.pop().encode("utf-8", "surrogatepass") for _ in range(3)})
    method = random.choice(("GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"))
    form = {random.choice(names): words[0].encode("utf-8", "replace").decode()} if method == "POST" else {}
    return " ".join([str(random.getrandbits(20)), *(_quoted(word) for word in words)]), method, query, form


def _address(app: Flask, told: str) -> str:
    """Of the told rule, its places filled with the told words, known ones in half of them."""
    number, *words = told.split(" ")
    rules = sorted({rule.rule for rule in app.url_map.iter_rules()})
    path = rules[int(number) % len(rules)]
    for place, (name, allowed) in enumerate(_PLACES.items()):
        for kind in (f"<{name}>", f"<int:{name}>", f"<path:{name}>"):
            path = path.replace(kind, allowed[0] if int(number) >> 2 * place + 8 & 3 else words[place])
    while "<" in path:
        before, _, rest = path.partition("<")
        path = f"{before}{words[-1]}{rest.partition('>')[2]}"
    return path


@contextmanager
def _service(folder: Path) -> Iterator[Flask]:
    service = web_service(
        folder,
        kind=ClockedService,
        public_url="https://gate.example",
        api_token=TOKEN,
        metrics_token="another token",
        sandbox="none",
        requests_per_minute=0,
    )
    fill(service.store)
    service.store.save_upload_token(
        PUBLIC.id, "ci", digest_of(_UPLOADER), created_by="fuzz", now=service.now()
    )
    app = web_app(service)
    app.testing = True  # What a route raises is raised here, with its place.
    yield app
    service.close()


@contextmanager
def _webhook(folder: Path) -> Iterator[Try]:
    with _service(folder) as app:
        client = app.test_client()

        def attempt(given: tuple[str, bytes, str, str]) -> None:
            name, body, kind, delivery = given
            headers = signed(body, event=name, delivery=delivery) | {"Content-Type": kind}
            answer = client.post("/webhook", data=body, headers=headers)
            assert answer.status_code in {200, 202, 400}, answer.status

        yield attempt


@contextmanager
def _api(folder: Path) -> Iterator[Try]:
    with _service(folder) as app:
        client = app.test_client()

        def attempt(given: tuple[str, str, dict[str, str]]) -> None:
            path, address, headers = given
            answer = client.get(address, headers=headers)
            assert answer.status_code < 500, answer.status
            if answer.mimetype == "application/json" and f"{answer.status_code}" in _described(path):
                problems = [*_validator(path, answer.status_code).iter_errors(json.loads(answer.data))]
                assert problems == []
            else:
                assert answer.status_code == 404 or answer.mimetype == "text/csv", answer.status

        yield attempt


@contextmanager
def _reports(folder: Path) -> Iterator[Try]:
    with _service(folder) as app:
        client = app.test_client()

        def attempt(given: tuple[str, dict[str, str], bytes]) -> None:
            query, headers, body = given
            answer = client.post(f"/api/v1/reports?{query}", headers=headers, data=body)
            schema = described("/reports", answer.status_code, "application/json", method="post")
            assert answer.status_code < 500, answer.status
            assert [*Draft202012Validator(schema).iter_errors(json.loads(answer.data))] == []

        yield attempt


def _described(path: str) -> Any:
    return _WHOLE["paths"][path]["get"]["responses"]


@contextmanager
def _pages(folder: Path) -> Iterator[Try]:
    with _service(folder) as app:
        client = app.test_client()

        def attempt(given: tuple[str, str, str, dict[str, str]]) -> None:
            told, method, query, form = given
            answer = client.open(f"{_address(app, told)}?{query}", method=method, data=form)
            assert answer.status_code < 500, answer.status

        yield attempt


WEB = (
    pure("event", 5, _event, _parsed),
    Target("webhook", 1, _delivery, _webhook),
    Target("API", 1, _request, _api),
    Target("reports", 1, _report, _reports),
    Target("pages", 1, _page, _pages),
)
"""Over a service on SQLite, but for the first."""
