"""A private repository is not there for whom GitHub does not show it: every route there is, to nobody and to somebody else.

The routes are those of the application itself, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from gate.core.file_state import FileState, Notes
from gate.store import Store
from tests import verdicts
from tests.fake_github import FakeGitHub
from tests.migrated import migrate_engine
from tests.web.browser import Browser, SignInService, known
from tests.web.service import web_app
from tests.web.test_pages import judge

OWNER, NAME, RUN = "northwind", "secret-plans", "secret:0"
MISSING, NO_RUN = "no-such-plans", "none:0"
WORDS = (NAME, "secret-title", "secret_source", "secret_path")
"""What is only in the private repository."""
NAMING = {"owner", "name", "run_id"}
"""The parts of an address that say which repository it is about."""
OF_NO_REPOSITORY = {"filename", "token", "rest", "csv"}
"""Other parts: files of ours, sealed addresses, what is nowhere, and a table's form."""
VALUES = {"number": "1", "path": "secret_path.py", "kind": "gate"}


@pytest.fixture
def app(signing: SignInService, store: Store, github: FakeGitHub) -> Flask:
    """With a private repository of which there is everything, and one that mona may see."""
    migrate_engine(signing.settings)
    known(github, store, "mona/own", private=True).collaborators["mona"] = "maintain"
    made = known(github, store, f"{OWNER}/{NAME}", private=True)
    found = store.repository(made.id)
    assert found
    judge(store, verdicts.JUDGED, repository=found.ref, run_id=RUN, number=1, at=github.now())
    store.save_waiver(found.id, 1, verdicts.WAIVER, origin="comment:1:0")
    state = FileState("secret_path.py", "c" * 40, 9, 1, 3, 3, "f", 1, 0, 0, 0, 0, 0, None, 2, Notes(10))
    source = ("c" * 40, b"secret_source = 1\n")
    store.note_files(found.id, "a" * 40, committed_at=github.now(), states=[state], sources=[source])
    store.note_revision(found.id, "a" * 40, committed_at=github.now(), totals={"covered": 1, "executable": 2})
    return web_app(signing)


def rules(app: Flask) -> Iterator[Rule]:
    """Those about one repository."""
    return (rule for rule in app.url_map.iter_rules() if rule.arguments & NAMING)


def address(rule: Rule, name: str, run_id: str) -> str:
    values = {**VALUES, "owner": OWNER, "name": name, "run_id": run_id}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values[part[1]], rule.rule)


def same(private: TestResponse, absent: TestResponse, rule: Rule) -> bool:
    """Whether both say the same, but for the address itself, which the API repeats."""

    def words(answer: TestResponse) -> str:
        text = answer.text.replace(NAME, "NAME").replace(MISSING, "NAME")
        return text.replace(RUN, "RUN").replace(NO_RUN, "RUN")

    return private.status_code == absent.status_code and words(private) == words(absent)


def test_every_part_of_an_address_is_known(app: Flask) -> None:
    """
    Whoever names a repository in another way says so here.
    """
    parts = {part for rule in app.url_map.iter_rules() for part in rule.arguments}

    assert parts == NAMING | OF_NO_REPOSITORY | VALUES.keys()


@pytest.mark.parametrize("login", ["", "mona"])
def test_every_route_answers_as_for_one_that_is_not_there(
    app: Flask, signing: SignInService, github: FakeGitHub, login: str
) -> None:
    """
    By every method that takes no form; with a key, parameters and a copy's ETag, too.
    """
    browser = Browser(app, github)
    if login:
        browser.sign_in(login)
    told = []
    for rule in rules(app):
        there, gone = address(rule, NAME, RUN), address(rule, MISSING, NO_RUN)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "POST"}):
            for query in ("", "?key=x", "?page=2&months=3&per_page=1"):
                answers = [
                    browser.client.open(
                        path + query,
                        method=method,
                        base_url=browser.public_url,
                        headers={"If-None-Match": '"x"'},
                    )
                    for path in (there, gone)
                ]
                if answers[0].status_code < 400 or not same(answers[0], answers[1], rule):
                    told.append((method, there + query, answers[0].status_code))

    assert told == []


@pytest.mark.parametrize("login", ["", "mona"])
def test_no_page_and_no_list_has_a_word_of_it(app: Flask, github: FakeGitHub, login: str) -> None:
    """
    Of those that are about no repository, or about another one.
    """
    browser = Browser(app, github)
    if login:
        browser.sign_in(login)
    paths = [
        rule.rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())
    ]
    paths += ["/?search=secret", "/api/v1/repositories?per_page=100", "/api/v1/repositories?search=secret"]

    found = [path for path in paths for word in WORDS if word in browser.get(path).text]

    assert found == []


def test_it_is_there_for_whom_github_shows_it(app: Flask, github: FakeGitHub, store: Store) -> None:
    """
    Else what the others find would be true of a repository without anything. Its badge opens by its key alone.
    """
    private = next(one for one in github.repositories if one.full_name.endswith(NAME))
    private.collaborators["mona"] = "maintain"
    browser = Browser(app, github)
    browser.sign_in("mona")

    missing = [
        path
        for rule in rules(app)
        if "GET" in (rule.methods or ())
        for path in [address(rule, NAME, RUN)]
        if browser.get(path).status_code == 404
    ]

    assert missing == [f"/badge/{OWNER}/{NAME}/gate.svg"]
