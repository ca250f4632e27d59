"""What the head's own policy would make of a change, and what its mistakes do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.policy import DEFAULT, parse
from gate.core.verdict import Outcome, Preview, Reason, broken_preview, combine, previewed
from tests import verdicts

CHECKS = (verdicts.COVERAGE, verdicts.COMPLEXITY, verdicts.SECURITY)
WITHOUT_COMPLEXITY = (verdicts.COVERAGE, verdicts.PASSING_COMPLEXITY, verdicts.SECURITY)


def texts(preview: Preview) -> list[str]:
    """Its sentences."""
    return [sentence.text for sentence in preview.sentences]


def test_only_what_differs_is_told_and_the_outcome_last() -> None:
    """
    One sentence a check that would be judged otherwise.
    """
    then = combine(WITHOUT_COMPLEXITY, verdicts.PROVENANCE, DEFAULT)

    found = previewed(CHECKS, then)

    assert texts(found) == [
        "Complexity would pass: No changed function over 15 (highest 9).",
        "The gate would be blocked.",
    ]
    assert [(each.check, each.outcome) for each in found.checks] == [("complexity", Outcome.PASSED)]
    assert (found.outcome, found.advise, found.mistakes) == (Outcome.BLOCKED, False, ())


def test_nothing_that_differs_is_said_too() -> None:
    """
    The author sees that the policy was looked at.
    """
    found = previewed(CHECKS, combine(CHECKS, verdicts.PROVENANCE, DEFAULT))

    assert texts(found) == ["The gate would be blocked. Nothing else is said of the checks."]


def test_another_mode_and_what_is_not_known_are_told() -> None:
    """
    What would have to be measured again is left out of the outcome.
    """
    advise = parse("[gate]\nmode = 'advise'\n")
    then = combine(WITHOUT_COMPLEXITY[1:], verdicts.PROVENANCE, advise)

    found = previewed(CHECKS[1:], then, unknown=[("coverage", "other files count")])

    assert texts(found) == [
        "Complexity would pass: No changed function over 15 (highest 9).",
        "Coverage is not known before it is measured again: other files count.",
        "The gate would pass, coverage left out. Its mode is advise: nothing would be enforced.",
    ]


def test_what_could_not_be_measured_says_so_once() -> None:
    """
    Such titles begin with these words.
    """
    unmeasured = replace(
        verdicts.COMPLEXITY, outcome=Outcome.COULD_NOT_MEASURE, title="Could not measure a.py: line 3"
    )
    then = combine((unmeasured,), verdicts.PROVENANCE, DEFAULT)

    assert texts(previewed(CHECKS[1:2], then)) == [
        "Complexity: Could not measure a.py: line 3.",
        "The gate could not be measured.",
    ]


def test_a_preview_does_not_decide() -> None:
    """
    The verdict is that of the policy that counts.
    """
    lenient = previewed(CHECKS, combine(WITHOUT_COMPLEXITY, verdicts.PROVENANCE, DEFAULT))

    with_it = combine(CHECKS, verdicts.PROVENANCE, DEFAULT, preview=lenient)

    assert replace(with_it, preview=None) == combine(CHECKS, verdicts.PROVENANCE, DEFAULT)


def test_a_policy_that_cannot_be_read_blocks_with_its_mistakes() -> None:
    """
    Merged, it would block every other pull request; each mistake is a step to pass, with its line.
    """
    broken = broken_preview(
        ".gate.toml line 2: `gate.mode`: expected a, got b\n.gate.toml: not valid TOML: x"
    )

    verdict = combine(verdicts.PASSED.checks, verdicts.PROVENANCE, DEFAULT, preview=broken)

    assert (verdict.outcome, verdict.title) == (Outcome.BLOCKED, "Blocked: policy")
    assert verdict.to_pass == (
        Reason(
            "policy",
            "This change breaks the policy: .gate.toml line 2: `gate.mode`: expected a, got b.",
            path=".gate.toml",
            line=2,
        ),
        Reason("policy", "This change breaks the policy: .gate.toml: not valid TOML: x.", path=".gate.toml"),
    )


@pytest.mark.parametrize("line", ["and 3 more mistakes", "strange"])
def test_a_line_without_a_place_is_a_mistake_too(line: str) -> None:
    """
    Nothing of the text is lost.
    """
    assert broken_preview(line).mistakes == (Reason("policy", f"This change breaks the policy: {line}."),)
