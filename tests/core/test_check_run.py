"""Check runs: what GitHub shows of a verdict, its conclusion and its annotations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gate.core import check_run
from gate.core.check_run import CheckRun, render, render_overall
from gate.core.comparison import (
    ComplexityFacts,
    ComplexityTotals,
    CoverageFacts,
    FunctionChange,
    Ratio,
    SecurityFacts,
)
from gate.core.gate_table import NOTHING
from gate.core.policy import DEFAULT
from gate.core.slowness import Backlog, remark
from gate.core.verdict import (
    CheckVerdict,
    Outcome,
    Reason,
    Verdict,
    broken_policy,
    combine,
    no_files_to_cover,
    of_component,
    without_files,
)
from gate.core.waiver import with_waivers
from tests import verdicts
from tests.goldens import assert_golden
from tests.verdicts import LINKS, NEWER, PROVENANCE

LATE = remark(
    datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    datetime(2026, 11, 23, 11, 48, tzinfo=UTC),
    begun=True,
    usual=(timedelta(minutes=4),) * 5,
    backlog=Backlog(postponed_until=datetime(2026, 11, 23, 12, 15, tzinfo=UTC)),
)

NO_LINKS = replace(LINKS, web_url="", pages_url="")
WAIVED = verdicts.HALF_WAIVED.checks[1]
OWN = with_waivers(verdicts.JUDGED, [replace(verdicts.WAIVER, own=True, role="admin")]).checks[1]


def read(run: CheckRun) -> str:
    """The check run as people see it, in one text."""
    actions = "".join(f"\nbutton: {action.label}" for action in run.actions)
    notes = "".join(
        f"\n{a.level}: {a.path}:{a.start_line}-{a.end_line} [{a.title}] {a.message}" for a in run.annotations
    )
    head = f"name: {run.name}\nstatus: {run.status} {run.conclusion}\ntitle: {run.title}\nlink: {run.details_url}"
    return f"{head}{actions}{notes}\n\n{run.summary}\n{run.text}"


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("blocked", render_overall(verdicts.BLOCKED, LINKS)),
        ("passed", render_overall(verdicts.PASSED, LINKS)),
        ("could_not_measure", render_overall(verdicts.COULD_NOT_MEASURE, LINKS)),
        (
            "components",
            render_overall(
                replace(
                    verdicts.BLOCKED,
                    checks=(verdicts.SECURITY,),
                    components=(("api", Outcome.BLOCKED, (verdicts.COMPLEXITY,)),),
                    loosened=(verdicts.LOOSENED,),
                ),
                LINKS,
            ),
        ),
        (
            "broken_policy",
            render_overall(
                broken_policy(
                    "`complexity.maximum`, line 3: expected a number, got 'ten'", head=verdicts.HEAD
                ),
                LINKS,
            ),
        ),
        (
            "coverage_reported",
            render(
                replace(verdicts.NOT_ARMED, notes=verdicts.COVERAGE.reasons, facts=verdicts.COVERAGE.facts),
                PROVENANCE,
                LINKS,
            ),
        ),
        (
            "coverage_suite_failed",
            render(
                replace(
                    verdicts.PASSING_COVERAGE,
                    outcome=Outcome.BLOCKED,
                    title="The tests fail as a whole",
                    reasons=(
                        Reason(
                            "suite_failed", "The tests fail as a whole and did not at the base. Mend them."
                        ),
                    ),
                    facts=CoverageFacts(
                        Ratio(1, 2),
                        Ratio(1, 2),
                        Ratio(0, 0),
                        (),
                        (),
                        base_suite="passed",
                        head_suite="broken",
                    ),
                ),
                PROVENANCE,
                LINKS,
            ),
        ),
        ("preview", render_overall(replace(verdicts.BLOCKED, preview=verdicts.PREVIEW), LINKS)),
        (
            "broken_preview",
            render_overall(
                combine(verdicts.PASSED.checks, PROVENANCE, DEFAULT, preview=verdicts.BROKEN_PREVIEW), LINKS
            ),
        ),
        ("advise", render_overall(replace(verdicts.BLOCKED, advise=True), LINKS)),
        ("coverage_blocked", render(verdicts.COVERAGE, PROVENANCE, LINKS)),
        ("coverage_branches", render(verdicts.BRANCHES, PROVENANCE, LINKS)),
        ("coverage_passed", render(verdicts.PASSING_COVERAGE, PROVENANCE, LINKS)),
        ("coverage_not_armed", render(verdicts.NOT_ARMED, PROVENANCE, LINKS)),
        ("complexity_blocked", render(verdicts.COMPLEXITY, PROVENANCE, LINKS)),
        (
            "complexity_of_components",
            render(
                verdicts.PASSING_COMPLEXITY,
                PROVENANCE,
                LINKS,
                components=(
                    ("api", verdicts.COMPLEXITY),
                    ("web", without_files("complexity", "web", ("services/web/**",))),
                ),
            ),
        ),
        (
            "coverage_of_components",
            render(
                verdicts.PASSING_COVERAGE,
                PROVENANCE,
                LINKS,
                components=(
                    ("api", of_component("api", verdicts.NOT_ARMED)),
                    ("web", no_files_to_cover("web")),
                ),
            ),
        ),
        ("complexity_waived", render(WAIVED, PROVENANCE, LINKS)),
        ("complexity_waived_by_author", render(OWN, PROVENANCE, LINKS)),
        ("overall_half_waived", render_overall(verdicts.HALF_WAIVED, LINKS)),
        ("complexity_unmeasured", render(verdicts.COULD_NOT_MEASURE.checks[1], PROVENANCE, LINKS)),
        ("security_passed", render(verdicts.SECURITY, PROVENANCE, LINKS)),
        ("security_without_links", render(verdicts.SECURITY, PROVENANCE, NO_LINKS)),
        ("started", check_run.started("Running the tests of the head.", LINKS)),
        ("late", check_run.started("Running the tests.", LINKS, late=LATE)),
        ("superseded", check_run.superseded(NEWER, LINKS)),
        (
            "failed",
            check_run.failed(
                "The package index cannot be reached.",
                "Set GATE_INDEX_URL to an index the worker can reach.",
                LINKS,
                output="Collecting redis\n```\n@everyone #1\n",
            ),
        ),
    ],
)
def test_check_runs_read_as_agreed(name: str, run: CheckRun) -> None:
    """
    Each kind of check run reads word for word as its golden file.
    """
    actual = read(run)

    assert_golden(f"check_run/{name}.md", actual)


@pytest.mark.parametrize(
    ("outcome", "neutral", "advise", "conclusion"),
    [
        (Outcome.PASSED, False, False, "success"),
        (Outcome.WAIVED, False, False, "success"),
        (Outcome.BLOCKED, False, False, "failure"),
        # Fail closed: without a measurement there is no green, unless the check is not armed.
        (Outcome.COULD_NOT_MEASURE, False, False, "failure"),
        (Outcome.COULD_NOT_MEASURE, True, False, "neutral"),
        (Outcome.SUPERSEDED, False, False, "cancelled"),
        # Advise mode concludes nothing.
        (Outcome.PASSED, False, True, "neutral"),
        (Outcome.BLOCKED, False, True, "neutral"),
        (Outcome.COULD_NOT_MEASURE, False, True, "neutral"),
    ],
)
def test_conclusion_follows_the_policy_table(
    outcome: Outcome, *, neutral: bool, advise: bool, conclusion: str
) -> None:
    """
    Outcome and mode decide what GitHub makes of the check, the same for one check and for `gate`.
    """
    check = CheckVerdict("coverage", outcome, "A title", neutral=neutral)
    verdict = Verdict(outcome, "A title", (check,), PROVENANCE, advise=advise, neutral=neutral)

    one, overall = render(check, PROVENANCE, LINKS, advise=advise), render_overall(verdict, LINKS)

    assert (one.conclusion, overall.conclusion) == (conclusion, conclusion)


def test_waived_and_advised_checks_annotate_without_failures() -> None:
    """
    Only what blocks is annotated as a failure.
    """
    waived = render(WAIVED, PROVENANCE, LINKS)
    advised = render(verdicts.COMPLEXITY, PROVENANCE, LINKS, advise=True)

    assert {a.level for a in (*waived.annotations, *advised.annotations)} == {"warning"}


def test_waived_lines_are_annotated_range_by_range() -> None:
    """
    A waived sum of lines has no annotation of its own, as a blocking one has none.
    """
    check = verdicts.COVERAGE
    waived = replace(check, outcome=Outcome.WAIVED, reasons=(), waived=check.reasons)

    lines = [(a.path, a.start_line, a.level) for a in render(waived, PROVENANCE, LINKS).annotations]

    assert lines == [(a.path, a.start_line, a.level) for a in render(check, PROVENANCE, LINKS).annotations]


def test_advise_title_says_what_would_have_been() -> None:
    """
    In advise mode the title names the conclusion it does not draw.
    """
    run = render(verdicts.COMPLEXITY, PROVENANCE, LINKS, advise=True)

    assert run.title == "Would have been blocked (advise mode): RetryBudget.plan is 21, limit 15"


def test_check_runs_are_found_again_by_their_run() -> None:
    """
    The head, the run and the names are the ones the door looks for.
    """
    runs = [
        render_overall(verdicts.BLOCKED, LINKS),
        *(render(check, PROVENANCE, LINKS) for check in verdicts.BLOCKED.checks),
    ]

    assert [run.name for run in runs] == ["gate", "gate / coverage", "gate / complexity", "gate / security"]
    assert {(run.head_sha, run.external_id) for run in runs} == {(LINKS.head_sha, LINKS.run_id)}


def test_could_not_measure_offers_to_measure_again() -> None:
    """
    A button is offered only where measuring again may help, and it fits GitHub's limits.
    """
    (action,) = render(verdicts.NOT_ARMED, PROVENANCE, LINKS).actions

    assert len(action.label) <= 20
    assert len(action.identifier) <= 20
    assert len(action.description) <= 40
    assert render(verdicts.COMPLEXITY, PROVENANCE, LINKS).actions == ()


def test_long_title_is_cut() -> None:
    """
    A title is at most 255 characters on one line.
    """
    run = render(replace(verdicts.COMPLEXITY, title="f" * 300 + "\nsecond line"), PROVENANCE, LINKS)

    assert len(run.title) == 255
    assert run.title.endswith("…")


def test_annotations_are_worst_first_and_at_most_200() -> None:
    """
    What blocks stands first; 200 are sent, and the summary says how many there are.
    """
    facts = verdicts.COMPLEXITY.facts
    assert isinstance(facts, ComplexityFacts)
    many = tuple(FunctionChange("a.py", f"f{line}", line, None, 20, "new") for line in range(1, 301))
    check = replace(verdicts.COMPLEXITY, facts=replace(facts, functions=(*many, verdicts.PLAN)))

    run = render(check, PROVENANCE, LINKS)

    assert len(run.annotations) == 200
    assert [a.level for a in run.annotations[:2]] == ["failure", "warning"]
    assert run.annotations[0].path == "delivery/retry.py"
    assert (
        f"200 of 301 annotations are shown, the worst first: see the [full report]({LINKS.run('complexity')})."
        in run.summary
    )


def test_one_annotation_for_each_uncovered_range() -> None:
    """
    Contiguous uncovered lines are one warning.
    """
    facts = CoverageFacts(None, Ratio(0, 9), Ratio(0, 4), (("a.py", (1, 2, 3, 7)),), (("a.py", (9,)),))
    check = replace(verdicts.PASSING_COVERAGE, facts=facts)

    run = render(check, PROVENANCE, LINKS)

    assert [(a.start_line, a.end_line, a.level) for a in run.annotations] == [
        (1, 3, "warning"),
        (7, 7, "warning"),
        (9, 9, "warning"),
    ]


@pytest.mark.parametrize("path", [b"caf\xe9.py".decode("utf-8", "surrogateescape"), "a\nb.py"])
def test_paths_github_cannot_take_are_not_annotated(path: str) -> None:
    """
    A path that cannot be sent stays in the summary and out of the annotations.
    """
    reason = Reason("crossed_maximum", "f is 21.", path=path, line=3, name="f")
    check = replace(verdicts.COMPLEXITY, reasons=(reason,), facts=None)

    run = render(check, PROVENANCE, LINKS)

    assert run.annotations == ()
    run.summary.encode("utf-8")


def test_introduced_findings_are_annotated_by_how_they_are_judged() -> None:
    """
    A finding that blocks is a failure, a judged one beside it a warning, one in a test a notice.
    """
    blocking = Reason("introduced_finding", "B602 is new.", path="a.py", line=1, name="B602")
    facts = SecurityFacts(
        introduced=(
            verdicts.finding("B602", 1, "high", "shell", path="a.py"),
            verdicts.finding("B501", 2, "high", "no verify", path="a.py"),
            verdicts.finding("B108", 3, "medium", "tmp", path="test_a.py", judged=False),
        ),
        fixed=(),
        persisting=(),
    )
    check = replace(verdicts.SECURITY, outcome=Outcome.BLOCKED, reasons=(blocking,), notes=(), facts=facts)

    run = render(check, PROVENANCE, LINKS)

    assert [(a.title, a.level) for a in run.annotations] == [
        ("B602", "failure"),
        ("B501", "warning"),
        ("B108", "notice"),
    ]


def test_longest_summary_fits_and_says_what_is_left_out() -> None:
    """
    A summary is at most 60,000 bytes; the last rows go first, what turns it green stays.
    """
    facts = verdicts.COMPLEXITY.facts
    assert isinstance(facts, ComplexityFacts)
    many = tuple(
        FunctionChange(f"päckage/modül{number}.py", f"Größe.f{number}", 1, 2, 3, "worse")
        for number in range(3000)
    )
    check = replace(verdicts.COMPLEXITY, facts=replace(facts, functions=(verdicts.PLAN, *many)))

    run = render(check, PROVENANCE, LINKS)

    assert len(run.summary.encode()) <= 60_000
    assert len(run.summary.encode()) > 58_000
    assert "Bring [`RetryBudget.plan`]" in run.summary
    assert "more, see the full report." in run.summary
    assert run.summary.rstrip().endswith("</sub>")
    assert run.summary.count("<details>") == run.summary.count("</details>")


def test_thousands_of_reasons_fit_too() -> None:
    """
    Even lists of what to do are cut when they alone are too long.
    """
    reasons = tuple(
        Reason(
            "new_above_maximum", f"Bring f{number} to 10 or less." * 9, path="a" * 200 + ".py", line=number
        )
        for number in range(1, 3000)
    )
    check = replace(verdicts.COMPLEXITY, reasons=reasons, to_pass=reasons)

    run = render(check, PROVENANCE, LINKS)

    assert len(run.summary.encode()) <= 60_000
    assert "1. Bring" in run.summary
    assert "more, see the full report." in run.summary


def test_sentence_marks_whole_names_only() -> None:
    """
    A name inside another word is left alone.
    """
    reason = Reason("grew", "get is worse than target and get_all.", path="a.py", line=2, name="get")
    check = replace(verdicts.COMPLEXITY, reasons=(reason,), to_pass=())

    summary = render(check, PROVENANCE, NO_LINKS).summary

    assert r"- `get` is worse than target and get\_all." in summary


def test_first_commit_has_no_base() -> None:
    """
    Without a base the footer says that there is nothing before.
    """
    first = replace(PROVENANCE, base="", base_age_days=None)

    summary = render(verdicts.SECURITY, first, replace(LINKS, base_sha="")).summary

    assert "`3c81f0a`, with nothing before it" in summary


def test_coverage_without_new_lines_or_base() -> None:
    """
    Where nothing executable changed there is no share; where nothing changed in complexity there is no function.
    """
    coverage = replace(
        verdicts.PASSING_COVERAGE,
        facts=CoverageFacts(None, Ratio(0, 0), Ratio(0, 0), (), ()),
        limits=(("patch", "auto"), ("patch_allowance", 0), ("lost", 0), ("minimum", 50)),
    )
    nothing = ComplexityFacts((), ComplexityTotals(0, 0, 0), ComplexityTotals(0, 0, 0))
    complexity = replace(verdicts.PASSING_COMPLEXITY, facts=nothing, limits=())

    summaries = [render(check, PROVENANCE, LINKS).summary for check in (coverage, complexity)]

    assert (
        f"| Changed lines tested | **no executable line changed** | as covered as the base | {NOTHING} |"
        in summaries[0]
    )
    assert f"| ≥ 50\N{NO-BREAK SPACE}% | {NOTHING} | ✅ pass |" in summaries[0]
    assert (
        f"| Most complex changed function | **no function changed** | {NOTHING} | {NOTHING} | ✅ pass |"
        in summaries[1]
    )


def test_superseded_without_a_sha() -> None:
    """
    Without a newer head it was the pull request that ended.
    """
    run = check_run.superseded("", LINKS, name="gate / coverage")

    assert (run.name, run.conclusion) == ("gate / coverage", "cancelled")
    assert run.title == "The pull request was closed"


def test_failure_before_arming_blocks_nothing() -> None:
    """
    A gate that is not armed concludes neutral and says so.
    """
    run = check_run.failed("No tests were found.", "", LINKS, neutral=True)

    assert run.conclusion == "neutral"
    assert "Nothing is blocked" in run.summary
    assert run.text == ""


def test_rows_that_appear_only_when_there_is_something() -> None:
    """
    Suppressed findings get a row, patches as covered as the base name the base, and long lists say what is left out.
    """
    hidden = replace(
        verdicts.SECURITY,
        facts=SecurityFacts((), (), (), suppressed=(verdicts.finding("B602", 4, "high", "shell"),)),
    )
    scattered = replace(
        verdicts.PASSING_COVERAGE,
        facts=CoverageFacts(
            Ratio(1, 4),
            Ratio(2, 4),
            Ratio(0, 30),
            (("a.py", tuple(range(1, 60, 2))),),
            (),
            unmeasured=("b.py",),
        ),
        limits=(("patch", "auto"), ("patch_allowance", 0)),
    )

    security, coverage = (render(check, PROVENANCE, LINKS).summary for check in (hidden, scattered))

    assert "| Findings hidden by a comment that names the rule | **1** |" in security
    assert "as covered as the base, 25.0\N{NO-BREAK SPACE}% |" in coverage
    assert " and 18 more |" in coverage
    assert "`b.py`](https://github.com/northwind/delivery-worker/blob/" in coverage


def test_verdict_without_limits_leaves_the_gate_open() -> None:
    """
    Where the limits are not known, the gate column says nothing rather than something wrong.
    """
    checks = (replace(check, limits=()) for check in verdicts.BLOCKED.checks)

    coverage, complexity, security = (render(check, PROVENANCE, LINKS).summary for check in checks)

    assert f"| Changed lines tested | **71.4\N{NO-BREAK SPACE}% (25 of 35)** | {NOTHING} |" in coverage
    assert f"| **21** in `RetryBudget.plan` | {NOTHING} | 12 |" in complexity
    assert "| New findings | **0** | 0 |" in security


def test_reason_about_a_test_has_no_link() -> None:
    """
    A reason that names a thing without a file marks the name and links nowhere.
    """
    reason = Reason(
        "failed_test", "tests/test_a.py::test_b fails and passed at the base.", name="tests/test_a.py::test_b"
    )
    nameless = Reason("suite_failed", "The suite ended with status 2.", path="", name="nobody")
    check = replace(verdicts.COVERAGE, reasons=(reason, nameless), to_pass=())

    summary = render(check, PROVENANCE, LINKS).summary

    assert (
        "- `tests/test_a.py::test_b` fails and passed at the base.\n- The suite ended with status 2.\n"
        in summary
    )


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        (Outcome.PASSED, "Would have passed (advise mode): T"),
        (Outcome.WAIVED, "Would have been waived (advise mode): T"),
        (Outcome.BLOCKED, "Would have been blocked (advise mode): T"),
        (Outcome.COULD_NOT_MEASURE, "Would have failed for want of a measurement (advise mode): T"),
    ],
)
def test_advise_has_words_for_every_outcome(outcome: Outcome, title: str) -> None:
    """
    Each outcome has its own words in advise mode.
    """
    run = render(CheckVerdict("coverage", outcome, "T"), PROVENANCE, LINKS, advise=True)

    assert run.title == title


def test_output_is_shown_as_it_was_printed() -> None:
    """
    An output of empty lines is not shown; other output keeps its indentation and loses its secrets.
    """
    traceback = "Traceback:\n    x = 1\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"

    assert check_run.failed("No.", "", LINKS, output="\n \n").text == ""
    assert (
        "Traceback:\n    x = 1\n[redacted]\n```" in check_run.failed("No.", "", LINKS, output=traceback).text
    )
