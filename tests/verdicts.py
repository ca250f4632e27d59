"""Verdicts as the gate would give them, written by hand: what people read is tested on these."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from checks.report import Finding, Level
from gate.core.comparison import (
    ComplexityFacts,
    ComplexityTotals,
    CoverageFacts,
    FindingChange,
    FunctionChange,
    Ratio,
    SecurityFacts,
    TestChange,
    Unmeasured,
)
from gate.core.links import Links
from gate.core.policy import DEFAULT, Coverage
from gate.core.verdict import (
    CheckVerdict,
    Outcome,
    Provenance,
    Reason,
    Refusal,
    Verdict,
    Waiver,
    broken_preview,
    concluded,
    judge_coverage,
    previewed,
)
from gate.core.waiver import snapshot, with_waivers

HEAD = "3c81f0a" + "1" * 33
BASE = "9f31c2e" + "2" * 33
NEWER = "77e1a90" + "3" * 33
POLICY = "5d02b7c" + "4" * 33

LINKS = Links(
    web_url="https://github.com/northwind/delivery-worker",
    head_sha=HEAD,
    base_sha=BASE,
    pages_url="https://gate.example",
    run_id="72d3162e-cc78-11e3-81ab-4c9367dc0958:0",
)

PROVENANCE = Provenance(
    head=HEAD,
    base=BASE,
    policy_sha=POLICY,
    policy_digest="b5c0aa6f13e9d2" + "0" * 50,
    policy_source=".gate.toml at 5d02b7c (main)",
    base_age_days=12,
    obtained=(
        (
            "coverage",
            "Tests run on CPython 3.11.7 with coverage.py 7.17.3 in 41 s; the base's report was stored.",
        ),
        ("complexity", "radon 6.0.1 on CPython 3.11; 3 of 212 files measured, the rest was stored."),
        ("security", "bandit 1.9.1 on CPython 3.11; 3 of 212 files measured, the rest was stored."),
    ),
)

PLAN = FunctionChange(
    "delivery/retry.py", "RetryBudget.plan", 89, 12, 21, "worse", contributors=((91, 1), (95, 6), (99, 5))
)


def finding(
    rule: str, line: int, severity: Level, text: str, *, path: str = "delivery/worker.py", judged: bool = True
) -> FindingChange:
    """A finding of high confidence on one line."""
    return FindingChange(path, Finding(rule, line, line, 4, severity, "high", text), judged)


COVERAGE_TO_PASS = Reason(
    "uncovered_lines",
    "Test 3 or more of the 10 uncovered changed lines, for example delivery/retry.py 94 to 98.",
    path="delivery/retry.py",
    line=94,
    end_line=98,
)

COVERAGE = CheckVerdict(
    check="coverage",
    outcome=Outcome.BLOCKED,
    title="71.4\N{NO-BREAK SPACE}% of changed lines, gate 80\N{NO-BREAK SPACE}%",
    reasons=(
        Reason(
            "uncovered_lines",
            "Tests run 25 of 35 new lines, 71.4\N{NO-BREAK SPACE}%; the gate is 80\N{NO-BREAK SPACE}%: test 3 more.",
            path="delivery/retry.py",
            line=94,
            end_line=98,
            before=None,
            after="71.4",
            limit=80,
        ),
    ),
    to_pass=(COVERAGE_TO_PASS,),
    facts=CoverageFacts(
        base=Ratio(1686, 2000),
        head=Ratio(1695, 2020),
        patch=Ratio(25, 35),
        uncovered=(
            ("delivery/retry.py", (94, 95, 96, 97, 98, 100, 120, 121)),
            ("delivery/worker.py", (12, 13)),
        ),
        lost=(),
        failing=(TestChange("tests/test_slow.py::test_clock", "failed"),),
        measured_files=3,
        changed_files=3,
        files=(
            ("api/views.py", Ratio(80, 108), Ratio(81, 109)),
            ("delivery/retry.py", Ratio(43, 64), Ratio(61, 100)),
            ("delivery/worker.py", None, Ratio(30, 34)),
        ),
    ),
    limits=(("patch", 80), ("patch_allowance", 2), ("lost", 0), ("minimum", 0)),
)

COMPLEXITY = CheckVerdict(
    check="complexity",
    outcome=Outcome.BLOCKED,
    title="RetryBudget.plan is 21, limit 15",
    reasons=(
        Reason(
            "crossed_maximum",
            "RetryBudget.plan grew from 12 to 21; the limit is 15. Most comes from line 95 (+6) and line 99 (+5).",
            path="delivery/retry.py",
            line=89,
            name="RetryBudget.plan",
            before=12,
            after=21,
            limit=15,
        ),
    ),
    to_pass=(
        Reason(
            "crossed_maximum",
            "Bring RetryBudget.plan from 21 to 15 or less.",
            path="delivery/retry.py",
            line=89,
            name="RetryBudget.plan",
            before=12,
            after=21,
            limit=15,
        ),
    ),
    facts=ComplexityFacts(
        functions=(
            FunctionChange("api/views.py", "retry_now", 7, 8, 9, "worse"),
            PLAN,
            FunctionChange("delivery/worker.py", "run_once", 40, 16, 14, "better"),
            FunctionChange("delivery/worker.py", "sleep", 71, 3, None, "removed"),
            FunctionChange("tests/test_retry.py", "test_everything", 5, None, 17, "new", judged=False),
        ),
        base=ComplexityTotals(640, 2104, 31),
        head=ComplexityTotals(640, 2111, 31),
        files=212,
    ),
    limits=(("maximum", 15),),
)

SECURITY = CheckVerdict(
    check="security",
    outcome=Outcome.PASSED,
    title="No new findings of medium or higher",
    notes=(
        Reason(
            "introduced_finding",
            "B108 in tests/test_retry.py line 9 is in a test and not judged.",
            path="tests/test_retry.py",
            line=9,
            name="B108",
        ),
    ),
    facts=SecurityFacts(
        introduced=(
            finding(
                "B108",
                9,
                "medium",
                "Probable insecure usage of temp file.",
                path="tests/test_retry.py",
                judged=False,
            ),
        ),
        fixed=(finding("B602", 30, "high", "subprocess call with shell=True identified, security issue."),),
        persisting=(
            finding("B311", 5, "low", "Standard pseudo-random generators are not suitable.", judged=False),
        ),
        files=212,
    ),
    limits=(("severity", "medium"), ("confidence", "medium")),
)

BLOCKED = Verdict(
    outcome=Outcome.BLOCKED,
    title="Blocked: coverage, complexity",
    checks=(COVERAGE, COMPLEXITY, SECURITY),
    provenance=PROVENANCE,
    to_pass=(*COVERAGE.to_pass, *COMPLEXITY.to_pass),
)

JUDGED = concluded(replace(BLOCKED, waiver_roles=("admin", "maintain")))
WAIVER = Waiver(
    check="complexity",
    reasons=snapshot(JUDGED, "complexity"),
    why="hotfix, the rewrite is #7",
    person="mira-k",
    role="maintain",
    given_at=datetime(2026, 11, 23, 11, 20, tzinfo=UTC),
    head_sha=HEAD,
)
REFUSAL = Refusal(
    "/gate waive coverage it is late",
    "A waiver needs the role admin or maintain here, and tomas-l has write.",
    "tomas-l",
    datetime(2026, 11, 23, 11, 40, tzinfo=UTC),
)
HALF_WAIVED = with_waivers(JUDGED, [WAIVER], [REFUSAL])
"""Complexity is waived, coverage blocks, and somebody tried to waive it."""

LOOSENED = Reason(
    "loosened",
    "delivery/retry.py line 12 adds `# noqa`, which hides a lint finding.",
    path="delivery/retry.py",
    line=12,
    name="noqa",
)

PREVIEW = previewed(
    (COVERAGE, COMPLEXITY, SECURITY),
    replace(
        BLOCKED,
        outcome=Outcome.PASSED,
        checks=(
            replace(COMPLEXITY, outcome=Outcome.PASSED, title="No changed function over 25 (highest 21)"),
            SECURITY,
        ),
    ),
    unknown=[("coverage", "other files or branches count")],
)
BROKEN_PREVIEW = broken_preview(
    ".gate.toml line 3: `complexity.maximum`: expected a whole number from 1 to 1000, got 'ten'"
)

PASSING_COVERAGE = replace(
    COVERAGE,
    outcome=Outcome.PASSED,
    title="94.3\N{NO-BREAK SPACE}% of changed lines, gate 80\N{NO-BREAK SPACE}%",
    reasons=(),
    to_pass=(),
    facts=CoverageFacts(
        Ratio(1686, 2000), Ratio(1703, 2020), Ratio(33, 35), (("delivery/worker.py", (12, 13)),), ()
    ),
)
PASSING_COMPLEXITY = replace(
    COMPLEXITY,
    outcome=Outcome.PASSED,
    title="No changed function over 15 (highest 9)",
    reasons=(),
    to_pass=(),
    facts=ComplexityFacts(
        (FunctionChange("api/views.py", "retry_now", 7, 8, 9, "worse"),),
        ComplexityTotals(640, 2104, 31),
        ComplexityTotals(640, 2105, 31),
    ),
)
PASSED = Verdict(
    outcome=Outcome.PASSED,
    title="All 3 checks passed",
    checks=(PASSING_COVERAGE, PASSING_COMPLEXITY, SECURITY),
    provenance=PROVENANCE,
)

BRANCHES = judge_coverage(
    replace(DEFAULT, coverage=Coverage(patch=80, patch_allowance=0, branches=True)),
    CoverageFacts(
        base=Ratio(2686, 3200),
        head=Ratio(2701, 3230),
        patch=Ratio(8, 13),
        patch_branches=Ratio(2, 5),
        uncovered=(("delivery/retry.py", (94, 95)),),
        uncovered_branches=(("delivery/retry.py", ((94, 95), (94, 96), (120, 124))),),
        lost=(),
        lost_branches=(("delivery/worker.py", ((12, -10),)),),
        unstable=(("delivery/worker.py", (40, 41)),),
        flaky=("tests/test_slow.py::test_clock",),
        branches=True,
        measured_files=2,
        changed_files=2,
        files=(
            ("delivery/retry.py", Ratio(43, 64), Ratio(61, 100)),
            ("delivery/worker.py", Ratio(40, 50), Ratio(39, 50)),
        ),
        base_suite="passed",
    ),
)
"""With branches beside lines, one of them lost, and with what flipped between two runs."""

NOT_ARMED = CheckVerdict(
    check="coverage",
    outcome=Outcome.COULD_NOT_MEASURE,
    title="Not armed: the tests need a requirement that is not installed",
    reasons=(
        Reason(
            "not_armed",
            "The suite could not be collected: No module named 'redis'. Name the requirement in [tests] install.",
        ),
    ),
    to_pass=(Reason("not_armed", 'Add to .gate.toml: `[tests] install = ["redis"]`'),),
    neutral=True,
)
COULD_NOT_MEASURE = Verdict(
    outcome=Outcome.COULD_NOT_MEASURE,
    title="Could not measure: complexity",
    checks=(
        NOT_ARMED,
        CheckVerdict(
            check="complexity",
            outcome=Outcome.COULD_NOT_MEASURE,
            title="1 source file cannot be read: delivery/retry.py",
            reasons=(
                Reason(
                    "unmeasurable_file",
                    "Could not measure delivery/retry.py: line 3: invalid syntax. Mend the file.",
                    path="delivery/retry.py",
                    line=3,
                ),
            ),
            facts=ComplexityFacts(
                (),
                ComplexityTotals(640, 2104, 31),
                ComplexityTotals(600, 2000, 31),
                unmeasured=(
                    Unmeasured("delivery/retry.py", 3, "line 3: invalid syntax", ours=False, judged=True),
                ),
            ),
            limits=(("maximum", 15),),
        ),
        SECURITY,
    ),
    provenance=PROVENANCE,
)
