"""A monorepo's pull request: sub-verdicts under the one required check."""

from __future__ import annotations

import pytest

from tests.flows.conftest import SOURCE, TANGLE, TESTS, World, said_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

POLICY = """\
[[component]]
name = "api"
paths = ["services/api/**"]
[component.tests]
timeout_minutes = 2

[[component]]
name = "web"
paths = ["services/web/**"]
[component.complexity]
maximum = 20
"""
MONOREPO = {
    ".gate.toml": POLICY,
    "services/api/shop.py": SOURCE,
    "services/api/test_shop.py": TESTS,
    "services/web/page.py": "def page(a):\n    return a\n",
    "shop.py": SOURCE,
    "test_shop.py": TESTS,
}


@pytest.mark.usefixtures("box")
def test_one_red_component_blocks_and_is_named(world: World) -> None:
    """
    The same tangle passes in the component that allows it, and each check run says of every part what it found.
    """
    repository = world.repository(MONOREPO)

    pull = repository.open_pull_request(
        {
            "services/api/shop.py": SOURCE + TANGLE,
            "services/web/page.py": "def page(a):\n    return a\n" + TANGLE,
        }
    )

    assert world.verdict(pull).conclusion == "failure"
    assert said_once(pull)
    assert pull.check_run.title == "Blocked: coverage of api, complexity of api"
    complexity = pull.check_runs["gate / complexity"]
    assert complexity.title == "api: tangle is 12, limit 10"
    assert [(note.path, note.level) for note in complexity.annotations] == [
        ("services/api/shop.py", "failure")
    ]
    assert [line for line in complexity.summary.splitlines() if line.startswith("####")] == [
        "#### `api`",
        "#### `web`",
        "#### The rest of the repository",
    ]
    coverage = pull.check_runs["gate / coverage"]
    assert {note.path for note in coverage.annotations} == {"services/api/shop.py", "services/web/page.py"}
    assert "in api: 1 of 1 changed source file measured; head measured now" in coverage.summary


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_a_failing_test_of_a_component_is_its_own(world: World) -> None:
    """
    The suites have tests of equal names; only the one that fails is red.
    """
    repository = world.repository(MONOREPO)

    pull = repository.open_pull_request({"services/api/shop.py": SOURCE.replace("27", "26")})

    assert world.verdict(pull).conclusion == "failure"
    assert pull.check_run.title == "Blocked: coverage of api"
    coverage = pull.check_runs["gate / coverage"]
    assert coverage.title.startswith("api: test_shop.PriceTest.test_many fails and passed at the base")
    assert "api: `test_shop.PriceTest.test_many` fails" in coverage.summary


@pytest.mark.long
def test_what_blocks_a_component_is_waived(world: World) -> None:
    """
    The check run turns green with what it says of every part, and a later head stays so.
    """
    repository = world.repository(
        {
            **MONOREPO,
            ".gate.toml": POLICY.replace(
                "[component.tests]\ntimeout_minutes = 2", "[component.coverage]\npatch = 0"
            ),
        }
    )
    repository.collaborators["mona"] = "maintain"
    pull = repository.open_pull_request({"services/api/shop.py": SOURCE + TANGLE})
    assert world.verdict(pull).title == "Blocked: complexity of api"
    world.settled(pull)

    pull.comment("/gate waive complexity the rewrite is planned", author="mona")

    world.until(lambda: pull.check_run.conclusion == "success", "green")
    assert pull.check_run.title == "Waived: complexity of api, by mona: the rewrite is planned"
    complexity = pull.check_runs["gate / complexity"]
    assert complexity.conclusion == "success"
    assert complexity.title == "api: Waived by mona: tangle is 12, limit 10 (the rewrite is planned)"
    assert "**Complexity waived** by mona, who has the role maintain" in complexity.summary
    assert "#### The rest of the repository" in complexity.summary

    pull.push({"README.md": "# Later\n"})

    assert world.verdict(pull).conclusion == "success"
    assert pull.check_runs["gate / complexity"].title == complexity.title
