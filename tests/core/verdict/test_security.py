"""What blocks on security."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.report import Finding, Level
from gate.core.comparison import FindingChange, SecurityFacts, Unmeasured
from gate.core.policy import DEFAULT, Security
from gate.core.verdict import CheckVerdict, Outcome, judge_security


def found(
    rule: str = "B602",
    severity: Level = "high",
    confidence: Level = "high",
    path: str = "app.py",
    *,
    judged: bool = True,
    line: int = 12,
) -> FindingChange:
    return FindingChange(
        path, Finding(rule, line, line, 4, severity, confidence, "shell=True\nidentified."), judged
    )


def judge(
    *introduced: FindingChange, unmeasured: tuple[Unmeasured, ...] = (), **levels: Level
) -> CheckVerdict:
    policy = replace(DEFAULT, security=replace(Security(), **levels))  # type: ignore[arg-type]  # tests pass the literals
    return judge_security(
        policy, SecurityFacts(introduced, (found(),), (found("B101"),), unmeasured=unmeasured)
    )


def test_introduced_findings_block_worst_first() -> None:
    """
    Each reason names rule, place, levels and remedy; fixed and persisting findings are no reason.
    """
    verdict = judge(found("B108", "medium"), found("B602", line=9), found("B608", "medium", "medium"))

    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.title == "3 new findings: 1 high, 2 medium"
    assert [(reason.name, reason.path, reason.line) for reason in verdict.reasons] == [
        ("B602", "app.py", 9),
        ("B108", "app.py", 12),
        ("B608", "app.py", 12),
    ]
    assert verdict.reasons[0].text == (
        "B602 at app.py line 9 is new, high severity and high confidence: shell=True identified."
        " No new finding of medium severity and confidence or higher is allowed: fix it."
    )
    assert verdict.to_pass[0].text == "Fix B602 at app.py line 9: shell=True identified."
    assert verdict.limits == (("severity", "medium"), ("confidence", "medium"))


@pytest.mark.parametrize(
    ("change", "noted"),
    [
        (found("B108", path="tests/a.py", judged=False), True),
        (found("B101", "low", path="tests/a.py", judged=False), False),
        (found("B108", "high", "low", judged=False), False),
    ],
)
def test_what_would_block_elsewhere_is_noted(change: FindingChange, noted: bool) -> None:
    """
    Of a test file what reaches the levels is told; what is below them stands in the facts alone.
    """
    verdict = judge(change)

    assert (verdict.outcome, verdict.reasons, verdict.to_pass) == (Outcome.PASSED, (), ())
    assert [note.text for note in verdict.notes] == [
        (
            "B108 at tests/a.py line 12 is new and not judged,"
            " for it is in a test file, or its file could not be measured at the base."
        )
    ] * noted


HIDDEN = "is hidden by a `# nosec` that names the rule, which it was not before: listed, not judged."


def test_findings_that_are_hidden_are_listed_with_their_author() -> None:
    """
    `# nosec` with the rule's id takes a finding out of the verdict, and not out of sight.
    """
    facts = SecurityFacts((), (), (), hidden=(found(line=3), found(line=4)))

    verdict = judge_security(DEFAULT, facts, {("app.py", 3): "Ann"})

    assert (verdict.outcome, verdict.reasons) == (Outcome.PASSED, ())
    assert [(note.kind, note.author, note.text) for note in verdict.notes] == [
        (
            "hidden_finding",
            "Ann",
            f"B602 at app.py line 3 (by Ann) {HIDDEN}",
        ),
        (
            "hidden_finding",
            "",
            f"B602 at app.py line 4 {HIDDEN}",
        ),
    ]


def test_a_nosec_without_a_rule_is_said_to_hide_nothing() -> None:
    """
    Whoever wrote it thinks it does.
    """
    change = found()
    blanket = replace(change, finding=replace(change.finding, suppressed="blanket"))

    verdict = judge(blanket)

    sentence = "The `# nosec` there names no rule, and without a rule id it hides nothing here."
    assert sentence in verdict.reasons[0].text
    assert sentence in verdict.to_pass[0].text
    assert sentence not in judge(change).reasons[0].text


def test_titles_of_passed_checks_name_the_limit() -> None:
    """
    One level when both are the same, both otherwise.
    """
    assert judge().title == "No new findings of medium or higher"
    assert judge(severity="high").title == "No new findings of high severity and medium confidence or higher"
    assert judge(found(), severity="high").reasons[0].limit == "high"


def test_a_file_that_cannot_be_measured_stands_in_the_way() -> None:
    """
    What nobody could look into is not safe.
    """
    broken = Unmeasured("a.py", 3, "line 3: invalid syntax", ours=False, judged=True)

    alone, beside = judge(unmeasured=(broken,)), judge(found(), unmeasured=(broken,))

    assert (alone.outcome, alone.title) == (
        Outcome.COULD_NOT_MEASURE,
        "Could not measure a.py: line 3: invalid syntax",
    )
    assert (beside.outcome, beside.title) == (Outcome.BLOCKED, "1 new finding: 1 high, and 1 more")
