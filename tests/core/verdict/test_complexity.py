"""What blocks on complexity, and what would make it pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.comparison import ComplexityFacts, ComplexityTotals, FunctionChange, FunctionStatus, Unmeasured
from gate.core.policy import DEFAULT
from gate.core.verdict import CheckVerdict, Outcome, judge_complexity
from tests.core.comparison.test_functions import branches, function
from tests.two_trees import complexities

TOTALS = ComplexityTotals(1, 1, 1)


def change(
    before: int | None,
    after: int | None,
    name: str = "f",
    path: str = "a.py",
    *,
    old_path: str = "",
    judged: bool = True,
) -> FunctionChange:
    status: FunctionStatus = (
        "new" if before is None else "removed" if after is None else "worse" if after > before else "better"
    )
    return FunctionChange(
        path, name, 7, before, after, status, judged, ((8, 1), (9, 5), (12, 2), (15, 2)), old_path
    )


def judge(*changes: FunctionChange, unmeasured: tuple[Unmeasured, ...] = ()) -> CheckVerdict:
    return judge_complexity(DEFAULT, ComplexityFacts(changes, TOTALS, TOTALS, unmeasured))


CASES = [
    # At the limit is fine, above it is not.
    (None, 10, "passed", ""),
    (None, 11, "blocked", "new_above_maximum"),
    (10, 11, "blocked", "crossed_maximum"),
    (9, 10, "passed", ""),
    # What was above may stay and shrink, and may not grow.
    (12, 12, "passed", ""),
    (14, 12, "passed", ""),
    (12, 13, "blocked", "grew_above_maximum"),
    (30, None, "passed", ""),
]


@pytest.mark.parametrize(("before", "after", "outcome", "kind"), CASES)
def test_only_worsening_above_the_limit_blocks(
    before: int | None, after: int | None, outcome: str, kind: str
) -> None:
    """
    New above the maximum, crossed it, or was above and grew; nothing else.
    """
    verdict = judge(change(before, after))

    assert verdict.outcome == outcome
    assert [reason.kind for reason in verdict.reasons] == [kind] * (outcome == "blocked")
    assert verdict.limits == (("maximum", 10),)


def test_reasons_give_before_after_limit_and_the_largest_contributors() -> None:
    """
    A reason names the thing, the numbers and the remedy.
    """
    verdict = judge(change(None, 21, "RetryBudget.plan"), change(9, 12, "g"), change(14, 16, "h"))

    lines = "Most comes from line 9 (+5) and line 12 (+2) and line 15 (+2)."
    assert [reason.text for reason in verdict.reasons] == [
        f"RetryBudget.plan is new with a complexity of 21; the limit is 10. {lines} Bring it to 10 or less.",
        f"g grew from 9 to 12; the limit is 10. {lines} Bring it to 10 or less.",
        f"h was above the limit of 10 and grew from 14 to 16. {lines} Bring it back to 14 or less.",
    ]
    first = verdict.reasons[0]
    assert (first.path, first.line, first.name, first.before, first.after, first.limit) == (
        "a.py",
        7,
        "RetryBudget.plan",
        None,
        21,
        10,
    )
    assert verdict.title == "RetryBudget.plan is 21, limit 10, and 2 more"


def test_without_contributors_the_reason_says_none() -> None:
    """
    What is not known is not told.
    """
    verdict = judge(FunctionChange("a.py", "f", 7, None, 11, "new"))

    assert (
        verdict.reasons[0].text
        == "f is new with a complexity of 11; the limit is 10. Bring it to 10 or less."
    )


def test_splitting_a_tangle_is_progress() -> None:
    """
    40 split into 25 and 12 lowers the excess over 10 from 30 to 17.
    """
    verdict = judge(change(40, 25), change(None, 12, "part"))

    assert verdict.outcome is Outcome.PASSED
    assert verdict.title == "Complexity over 10 falls from 30 to 17"
    assert [note.text for note in verdict.notes] == [
        "part is new with a complexity of 12; the limit is 10. The complexity above 10 in a.py falls from 30 to 17: no block."
    ]


def test_splitting_over_files_is_progress_too() -> None:
    """
    What is taken out into another file still came from the tangle.
    """
    base = {"a.py": "def f(x, y):\n" + branches(16) + branches(12, of="y"), "b.py": "x = 1\n"}
    head = {
        "a.py": "def f(x, y):\n" + branches(12, of="y"),
        "b.py": "x = 1\n\n\ndef part(x):\n" + branches(16),
    }

    verdict = judge_complexity(DEFAULT, complexities(base, head))

    assert verdict.outcome is Outcome.PASSED
    assert verdict.title == "Complexity over 10 falls from 19 to 10"


def test_progress_in_one_file_does_not_pay_for_another() -> None:
    """
    Only the files concerned count.
    """
    verdict = judge(change(40, 20, path="old.py"), change(None, 12, "g"))

    assert verdict.outcome is Outcome.BLOCKED
    assert [reason.name for reason in verdict.reasons] == ["g"]


def test_tests_are_reported_only() -> None:
    """
    A test may be as complex as it likes.
    """
    verdict = judge(change(None, 30, "test_f", "tests/test_a.py", judged=False))

    assert verdict.outcome is Outcome.PASSED
    assert verdict.title == "No function changed its complexity, limit 10"
    assert verdict.notes[0].text.endswith(
        "It is in a test file, or its file could not be measured at the base: not judged."
    )


TITLES = [
    ((), "No function changed its complexity, limit 10"),
    ((change(2, 8), change(3, 4, "g")), "No changed function over 10 (highest 8)"),
    ((change(20, 20, old_path="b.py"),), "No function over 10 is new or grew (highest changed 20)"),
    ((change(20, 14),), "Complexity over 10 falls from 10 to 4"),
    ((change(None, 11, "x" * 100),), f"…{'x' * 69} is 11, limit 10"),
]


@pytest.mark.parametrize(("changes", "title"), TITLES)
def test_titles_name_the_number_and_the_limit(changes: tuple[FunctionChange, ...], title: str) -> None:
    """
    The merge box tells all that matters in one line.
    """
    assert judge(*changes).title == title


BROKEN = Unmeasured("a.py", 3, "line 3: invalid syntax", ours=False, judged=True)


def test_a_file_that_cannot_be_measured_stands_in_the_way() -> None:
    """
    No green without a measurement; a function that blocks weighs more.
    """
    alone = judge(unmeasured=(BROKEN, Unmeasured("b.py", 0, "too large", ours=True, judged=True)))
    beside = judge(change(None, 11), unmeasured=(BROKEN,))

    assert alone.outcome is Outcome.COULD_NOT_MEASURE
    assert alone.title == "Could not measure a.py: line 3: invalid syntax, and 1 more"
    assert [reason.text for reason in alone.reasons] == [
        "Could not measure a.py: line 3: invalid syntax. Mend the file.",
        "Could not measure b.py: too large. That is Gate's limit, not a fault of the file.",
    ]
    assert alone.to_pass == alone.reasons
    assert (beside.outcome, beside.title) == (Outcome.BLOCKED, "f is 11, limit 10, and 1 more")


def test_a_file_that_never_could_be_measured_is_listed() -> None:
    """
    What was broken at the base is nobody's fault here.
    """
    verdict = judge(unmeasured=(Unmeasured("a.py", 3, "line 3: invalid syntax", ours=False, judged=False),))

    assert verdict.outcome is Outcome.PASSED
    assert (
        verdict.notes[0].text
        == "Could not measure a.py: line 3: invalid syntax. It is listed and not judged."
    )


def test_to_pass_is_the_smallest_set_of_changes() -> None:
    """
    Each function back to its limit; or only so far that the total excess of its files falls.
    """
    alone = judge(change(None, 21), change(14, 16, "g"))
    beside_progress = judge(change(40, 38), change(None, 11, "g"), change(None, 11, "h"))

    assert [remedy.text for remedy in alone.to_pass] == [
        "Bring f from 21 to 10 or less.",
        "Bring g from 16 to 14 or less.",
    ]
    assert [remedy.text for remedy in beside_progress.to_pass] == ["Bring g from 11 to 10 or less."]


CHANGES = st.lists(
    st.builds(
        change,
        st.none() | st.integers(1, 30),
        st.integers(1, 30),
        st.sampled_from("fgh"),
        st.sampled_from(["a.py", "b.py"]),
        old_path=st.sampled_from(["", "", "a.py", "c.py"]),
    ),
    max_size=6,
)


@given(CHANGES)
def test_doing_what_to_pass_says_turns_it_green(changes: list[FunctionChange]) -> None:
    """
    The remedies are enough, whatever the case.
    """
    changes = [
        FunctionChange(c.path, f"{c.name}{n}", n, c.before, c.after, c.status, True, (), c.old_path)
        for n, c in enumerate(changes, 1)
    ]
    verdict = judge(*changes)
    goals = {remedy.name: int(remedy.text.split(" to ")[1].split()[0]) for remedy in verdict.to_pass}

    done = [
        FunctionChange(
            c.path, c.name, c.line, c.before, goals.get(c.name, c.after), c.status, True, (), c.old_path
        )
        for c in changes
    ]

    assert (verdict.outcome is Outcome.BLOCKED) is bool(verdict.to_pass)
    assert judge(*done).outcome is Outcome.PASSED


def test_real_functions_end_to_end() -> None:
    """
    From two sources to the title.
    """
    facts = complexities({"a.py": function("f", 8)}, {"a.py": function("f", 12)})

    assert judge_complexity(DEFAULT, facts).title == "f is 13, limit 10"
