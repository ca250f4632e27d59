"""The waiver form: who is offered it, what it shows, what it hands on, and what it refuses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from checks.codec import decode
from gate.core.event import RepositoryRef
from gate.core.verdict import Outcome, Verdict, concluded
from gate.core.work import Waive
from gate.store import Store
from tests import verdicts
from tests.fake_github import FakeGitHub, Repository
from tests.goldens import assert_golden
from tests.migrated import migrate_engine
from tests.web.browser import Browser, SignInService, known
from tests.web.test_pages import judge, read

FORM = "/runs/run:0/waive"
WHY = "the rewrite is planned"
ANSWER = "form:" + "a" * 32


@pytest.fixture
def repository(github: FakeGitHub, store: Store, signing: SignInService) -> Repository:
    migrate_engine(signing.settings)
    made = known(github, store, "northwind/delivery-worker")
    made.collaborators["mona"] = "maintain"
    return made


@pytest.fixture
def ref(repository: Repository, store: Store, github: FakeGitHub) -> RepositoryRef:
    """Of the repository, whose pull request 482 is blocked by coverage and complexity."""
    found = store.repository(repository.id)
    assert found
    judge(store, verdicts.JUDGED, repository=found.ref, at=github.now() - timedelta(minutes=4))
    return found.ref


def submitted(folder: Path) -> dict[str, Waive]:
    """By id, the waivers in the engine's database."""
    engine = sa.create_engine(f"sqlite:///{folder / 'engine.db'}")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select workflow_uuid, inputs from workflow_input")).all()
    engine.dispose()
    return {str(name): decode(Waive, json.loads(inputs)["positionalArgs"][0]) for name, inputs in rows}


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that nobody fills in."""
    form = page.partition('<form class="waive"')[2]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def filled(browser: Browser, **fields: object) -> dict[str, object]:
    return {**hidden(browser.get(FORM).text), "check": ["complexity"], "why": WHY, **fields}


@pytest.mark.parametrize(
    ("verdict", "offers"),
    [
        (verdicts.JUDGED, True),
        (verdicts.COULD_NOT_MEASURE, True),
        (replace(verdicts.JUDGED, advise=True), True),
        (verdicts.PASSED, False),
        (replace(verdicts.COULD_NOT_MEASURE, neutral=True), False),
        (replace(verdicts.JUDGED, outcome=Outcome.SUPERSEDED), False),
    ],
)
def test_what_stands_in_the_way_can_be_waived_from_its_page(
    browser: Browser, repository: Repository, store: Store, github: FakeGitHub, verdict: Verdict, offers: bool
) -> None:
    """
    People who are signed in get the link, others the way to sign in, and green runs neither.
    """
    found = store.repository(repository.id)
    assert found
    judge(store, verdict, repository=found.ref, at=github.now())

    anonymous = browser.get("/runs/run:0").text
    browser.sign_in("mona")
    mine = browser.get("/runs/run:0").text

    assert ("Sign in to waive it" in anonymous) is offers
    assert ('href="/runs/run%3A0/waive"' in mine) is offers
    assert "/waive" not in anonymous


def test_an_older_run_and_a_closed_pull_request_offer_nothing(
    browser: Browser, ref: RepositoryRef, store: Store, github: FakeGitHub
) -> None:
    """
    Nobody waives what is not there any more; the form says where to look.
    """
    judge(store, verdicts.JUDGED, repository=ref, run_id="newer:0", at=github.now())
    browser.sign_in("mona")
    older = browser.get("/runs/run:0").text, browser.get(FORM).text
    store.note_pull_request(
        ref.id, 482, head_sha=verdicts.HEAD, base_ref="main", updated_at=github.now(), state="closed"
    )
    closed = browser.get("/runs/newer:0").text, browser.get("/runs/newer:0/waive").text

    assert "Waive…" not in older[0] + closed[0]
    assert "<form class" not in older[1] + closed[1]
    assert 'href="/runs/newer%3A0">the newest one' in older[1]
    assert "The pull request is closed" in closed[1]


def test_the_form_reads_as_agreed(browser: Browser, ref: RepositoryRef) -> None:
    """
    Word for word as in its golden file: by check the reasons it would cover, who may, and what it means.
    """
    browser.sign_in("mona")

    answer = browser.get(FORM)

    assert answer.status_code == 200
    assert_golden("pages/waive.txt", "\n".join(read(answer.text).pieces) + "\n")


def test_what_was_waived_is_not_offered_again(browser: Browser, ref: RepositoryRef, store: Store) -> None:
    """
    The form has what still blocks.
    """
    store.save_waiver(ref.id, 482, verdicts.WAIVER, origin="comment:1:0")
    browser.sign_in("mona")

    assert re.findall(r'name="check" value="(\w+)"', browser.get(FORM).text) == ["coverage"]


def test_what_was_not_measured_is_told_apart(
    browser: Browser, repository: Repository, store: Store, github: FakeGitHub
) -> None:
    """
    No waiver covers it, and the page says so.
    """
    found = store.repository(repository.id)
    assert found
    verdict = replace(verdicts.COULD_NOT_MEASURE, waiver_roles=("admin",))
    judge(store, verdict, repository=found.ref, at=github.now())
    browser.sign_in("mona")

    page = browser.get(FORM).text

    assert "There is nothing here that can be waived" in page
    assert "What no waiver covers" in page
    assert "Could not measure delivery/retry.py" in page


def test_loosening_and_components_are_in_the_form(
    browser: Browser, repository: Repository, store: Store, github: FakeGitHub
) -> None:
    """
    Whatever a comment can waive, the form can.
    """
    found = store.repository(repository.id)
    assert found
    component = ("api", Outcome.BLOCKED, (verdicts.COMPLEXITY,))
    verdict = replace(
        verdicts.JUDGED,
        checks=(verdicts.SECURITY,),
        components=(component,),
        loosened=(verdicts.LOOSENED,),
        loosening_blocks=True,
    )
    judge(store, concluded(verdict), repository=found.ref, at=github.now())
    browser.sign_in("mona")

    page = browser.get(FORM).text

    assert re.findall(r'name="check" value="(\w+)"', page) == ["complexity", "loosening"]
    assert '<span class="quiet">api:</span>' in page


def test_a_waiver_is_handed_to_a_worker_once(browser: Browser, ref: RepositoryRef, tmp_path: Path) -> None:
    """
    As the lines a comment would have, bound to the verdict that was shown; sent twice, it is one.
    """
    browser.sign_in("mona")
    form = filled(browser, check=["complexity", "coverage"], why=f"  {WHY},\r\n see #7 ")

    answers = [browser.post(FORM, form) for _ in range(2)]

    submission = form["submission"]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["Location"] for answer in answers} == {f"/runs/run%3A0?asked={submission}-2"}
    ((name, work),) = submitted(tmp_path).items()
    assert name == f"form:{submission}"
    assert work == Waive(
        repository=ref,
        number=482,
        origin=name,
        commands=(f"/gate waive complexity {WHY}, see #7", f"/gate waive coverage {WHY}, see #7"),
        written_at=work.written_at,
        person="mona",
        run_id="run:0",
    )


def test_the_page_says_that_it_is_being_carried_out(
    browser: Browser, ref: RepositoryRef, store: Store
) -> None:
    """
    Until every part of it has its waiver or its refusal.
    """
    browser.sign_in("mona")
    place = f"/runs/run:0?asked={'a' * 32}-2"
    pages = [browser.get(place).text]
    store.save_waiver(ref.id, 482, verdicts.WAIVER, origin=f"{ANSWER}:0")
    pages.append(browser.get(place).text)
    store.save_refusal(ref.id, 482, verdicts.REFUSAL, head_sha=verdicts.HEAD, origin=f"{ANSWER}:1")
    pages.append(browser.get(place).text)

    assert ["is being carried out" in page for page in pages] == [True, True, False]
    assert "was not accepted" in pages[2]
    assert "Waived by mira-k" in pages[2]


@pytest.mark.parametrize("asked", ["", "x", "a-1", f"{'a' * 32}-9", f"{'a' * 32}-1<b>"])
def test_nonsense_in_the_address_says_nothing(browser: Browser, ref: RepositoryRef, asked: str) -> None:
    """
    The run is shown as ever.
    """
    browser.sign_in("mona")

    assert "is being carried out" not in browser.get(f"/runs/run:0?asked={asked}").text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"why": ""}, "The reason is missing"),
        ({"why": "..."}, "The reason is missing"),
        ({"why": "x" * 501}, "The reason has 501 characters"),
        ({"check": []}, "Choose at least one check"),
        ({"check": ["everything"]}, "CHECK is one of"),
        ({"submission": "x"}, "send it again"),
    ],
)
def test_what_is_missing_is_told_and_what_was_written_stays(
    browser: Browser, ref: RepositoryRef, tmp_path: Path, fields: dict[str, object], says: str
) -> None:
    """
    By the rules of the commands; nothing is handed on.
    """
    browser.sign_in("mona")

    answer = browser.post(FORM, filled(browser, **fields))

    assert answer.status_code == 400
    assert says in answer.text
    assert f">{fields.get('why', WHY)}</textarea>" in answer.text
    assert submitted(tmp_path) == {}


def test_a_form_that_a_newer_verdict_overtook_is_not_handed_on(
    browser: Browser, ref: RepositoryRef, store: Store, github: FakeGitHub, tmp_path: Path
) -> None:
    """
    The person has not seen what blocks now.
    """
    browser.sign_in("mona")
    form = filled(browser)
    judge(store, verdicts.JUDGED, repository=ref, run_id="newer:0", at=github.now())

    answer = browser.post(FORM, form)

    assert answer.status_code == 400
    assert "there is a newer one" in answer.text
    assert submitted(tmp_path) == {}


def test_other_sites_waive_nothing(browser: Browser, ref: RepositoryRef, tmp_path: Path) -> None:
    """
    Without the session's token, or from another origin, the form is refused.
    """
    browser.sign_in("mona")
    form = filled(browser)

    forged = [
        browser.post(FORM, {**form, "form_token": ""}),
        browser.post(FORM, {**form, "form_token": "0" * 64}),
        browser.post(FORM, form, origin="https://evil.example"),
        browser.post(FORM, form, origin=""),
        browser.post(FORM, form, origin="null"),
    ]

    assert [answer.status_code for answer in forged] == [403] * 5
    assert submitted(tmp_path) == {}


def test_another_persons_form_is_refused(
    browser: Browser, signing: SignInService, ref: RepositoryRef, tmp_path: Path
) -> None:
    """
    What was shown to one is not sent by another.
    """
    browser.sign_in("mona")
    other = Browser.of(signing)
    other.sign_in("wes")

    assert other.post(FORM, filled(browser)).status_code == 403
    assert submitted(tmp_path) == {}


def test_nobody_waives_without_signing_in(browser: Browser, ref: RepositoryRef, tmp_path: Path) -> None:
    """
    Neither sees the form, nor sends one; what to do is said.
    """
    form, sent = browser.get(FORM), browser.post(FORM, {"check": "complexity", "why": WHY})

    assert (form.status_code, sent.status_code) == (403, 403)
    assert 'href="/sign-in"' in form.text
    assert submitted(tmp_path) == {}


def test_access_is_asked_for_in_the_moment_of_waiving(
    browser: Browser, ref: RepositoryRef, github: FakeGitHub, tmp_path: Path
) -> None:
    """
    The list of minutes ago does not count for what one does: a revoked session waives nothing.
    """
    browser.sign_in("mona")
    form = filled(browser)
    github.revoke_authorization("mona")

    answer = browser.post(FORM, form)

    assert answer.status_code == 403
    assert "Your session has ended" in answer.text
    assert submitted(tmp_path) == {}


def test_a_private_run_that_one_may_not_see_is_not_there(
    browser: Browser, github: FakeGitHub, store: Store, signing: SignInService, tmp_path: Path
) -> None:
    """
    The form and what is sent to it are answered as for a run that does not exist.
    """
    migrate_engine(signing.settings)
    made = known(github, store, "octo/plans", private=True)
    found = store.repository(made.id)
    assert found
    judge(store, verdicts.JUDGED, repository=found.ref, at=github.now())
    browser.sign_in("wes")
    form = {"form_token": browser.form_token(), "submission": "a" * 32, "check": "complexity", "why": WHY}

    hidden, missing = browser.post(FORM, form), browser.post("/runs/nothing:0/waive", form)

    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.data == missing.data
    assert submitted(tmp_path) == {}


def test_a_form_that_is_too_large_is_refused(browser: Browser, ref: RepositoryRef, tmp_path: Path) -> None:
    """
    Nobody needs more than a few hundred characters.
    """
    browser.sign_in("mona")

    answer = browser.post(FORM, filled(browser, why="x" * 100_000))

    assert answer.status_code == 413
    assert submitted(tmp_path) == {}


def test_what_is_written_is_shown_as_text(browser: Browser, ref: RepositoryRef) -> None:
    """
    Nothing of it becomes an element.
    """
    browser.sign_in("mona")

    answer = browser.post(FORM, filled(browser, check=[], why="</textarea><script>alert(1)</script>"))

    assert "<script" not in answer.text
