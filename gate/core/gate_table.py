"""The gate table of a check: each measure as it is now, what the gate allows, and what it was at the base.

Plain values, for check runs and pages alike; it judges nothing: a row fails because a reason of the verdict says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

from gate.core.comparison import ComplexityFacts, CoverageFacts, FunctionChange, Ratio, SecurityFacts
from gate.core.comparison.branches import weights
from gate.core.percent import percent
from gate.core.verdict import CheckVerdict, Reason

Result = Literal["pass", "fail", "waived", "reported"]

NOTHING = "\N{EN DASH}"
"""Stands where there is no value, or no gate."""

COMPLEXITY_KINDS = frozenset({"new_above_maximum", "crossed_maximum", "grew_above_maximum"})


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. All texts are plain."""

    measure: str
    now: str
    gate: str
    base: str
    result: Result
    subject: str = ""
    """Name of the function `now` belongs to."""
    share: Ratio | None = None
    """What `now` is a share of, where a meter makes sense."""


def rows(check: CheckVerdict, files: str = "the whole tree") -> tuple[Row, ...]:
    """The rows of the check's gate table, the decisive one first; none when nothing was measured.

    `files` is what people call the files it is about.
    """
    match check.facts:
        case None:
            return ()
        case CoverageFacts() as coverage:
            return _coverage(check, coverage, files)
        case ComplexityFacts() as complexity:
            return _complexity(check, complexity, files)
        case SecurityFacts() as security:
            return _security(check, security, files)
        case _:
            assert_never(check.facts)


def limit(check: CheckVerdict, key: str) -> int | str | None:
    """The limit the check was judged by; None when the verdict does not carry it."""
    return dict(check.limits).get(key)


def most_complex(check: CheckVerdict, facts: ComplexityFacts) -> FunctionChange | None:
    """The function the verdict is about: the most complex one that blocks, else the most complex new or changed one."""
    blocking = blocking_functions(check.reasons or check.waived)
    present = [change for change in facts.functions if change.after is not None and change.judged]
    return max(
        present,
        key=lambda change: (
            (change.path, change.line, change.name) in blocking,
            change.after or 0,
            change.path,
        ),
        default=None,
    )


def blocking_functions(reasons: Iterable[Reason]) -> set[tuple[str, int, str]]:
    """(path, line, name) of the functions that reasons are about."""
    return {(reason.path, reason.line, reason.name) for reason in reasons if reason.kind in COMPLEXITY_KINDS}


def _coverage(check: CheckVerdict, facts: CoverageFacts, files: str) -> tuple[Row, ...]:
    lost = len(weights(facts.lost, facts.lost_branches))
    branches = " and branches" if facts.branches else ""
    allowed = limit(check, "lost")
    shown = [
        Row(
            f"Changed lines{branches} tested",
            _share(facts.patch) if facts.patch.executable else "no executable line changed",
            _patch_gate(check, facts),
            NOTHING,
            _result(check, "uncovered_lines"),
            share=facts.patch if facts.patch.executable else None,
        ),
        Row(
            "Surviving lines that lost their tests",
            str(lost),
            NOTHING if not isinstance(allowed, int) else f"≤ {allowed + facts.removed_covered}",
            NOTHING,
            _result(check, "lost_coverage"),
        ),
        _all_lines(check, facts, files),
    ]
    result = _result(check, "failed_test", "suite_failed")
    failing = [test for test in facts.failing if test.before in {"passed", "absent"}]
    if facts.failing:
        measure = "Failing tests that passed before or are new"
        shown.append(Row(measure, str(len(failing)), "0", NOTHING, result))
    elif result == "fail":
        shown.append(Row("Tests as a whole", facts.head_suite, "passed", facts.base_suite or NOTHING, result))
    return tuple(shown)


def _patch_gate(check: CheckVerdict, facts: CoverageFacts) -> str:
    patch, allowance = limit(check, "patch"), limit(check, "patch_allowance")
    if patch is None:
        return NOTHING
    wanted = "as covered as the base" if patch == "auto" else f"≥ {patch}\N{NO-BREAK SPACE}%"
    if patch == "auto" and facts.base is not None:
        wanted += f", {percent(facts.base)}"
    if isinstance(allowance, int) and allowance:
        wanted += f"; {allowance} untested always pass"
    return wanted


def _all_lines(check: CheckVerdict, facts: CoverageFacts, files: str) -> Row:
    minimum = limit(check, "minimum")
    return Row(
        f"Lines{' and branches' if facts.branches else ''} tested in {files}",
        _share(facts.head),
        f"≥ {minimum}\N{NO-BREAK SPACE}%" if minimum else NOTHING,
        NOTHING if facts.base is None else percent(facts.base),
        _result(check, "below_minimum") if minimum else "reported",
    )


def _complexity(check: CheckVerdict, facts: ComplexityFacts, files: str) -> tuple[Row, ...]:
    worst = most_complex(check, facts)
    maximum = limit(check, "maximum")
    before = NOTHING if worst is None else "new" if worst.before is None else str(worst.before)
    shown = [
        Row(
            "Most complex changed function",
            "no function changed" if worst is None else str(worst.after),
            NOTHING if maximum is None else f"≤ {maximum}",
            before,
            _result(check, *COMPLEXITY_KINDS),
            subject=worst.name if worst else "",
        ),
        Row(
            f"Complexity of {files}, sum",
            f"{facts.head.sum:,}",
            NOTHING,
            f"{facts.base.sum:,}",
            "reported",
        ),
    ]
    blocking = [file for file in facts.unmeasured if file.judged]
    if blocking:
        result = _result(check, "unmeasurable_file")
        shown.append(Row("Source files that cannot be read", str(len(blocking)), "0", NOTHING, result))
    return tuple(shown)


def _security(check: CheckVerdict, facts: SecurityFacts, files: str) -> tuple[Row, ...]:
    judged = [finding for finding in facts.introduced if finding.judged]
    severity, confidence = limit(check, "severity"), limit(check, "confidence")
    least = f"{severity} severity and" + (f" {confidence}" if severity != confidence else "") + " confidence"
    levels = f" of {least} or higher" if severity and confidence else ""
    introduced, fixed = len(facts.introduced), len(facts.fixed)
    persisting = len(facts.persisting) + facts.persisting_elsewhere
    suppressed = len(facts.suppressed) + facts.suppressed_elsewhere
    shown = [
        Row(f"New findings{levels}", str(len(judged)), "0", NOTHING, _result(check, "introduced_finding")),
        Row(
            f"Findings in {files}",
            str(introduced + persisting),
            NOTHING,
            str(persisting + fixed),
            "reported",
        ),
    ]
    if suppressed:
        measure = "Findings hidden by a comment that names the rule"
        shown.append(Row(measure, str(suppressed), NOTHING, NOTHING, "reported"))
    return tuple(shown)


def _result(check: CheckVerdict, *kinds: str) -> Result:
    if check.neutral:
        return "reported"
    if any(reason.kind in kinds for reason in check.reasons):
        return "fail"
    return "waived" if any(reason.kind in kinds for reason in check.waived) else "pass"


def _share(ratio: Ratio) -> str:
    return f"{percent(ratio)} ({ratio.covered:,} of {ratio.executable:,})"
