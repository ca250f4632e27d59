"""What happens to a pull request over its life, and to its repository: other bases, drafts, forks that go, new names."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from gate.core.verdict import Outcome
from gate.store import Store
from tests.fake_github import PullRequest
from tests.fake_github.faults import CREATE_CHECK_RUN, slow
from tests.flows.conftest import NEW_SECRET, SHOP, SOURCE, TANGLE, World, runs_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

HIDDEN = "import subprocess  # nosec B404\n\n\ndef run(command):\n    subprocess.call(command, shell=True)  # nosec\n"
"""A finding that a rule's id hides, and one that nothing hides."""

WELCOME = "Gate is installed: pull requests are judged from now on"


def gates(pull: PullRequest) -> list[str]:
    """The conclusions of every `gate` on the present head, oldest first."""
    return [run.conclusion for run in runs_of(pull) if run.name == "gate"]


@pytest.mark.usefixtures("box")
def test_the_first_commit_of_a_repository_arms_it(world: World) -> None:
    """
    A push to the default branch is measured: it arms coverage, is the first point of the trends, and judges nothing.
    """
    repository = world.repository(None)
    store = Store(f"sqlite:///{world.service.folder}/data/gate.db")

    first = repository.push("main", {**SHOP, "hidden.py": HIDDEN})

    world.until(lambda: _is_armed(store, repository.id), "an armed repository")
    (point,) = store.revisions(repository.id)
    assert point.sha == first
    assert (point.totals["findings"], point.totals["suppressed"]) == (1, 1)
    assert (point.totals["coverage_minimum"], point.totals["complexity_maximum"]) == (0, 10)
    # A worker that starts just now welcomes every repository that it finds; the push itself says nothing.
    assert {run.title for run in repository.check_runs} <= {WELCOME}
    backlog = requests.get(f"{world.service.url}/metrics", timeout=10).text
    assert "gate_works" in backlog


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_a_push_to_a_gated_branch_is_judged_against_its_parent(world: World) -> None:
    """
    As one to the default branch is, for the trends; a push to any other branch is nothing, and none is published.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[gate]\nbranches = ['release']\n"}, told=True)
    store = Store(f"sqlite:///{world.service.folder}/data/gate.db")
    world.until(lambda: _gated(store, repository.id) == ("release",), "the gated branches")
    repository.push("release", {"README.md": "release\n"})
    other = repository.push("feature", {"shop.py": SOURCE + TANGLE})

    sha = repository.push("release", {"shop.py": SOURCE + TANGLE})

    world.until(lambda: bool(store.verdicts_at(repository.id, sha)), "the verdict on the push")
    (found,) = store.verdicts_at(repository.id, sha)
    assert (found.branch, found.number, found.verdict.outcome) == ("release", 0, Outcome.BLOCKED)
    assert store.verdicts_at(repository.id, other) == ()
    assert [run for run in repository.check_runs if run.head_sha in {sha, other}] == []


@pytest.mark.long
def test_a_listed_base_branch_brings_its_own_policy_until_the_base_changes(world: World) -> None:
    """
    Where the default branch lists the base branch, that one's policy rules; retargeting judges the same head anew.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[gate]\nbranches = ['release']\n"})
    repository.push("release", {".gate.toml": "[complexity]\nmaximum = 20\n"})
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE}, base="release")
    world.settled(pull)
    allowed = pull.check_runs["gate / complexity"].conclusion

    pull.retarget("main")

    world.until(lambda: len(gates(pull)) == 2, "a second gate")
    world.settled(pull)
    assert allowed == "success"
    assert pull.check_runs["gate / complexity"].conclusion == "failure"
    assert pull.check_run.conclusion == "failure"


@pytest.mark.long
def test_a_draft_is_judged_and_judged_again_when_it_is_ready_or_reopened(world: World) -> None:
    """
    A draft has its verdict before anybody reviews it; later events of the same head bring one verdict each.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE}, draft=True)
    world.settled(pull)

    pull.ready_for_review()
    world.until(lambda: len(gates(pull)) == 2, "a gate when ready")
    world.settled(pull)
    pull.close()
    pull.reopen()
    world.until(lambda: len(gates(pull)) == 3, "a gate when reopened")
    world.settled(pull)

    assert gates(pull) == ["failure"] * 3


@pytest.mark.long
def test_a_fork_may_be_deleted(world: World) -> None:
    """
    The head is read from the base repository, so a verdict arrives after the fork and its branch are gone.
    """
    repository = world.repository()
    world.github.webhooks.held = True
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE}, fork=True, author="stranger")
    pull.fork_deleted = True
    world.github.advance(timedelta(seconds=1))
    pull.close()
    pull.reopen()

    world.github.deliver()

    world.until(lambda: gates(pull)[-1:] == ["failure"], "the verdict after the fork is gone")
    world.settled(pull)


@pytest.mark.long
def test_an_unguarded_branch_does_not_turn_the_same_head_green(world: World) -> None:
    """
    Two pull requests with one head share its `gate`, newest check run and all: the worst of their verdicts.
    """
    repository = world.repository()
    blocked = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(blocked)
    repository.move("playground", blocked.head_sha)

    harmless = repository.open_pull_request(base="playground", sha=blocked.head_sha, branch="again")

    world.until(lambda: len(gates(harmless)) == 2, "a gate of its own")
    world.settled(harmless)
    assert gates(harmless) == ["failure", "failure"]
    assert f"#{blocked.number}" in harmless.check_run.title


@pytest.mark.long
def test_the_same_head_is_not_green_before_all_its_pull_requests_are_judged(world: World) -> None:
    """
    While one of two pull requests with a head is judged, a quick verdict on the other opens no door.
    """
    repository = world.repository()
    world.github.faults.script(CREATE_CHECK_RUN, slow(3))
    blocked = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    repository.move("playground", blocked.head_sha)
    world.until(lambda: "gate" in blocked.check_runs, "the first gate")

    repository.open_pull_request(base="playground", sha=blocked.head_sha, branch="again")

    world.until(lambda: gates(blocked) == ["failure", "failure"], "two verdicts")
    world.settled(blocked)
    history = [shown.conclusion for run in runs_of(blocked) if run.name == "gate" for shown in run.history]
    assert "success" not in history
    assert "neutral" not in history


def test_a_private_repository_is_read_with_a_token_and_shown_to_nobody(world: World) -> None:
    """
    Its verdict arrives like any other; its pages are not there for whoever is not signed in.
    """
    repository = world.repository(private=True)
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})

    conclusion = world.verdict(pull).conclusion
    page = requests.get(f"{world.service.url}/r/{repository.full_name}/pull/{pull.number}", timeout=10)
    run = requests.get(pull.check_run.details_url, timeout=10)

    assert (conclusion, page.status_code, run.status_code) == ("failure", 404, 404)


def test_a_repository_renamed_before_we_answer(world: World) -> None:
    """
    Check runs and git follow the repository to the name it has by now.
    """
    repository = world.repository()
    world.github.webhooks.held = True
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    repository.rename(f"{repository.full_name}-renamed")

    world.github.deliver()

    assert world.verdict(pull).conclusion == "failure"
    world.settled(pull)


def test_a_form_signed_with_either_secret_is_taken(world: World) -> None:
    """
    Deliveries may be forms, and while the secret is rotated the old and the new one count, and no other.
    """
    old_secret, repository = world.github.app.webhook_secret, world.repository()
    world.github.webhooks.held = True
    world.github.webhooks.content_type = "form"
    pulls = [repository.open_pull_request({"README.md": f"{n}\n"}) for n in range(2)]
    first, second = (one for one in world.github.webhooks.pending if one.action == "opened")
    try:
        world.github.deliver(first)
        world.github.app.webhook_secret = "neither-of-the-two"
        stranger = world.github.webhooks.redeliver(second)
        world.github.deliver(stranger)
        world.github.app.webhook_secret = NEW_SECRET
        world.github.deliver(second)
    finally:
        world.github.app.webhook_secret = old_secret
        world.github.webhooks.content_type = "json"

    assert (first.status, stranger.status_code, second.status) == ("OK", 401, "OK")
    world.settled(*pulls)


def test_events_of_one_second_in_the_wrong_order(world: World) -> None:
    """
    GitHub's times are seconds: where two events have the same, GitHub is asked which head is the present one.
    """
    moment = world.github.now()
    repository = world.repository()
    world.github.webhooks.held = True
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    pull.push({"shop.py": SOURCE + "\n# harmless\n"})
    opened, pushed = (one for one in world.github.webhooks.pending if one.event == "pull_request")
    for one in (opened, pushed):
        one.payload["pull_request"]["updated_at"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    world.github.deliver(pushed)
    world.until(lambda: "gate" in pull.check_runs, "the new head's gate")
    world.github.deliver(opened)

    world.settled(pull)
    assert "cancelled" not in gates(pull)


def _gated(store: Store, repository_id: int) -> tuple[str, ...]:
    known = store.repository(repository_id)
    return known.gated_branches if known is not None else ()


def _is_armed(store: Store, repository_id: int) -> bool:
    known = store.repository(repository_id)
    return known is not None and known.armed
