"""What a waiver covers at the head it was given for and at later ones, and what the verdict says then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.report import Finding
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
from gate.core.policy import DEFAULT, Coverage, Guard, parse
from gate.core.verdict import (
    CheckVerdict,
    Outcome,
    Provenance,
    Reason,
    Verdict,
    Waiver,
    combine,
    judge_complexity,
    judge_coverage,
    judge_security,
)
from gate.core.waiver import LOOSENING, snapshot, uncoverable, with_waivers

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROVENANCE = Provenance("a" * 40, "b" * 40, "", "d", "defaults")
LATER = replace(PROVENANCE, head="c" * 40)
NONE = ComplexityTotals(0, 0, 0)
NINETY = Ratio(90, 100)


def function(
    name: str = "f", after: int = 12, *, path: str = "a.py", line: int = 1, before: int | None = None
) -> FunctionChange:
    return FunctionChange(path, name, line, before, after, "new" if before is None else "worse")


def complexity(*functions: FunctionChange, unreadable: bool = False) -> CheckVerdict:
    unmeasured = (Unmeasured("bad.py", 1, "invalid syntax", ours=False, judged=True),) if unreadable else ()
    return judge_complexity(DEFAULT, ComplexityFacts(functions, NONE, NONE, unmeasured))


def finding(
    line: int = 3, *, scope: str = "run", source: str = "1f", path: str = "a.py", rule: str = "B602"
) -> FindingChange:
    return FindingChange(
        path, Finding(rule, line, line, 0, "high", "high", "A shell.", scope, source), judged=True
    )


def security(*introduced: FindingChange) -> CheckVerdict:
    return judge_security(DEFAULT, SecurityFacts(introduced, (), ()))


def coverage(
    *,
    uncovered: tuple[str, ...] = (),
    lost: tuple[str, ...] = (),
    failing: tuple[str, ...] = (),
    first_line: int = 1,
    head: Ratio = NINETY,
    suite: str = "passed",
    minimum: int = 0,
) -> CheckVerdict:
    """Coverage of a change in which every digest is one line."""

    def lines(count: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return (("a.py", tuple(range(first_line, first_line + count))),) if count else ()

    facts = CoverageFacts(
        base=Ratio(100, 100),
        head=head,
        patch=Ratio(10, 10 + len(uncovered)),
        uncovered=lines(len(uncovered)),
        lost=lines(len(lost)),
        failing=tuple(TestChange(name, "passed") for name in failing),
        base_surviving=Ratio(100, 100),
        base_suite="passed",
        head_suite=suite,  # type: ignore[arg-type]  # one of the four words
        uncovered_identity=tuple(sorted(uncovered)),
        lost_identity=tuple(sorted(lost)),
    )
    policy = replace(DEFAULT, coverage=Coverage(patch_allowance=0, minimum=minimum))
    return judge_coverage(policy, facts)


def verdict(
    *checks: CheckVerdict, provenance: Provenance = PROVENANCE, loosened: tuple[Reason, ...] = ()
) -> Verdict:
    return combine(checks, provenance, replace(DEFAULT, guard=Guard(loosening="block")), loosened=loosened)


def waiver(judged: Verdict, check: str, *, person: str = "mona", hours: int = 0) -> Waiver:
    """Of all that blocks the check in a verdict."""
    return Waiver(
        check, snapshot(judged, check), "the rewrite is planned", person, "admin",
        NOW + timedelta(hours=hours), judged.provenance.head,
    )  # fmt: skip


def outcome_later(before: CheckVerdict, after: CheckVerdict, *, provenance: Provenance = LATER) -> Outcome:
    """Of a later head's check, when all that blocked the first one was waived."""
    given_for = verdict(before)
    return (
        with_waivers(verdict(after, provenance=provenance), [waiver(given_for, before.check)])
        .checks[0]
        .outcome
    )


def test_a_waived_check_is_green_and_says_who_waived_what_and_why() -> None:
    """The outcome is waived, nothing is to be done any more, and the title names person, thing and reason."""
    judged = verdict(complexity(function("tangle")), security())

    waived = with_waivers(judged, [waiver(judged, "complexity")])

    check = waived.checks[0]
    assert (waived.outcome, check.outcome) == (Outcome.WAIVED, Outcome.WAIVED)
    assert check.title == "Waived by mona: tangle is 12, limit 10 (the rewrite is planned)"
    assert waived.title == "Waived: complexity, by mona: the rewrite is planned"
    assert (check.reasons, check.to_pass, waived.to_pass) == ((), (), ())
    assert [reason.name for reason in check.waived] == ["tangle"]


def test_without_a_waiver_for_it_a_verdict_stays_what_it_is() -> None:
    """Waivers of other checks change nothing."""
    judged = verdict(complexity(function()), security(finding()))

    assert with_waivers(judged, []) == judged
    assert with_waivers(judged, [waiver(judged, "security")]).outcome is Outcome.BLOCKED


SAME = [
    # Complexity: the function, by path and qualified name, and no worse than it was.
    (complexity(function()), complexity(function(line=70)), True),
    (complexity(function()), complexity(function(after=11)), True),
    (complexity(function()), complexity(function(after=13)), False),
    (complexity(function()), complexity(function("g")), False),
    (complexity(function()), complexity(function(path="b.py")), False),
    (complexity(function()), complexity(function(), function("g")), False),
    (complexity(function(), function("g")), complexity(function("g")), True),
    (complexity(function()), complexity(function(before=9)), False),  # other than new: it crossed
    # A second one of that name is another function.
    (complexity(function()), complexity(function(), function(line=50)), False),
    (complexity(function(), function(line=50)), complexity(function(line=9), function(line=99)), True),
    # Security: rule, file, scope and source.
    (security(finding()), security(finding(line=90)), True),
    (security(finding()), security(finding(scope="other")), False),
    (security(finding()), security(finding(source="2f")), False),
    (security(finding()), security(finding(rule="B301")), False),
    (security(finding()), security(finding(), finding()), False),
    (security(finding(), finding()), security(finding()), True),
    # Coverage: each line by what it says and where, not by its number, and not by how many there are.
    (coverage(uncovered=("x", "y")), coverage(uncovered=("x", "y"), first_line=50), True),
    (coverage(uncovered=("x", "y")), coverage(uncovered=("x",)), True),
    (coverage(uncovered=("x", "y")), coverage(uncovered=("x", "z")), False),
    (coverage(uncovered=("x", "y")), coverage(uncovered=("x", "x")), False),
    (coverage(uncovered=("x",)), coverage(lost=("x",)), False),
    (coverage(lost=("x",)), coverage(lost=("x",), first_line=9), True),
    (coverage(lost=("x",)), coverage(lost=("y",)), False),
    (coverage(failing=("t1",)), coverage(failing=("t1",)), True),
    (coverage(failing=("t1",)), coverage(failing=("t2",)), False),
    (coverage(uncovered=("x",)), coverage(uncovered=("x",), failing=("t1",)), False),
    # The floor: compared as a share, for trees grow.
    (coverage(minimum=95), coverage(minimum=95, head=Ratio(181, 200)), True),
    (coverage(minimum=95), coverage(minimum=95, head=Ratio(179, 200)), False),
    # A suite that fails as a whole names no test, so anything may hide behind it.
    (coverage(suite="failed"), coverage(suite="failed"), False),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "covered"), SAME)
def test_a_waiver_holds_for_the_same_reasons_at_later_heads(
    before: CheckVerdict, after: CheckVerdict, *, covered: bool
) -> None:
    """Shifted lines, and less of the same, are covered; whatever else is new and blocks."""
    assert (before.outcome, after.outcome) == (Outcome.BLOCKED, Outcome.BLOCKED)

    assert outcome_later(before, after) is (Outcome.WAIVED if covered else Outcome.BLOCKED)


@pytest.mark.parametrize("check", [before for before, _, _ in SAME])
def test_a_waiver_covers_the_head_it_was_given_for(check: CheckVerdict) -> None:
    """Whatever blocks can be waived, a suite that fails as a whole as well."""
    assert outcome_later(check, check, provenance=PROVENANCE) is Outcome.WAIVED


def test_reasons_are_found_through_a_rename() -> None:
    """A file that the base has under another name is the same file, whichever head renames it."""
    moved = replace(LATER, renamed=(("new.py", "a.py"),))

    assert (
        outcome_later(complexity(function()), complexity(function(path="new.py")), provenance=moved)
        is Outcome.WAIVED
    )
    assert (
        outcome_later(security(finding()), security(finding(path="new.py")), provenance=moved)
        is Outcome.WAIVED
    )


def test_a_new_reason_is_named_and_the_waived_ones_ask_for_nothing() -> None:
    """The title says what came after the waiver, and only that is to be done."""
    first = verdict(complexity(function("tangle")))
    later = verdict(complexity(function("tangle"), function("knot", 14)), provenance=LATER)

    found = with_waivers(later, [waiver(first, "complexity")]).checks[0]

    assert found.title.startswith("New since the waiver by mona: knot is new with a complexity of 14")
    assert ([r.name for r in found.reasons], [r.name for r in found.waived]) == (["knot"], ["tangle"])
    assert [step.name for step in found.to_pass] == ["knot"]


def test_lines_that_came_after_the_waiver_are_named() -> None:
    """Of a sum the title says which part of it is new, a second line that says the same included."""
    first = verdict(coverage(uncovered=("x", "y")))
    later = verdict(coverage(uncovered=("x", "x", "y", "z")), provenance=LATER)

    found = with_waivers(later, [waiver(first, "coverage")]).checks[0]

    assert found.title.startswith(
        "New since the waiver by mona: a.py 2, 4 was not waived. Tests run 10 of 14"
    )
    assert (found.waived, found.waivers) == ((), ())


def test_lines_that_nobody_waived_are_new_as_a_whole() -> None:
    """Beside a failing test that was waived, untested lines are told like any other new reason."""
    first = verdict(coverage(failing=("t1",)))
    later = verdict(coverage(failing=("t1",), uncovered=("x", "y")), provenance=LATER)

    found = with_waivers(later, [waiver(first, "coverage")]).checks[0]

    assert found.title.startswith("New since the waiver by mona: Tests run 10 of 12 new lines")
    assert [reason.name for reason in found.waived] == ["t1"]


def test_what_has_nothing_to_do_with_the_waiver_does_not_speak_of_it() -> None:
    """Another function that blocks alone blocks as if nothing had been waived."""
    later = verdict(complexity(function("knot")), provenance=LATER)

    assert with_waivers(later, [waiver(verdict(complexity(function())), "complexity")]) == later


def test_a_second_waiver_adds_to_the_first() -> None:
    """It covers what blocked at its time; together they cover what either does, and no more of it."""
    first = verdict(complexity(function("tangle")))
    second = verdict(complexity(function("tangle"), function("knot", 14)), provenance=LATER)
    given = [waiver(first, "complexity")]
    given.append(waiver(with_waivers(second, given), "complexity", person="ada", hours=1))

    waived = with_waivers(second, given).checks[0]
    twice = with_waivers(verdict(complexity(function("tangle"), function("tangle", line=40))), given).checks[
        0
    ]

    assert waived.outcome is Outcome.WAIVED
    assert waived.title.startswith("Waived by mona and ada: ")
    assert [person.person for person in waived.waivers] == ["mona", "ada"]
    assert twice.outcome is Outcome.BLOCKED


def test_what_was_not_measured_cannot_be_waived() -> None:
    """A waiver leaves "could not measure" behind, where that stood beside what blocked."""
    judged = verdict(complexity(function(), unreadable=True))
    nothing = verdict(complexity(unreadable=True))

    found = with_waivers(judged, [waiver(judged, "complexity")]).checks[0]

    assert found.outcome is Outcome.COULD_NOT_MEASURE
    assert [reason.kind for reason in found.reasons] == ["unmeasurable_file"]
    assert snapshot(nothing, "complexity") == ()


def test_lines_of_which_nothing_is_known_are_not_covered() -> None:
    """Verdicts of before lines had an identity tell of how many lines, not of which: none is waived."""
    check = coverage(uncovered=("x",), failing=("t1",))
    unknown = replace(check, reasons=tuple(replace(reason, identity=()) for reason in check.reasons))

    assert outcome_later(unknown, unknown, provenance=PROVENANCE) is Outcome.BLOCKED


def loosened(line: int = 4, *, source: str = "1f", path: str = "a.py") -> Reason:
    return Reason(
        "loosened", f"{path} line {line} adds `# nosec`.", path, line, line, "nosec", identity=(source,)
    )


def test_loosening_is_waived_like_a_check() -> None:
    """Where it blocks; another suppression in the same file is new."""
    judged = verdict(security(), loosened=(loosened(),))
    given = [waiver(judged, LOOSENING)]

    waived = with_waivers(verdict(security(), loosened=(loosened(60),), provenance=LATER), given)
    blocked = with_waivers(verdict(security(), loosened=(loosened(), loosened(9, source="2f"))), given)

    assert (waived.outcome, waived.title) == (
        Outcome.WAIVED,
        "Waived: loosening, by mona: the rewrite is planned",
    )
    assert (waived.loosened, waived.loosened_waived, waived.to_pass) == ((), (loosened(60),), ())
    assert (blocked.outcome, [reason.line for reason in blocked.to_pass]) == (Outcome.BLOCKED, [9])


def test_components_are_waived_on_their_own() -> None:
    """The same function in a component is another reason than in the whole; waived, it turns the component green."""
    check = complexity(function())
    whole, part = (
        verdict(check),
        replace(verdict(security()), components=(("api", Outcome.BLOCKED, (check,)),)),
    )

    given = waiver(part, "complexity")

    other = replace(part, components=(*part.components, ("web", Outcome.BLOCKED, (check,))))

    assert [outcome for _, outcome, _ in with_waivers(other, [given]).components] == ["waived", "blocked"]
    assert with_waivers(part, [given]).components[0][1] is Outcome.WAIVED
    waived = with_waivers(part, [given])
    assert (waived.outcome, waived.title) == (
        Outcome.WAIVED,
        "Waived: complexity of api, by mona: the rewrite is planned",
    )
    assert with_waivers(whole, [given]).outcome is Outcome.BLOCKED


def test_an_authors_own_waiver_is_not_passed_over() -> None:
    """The titles say that it is the author's."""
    judged = verdict(complexity(function("tangle")))

    waived = with_waivers(judged, [replace(waiver(judged, "complexity"), own=True)])

    assert waived.checks[0].title.startswith("Waived by mona, the author: ")
    assert waived.title.startswith("Waived: complexity, by mona, the author: ")


def test_a_broken_policy_is_not_waived() -> None:
    """There is nothing a waiver could name."""
    judged = replace(verdict(), outcome=Outcome.BLOCKED, title="Blocked: the policy is broken")

    assert with_waivers(judged, [waiver(verdict(complexity(function())), "complexity")]) == judged


FUNCTIONS = st.builds(
    function,
    st.sampled_from("fg"),
    st.integers(11, 14),
    path=st.sampled_from(["a.py", "b.py"]),
    line=st.integers(1, 9),
)


@given(st.lists(FUNCTIONS, min_size=1, max_size=4), st.lists(FUNCTIONS, max_size=4))
def test_a_reason_too_many_always_blocks(before: list[FunctionChange], more: list[FunctionChange]) -> None:
    """Of the reasons at a later head at most as many are waived as were waived, and none is lost."""
    later = complexity(*before, *more)
    given_for = verdict(complexity(*before))

    found = with_waivers(verdict(later, provenance=LATER), [waiver(given_for, "complexity")]).checks[0]

    assert len(found.waived) <= len(before)
    assert sorted(map(repr, (*found.waived, *found.reasons))) == sorted(map(repr, later.reasons))
    assert (found.outcome is Outcome.WAIVED) == (not more)


def test_the_policy_says_who_may_waive() -> None:
    """A verdict carries the roles of the policy it was judged by."""
    policy = parse(b'[waivers]\nroles = ["security-lead"]\n')

    assert combine((), PROVENANCE, policy).waiver_roles == ("security-lead",)


def test_what_no_waiver_covers_is_told() -> None:
    """
    Of checks that stand in the way: unreadable files, and all of a check that could not be measured.
    """
    half = complexity(function(), unreadable=True)
    unmeasured = CheckVerdict(
        "security", Outcome.COULD_NOT_MEASURE, "t", reasons=(Reason("analyser_failed", "No."),)
    )
    unarmed = CheckVerdict(
        "coverage",
        Outcome.COULD_NOT_MEASURE,
        "t",
        reasons=(Reason("not_armed", "Not yet."),),
        neutral=True,
    )
    verdict = combine((unarmed, half, unmeasured), PROVENANCE, DEFAULT)

    assert [reason.kind for reason in uncoverable(verdict)] == ["unmeasurable_file", "analyser_failed"]
