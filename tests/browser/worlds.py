"""Services to look at in a browser: with half a year of data, with none, with hostile names, and without an App.

Each is the real application on a real SQLite database behind a real server, at a fixed time.
"""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from gate.core.branch_rules import BranchRules
from gate.core.comparison import ComplexityFacts, ComplexityTotals, FunctionChange
from gate.core.event import RepositoryRef
from gate.core.mail_token import ConfirmToken, StopToken
from gate.core.verdict import Outcome, Reason, Verdict, concluded
from gate.settings import Settings
from gate.store import Store
from tests import history, verdicts
from tests.browser.hostile import HOSTILE_NAME, write_hostile
from tests.fake_github import FakeGitHub
from tests.history import BulkStore, Size
from tests.made_changes import path_of
from tests.made_files import with_files
from tests.migrated import migrate, migrate_engine
from tests.uploads import some_uploads
from tests.web.browser import SignInService, known, sign_in_service
from tests.web.service import WebService, web_app

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PERSON = "mona"
REPOSITORY = "northwind/delivery-worker"
METRICS_TOKEN = "the token of the operator"
ADDRESS = "mira@northwind.example"
SIZE = Size()
OTHERS = {
    "northwind/catalogue": Size(
        weeks=20, pull_requests=30, open_pull_requests=1, drifts=False,
        ends_at={"covered": 1810, "executable": 1970, "over": 1, "findings_high": 0, "findings_medium": 1},
    ),
    "northwind/web-shop": Size(
        weeks=20, pull_requests=30, open_pull_requests=2, drifts=False, at_tip="complexity",
        ends_at={"covered": 6100, "executable": 8400, "over": 21, "findings_high": 2, "worst": 31},
    ),
}  # fmt: skip
_RETRY_NOW = Reason(
    "crossed_maximum",
    "retry_now grew from 8 to 12; the limit is 10. Most comes from line 11 (+3).",
    path="api/views.py", line=7, name="retry_now", before=8, after=12, limit=10,
)  # fmt: skip
API = replace(
    verdicts.COMPLEXITY,
    title="retry_now is 12, limit 10",
    reasons=(_RETRY_NOW,),
    to_pass=(replace(_RETRY_NOW, text="Bring retry_now from 12 to 10 or less."),),
    facts=ComplexityFacts(
        functions=(FunctionChange("api/views.py", "retry_now", 7, 8, 12, "worse", contributors=((11, 3),)),),
        base=ComplexityTotals(48, 190, 10),
        head=ComplexityTotals(48, 194, 12),
        files=9,
    ),
    limits=(("maximum", 10),),
)
_FACTS = verdicts.COMPLEXITY.facts
assert isinstance(_FACTS, ComplexityFacts)
REST = replace(
    verdicts.COMPLEXITY,
    facts=replace(
        _FACTS, functions=tuple(each for each in _FACTS.functions if not each.path.startswith("api/"))
    ),
)
EVERYTHING: Verdict = concluded(
    replace(
        verdicts.JUDGED,
        checks=tuple(REST if each.check == "complexity" else each for each in verdicts.JUDGED.checks),
        components=(("api", Outcome.BLOCKED, (API,)),),
        loosened=(verdicts.LOOSENED,),
        preview=verdicts.PREVIEW,
    )
)
"""A verdict with a component, a loosened rule and a policy of its own."""


@dataclass(frozen=True, slots=True)
class World:
    """A service that answers, and what its pages are called."""

    name: str
    url: str
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  (werkzeug's name)
        """Nothing: requests are no news."""


@contextmanager
def worlds(folder: Path) -> Iterator[dict[str, World]]:
    """All of them by name, until the block ends."""
    template = folder / "migrated.db"
    with Store(f"sqlite:///{template}") as store:
        migrate(store)
    with ExitStack() as stack:
        github = stack.enter_context(FakeGitHub(folder / "github", clock=lambda: NOW))
        github.at_browser = PERSON
        found = {}
        for name, fill in _FILLED.items():
            store = stack.enter_context(_store(template, folder / name))
            names = fill(github, store)
            found[name] = stack.enter_context(_served(name, github, store, folder / name, names))
        store = stack.enter_context(_store(template, folder / "unregistered"))
        found["unregistered"] = stack.enter_context(_unregistered(store, folder / "unregistered"))
        yield found


def _store(template: Path, folder: Path) -> BulkStore:
    folder.mkdir()
    return BulkStore(f"sqlite:///{shutil.copy(template, folder / 'gate.db')}")


@contextmanager
def _server() -> Iterator[BaseWSGIServer]:
    """A server that listens; its application is set by who knows its address."""
    server = make_server("127.0.0.1", 0, Flask("nothing"), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _served(
    name: str, github: FakeGitHub, store: Store, folder: Path, names: Mapping[str, str]
) -> Iterator[World]:
    with _server() as server:
        url = f"http://127.0.0.1:{server.port}"
        callbacks = github.app.callback_urls
        service: SignInService = sign_in_service(github, folder, store=store, public_url=url)
        github.app.callback_urls += callbacks
        service.settings = replace(service.settings, metrics_token=METRICS_TOKEN)
        migrate_engine(service.settings)
        server.app = web_app(service)
        yield World(name, url, {**names, **_mail_links(service)})
        service.submitter.close()


def _mail_links(service: SignInService) -> dict[str, str]:
    """About the first repository; nobody gets them without one."""
    known = next(iter(service.store.visible_repositories(limit=1)), None)
    if known is None:
        return {}
    return {
        "confirm": service.seal(ConfirmToken(ADDRESS, known.id)).decode(),
        "stop": service.seal(StopToken(ADDRESS, known.id)).decode(),
    }


@contextmanager
def _unregistered(store: Store, folder: Path) -> Iterator[World]:
    with _server() as server:
        url = f"http://127.0.0.1:{server.port}"
        settings = Settings(
            app=None, data_dir=folder, database_url=f"sqlite:///{folder}/gate.db", public_url=url
        )
        service = WebService(settings, store=store)
        log = io.StringIO()
        service.telemetry.configure_log("info", stream=log)
        server.app = web_app(service)
        address = str(json.loads(log.getvalue().splitlines()[0])["open"])
        yield World("unregistered", url, {"token": address.partition("token=")[2]})


def _full(github: FakeGitHub, store: BulkStore) -> dict[str, str]:
    ref = _repository(github, store, REPOSITORY)
    history.write(store, ref, now=NOW, size=SIZE)
    for name, size in OTHERS.items():
        history.write(store, _repository(github, store, name), now=NOW, size=size, seed=len(name))
    with_files(store, ref, now=NOW, sha=verdicts.HEAD, files=SIZE.files)
    some_uploads(store, ref.id, NOW)
    last = SIZE.pull_requests
    store.save_branch_rules(ref.id, BranchRules("main"), NOW)
    store.note_pull_request(
        ref.id, last + 9, head_sha=verdicts.HEAD, base_ref="main", updated_at=NOW - timedelta(minutes=4),
        state="open", title="Give every delivery job a retry budget", author="tomas-l",
    )  # fmt: skip
    store.save_verdict(ref.id, last + 9, EVERYTHING, run_id="everything:0", now=NOW - timedelta(minutes=4))
    return {
        "repository": REPOSITORY,
        "path": path_of(0),
        "number": str(last + 1),
        "passed": f"made-up-{ref.id}-{last + 1}:0",
        "blocked": f"made-up-{ref.id}-{last + 2}:0",
        "unmeasured": f"made-up-{ref.id}-{last + 3}:0",
        "pending": str(last + 4),
        "waived": f"made-up-{ref.id}-3:0",
        "everything": "everything:0",
    }


def _empty(github: FakeGitHub, store: BulkStore) -> dict[str, str]:
    _repository(github, store, "northwind/new-service")
    return {"repository": "northwind/new-service"}


def _hostile(github: FakeGitHub, store: BulkStore) -> dict[str, str]:
    return write_hostile(store, _repository(github, store, HOSTILE_NAME), NOW)


def _nothing(github: FakeGitHub, store: BulkStore) -> dict[str, str]:
    return {}


def _repository(github: FakeGitHub, store: BulkStore, name: str) -> RepositoryRef:
    made = known(github, store, name)
    made.collaborators[PERSON] = "maintain"
    found = store.repository(made.id)
    if found is None:
        raise LookupError(name)
    return found.ref


_FILLED = {"full": _full, "empty": _empty, "hostile": _hostile, "nothing": _nothing}
