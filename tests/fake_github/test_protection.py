"""The fake's branch protection and rulesets: what they show, what they refuse to merge, whom they take as a source."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.fake_github import FakeGitHub, NotMergeableError, NotOfferedError, PullRequest, Repository
from tests.fake_github.client import ask

ACTIONS = 15368


def test_protection_is_shown_with_its_branch(github: FakeGitHub, repository: Repository) -> None:
    """
    A branch tells which checks it requires of which App and who is bound, and nothing of `strict`.
    """
    repository.protect("main", "gate", "lint", app_id=github.app.id, strict=True)

    shown = ask(github, "GET", "/repos/octo/app/branches/main").body

    assert shown["protected"] is True
    assert shown["protection"] == {
        "enabled": True,
        "required_status_checks": {
            "enforcement_level": "non_admins",
            "contexts": ["gate", "lint"],
            "checks": [
                {"context": "gate", "app_id": github.app.id},
                {"context": "lint", "app_id": github.app.id},
            ],
        },
    }
    assert github.problems == []


def test_hidden_protection_is_left_out(github: FakeGitHub, repository: Repository) -> None:
    """
    Who may not push to a private repository is not told how a branch is protected.
    """
    repository.protect("main", "gate")
    repository.hides_protection = True

    shown = ask(github, "GET", "/repos/octo/app/branches/main").body

    assert "protection" not in shown


def test_active_rules_name_their_ruleset(
    github: FakeGitHub, repository: Repository, pull: PullRequest
) -> None:
    """
    The rules of a branch are those of the active rulesets that cover it, the organisation's too.
    """
    repository.report("gate", pull.head_sha)
    own = repository.add_ruleset("own", "gate", integration_id=github.app.id, strict=True)
    whole = repository.add_ruleset("all of us", "lint", source="octo", branches=("~ALL",), more=("deletion",))
    repository.add_ruleset("trial", "gate", enforcement="evaluate")
    repository.add_ruleset("releases", "gate", branches=("refs/heads/release/*",), merge_queue=True)

    rules: list[dict[str, Any]] = ask(github, "GET", "/repos/octo/app/rules/branches/main").body

    assert [(rule["type"], rule["ruleset_id"], rule["ruleset_source_type"]) for rule in rules] == [
        ("required_status_checks", own.id, "Repository"),
        ("deletion", whole.id, "Organization"),
        ("required_status_checks", whole.id, "Organization"),
    ]
    assert rules[0]["parameters"]["required_status_checks"] == [
        {"context": "gate", "integration_id": github.app.id}
    ]
    other = ask(github, "GET", "/repos/octo/app/rules/branches/release/1").body
    assert [rule["type"] for rule in other] == [
        "deletion",
        "required_status_checks",
        "required_status_checks",
        "merge_queue",
    ]


def test_rulesets_are_listed_and_read(github: FakeGitHub, repository: Repository) -> None:
    """
    The list has every enforcement; what is in a ruleset stands in its own answer, but for who may bypass it.
    """
    made = repository.add_ruleset("trial", "gate", enforcement="evaluate", source="octo")

    listed = ask(github, "GET", "/repos/octo/app/rulesets").body
    read = ask(github, "GET", f"/repos/octo/app/rulesets/{made.id}").body

    assert [(one["name"], one["enforcement"], "rules" in one) for one in listed] == [
        ("trial", "evaluate", False)
    ]
    assert [rule["type"] for rule in read["rules"]] == ["required_status_checks"]
    assert "bypass_actors" not in read
    assert ask(github, "GET", "/repos/octo/app/rulesets/1").status == 404
    assert github.problems == []


def test_free_plan_has_no_rulesets(github: FakeGitHub, repository: Repository) -> None:
    """
    A private repository of the free plan is refused with GitHub's sentence.
    """
    repository.free_plan = True

    answer = ask(github, "GET", "/repos/octo/app/rules/branches/main")

    assert (answer.status, answer.body["message"][:21]) == (403, "Upgrade to GitHub Pro")


@pytest.mark.parametrize(
    ("conclusion", "merges"),
    [
        # These three pass.
        ("success", True),
        ("neutral", True),
        ("skipped", True),
        # These do not, and neither does one that is missing.
        ("failure", False),
        ("cancelled", False),
        ("timed_out", False),
        ("action_required", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("kind", ["protection", "ruleset"])
def test_red_checks_are_in_the_way(
    repository: Repository, pull: PullRequest, kind: str, conclusion: str, merges: bool
) -> None:
    """
    A pull request is merged when what is required is green on its head, and refused otherwise.
    """
    if kind == "protection":
        repository.protect("main", "gate")
    else:
        repository.add_ruleset("rules", "gate")
    if conclusion:
        repository.report("gate", pull.head_sha, conclusion=conclusion)

    if merges:
        pull.merge()
    else:
        with pytest.raises(NotMergeableError, match='"gate" is expected'):
            pull.merge()

    assert pull.merged is merges


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        # Administrators are bound only when the rule says so.
        ({}, False),
        ({"enforce_admins": True}, True),
    ],
)
def test_administrators_bypass_a_protection(
    repository: Repository, pull: PullRequest, rule: dict[str, bool], refused: bool
) -> None:
    """
    An administrator merges past a protection, unless it is enforced for administrators.
    """
    repository.protect("main", "gate", **rule)

    if refused:
        with pytest.raises(NotMergeableError):
            pull.merge(admin=True)
    else:
        pull.merge(admin=True)

    assert pull.merged is not refused


def test_administrators_bypass_a_ruleset_that_lists_them(repository: Repository, pull: PullRequest) -> None:
    """
    A ruleset binds administrators too, unless its bypass list has them.
    """
    ruleset = repository.add_ruleset("rules", "gate")
    with pytest.raises(NotMergeableError):
        pull.merge(admin=True)

    repository.rulesets.remove(ruleset)
    repository.add_ruleset("rules", "gate", admins_bypass=True)
    pull.merge(admin=True)

    assert pull.merged


def test_only_the_expected_source_counts(
    github: FakeGitHub, repository: Repository, pull: PullRequest
) -> None:
    """
    A green check of the name by another App, or a status, does not do when the source is fixed.
    """
    repository.report("gate", pull.head_sha, app_id=ACTIONS)
    repository.statuses.append({"sha": pull.head_sha, "context": "gate", "state": "success"})
    repository.protect("main", "gate", app_id=github.app.id)
    with pytest.raises(NotMergeableError):
        pull.merge()

    repository.report("gate", pull.head_sha)
    pull.merge()

    assert pull.merged


def test_a_status_forges_a_check_without_source(repository: Repository, pull: PullRequest) -> None:
    """
    Without an expected source whoever may write statuses makes the check green.
    """
    repository.add_ruleset("rules", "gate")
    repository.statuses.append({"sha": pull.head_sha, "context": "gate", "state": "success"})

    pull.merge()

    assert pull.merged


def test_everything_of_a_name_has_to_pass(repository: Repository, pull: PullRequest) -> None:
    """
    A red check run and a green status of one name are both required.
    """
    repository.add_ruleset("rules", "gate")
    repository.report("gate", pull.head_sha, conclusion="failure")
    repository.statuses.append({"sha": pull.head_sha, "context": "gate", "state": "success"})

    with pytest.raises(NotMergeableError):
        pull.merge()


def test_strict_wants_the_base_in_the_head(repository: Repository, pull: PullRequest) -> None:
    """
    A head without the base's newest commit is not up to date, and is refused where that is required.
    """
    repository.add_ruleset("rules", "gate", strict=True)
    repository.report("gate", pull.head_sha)
    repository.push("main", {"other.py": "y = 1\n"})

    with pytest.raises(NotMergeableError, match="up to date"):
        pull.merge()


def test_a_merge_queue_is_the_only_way(repository: Repository, pull: PullRequest) -> None:
    """
    Where a queue is required nobody merges by hand.
    """
    repository.add_ruleset("queue", merge_queue=True)

    with pytest.raises(NotMergeableError, match="merge queue"):
        pull.merge()


def test_other_branches_are_free(repository: Repository) -> None:
    """
    What protects the default branch does not stand between others.
    """
    repository.add_ruleset("rules", "gate")
    repository.protect("main", "gate")
    repository.push("next", {"app.py": "x = 5\n"})
    pull = repository.open_pull_request({"app.py": "x = 6\n"}, base="next")

    pull.merge()

    assert pull.merged


def test_a_source_has_to_be_allowed_and_recent(
    github: FakeGitHub, repository: Repository, pull: PullRequest
) -> None:
    """
    GitHub takes an App as expected source that may write statuses and has made a check run in the last days.
    """
    with pytest.raises(NotOfferedError, match="no check run"):
        repository.add_ruleset("rules", "gate", integration_id=github.app.id)

    repository.report("gate", pull.head_sha)
    repository.add_ruleset("rules", "gate", integration_id=github.app.id)
    installation = github.installation_of(repository)
    assert installation
    del installation.permissions["statuses"]

    with pytest.raises(NotOfferedError, match="statuses"):
        repository.add_ruleset("more", "gate", integration_id=github.app.id)
    installation.permissions["statuses"] = "write"
    github.advance(timedelta(days=8))
    with pytest.raises(NotOfferedError, match="lately"):
        repository.add_ruleset("more", "gate", integration_id=github.app.id)
    assert len(repository.rulesets) == 1
