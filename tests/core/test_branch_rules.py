"""What GitHub tells of the rules of a branch, read into values."""

from __future__ import annotations

from typing import Any

import pytest

from gate.core.branch_rules import (
    BranchRule,
    Listed,
    RequiredCheck,
    active,
    inactive,
    listed,
    protection,
    queued,
)
from gate.core.payload import PayloadError

GATE = {"context": "gate", "integration_id": 9}


def checks_rule(*checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rule as `GET /rules/branches/{branch}` shows it."""
    parameters = {"required_status_checks": list(checks), "strict_required_status_checks_policy": False}
    return {
        "type": "required_status_checks",
        "parameters": parameters | more,
        "ruleset_id": 42,
        "ruleset_source": "octo/app",
        "ruleset_source_type": "Repository",
    }


def branch(**required: Any) -> dict[str, Any]:
    """A branch as `GET /branches/{branch}` shows it."""
    return {"name": "main", "protection": {"enabled": True, "required_status_checks": required}}


def test_active_ruleset_gets_its_name_from_the_list() -> None:
    """
    The rules of a branch have the ruleset's id only; the list of rulesets knows the name.
    """
    rulesets = listed([{"id": 42, "name": "main rules", "enforcement": "active", "target": "branch"}])

    found = list(active([checks_rule(GATE, {"context": "lint"})], rulesets))

    assert found == [
        BranchRule(
            "ruleset",
            (RequiredCheck("gate", 9), RequiredCheck("lint")),
            "active",
            strict=False,
            id=42,
            name="main rules",
            source="octo/app",
            source_type="Repository",
        )
    ]


def test_other_rules_require_no_checks() -> None:
    """
    Rules of other types are passed over, a merge queue among them but for the question whether there is one.
    """
    rules = [{"type": "deletion"}, {"type": "merge_queue", "parameters": {}}, {"type": "made up tomorrow"}]

    assert list(active(rules, ())) == []
    assert queued(rules)
    assert not queued(rules[:1])


@pytest.mark.parametrize(
    ("check", "app_id"),
    [
        # A source is an App's id.
        ({"context": "gate", "integration_id": 9}, 9),
        # Nothing, null and GitHub's -1 all mean anybody.
        ({"context": "gate"}, None),
        ({"context": "gate", "integration_id": None}, None),
        ({"context": "gate", "integration_id": -1}, None),
    ],
)
def test_source_of_a_check(check: dict[str, Any], app_id: int | None) -> None:
    """
    A required check has one App as its source, or any.
    """
    (rule,) = active([checks_rule(check)], ())

    assert rule.checks == (RequiredCheck("gate", app_id),)


def test_strict_rules_say_so() -> None:
    """
    Rulesets tell whether the head has to be up to date.
    """
    (rule,) = active([checks_rule(GATE, strict_required_status_checks_policy=True)], ())

    assert rule.strict is True


def test_rulesets_of_tags_are_told_apart() -> None:
    """
    The list has rulesets of tags and pushes too; an older server names no target.
    """
    answer = [
        {"id": 1, "name": "a", "enforcement": "active", "target": "tag"},
        {"id": 2, "name": "b", "enforcement": "evaluate"},
    ]

    assert listed(answer) == (
        Listed(1, "a", "active", for_branches=False),
        Listed(2, "b", "evaluate", for_branches=True),
    )


def test_inactive_ruleset_keeps_its_enforcement() -> None:
    """
    What a ruleset would require is read with the word that says why it does not.
    """
    answer = {
        "id": 7,
        "name": "trial",
        "enforcement": "evaluate",
        "source": "octo",
        "source_type": "Organization",
        "rules": [{"type": "deletion"}, {**checks_rule(GATE), "ruleset_id": None}],
    }

    (rule,) = inactive(answer)

    assert (rule.enforcement, rule.enforced, rule.id, rule.name) == ("evaluate", False, 7, "trial")
    assert (rule.source, rule.source_type) == ("octo", "Organization")


@pytest.mark.parametrize(
    ("required", "checks"),
    [
        # The App of each check is in `checks`; `contexts` repeats the names.
        (
            {"contexts": ["gate"], "checks": [{"context": "gate", "app_id": 9}]},
            (RequiredCheck("gate", 9),),
        ),
        # An older server tells names alone.
        ({"contexts": ["gate", "lint"]}, (RequiredCheck("gate"), RequiredCheck("lint"))),
        ({"contexts": ["gate"], "checks": []}, (RequiredCheck("gate"),)),
    ],
)
def test_protection_is_read(required: dict[str, Any], checks: tuple[RequiredCheck, ...]) -> None:
    """
    The branch protection has checks with their Apps and a word for who is bound.
    """
    assert protection(branch(enforcement_level="everyone", **required)) == BranchRule(
        "protection", checks, "everyone"
    )


@pytest.mark.parametrize(
    "answer",
    [
        branch(enforcement_level="off", contexts=[], checks=[]),
        branch(),
        {"name": "main", "protection": {"enabled": True}},
        {"name": "main", "protection": {"enabled": True, "required_status_checks": None}},
    ],
)
def test_protection_without_checks_requires_nothing(answer: dict[str, Any]) -> None:
    """
    A protected branch need not require any check.
    """
    assert protection(answer) is None


@pytest.mark.parametrize(
    "answer",
    [
        # Left out for who may not see it: that must not be read as "not protected".
        {"name": "main", "protected": True},
        {"name": "main", "protection": None},
        branch(contexts="gate"),
        branch(checks=[{"context": "gate", "app_id": "9"}]),
        [],
    ],
)
def test_what_is_no_protection_is_an_error(answer: object) -> None:
    """
    An answer that does not say how a branch is protected is no answer.
    """
    with pytest.raises(PayloadError):
        protection(answer)
