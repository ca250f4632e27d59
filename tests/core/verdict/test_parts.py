"""What the parts of a repository make of one check together."""

from __future__ import annotations

import pytest

from gate.core.verdict import CheckVerdict, Outcome, Reason, joined, of_component, without_files


def check(outcome: Outcome = Outcome.PASSED, title: str = "fine", *, neutral: bool = False) -> CheckVerdict:
    return CheckVerdict("complexity", outcome, title, neutral=neutral)


FINE = check()
BLOCKED = check(Outcome.BLOCKED, "f is 12, limit 10")
UNMEASURED = check(Outcome.COULD_NOT_MEASURE, "Could not measure a.py")
EMPTY = without_files("complexity", "x", ("x/**",))
UNARMED = check(Outcome.COULD_NOT_MEASURE, "Not armed: no tests were found", neutral=True)


@pytest.mark.parametrize(
    ("rest", "api", "web", "outcome", "title"),
    [
        (FINE, FINE, FINE, Outcome.PASSED, "Passed: api, web and the rest"),
        (FINE, BLOCKED, FINE, Outcome.BLOCKED, "api: f is 12, limit 10"),
        (FINE, BLOCKED, BLOCKED, Outcome.BLOCKED, "api: f is 12, limit 10; also web"),
        (BLOCKED, FINE, BLOCKED, Outcome.BLOCKED, "f is 12, limit 10; also web"),
        # Blocked is worse than what could not be measured.
        (UNMEASURED, BLOCKED, FINE, Outcome.BLOCKED, "api: f is 12, limit 10"),
        (FINE, UNMEASURED, FINE, Outcome.COULD_NOT_MEASURE, "api: Could not measure a.py"),
        # What is not armed is named and left out, unless nothing else was measured.
        (UNARMED, FINE, UNARMED, Outcome.PASSED, "Passed: api; not armed: web and the rest"),
        (UNARMED, BLOCKED, FINE, Outcome.BLOCKED, "api: f is 12, limit 10"),
        # What has no files says nothing.
        (FINE, EMPTY, FINE, Outcome.PASSED, "Passed: web and the rest"),
        (UNARMED, EMPTY, FINE, Outcome.PASSED, "Passed: web; not armed: the rest"),
        (EMPTY, UNARMED, EMPTY, Outcome.COULD_NOT_MEASURE, "api: Not armed: no tests were found"),
        (EMPTY, EMPTY, EMPTY, Outcome.PASSED, "Passed: api, web and the rest"),
        (
            UNARMED,
            UNARMED,
            UNARMED,
            Outcome.COULD_NOT_MEASURE,
            "Not armed: no tests were found; also api and web",
        ),
    ],
)
def test_the_worst_part_is_the_check(
    rest: CheckVerdict, api: CheckVerdict, web: CheckVerdict, outcome: Outcome, title: str
) -> None:
    """
    And its title says which part that is.
    """
    whole = joined(rest, (("api", api), ("web", web)))

    assert (whole.outcome, whole.title) == (outcome, title)
    assert whole.neutral is (rest.neutral and api.neutral and web.neutral)


def test_what_names_no_file_names_the_component() -> None:
    """
    A path tells the component already.
    """
    reasons = (Reason("x", "The tests fail."), Reason("x", "a.py fails.", path="a.py"))

    named = of_component("api", CheckVerdict("coverage", Outcome.BLOCKED, "t", reasons, to_pass=reasons))

    assert [reason.text for reason in named.reasons] == ["api: The tests fail.", "a.py fails."]
    assert named.to_pass == named.reasons


def test_a_component_without_files_is_named() -> None:
    """
    Its files are judged somewhere else, so nothing is wrong but its paths.
    """
    found = without_files("coverage", "api", ["apis/**", "x"])

    assert (found.outcome, found.title) == (Outcome.PASSED, "No Python file belongs to api")
    assert "`apis/**`, `x`" in found.notes[0].text
