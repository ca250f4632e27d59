"""The box on a repository's page: what was last seen of the branch's rules, in words, icon and links."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gate.core.branch_rules import BranchRule, BranchRules, RequiredCheck
from gate.store import Store
from tests.goldens import assert_golden
from tests.migrated import migrate
from tests.web.service import APP, web_app
from tests.web.test_pages import NOW, PUBLIC, page_service, read

PAGE = "/r/northwind/delivery-worker"
BOUND = BranchRule(
    "ruleset",
    (RequiredCheck("gate", APP.id),),
    "active",
    strict=True,
    id=42,
    name="main rules",
    source=PUBLIC.full_name,
    source_type="Repository",
)
OPEN = BranchRule("protection", (RequiredCheck("gate"), RequiredCheck("Gate")), "non_admins")
TRIAL = BranchRule(
    "ruleset", (RequiredCheck("gate", APP.id),), "evaluate", id=43, name="<b>trial</b>", source="northwind"
)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "gate.db"
    with Store(f"sqlite:///{path}") as made:
        migrate(made)
    return path


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    path = shutil.copy(migrated, tmp_path / "gate.db")
    with Store(f"sqlite:///{path}") as found:
        found.save_repository(PUBLIC)
        yield found


@pytest.fixture
def client(store: Store, tmp_path: Path) -> FlaskClient:
    return web_app(page_service(store, tmp_path)).test_client()


def box(store: Store, client: FlaskClient, rules: BranchRules) -> str:
    """The box of a repository whose rules were seen twelve minutes ago."""
    store.save_branch_rules(PUBLIC.id, rules, NOW - timedelta(minutes=12))
    found = re.search(r'<section class="note.*?</section>', client.get(PAGE).text, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("name", "rules", "mark"),
    [
        ("required", BranchRules("main", (BOUND,)), "passed"),
        ("forgeable", BranchRules("main", (OPEN,)), "could_not_measure"),
        ("not_required", BranchRules("main", (TRIAL,)), "blocked"),
        ("unknown", BranchRules("main", unseen=("Rulesets cannot be read.",)), "superseded"),
    ],
)
def test_box_reads_as_agreed(
    store: Store, client: FlaskClient, name: str, rules: BranchRules, mark: str
) -> None:
    """
    The box says word for word what its golden file says, with the mark of how things stand.
    """
    shown = box(store, client, rules)

    assert f'<section class="note {mark}"' in shown
    assert_golden(f"pages/required_{name}.txt", "\n".join(read(shown).pieces) + "\n")


def test_links_lead_to_the_settings(store: Store, client: FlaskClient) -> None:
    """
    Each remedy links to where it is carried out.
    """
    shown = box(store, client, BranchRules("main"))

    assert re.findall(r'href="([^"]*)"', shown) == [
        "https://github.com/northwind/delivery-worker/settings/rules",
        "https://github.com/northwind/delivery-worker/settings/branches",
    ]


def test_names_of_rulesets_are_no_markup(store: Store, client: FlaskClient) -> None:
    """
    Whoever names a ruleset writes no HTML into our page.
    """
    assert "<b>" not in box(store, client, BranchRules("main", (TRIAL,)))


@pytest.mark.parametrize("rules", [None, BranchRules("master", (BOUND,))])
def test_no_box_before_the_branch_was_looked_at(
    store: Store, client: FlaskClient, rules: BranchRules | None
) -> None:
    """
    What is known of no branch, or of the one that was the default before, is not shown.
    """
    if rules:
        store.save_branch_rules(PUBLIC.id, rules, NOW)

    answer = client.get(PAGE)

    assert answer.status_code == 200
    assert 'class="note' not in answer.text
