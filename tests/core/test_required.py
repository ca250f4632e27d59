"""Whether `gate` is required: tables of rules, what they mean and what is said of them."""

from __future__ import annotations

import pytest

from gate.core.branch_rules import BranchRule, BranchRules, RequiredCheck
from gate.core.required import Assessment, Link, assess, named

OURS = 9
ACTIONS = 15368
WEB = "https://github.com/octo/app"


def ruleset(
    *checks: tuple[str, int | None],
    enforcement: str = "active",
    strict: bool = False,
    name: str = "main rules",
    organization: bool = False,
) -> BranchRule:
    required = tuple(RequiredCheck(context, app_id) for context, app_id in checks)
    whose = ("octo", "Organization") if organization else ("octo/app", "Repository")
    return BranchRule("ruleset", required, enforcement, strict, 42, name, *whose)


def protection(*checks: tuple[str, int | None], enforcement: str = "everyone") -> BranchRule:
    return BranchRule(
        "protection", tuple(RequiredCheck(context, app_id) for context, app_id in checks), enforcement
    )


def assessed(*rules: BranchRule, merge_queue: bool = False, unseen: tuple[str, ...] = ()) -> Assessment:
    seen = BranchRules("main", rules, merge_queue, unseen)
    return assess(seen, app_id=OURS, web_url=WEB)


@pytest.mark.parametrize(
    ("rules", "state"),
    [
        # Bound to this App by either kind of rule.
        ((ruleset(("gate", OURS)),), "required"),
        ((protection(("gate", OURS)),), "required"),
        ((protection(("gate", OURS), enforcement="non_admins"),), "required"),
        ((ruleset(("gate", OURS), organization=True),), "required"),
        # Rules add up: one that is bound is enough.
        ((ruleset(("gate", None)), protection(("gate", OURS))), "required"),
        # From anybody.
        ((ruleset(("gate", None)),), "forgeable"),
        ((protection(("gate", None)),), "forgeable"),
        # Not at all.
        ((), "not required"),
        ((ruleset(("lint", ACTIONS)), protection(("build", None))), "not required"),
        # By another name: names are compared letter by letter.
        ((ruleset(("Gate", OURS)),), "not required"),
        ((ruleset(("gate ", OURS)),), "not required"),
        ((ruleset(("gate / coverage", OURS)),), "not required"),
        ((ruleset(("gate/coverage", OURS)),), "not required"),
        # Of another App.
        ((ruleset(("gate", ACTIONS)),), "not required"),
        # By rules that GitHub does not enforce.
        ((ruleset(("gate", OURS), enforcement="evaluate"),), "not required"),
        ((ruleset(("gate", OURS), enforcement="disabled"),), "not required"),
        ((protection(("gate", OURS), enforcement="off"),), "not required"),
    ],
)
def test_state(rules: tuple[BranchRule, ...], state: str) -> None:
    """
    `gate` is required when a rule in force names it exactly, and safe from forgery when it names this App.
    """
    found = assessed(*rules)

    assert found.state == state
    assert found.required is (state in {"required", "forgeable"})
    assert any(gap.blocking for gap in found.gaps) is not found.required


@pytest.mark.parametrize(
    ("rules", "headline"),
    [
        (
            (ruleset(("gate", OURS)),),
            '`gate` is required on `main` by the ruleset "main rules", with this App as expected source',
        ),
        (
            (ruleset(("gate", OURS), organization=True), protection(("gate", OURS))),
            (
                '`gate` is required on `main` by the ruleset "main rules" of octo and by the branch protection, '
                "with this App as expected source"
            ),
        ),
        (
            (protection(("gate", None)),),
            "`gate` is required on `main` by the branch protection, from any source",
        ),
        ((), "`gate` is not required on `main`: pull requests can be merged past the gate"),
    ],
)
def test_headline(rules: tuple[BranchRule, ...], headline: str) -> None:
    """
    One sentence says by which rules and of whom.
    """
    assert assessed(*rules).headline == headline


def test_nothing_required_says_where_to_add_it() -> None:
    """
    The remedy has both places, the settings of rulesets and of branch protection.
    """
    (gap,) = assessed().gaps

    assert gap.remedy.startswith("Add `gate` to the required status checks of a ruleset for `main`")
    assert gap.links == (
        Link("Rulesets", f"{WEB}/settings/rules"),
        Link("Branch protection", f"{WEB}/settings/branches"),
    )


@pytest.mark.parametrize(
    ("rule", "text", "remedy", "url"),
    [
        (
            ruleset(("gate", None)),
            'The ruleset "main rules" names no expected source: whoever may write commit statuses here',
            "Choose this App as the source of `gate` there.",
            f"{WEB}/settings/rules/42",
        ),
        (
            ruleset(("gate", None), organization=True),
            'The ruleset "main rules" of octo names no expected source',
            "Choose this App as the source",
            "https://github.com/organizations/octo/settings/rules/42",
        ),
        (
            ruleset(("gate", ACTIONS)),
            'The ruleset "main rules" expects `gate` from another App (id 15368)',
            "Choose this App (id 9) as the source of `gate` there.",
            f"{WEB}/settings/rules/42",
        ),
        (
            protection(("Gate", OURS)),
            "The branch protection requires `Gate`, which nothing here reports",
            "Require `gate` instead.",
            f"{WEB}/settings/branches",
        ),
        (
            protection(("gate/coverage", OURS)),
            "The branch protection requires `gate/coverage`, which nothing here reports",
            "Require `gate` instead.",
            f"{WEB}/settings/branches",
        ),
        (
            ruleset(("gate / security", OURS)),
            'The ruleset "main rules" requires `gate / security`, one of the details',
            "Require `gate` instead.",
            f"{WEB}/settings/rules/42",
        ),
        (
            ruleset(("gate", OURS), enforcement="evaluate"),
            'The ruleset "main rules" requires `gate`, and its enforcement is "evaluate"',
            'Set its enforcement to "Active".',
            f"{WEB}/settings/rules/42",
        ),
        (
            protection(("gate", OURS), enforcement="off"),
            'The branch protection requires `gate`, and its enforcement is "off"',
            "Turn its required checks on.",
            f"{WEB}/settings/branches",
        ),
        (
            protection(("gate", OURS), enforcement="non_admins"),
            "The branch protection binds everybody but administrators",
            'Tick "Do not allow bypassing the above settings" there',
            f"{WEB}/settings/branches",
        ),
    ],
)
def test_gaps_name_the_rule_and_the_remedy(rule: BranchRule, text: str, remedy: str, url: str) -> None:
    """
    Whatever is wrong with a rule is said of that rule, with what helps and where.
    """
    gaps = [gap for gap in assessed(rule).gaps if not gap.text.startswith("Nothing keeps")]

    (gap,) = gaps
    assert gap.text.startswith(text)
    assert gap.remedy.startswith(remedy)
    assert [link.url for link in gap.links] == [url]


def test_names_that_block_are_told_although_gate_is_required() -> None:
    """
    A name that nothing reports, or another App's, keeps every pull request from being merged.
    """
    found = assessed(ruleset(("gate", OURS), ("GATE", None), ("gate / coverage", OURS), ("gate", ACTIONS)))

    assert found.state == "required"
    assert [gap.remedy for gap in found.gaps] == [
        "Choose this App (id 9) as the source of `gate` there.",
        "Remove `GATE` there.",
        "Remove `gate / coverage` there.",
    ]
    assert not any(gap.blocking for gap in found.gaps)


def test_other_peoples_checks_are_nobodys_mistake() -> None:
    """
    Names that do not look like ours are passed over.
    """
    assert assessed(ruleset(("gate", OURS), ("gatekeeper", None), ("gate / lint", None))).gaps == ()


def test_a_ruleset_binds_administrators_whom_the_protection_lets_by() -> None:
    """
    That administrators may bypass a protection matters only when nothing else requires the check.
    """
    both = assessed(protection(("gate", OURS), enforcement="non_admins"), ruleset(("gate", OURS)))

    assert both.gaps == ()


@pytest.mark.parametrize(
    ("rules", "strict"),
    [
        ((), None),
        ((protection(("gate", OURS)),), None),
        ((ruleset(("gate", OURS)),), False),
        ((ruleset(("gate", OURS)), ruleset(("lint", None), strict=True)), True),
    ],
)
def test_strict(rules: tuple[BranchRule, ...], strict: bool | None) -> None:
    """
    One strict rule makes the branch strict; of a protection nobody tells.
    """
    assert assessed(*rules).strict is strict


def test_a_merge_queue_is_no_gap() -> None:
    """
    Its groups have verdicts of their own; it is told all the same.
    """
    queued = assessed(ruleset(("gate", OURS)), merge_queue=True)

    assert queued.gaps == ()
    assert queued.merge_queue


def test_what_is_not_seen_leaves_it_open() -> None:
    """
    Nothing found among rules of which some could not be read is no finding; what was found is one.
    """
    unknown = assessed(unseen=("Rulesets cannot be read.",))
    known = assessed(protection(("gate", OURS)), unseen=("Rulesets cannot be read.",))

    assert (unknown.state, unknown.gaps) == ("unknown", ())
    assert unknown.headline == "Whether `gate` is required on `main` is not known"
    assert known.state == "required"
    assert known.unseen[0] == "Rulesets cannot be read."


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ((), []),
        ((ruleset(("gate", OURS)),), ["Who may bypass a ruleset"]),
        ((protection(("gate", OURS)),), ["Of a branch protection"]),
        ((ruleset(("gate", OURS)), protection(("lint", None))), ["Who may bypass", "Of a branch protection"]),
        # What is not in force hides nothing of interest.
        ((ruleset(("gate", OURS), enforcement="evaluate"),), []),
    ],
)
def test_what_an_app_is_not_shown_is_said(rules: tuple[BranchRule, ...], words: list[str]) -> None:
    """
    Bypass lists, and a protection's finer settings, are for administrators' eyes.
    """
    unseen = assessed(*rules).unseen

    assert len(unseen) == len(words)
    assert all(text.startswith(begin) for text, begin in zip(unseen, words, strict=True))


def test_plan_without_rules_says_what_helps() -> None:
    """
    In a private repository of the free plan there is no setting to point at.
    """
    found = assess(BranchRules("main", plan_has_rules=False), app_id=OURS, web_url=WEB)

    (gap,) = found.gaps
    assert found.state == "not required"
    assert gap.text == "GitHub enforces no rules in a private repository of this plan."
    assert gap.links == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ruleset(), 'the ruleset "main rules"'),
        (ruleset(name=""), "the ruleset 42"),
        (ruleset(organization=True), 'the ruleset "main rules" of octo'),
        (
            BranchRule("ruleset", (), "active", False, 1, "all", "acme", "Enterprise"),
            'the ruleset "all" of acme',
        ),
        (protection(), "the branch protection"),
    ],
)
def test_rules_are_named(rule: BranchRule, words: str) -> None:
    """
    A ruleset is named by its name and, when it is not the repository's, by its owner.
    """
    assert named(rule) == words


def test_a_server_of_ones_own_has_its_own_addresses() -> None:
    """
    Links lead to the GitHub Enterprise Server that the repository is on, below its path.
    """
    web = "https://host.example/github/octo/app"
    enterprise = BranchRule(
        "ruleset", (RequiredCheck("gate"),), "active", False, 1, "all", "acme", "Enterprise"
    )
    seen = BranchRules("main", (ruleset(("gate", None), organization=True), enterprise))

    gaps = assess(seen, app_id=OURS, web_url=web).gaps

    assert [gap.links[0].url for gap in gaps] == [
        "https://host.example/github/organizations/octo/settings/rules/42",
        f"{web}/rules",
    ]
