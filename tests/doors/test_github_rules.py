"""The GitHub door: what the rules of a branch require, as far as an App is shown."""

from __future__ import annotations

import pytest

from gate.core.branch_rules import BranchRule, BranchRules, RequiredCheck
from gate.core.failure import Permanent, Transient
from gate.github import GitHub
from tests.doors.github_door import through
from tests.fake_github import FakeGitHub, Repository, faults
from tests.fake_github.faults import Fault

RULES = "GET /repos/{owner}/{repo}/rules/branches/{branch}"
RULESETS = "GET /repos/{owner}/{repo}/rulesets"
RULESET = "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}"
BRANCH = "GET /repos/{owner}/{repo}/branches/{branch}"


def test_both_kinds_of_rules_are_read(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    Rulesets come with their names and whether they are strict, the protection with who is bound.
    """
    repository.report("gate", repository.head_sha)
    made = repository.add_ruleset("rules", "gate", integration_id=github.app.id, strict=True)
    repository.protect("main", "gate", "lint")

    rules = through(door, repository).branch_rules("main")

    assert rules == BranchRules(
        "main",
        (
            BranchRule(
                "ruleset",
                (RequiredCheck("gate", github.app.id),),
                "active",
                strict=True,
                id=made.id,
                name="rules",
                source="octo/app",
                source_type="Repository",
            ),
            BranchRule("protection", (RequiredCheck("gate"), RequiredCheck("lint")), "non_admins"),
        ),
    )


def test_a_free_branch_has_no_rules(door: GitHub, repository: Repository) -> None:
    """
    Nothing required is an answer like any other.
    """
    assert through(door, repository).branch_rules("main") == BranchRules("main")


def test_all_pages_are_read(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    A rule on the second page counts like one on the first.
    """
    for number in range(101):
        repository.add_ruleset(f"rules {number}", f"check {number}")

    rules = through(door, repository).branch_rules("main").rules

    assert [rule.name for rule in rules] == [f"rules {number}" for number in range(101)]
    assert sum(one.operation == RULES for one in github.exchanges) == 2


def test_a_queue_is_seen(door: GitHub, repository: Repository) -> None:
    """
    A merge queue is a rule of its own.
    """
    repository.add_ruleset("queue", merge_queue=True)

    assert through(door, repository).branch_rules("main").merge_queue


def test_inactive_rulesets_are_read_one_by_one(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    The rules of a branch leave out what is on trial or switched off; a few of those are looked into.
    """
    for number in range(12):
        repository.add_ruleset(f"trial {number}", "gate", enforcement="evaluate")

    rules = through(door, repository).branch_rules("main").rules

    assert {rule.enforcement for rule in rules} == {"evaluate"}
    assert len(rules) == 10
    assert sum(one.operation == RULESET for one in github.exchanges) == 10


def test_an_inactive_ruleset_that_is_not_shown_is_passed_over(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    What an organisation has on trial and shows to nobody concerns nobody.
    """
    repository.add_ruleset("trial", "gate", enforcement="evaluate", source="octo")
    github.faults.script(RULESET, Fault(404, "Not Found"))

    assert through(door, repository).branch_rules("main") == BranchRules("main")


def test_a_branch_that_is_not_there_has_rules_all_the_same(door: GitHub, repository: Repository) -> None:
    """
    Rulesets name branches by pattern; only a protection belongs to a branch that exists.
    """
    repository.add_ruleset("rules", "gate", branches=("~ALL",))

    rules = through(door, repository).branch_rules("not/there yet")

    assert [rule.name for rule in rules.rules] == ["rules"]
    assert rules.unseen == ()


def test_a_plan_without_rules_is_told(door: GitHub, repository: Repository) -> None:
    """
    GitHub's refusal for a private repository of the free plan means that nothing can be required.
    """
    repository.free_plan = True

    rules = through(door, repository).branch_rules("main")

    assert (rules.plan_has_rules, rules.unseen) == (False, ())


def test_a_protection_that_is_not_shown_is_not_taken_for_none(door: GitHub, repository: Repository) -> None:
    """
    A branch without its protection in the answer is one whose protection is not known.
    """
    repository.protect("main", "gate")
    repository.hides_protection = True

    rules = through(door, repository).branch_rules("main")

    assert rules.unseen == ("GitHub does not show the App how this branch is protected.",)


def test_an_older_server_without_rulesets_says_so(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    Where the operation is not there, the protection is read and the rest is not known.
    """
    repository.protect("main", "gate")
    github.faults.script(RULES, Fault(404, "Not Found"))

    rules = through(door, repository).branch_rules("main")

    assert [rule.kind for rule in rules.rules] == ["protection"]
    assert rules.unseen == ("This GitHub does not tell which rulesets a branch has.",)


def test_a_missing_permission_is_told_as_such(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    What the installation was not given is named with who can give it, and is no failure.
    """
    installation = github.installation_of(repository)
    assert installation
    del installation.permissions["contents"]

    rules = through(door, repository).branch_rules("main")

    assert len(rules.unseen) == 2
    assert all("An owner of the account has to accept the App's permissions" in one for one in rules.unseen)


def test_without_the_list_only_names_are_missed(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    What holds for the branch is known without the list of rulesets.
    """
    made = repository.add_ruleset("rules", "gate")
    github.faults.script(RULESETS, Fault(404, "Not Found"))

    rules = through(door, repository).branch_rules("main")

    assert [(rule.id, rule.name) for rule in rules.rules] == [(made.id, "")]
    assert rules.unseen == ()


def test_a_renamed_repository_keeps_its_rules(door: GitHub, repository: Repository) -> None:
    """
    The id is asked for, so that an outdated name loses no page.
    """
    there = through(door, repository)
    for number in range(101):
        repository.add_ruleset(f"rules {number}", f"check {number}")
    repository.rename("octo/renamed")

    assert len(there.branch_rules("main").rules) == 101


@pytest.mark.parametrize("operation", [RULES, RULESETS, BRANCH])
def test_trouble_is_raised(door: GitHub, github: FakeGitHub, repository: Repository, operation: str) -> None:
    """
    An answer that failed is no branch without rules.
    """
    github.faults.script(operation, faults.BAD_GATEWAY)

    with pytest.raises(Transient):
        through(door, repository).branch_rules("main")


@pytest.mark.parametrize("body", ["{}", '[{"type": 3}]', '["gate"]'])
def test_an_answer_that_makes_no_sense_is_raised(
    door: GitHub, github: FakeGitHub, repository: Repository, body: str
) -> None:
    """
    What does not look like GitHub's rules is not taken for none.
    """
    github.faults.script(RULES, Fault(200, body=body))

    with pytest.raises(Permanent, match=r"rules of octo/app is not understood"):
        through(door, repository).branch_rules("main")
