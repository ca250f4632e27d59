"""A push that changes the policy judges open pull requests again, from stored reports; any other push does not."""

from __future__ import annotations

import pytest
import requests

from tests.fake_github import CheckRun, PullRequest
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World, runs_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

LIMIT_20 = "[complexity]\nmaximum = 20\n[coverage]\npatch = 0\n"


def gates(pull: PullRequest) -> list[CheckRun]:
    """Every `gate` on the present head, oldest first."""
    return [run for run in runs_of(pull) if run.name == "gate"]


def judged(world: World, pull: PullRequest, times: int) -> CheckRun:
    """The newest `gate` of a head, once it was judged so often."""
    world.until(
        lambda: len(gates(pull)) >= times and all(run.status == "completed" for run in runs_of(pull)),
        f"{times} verdicts on {pull}",
    )
    assert len(gates(pull)) == times
    return pull.check_run


def idle(world: World) -> None:
    """Waits until nothing waits or runs, in any queue."""

    def nothing_left() -> bool:
        lines = requests.get(f"{world.service.url}/metrics", timeout=30).text.splitlines()
        return {line.split()[-1] for line in lines if line.startswith("gate_works{")} == {"0.0"}

    world.until(nothing_left, "nothing to do")


@pytest.mark.usefixtures("box")
def test_a_new_policy_judges_open_pull_requests_again_without_measuring(world: World) -> None:
    """
    A raised limit turns both heads green; their tests are not run again, nor is anything analysed.
    """
    repository = world.repository()
    pulls = [
        repository.open_pull_request({"shop.py": SOURCE + TANGLE, "README.md": f"# Shop {n}\n"})
        for n in (1, 2)
    ]
    world.settled(*pulls)

    repository.push("main", {".gate.toml": LIMIT_20})

    for pull in pulls:
        assert judged(world, pull, 2).conclusion == "success"
        assert [run.conclusion for run in gates(pull)] == ["failure", "success"]
        assert f"gates from .gate.toml at {repository.head_sha[:7]}" in pull.check_run.summary
        assert "head known from an equal tree" in pull.check_runs["gate / coverage"].summary
        assert " 0 of " in pull.check_runs["gate / complexity"].summary


@pytest.mark.long
def test_a_push_that_leaves_the_rules_as_they_are_judges_nothing_again(world: World) -> None:
    """
    Neither a comment in the policy, nor a dependency beside coverage's settings, nor any other file.
    """
    repository = world.repository({**SHOP, ".gate.toml": LIMIT_20})
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)

    repository.push("main", {".gate.toml": f"# A remark.\n{LIMIT_20}"})
    repository.push("main", {"pyproject.toml": "[tool.other]\nx = 1\n"})
    repository.push("main", {"README.md": "# Another shop\n"})
    idle(world)

    assert len(gates(pull)) == 1


@pytest.mark.long
def test_the_configuration_of_bandit_is_a_rule_too(world: World) -> None:
    """
    A finding whose rule the default branch skips from now on blocks no longer.
    """
    repository = world.repository()
    shell = "\n\nimport subprocess\nsubprocess.call(input(), shell=True)\n"
    pull = repository.open_pull_request({"shop.py": SOURCE + shell})
    world.settled(pull)
    assert pull.check_runs["gate / security"].conclusion == "failure"

    repository.push("main", {"pyproject.toml": "[tool.bandit]\nskips = ['B404', 'B602']\n"})

    judged(world, pull, 2)
    assert pull.check_runs["gate / security"].conclusion == "success"


@pytest.mark.long
def test_a_listed_branch_judges_its_own_pull_requests_again(world: World) -> None:
    """
    A new policy on `release/1` concerns those to be merged there; one on a branch that is not listed, none.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[gate]\nbranches = ['release/*']\n"})
    repository.push("release/1", {"README.md": "# Release\n"})
    repository.push("other", {"README.md": "# Other\n"})
    listed, unlisted, main = (
        repository.open_pull_request(
            {"shop.py": SOURCE + TANGLE, "to": base}, base=base, branch=f"to-{base.replace('/', '-')}"
        )
        for base in ("release/1", "other", "main")
    )
    world.settled(listed, unlisted, main)

    repository.push("other", {".gate.toml": LIMIT_20})
    repository.push("release/1", {".gate.toml": LIMIT_20})

    judged(world, listed, 2)
    idle(world)
    assert listed.check_runs["gate / complexity"].conclusion == "success"
    assert [len(gates(pull)) for pull in (unlisted, main)] == [1, 1]


@pytest.mark.long
def test_the_policy_of_the_organisation_judges_all_its_repositories_again(world: World) -> None:
    """
    A push to `.github` concerns every repository of the account.
    """
    organisation = world.github.repository({"README.md": "Hello\n"}, name="wide/.github", private=True)
    repositories = [world.repository(owner="wide") for _ in range(2)]
    pulls = [one.open_pull_request({"shop.py": SOURCE + TANGLE}) for one in repositories]
    world.settled(*pulls)

    organisation.push("main", {".gate.toml": LIMIT_20})

    for pull in pulls:
        judged(world, pull, 2)
        assert pull.check_runs["gate / complexity"].conclusion == "success"
        assert "gates from wide/.github/.gate.toml at blob" in pull.check_run.summary


def test_an_evaluation_that_began_by_the_old_rules_ends_by_the_new_ones(world: World) -> None:
    """
    Whatever was being judged at the moment of the push, the verdict that stays is by the policy of now.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[complexity]\nmaximum = 9\n"})

    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.until(lambda: bool(gates(pull)), "an evaluation that began")
    repository.push("main", {".gate.toml": LIMIT_20})
    idle(world)

    assert f"gates from .gate.toml at {repository.head_sha[:7]}" in world.verdict(pull).summary
    assert pull.check_runs["gate / complexity"].conclusion == "success"
    assert {run.status for run in runs_of(pull)} == {"completed"}


@pytest.mark.long
def test_a_newer_head_takes_the_place_of_one_judged_again(world: World) -> None:
    """
    The head that is pushed meanwhile is judged, by the new policy, and nothing of the old one stays open.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)
    old = pull.head_sha

    repository.push("main", {".gate.toml": LIMIT_20})
    pull.push({"README.md": "# Newer\n"})
    idle(world)

    assert f"gates from .gate.toml at {repository.head_sha[:7]}" in world.verdict(pull).summary
    assert [run for run in repository.check_runs if run.head_sha == old and run.status != "completed"] == []


@pytest.mark.long
def test_a_policy_that_a_push_breaks_blocks_and_the_repair_lifts_it(world: World) -> None:
    """
    Nobody stays green by rules that are not there any more.
    """
    repository = world.repository({**SHOP, ".gate.toml": LIMIT_20})
    pull = repository.open_pull_request({"README.md": "# Shop 2\n"})
    world.settled(pull)

    repository.push("main", {".gate.toml": "[complexity]\nmaximum = 'ten'\n"})
    broken = judged(world, pull, 2)
    repository.push("main", {".gate.toml": LIMIT_20})
    repaired = judged(world, pull, 3)

    assert "line 2: `complexity.maximum`" in broken.summary
    assert broken.conclusion == "failure"
    assert "complexity.maximum" not in repaired.summary
