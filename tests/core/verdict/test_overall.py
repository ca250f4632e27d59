"""The worst check is the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.policy import DEFAULT, Guard, parse
from gate.core.verdict import (
    CheckVerdict,
    Outcome,
    Provenance,
    Reason,
    Verdict,
    broken_policy,
    combine,
    could_not_measure,
    sub_verdicts,
    without_files,
    worst,
)

PROVENANCE = Provenance("h" * 40, "b" * 40, "", "", "defaults")


def check(name: str, outcome: Outcome = Outcome.PASSED, *, neutral: bool = False) -> CheckVerdict:
    to_pass = () if outcome is Outcome.PASSED else (Reason("x", f"Mend {name}."),)
    return CheckVerdict(name, outcome, "title", to_pass=to_pass, neutral=neutral)


def verdict(*checks: CheckVerdict) -> Verdict:
    return combine(checks, PROVENANCE, DEFAULT)


COVERAGE, COMPLEXITY, SECURITY = check("coverage"), check("complexity"), check("security")
UNARMED = check("coverage", Outcome.COULD_NOT_MEASURE, neutral=True)

CASES = [
    ((SECURITY, COVERAGE, COMPLEXITY), Outcome.PASSED, "All 3 checks passed"),
    ((SECURITY,), Outcome.PASSED, "Security passed"),
    (
        (check("coverage", Outcome.BLOCKED), check("complexity", Outcome.BLOCKED), SECURITY),
        Outcome.BLOCKED,
        "Blocked: coverage, complexity",
    ),
    (
        (check("coverage", Outcome.COULD_NOT_MEASURE), check("complexity", Outcome.BLOCKED)),
        Outcome.BLOCKED,
        "Blocked: complexity",
    ),
    (
        (check("coverage", Outcome.COULD_NOT_MEASURE), COMPLEXITY),
        Outcome.COULD_NOT_MEASURE,
        "Could not measure: coverage",
    ),
    ((check("coverage", Outcome.WAIVED), COMPLEXITY), Outcome.WAIVED, "Waived: coverage"),
    (
        (check("coverage", Outcome.SUPERSEDED), check("complexity", Outcome.BLOCKED)),
        Outcome.SUPERSEDED,
        "Superseded: coverage",
    ),
    # Not armed is named and left out, unless nothing else was measured.
    ((UNARMED, COMPLEXITY, SECURITY), Outcome.PASSED, "2 checks passed, coverage not armed yet"),
    ((UNARMED, COMPLEXITY), Outcome.PASSED, "1 check passed, coverage not armed yet"),
    ((UNARMED, check("complexity", Outcome.BLOCKED)), Outcome.BLOCKED, "Blocked: complexity"),
    ((UNARMED,), Outcome.COULD_NOT_MEASURE, "Not armed: coverage"),
    ((), Outcome.COULD_NOT_MEASURE, "Nothing was measured"),
]


@pytest.mark.parametrize(("checks", "outcome", "title"), CASES)
def test_the_worst_check_counts(checks: tuple[CheckVerdict, ...], outcome: Outcome, title: str) -> None:
    """
    Blocked, could not measure, waived, passed: in this order.
    """
    result = verdict(*checks)

    assert (result.outcome, result.title) == (outcome, title)
    assert [each.check for each in result.checks] == sorted(
        (each.check for each in checks), key=["coverage", "complexity", "security"].index
    )


def test_neutral_is_a_verdict_without_any_armed_measurement() -> None:
    """
    GitHub counts neutral as passing, so nothing else may be: not even a verdict without checks.
    """
    assert [verdict(UNARMED).neutral, verdict(UNARMED, SECURITY).neutral, verdict().neutral] == [
        True,
        False,
        False,
    ]


def test_to_pass_lists_what_blocks_in_the_order_of_the_checks() -> None:
    """
    What is not armed asks for nothing.
    """
    result = verdict(check("security", Outcome.BLOCKED), check("complexity", Outcome.BLOCKED), UNARMED)

    assert [reason.text for reason in result.to_pass] == ["Mend complexity.", "Mend security."]


def test_advise_is_told_and_changes_no_outcome() -> None:
    """
    The verdict says what it would have concluded.
    """
    result = combine([check("security", Outcome.BLOCKED)], PROVENANCE, parse('[gate]\nmode = "advise"'))

    assert (result.advise, result.outcome) == (True, Outcome.BLOCKED)


def test_loosening_is_reported_or_blocks_as_the_policy_says() -> None:
    """
    By default a change may loosen its checks, visibly.
    """
    loosened = (Reason("loosened", "a.py line 3 adds `# nosec`."),)

    reported = combine([SECURITY], PROVENANCE, DEFAULT, loosened=loosened)
    blocked = combine([SECURITY], PROVENANCE, replace(DEFAULT, guard=Guard("block")), loosened=loosened)

    assert (reported.outcome, reported.loosened, reported.to_pass) == (Outcome.PASSED, loosened, ())
    assert (blocked.outcome, blocked.title, blocked.to_pass) == (
        Outcome.BLOCKED,
        "Blocked: loosening",
        loosened,
    )


def test_a_blocked_component_blocks() -> None:
    """
    Sub-verdicts stand under the one required check.
    """
    components = sub_verdicts(
        [
            (("api", check("coverage", Outcome.BLOCKED)), ("web", UNARMED)),
            (("api", COMPLEXITY), ("web", check("complexity", Outcome.BLOCKED))),
        ]
    )

    result = combine([SECURITY, COVERAGE], PROVENANCE, DEFAULT, components=components)

    assert [(name, outcome, len(checks)) for name, outcome, checks in result.components] == [
        ("api", Outcome.BLOCKED, 2),
        ("web", Outcome.BLOCKED, 2),
    ]
    assert result.title == "Blocked: coverage of api, complexity of web"
    assert [reason.text for reason in result.to_pass] == ["Mend coverage.", "Mend complexity."]


def test_a_component_without_files_does_not_count() -> None:
    """
    Nothing turns green for a component whose paths are mistaken.
    """
    components = sub_verdicts([(("api", without_files("coverage", "api", ("x",))),)])

    alone = combine([UNARMED], PROVENANCE, DEFAULT, components=components)
    beside = combine([SECURITY], PROVENANCE, DEFAULT, components=components)

    assert [outcome for _, outcome, _ in components] == [Outcome.PASSED]
    assert (alone.outcome, alone.neutral, alone.title) == (
        Outcome.COULD_NOT_MEASURE,
        True,
        "Not armed: coverage",
    )
    assert (beside.outcome, beside.title) == (Outcome.PASSED, "Security passed")


def test_a_component_that_is_not_armed_is_named_and_left_out() -> None:
    """
    A suite that never ran blocks nobody, and where nothing else was measured nothing is said to have passed.
    """
    unarmed = sub_verdicts([(("api", UNARMED),)])

    beside = combine([SECURITY], PROVENANCE, DEFAULT, components=unarmed)
    alone = combine([UNARMED], PROVENANCE, DEFAULT, components=unarmed)

    assert [outcome for _, outcome, _ in beside.components] == [Outcome.COULD_NOT_MEASURE]
    assert (beside.outcome, beside.title) == (
        Outcome.PASSED,
        "1 check passed, coverage of api not armed yet",
    )
    assert (alone.outcome, alone.neutral, alone.title) == (
        Outcome.COULD_NOT_MEASURE,
        True,
        "Not armed: coverage, coverage of api",
    )


def test_a_piece_of_the_policy_as_next_step_is_one_line_of_code() -> None:
    """
    A hint in TOML is said in a sentence; what was printed is kept beside it.
    """
    check = could_not_measure(
        "coverage", "it ended", '[tests]\ncommand = "x"  # or so\nenv = {}', neutral=True, output="last"
    )

    assert check.to_pass[0].text == 'Set in `.gate.toml`, below `[tests]`: `command = "x"`, `env = {}`.'
    assert check.output == "last"


def test_what_could_not_be_measured_says_cause_and_next_step() -> None:
    """
    Before it is armed it is neutral, and says so in its title.
    """
    armed = could_not_measure(
        "coverage",
        "The suite timed out after 15 min.\nlast line",
        "Raise [tests] timeout_minutes.",
        neutral=False,
    )
    unarmed = could_not_measure("coverage", "no tests were found", "", neutral=True)
    unknown = could_not_measure("coverage", " ", "", neutral=False)

    assert (armed.outcome, armed.neutral, armed.title) == (
        Outcome.COULD_NOT_MEASURE,
        False,
        "Could not measure: The suite timed out after 15 min",
    )
    assert [reason.kind for reason in (*armed.reasons, *armed.to_pass)] == [
        "could_not_measure",
        "could_not_measure",
    ]
    assert armed.reasons[0].text.endswith("last line. Raise [tests] timeout_minutes.")
    assert armed.to_pass[0].text == "Raise [tests] timeout_minutes."
    assert (unarmed.neutral, unarmed.title, unarmed.to_pass) == (True, "Not armed: no tests were found", ())
    assert unarmed.reasons == (Reason("not_armed", "Not armed: no tests were found."),)
    assert unknown.title == "Could not measure: the cause is not known"


def test_a_broken_policy_blocks_with_every_mistake() -> None:
    """
    It is never silently replaced.
    """
    result = broken_policy(
        ".gate.toml line 3: `a`: unknown key\n.gate.toml line 4: `b`: unknown key", head="h"
    )
    empty = broken_policy("", head="h")

    assert (result.outcome, result.checks) == (Outcome.BLOCKED, ())
    assert result.title == "Blocked: .gate.toml line 3: `a`: unknown key, and 1 more"
    assert [reason.kind for reason in result.to_pass] == ["policy", "policy"]
    assert empty.title == "Blocked: the policy cannot be read"


def test_nothing_is_worse_than_could_not_measure_when_there_is_nothing() -> None:
    """
    The gate fails closed.
    """
    assert worst([]) is Outcome.COULD_NOT_MEASURE
    assert worst([Outcome.PASSED, Outcome.WAIVED]) is Outcome.WAIVED
