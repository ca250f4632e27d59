"""What blocks on coverage, and what would make it pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.report import Suite
from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.policy import DEFAULT, Policy
from gate.core.verdict import Outcome, judge_coverage, may_be_chance, needs_service
from tests.coverage_facts import NOTHING, judge, lost, patched, rule

PATCHES = [
    # As covered as the base, which has 80 of 100.
    (rule(), 8, 10, "passed"),
    (rule(), 16, 20, "passed"),
    (rule(), 15, 20, "blocked"),
    # Two uncovered lines always pass.
    (rule(), 0, 2, "passed"),
    (rule(), 0, 3, "blocked"),
    (rule(patch_allowance=0), 0, 1, "blocked"),
    # A number.
    (rule(patch=90), 9, 12, "blocked"),
    (rule(patch=75), 9, 12, "passed"),
    (rule(patch=0), 0, 12, "passed"),
    (rule(patch=100, patch_allowance=0), 99, 100, "blocked"),
    # No new executable line.
    (rule(patch=100), 0, 0, "passed"),
]


@pytest.mark.parametrize(("policy", "covered", "executable", "outcome"), PATCHES)
def test_new_lines_are_to_be_as_covered_as_the_policy_says(
    policy: Policy, covered: int, executable: int, outcome: str
) -> None:
    """
    Counts are compared as products; an allowance in lines passes always.
    """
    verdict = judge(patched(covered, executable), policy)

    assert verdict.outcome == outcome
    assert [reason.kind for reason in verdict.reasons] == ["uncovered_lines"] * (outcome == "blocked")


def test_uncovered_lines_are_told_with_numbers_and_places() -> None:
    """
    Numerator and denominator, the gate, the lines, and how many of them are enough.
    """
    facts = replace(
        patched(25, 35), uncovered=(("app.py", (94, 95, 96, 97, 98, 100)), ("b.py", (1, 3, 4, 5)))
    )

    verdict = judge(facts, rule(patch=80))

    assert verdict.title == "71.4\xa0% of changed lines, gate 80\xa0%"
    assert verdict.reasons[0].text == (
        "Tests run 25 of 35 new lines, 71.4\xa0%; the gate is 80\xa0%: test 3 more."
        " Not tested: app.py 94-98, 100; b.py 1, 3-5."
    )
    assert (verdict.reasons[0].path, verdict.reasons[0].line, verdict.reasons[0].end_line) == (
        "app.py",
        94,
        98,
    )
    assert (
        verdict.to_pass[0].text
        == "Test 3 or more of the 10 uncovered new lines: app.py 94-98, 100; b.py 1, 3-5."
    )
    assert dict(verdict.limits) == {"patch": 80, "patch_allowance": 2, "lost": 0, "minimum": 0}


def test_the_gate_of_auto_is_the_base() -> None:
    """
    The text says what the base has.
    """
    verdict = judge(patched(0, 3))

    assert verdict.title == "0.0\xa0% of changed lines, gate 80.0\xa0% as at the base"
    assert verdict.to_pass[0].text == "Test 1 or more of the 3 uncovered new lines: app.py 1-3."
    assert (
        judge(patched(0, 1), rule(patch_allowance=0)).to_pass[0].text
        == "Test the uncovered new line: app.py 1."
    )
    assert (
        judge(patched(0, 2), rule(patch=100, patch_allowance=0)).to_pass[0].text
        == "Test all 2 uncovered new lines: app.py 1-2."
    )


TITLES = [
    (NOTHING, DEFAULT, "No executable lines changed"),
    (patched(9, 10), DEFAULT, "90.0\xa0% of changed lines, gate 80.0\xa0% as at the base"),
    (patched(0, 2), DEFAULT, "2 changed lines not tested, 2 allowed"),
    (patched(0, 1), DEFAULT, "1 changed line not tested, 2 allowed"),
    (
        replace(patched(1, 2), base=None, base_surviving=None),
        DEFAULT,
        "50.0\xa0% (1 of 2) of changed lines, no base to compare with",
    ),
    (
        replace(patched(1, 2), base=Ratio(0, 0)),
        DEFAULT,
        "50.0\xa0% (1 of 2) of changed lines, no base to compare with",
    ),
    (lost(3), DEFAULT, "3 covered lines lost coverage, limit 0"),
    (lost(4, removed=1), rule(lost=2), "4 covered lines lost coverage, limit 3"),
    (
        replace(patched(0, 9), lost=lost(1).lost),
        DEFAULT,
        "0.0\xa0% of changed lines, gate 80.0\xa0% as at the base, and 1 more",
    ),
    (replace(NOTHING, head=Ratio(79, 100)), rule(minimum=80), "79.0\xa0% of all lines, minimum 80\xa0%"),
    (replace(NOTHING, failing=(TestChange("t::a", "passed"),)), DEFAULT, "t::a fails and passed at the base"),
    (replace(NOTHING, failing=(TestChange("t::a", "absent"),)), DEFAULT, "t::a is new and fails"),
    (
        replace(lost(1), failing=(TestChange("a", "passed"), TestChange("b", "absent"))),
        DEFAULT,
        "2 tests fail that passed at the base or are new, and 1 more",
    ),
    (replace(NOTHING, head_suite="failed"), DEFAULT, "The tests fail and did not at the base"),
    (replace(NOTHING, unmeasured=("a.py",)), DEFAULT, "Could not measure a.py"),
    (replace(NOTHING, unmeasured=("a.py", "b.py")), DEFAULT, "Could not measure 2 changed source files"),
    (replace(lost(1), unmeasured=("a.py",)), DEFAULT, "1 covered line lost coverage, limit 0, and 1 more"),
]


@pytest.mark.parametrize(("facts", "policy", "title"), TITLES)
def test_titles_name_the_first_reason_and_how_many_more(
    facts: CoverageFacts, policy: Policy, title: str
) -> None:
    """
    The merge box tells number and limit.
    """
    assert judge(facts, policy).title == title


LOST = [
    (lost(1), rule(), "blocked"),
    (lost(1), rule(lost=1), "passed"),
    (lost(3), rule(lost=2), "blocked"),
    # Removed code is free.
    (lost(3, removed=3), rule(), "passed"),
    (lost(4, removed=3), rule(), "blocked"),
]


@pytest.mark.parametrize(("facts", "policy", "outcome"), LOST)
def test_lost_lines_block_beyond_what_is_free(facts: CoverageFacts, policy: Policy, outcome: str) -> None:
    """
    As many lost lines as covered lines were removed are free, and as many as the policy allows.
    """
    assert judge(facts, policy).outcome == outcome


def test_lost_lines_are_told_with_places_and_remedy() -> None:
    """
    Which lines, how many are too many, and what is free.
    """
    verdict = judge(lost(4, removed=1), rule(lost=2))

    assert verdict.reasons[0].text == (
        "4 lines that tests ran at the base are not run any more; 2 may be lost, and 1 more as so many covered lines were"
        " removed: cover 1 again. Lost: app.py 10-13."
    )
    assert verdict.to_pass[0].text == "Cover 1 or more of the 4 lost lines again: app.py 10-13."
    assert judge(lost(1)).reasons[0].text == (
        "1 line that tests ran at the base is not run any more; 0 may be lost: cover 1 again. Lost: app.py 10."
    )


def test_lines_lost_elsewhere_are_noted() -> None:
    """
    A file the change does not touch is not blamed on it.
    """
    verdict = judge(replace(NOTHING, lost_elsewhere=(("b.py", (3, 4)),)))

    assert verdict.outcome is Outcome.PASSED
    assert verdict.notes[0].text == (
        "2 lines lost coverage in a file this change does not touch, and no test was edited: b.py 3-4."
        " Reported, not judged."
    )


MINIMUM = [
    # Below the floor and below the base.
    (Ratio(79, 100), Ratio(80, 100), 80, 1),
    # Below the floor, but not below the base: adopting a floor blocks nothing.
    (Ratio(70, 100), Ratio(70, 100), 80, 0),
    (Ratio(71, 100), Ratio(70, 100), 80, 0),
    # What the base has is enough.
    (Ratio(69, 100), Ratio(70, 100), 80, 1),
    # Nothing of the base was kept, or there is none.
    (Ratio(10, 100), Ratio(0, 0), 80, 0),
    (Ratio(10, 100), None, 80, 70),
    (Ratio(80, 100), None, 80, 0),
    (Ratio(0, 0), None, 80, 0),
]


@pytest.mark.parametrize(("head", "kept", "minimum", "missing"), MINIMUM)
def test_the_floor_blocks_only_when_the_head_is_also_below_the_base(
    head: Ratio, kept: Ratio | None, minimum: int, missing: int
) -> None:
    """
    Compared over the lines the head kept, so that deleting covered code passes.
    """
    verdict = judge(replace(NOTHING, head=head, base=kept, base_surviving=kept), rule(minimum=minimum))

    assert [reason.kind for reason in verdict.reasons] == ["below_minimum"] * bool(missing)
    assert [remedy.text for remedy in verdict.to_pass] == [
        f"Test {missing} or more further lines, in whichever file."
    ] * bool(missing)


def test_a_tree_below_its_floor_is_told_with_numbers() -> None:
    """
    Head, floor and base, each with what it is a share of.
    """
    verdict = judge(replace(NOTHING, head=Ratio(79, 100)), rule(minimum=80))
    alone = judge(replace(NOTHING, head=Ratio(79, 100), base=None, base_surviving=None), rule(minimum=80))

    assert verdict.reasons[0].text == (
        "Tests run 79.0\xa0% (79 of 100) of all lines, below the minimum of 80\xa0%,"
        " and below the base's 80.0\xa0% (80 of 100) of the lines that were kept: test 1 more."
    )
    assert "base" not in alone.reasons[0].text


FAILING = [
    ("passed", "blocked", "fails and passed at the base. Mend the test or the code."),
    ("absent", "blocked", "is new and fails. Mend the test or the code."),
    ("failed", "passed", "fails, and failed at the base too."),
    ("error", "passed", "fails, and failed at the base too."),
    ("skipped", "passed", "fails and was skipped at the base."),
]


@pytest.mark.parametrize(("before", "outcome", "text"), FAILING)
def test_a_failing_test_blocks_if_it_passed_or_is_new(before: str, outcome: str, text: str) -> None:
    """
    What was red before is not blamed on the change.
    """
    facts = replace(NOTHING, failing=(TestChange("t::a", before),), head_suite="failed")  # type: ignore[arg-type]  # parametrised

    verdict = judge(facts)
    ignored = judge(facts, rule(failing="ignore"))

    assert verdict.outcome == outcome
    assert [reason.text for reason in (*verdict.reasons, *verdict.notes)] == [f"t::a {text}"]
    assert (ignored.outcome, ignored.reasons, len(ignored.notes)) == (Outcome.PASSED, (), 1)


def test_without_single_results_the_suite_as_a_whole_is_judged() -> None:
    """
    A suite that passed at the base and fails here blocks, with or without names.
    """
    nameless = judge(replace(NOTHING, head_suite="failed"))
    broken_before = judge(replace(NOTHING, head_suite="failed", base_suite="broken"))
    unknown = replace(NOTHING, head_suite="failed", failing=(TestChange("t", "unknown"),))

    assert [reason.kind for reason in nameless.reasons] == ["suite_failed"]
    assert broken_before.outcome is Outcome.PASSED
    assert judge(unknown).outcome is Outcome.BLOCKED
    assert judge(replace(unknown, base=None, base_suite="")).outcome is Outcome.BLOCKED
    assert judge(replace(unknown, base_suite="failed")).outcome is Outcome.PASSED
    assert judge(replace(NOTHING, head_suite="failed"), rule(failing="ignore")).outcome is Outcome.PASSED


def test_a_changed_source_file_without_a_measurement_stands_in_the_way() -> None:
    """
    All changed files are measured, or it is no green.
    """
    verdict = judge(replace(NOTHING, unmeasured=("a.py",)))

    assert verdict.outcome is Outcome.COULD_NOT_MEASURE
    assert not verdict.neutral
    assert verdict.to_pass == verdict.reasons


def test_before_it_is_armed_coverage_is_reported_and_not_judged() -> None:
    """
    Neutral, with the cause in the title, and what it would have said as notes.
    """
    verdict = judge_coverage(
        DEFAULT, lost(3), armed=False, cause="2 tests need a database", hint="Send coverage from CI."
    )
    default = judge_coverage(DEFAULT, lost(3), armed=False)

    assert (verdict.outcome, verdict.neutral) == (Outcome.COULD_NOT_MEASURE, True)
    assert verdict.title == "Not armed: 2 tests need a database"
    assert [reason.kind for reason in verdict.notes] == ["lost_coverage"]
    assert [remedy.text for remedy in verdict.to_pass] == ["Send coverage from CI."]
    assert verdict.facts == lost(3)
    assert default.title == "Not armed: the default branch has no measured suite yet"


def test_the_first_tests_of_a_repository_are_judged_on_the_head_alone() -> None:
    """
    There is nothing to be armed by: the base has no tests.
    """
    facts = replace(NOTHING, base=Ratio(0, 100), base_suite="no_tests", failing=(TestChange("t", "absent"),))

    assert judge_coverage(DEFAULT, facts, armed=False).outcome is Outcome.BLOCKED
    assert judge_coverage(DEFAULT, replace(facts, failing=()), armed=False).outcome is Outcome.PASSED


def test_without_any_tests_coverage_is_not_armed() -> None:
    """
    No tests at base and head: neutral, with the way out.
    """
    for base_suite in ("", "no_tests"):
        facts = replace(NOTHING, head_suite="no_tests", base_suite=base_suite)

        verdict = judge(facts)

        assert (verdict.outcome, verdict.neutral) == (Outcome.COULD_NOT_MEASURE, True)
        assert verdict.title == "Not armed: no tests were found"
        assert "[tests] command" in verdict.to_pass[0].text


def test_removing_all_tests_is_no_way_out() -> None:
    """
    Where the base has tests, a head without any has lost their coverage.
    """
    assert judge(replace(lost(80), head_suite="no_tests")).outcome is Outcome.BLOCKED


COUNTS = st.integers(0, 60)


@given(
    st.tuples(COUNTS, COUNTS).map(lambda pair: Ratio(min(pair), max(pair))),
    st.tuples(COUNTS, COUNTS).map(lambda pair: Ratio(min(pair), max(pair))),
    st.sampled_from(["auto", 0, 1, 33, 80, 99, 100]),
    st.integers(0, 3),
)
def test_the_number_to_test_is_exact(patch: Ratio, base: Ratio, wanted: str | int, allowance: int) -> None:
    """
    So many more lines turn it green, and one less does not.
    """
    policy = rule(patch=wanted, patch_allowance=allowance)
    facts = replace(patched(patch.covered, patch.executable), base=base, base_surviving=base)
    verdict = judge(facts, policy)

    def with_more(count: int) -> Outcome:
        more = replace(patched(patch.covered + count, patch.executable), base=base, base_surviving=base)
        return judge(more, policy).outcome

    for remedy in verdict.to_pass:
        assert isinstance(remedy.before, int)
        assert isinstance(remedy.after, int)
        needed = remedy.before - remedy.after
        assert with_more(needed) is Outcome.PASSED
        assert with_more(needed - 1) is Outcome.BLOCKED
    assert bool(verdict.to_pass) is (verdict.outcome is Outcome.BLOCKED)


def test_what_flips_is_shown_and_not_judged() -> None:
    """
    A note for each flaky test and each file with unstable lines.
    """
    verdict = judge(
        replace(
            NOTHING, unstable=(("app.py", (12,)), ("b.py", (3, 4))), flaky=("tests/test_a.py::test_clock",)
        )
    )

    assert verdict.outcome is Outcome.PASSED
    assert [(note.kind, note.text) for note in verdict.notes] == [
        (
            "flaky_test",
            "tests/test_a.py::test_clock is flaky: it failed and passed on the same code. Reported, not judged.",
        ),
        (
            "unstable_line",
            "1 line is unstable, covered and not covered by runs of the same code: app.py 12. Reported, not judged.",
        ),
        (
            "unstable_line",
            "2 lines are unstable, covered and not covered by runs of the same code: b.py 3-4. Reported, not judged.",
        ),
    ]


CHANCE = [
    (NOTHING, DEFAULT, False),
    (lost(1), DEFAULT, True),
    (lost(1), rule(lost=1), False),
    (lost(1, removed=1), DEFAULT, False),
    (replace(NOTHING, failing=(TestChange("a", "passed"),)), DEFAULT, True),
    (replace(NOTHING, failing=(TestChange("a", "absent"),)), DEFAULT, True),
    (replace(NOTHING, failing=(TestChange("a", "failed"),)), DEFAULT, False),
    (replace(NOTHING, failing=(TestChange("a", "passed"),)), rule(failing="ignore"), False),
    (replace(NOTHING, head_suite="failed"), DEFAULT, True),
    (replace(NOTHING, head=Ratio(79, 100)), rule(minimum=80), True),
    # Untested new lines are no matter of chance.
    (patched(0, 9), DEFAULT, False),
]


@pytest.mark.parametrize(("facts", "policy", "wanted"), CHANCE)
def test_only_what_would_block_is_run_again(facts: CoverageFacts, policy: Policy, wanted: bool) -> None:
    """
    A green run, and a red one that was as red before, cost one run; so does what is not armed.
    """
    assert may_be_chance(judge(facts, policy)) is wanted
    assert not may_be_chance(judge_coverage(policy, facts, armed=False))


def test_while_tests_of_the_base_need_a_service_the_title_says_which() -> None:
    """
    How many, what they need, and what to do.
    """
    one = Suite("failed", 1, 1.0, "pytest", unreachable=1, services=("PostgreSQL",))
    more = replace(one, unreachable=1200, services=("Redis", "the network"))

    assert needs_service(one) == "1 test needs PostgreSQL: send coverage from CI"
    assert needs_service(more) == "1,200 tests need Redis and the network: send coverage from CI"
    assert needs_service(replace(one, services=())).startswith("1 test needs a network or a service")
