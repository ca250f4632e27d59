"""Merge queues: the commit that is about to be merged has a verdict of its own, and the queue never waits in vain."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gate.store import Store
from gate.tables import merge_group
from tests.fake_github import CheckRun, PullRequest, Repository
from tests.fake_github.faults import CREATE_CHECK_RUN, slow
from tests.flows.conftest import CHECK_RUNS, SHOP, SOURCE, TANGLE, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

HELPER = "def half(quantity):\n    return quantity // 2\n"


def group_gate(world: World, repository: Repository, sha: str) -> CheckRun:
    """The completed `gate` of a group's commit."""
    found: dict[str, CheckRun] = {}

    def there() -> bool:
        found.update(repository.check_runs_of(sha))
        return "gate" in found and found["gate"].status == "completed"

    world.until(there, f"gate of the group {sha}")
    return found["gate"]


def names_and_states(repository: Repository, sha: str) -> list[tuple[str, str]]:
    runs = [run for run in repository.check_runs if run.head_sha == sha]
    return sorted((run.name, run.status) for run in runs)


def is_destroyed(store: Store, sha: str) -> bool:
    with store._reading() as connection:
        statement = sa.select(merge_group.c.destroyed).where(merge_group.c.head_sha == sha)
        return connection.scalar(statement) is True


@pytest.mark.usefixtures("box")
def test_a_group_with_the_tree_of_its_pull_request_runs_no_test_again(world: World) -> None:
    """
    The verdict is the group's own; what was measured of an equal tree is not measured twice.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"half.py": HELPER})
    world.settled(pull)

    sha = pull.enqueue()

    gate = group_gate(world, repository, sha)
    assert gate.conclusion == "success"
    assert names_and_states(repository, sha) == [(name, "completed") for name in CHECK_RUNS]
    assert "head known from an equal tree" in repository.check_runs_of(sha)["gate / coverage"].summary


def test_a_group_is_judged_by_what_it_would_merge(world: World) -> None:
    """
    Two changes that pass alone may not pass together: the second group is compared with the first, and blocks.
    """
    policy = "[complexity]\nmaximum = 20\n"
    repository = world.repository({**SHOP, ".gate.toml": policy})
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)
    stricter = repository.open_pull_request({".gate.toml": ""})
    world.settled(stricter)
    passed = pull.check_runs["gate / complexity"].conclusion
    stricter.merge()

    sha = pull.enqueue()

    assert passed == "success"
    assert group_gate(world, repository, sha).conclusion == "failure"
    assert repository.check_runs_of(sha)["gate / complexity"].title == "tangle is 12, limit 10"


@pytest.mark.long
def test_a_waiver_holds_for_the_group(world: World) -> None:
    """
    What a maintainer let pass on the pull request stops it in the queue no second time.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[coverage]\npatch = 0\n"})
    repository.collaborators["mona"] = "admin"
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)
    pull.comment("/gate waive complexity an urgent repair, see #12", author="mona")
    world.until(lambda: pull.check_run.conclusion == "success", "the waiver")

    sha = pull.enqueue()

    gate = group_gate(world, repository, sha)
    assert gate.conclusion == "success"
    assert "mona" in gate.title


@pytest.mark.long
def test_a_group_that_is_given_up_waits_for_nothing(world: World) -> None:
    """
    Its run is cancelled and its `gate` closed; the pull request's own stays as it was.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)
    world.github.faults.script(CREATE_CHECK_RUN, slow(2))
    sha = pull.enqueue()
    world.until(lambda: "gate" in repository.check_runs_of(sha), "the group's gate")

    pull.dequeue(sha, reason="invalidated")

    assert group_gate(world, repository, sha).conclusion in {"cancelled", "failure"}
    world.until(
        lambda: {state for _, state in names_and_states(repository, sha)} == {"completed"}, "nothing open"
    )
    assert pull.check_run.conclusion == "failure"


@pytest.mark.long
def test_a_group_that_was_destroyed_first_is_not_begun(world: World) -> None:
    """
    Events come in any order; nobody waits for that verdict.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"README.md": "another\n"})
    world.settled(pull)
    world.github.webhooks.held = True
    sha = pull.enqueue()
    pull.dequeue(sha)
    groups = {one.action: one for one in world.github.webhooks.pending if one.event == "merge_group"}
    world.github.webhooks.held = False
    store = Store(f"sqlite:///{world.service.folder}/data/gate.db")

    world.github.deliver(groups["destroyed"])
    world.until(lambda: is_destroyed(store, sha), "what is known of the group")
    world.github.deliver(groups["checks_requested"])
    world.github.deliver()

    world.settled(repository.open_pull_request({"README.md": "a third\n"}))
    assert repository.check_runs_of(sha) == {}
    assert store.verdicts_at(repository.id, sha) == ()


@pytest.mark.long
def test_a_group_is_measured_again_by_the_button(world: World) -> None:
    """
    "Re-run all checks" on the queue's commit finds the group, which belongs to no head of a pull request.
    """
    repository = world.repository()
    pull: PullRequest = repository.open_pull_request({"README.md": "another\n"})
    world.settled(pull)
    sha = pull.enqueue()
    first = group_gate(world, repository, sha)

    repository.rerun_all(sha)

    world.until(lambda: repository.check_runs_of(sha)["gate"].id != first.id, "a second gate")
    assert group_gate(world, repository, sha).conclusion == "success"
