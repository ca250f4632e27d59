"""Whether `gate` is required, as the page of a repository tells it after a push to the default branch."""

from __future__ import annotations

import pytest

from tests.fake_github import NotMergeableError
from tests.fake_github.faults import Fault
from tests.flows.conftest import SOURCE, TANGLE, World

RULES = "GET /repos/{owner}/{repo}/rules/branches/{branch}"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]


def test_the_page_says_that_the_gate_is_required(world: World) -> None:
    """
    Blocked pull requests are kept out by the ruleset, and the page names it once the default branch was measured.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    assert world.verdict(pull).conclusion == "failure"

    repository.add_ruleset("main rules", "gate", integration_id=world.github.app.id)
    repository.push("main", {"README.md": "# The shop\n"})

    with pytest.raises(NotMergeableError, match='"gate" is expected'):
        pull.merge()
    page = f"/r/{repository.full_name}"
    world.until(lambda: "main rules" in world.page(page), "the ruleset on the page")
    assert "with this App as expected source" in world.page(page)


@pytest.mark.long
def test_rules_that_cannot_be_read_do_not_spoil_the_measurement(world: World) -> None:
    """
    The branch is measured as ever, and the next push looks again.
    """
    repository = world.repository()
    page = f"/r/{repository.full_name}"
    world.github.faults.script(RULES, Fault(500))

    repository.push("main", {"README.md": "# The shop\n"})
    world.until(lambda: not world.github.faults.left, "a look that failed")
    repository.push("main", {"README.md": "# The old shop\n"})

    world.until(lambda: "is not required on" in world.page(page), "what was seen, on the page")
    world.until(lambda: "not armed yet" not in world.page(page), "coverage armed by the measurement")
