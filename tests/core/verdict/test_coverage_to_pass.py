"""What is to be done to pass on coverage is exact: all of it is enough, and nothing of it is too much."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.comparison.branches import by_path, weights
from gate.core.verdict import CheckVerdict, Outcome
from tests.coverage_facts import branched, judge, rule

LINES = st.lists(st.integers(1, 40), max_size=8, unique=True).map(lambda lines: tuple(sorted(lines)))


@st.composite
def any_facts(draw: st.DrawFn) -> CoverageFacts:
    """A change with untested new lines and branches, lost ones, and failing tests, in a tree of so many lines."""
    branches = draw(st.booleans())

    def ways(lines: tuple[int, ...]) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
        chosen = draw(st.lists(st.sampled_from(lines), max_size=6)) if lines and branches else []
        found = sorted({(line, line + draw(st.integers(1, 2))) for line in chosen})
        return (("a.py", tuple(found)),) if found else ()

    def files(lines: tuple[int, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return (("a.py", lines),) if lines else ()

    new, gone = draw(LINES), draw(LINES)
    uncovered, lost_lines = (
        draw(st.sets(st.sampled_from(new))) if new else set(),
        draw(st.sets(st.sampled_from(gone))) if gone else set(),
    )
    facts = branched(
        uncovered=files(tuple(sorted(uncovered))),
        uncovered_branches=ways(new),
        lost=files(tuple(sorted(lost_lines))),
        lost_branches=ways(gone),
        removed_covered=draw(st.integers(0, 2)),
        failing=tuple(TestChange(name, "passed") for name in draw(st.sets(st.sampled_from("abc")))),
    )
    missing = sum(weights(facts.uncovered, facts.uncovered_branches).values())
    untested = missing + sum(weights(facts.lost, facts.lost_branches).values()) + draw(st.integers(0, 60))
    covered, tested = draw(st.integers(0, 20)), draw(st.integers(0, 60))
    base = draw(st.integers(0, 60))
    return replace(
        facts,
        branches=branches,
        patch=Ratio(covered, covered + missing),
        head=Ratio(covered + tested, covered + tested + untested),
        base=Ratio(base, 60),
        base_surviving=Ratio(base, 60),
        head_suite="failed" if facts.failing else "passed",
    )


def applied(facts: CoverageFacts, verdict: CheckVerdict, *, but: str = "") -> CoverageFacts:
    """What the change looks like when everything to pass was done, one step less of the kind `but`."""
    failing = [test for test in facts.failing if test.id not in {r.name for r in verdict.to_pass}]
    facts = replace(facts, failing=tuple(failing + list(facts.failing[:1]) * (but == "failed_test")))
    facts = replace(facts, head_suite="failed" if facts.failing else "passed")
    for remedy in verdict.to_pass:
        if remedy.kind == "failed_test":
            continue
        assert isinstance(remedy.before, int)
        assert isinstance(remedy.after, int)
        count = remedy.before - remedy.after - (remedy.kind == but)
        if remedy.kind == "below_minimum":
            facts = replace(facts, head=Ratio(facts.head.covered + count, facts.head.executable))
        elif remedy.kind == "uncovered_lines":
            facts = with_tested(facts, count)
        else:
            facts = covered_again(facts, count)
    return facts


def with_tested(facts: CoverageFacts, count: int) -> CoverageFacts:
    """So many of the untested new lines and branches tested, the lines with the least to test first."""
    lines, ways = dict(facts.uncovered).get("a.py", ()), dict(facts.uncovered_branches).get("a.py", ())
    order = sorted(
        weights(facts.uncovered, facts.uncovered_branches).items(), key=lambda item: (item[1], item[0])
    )
    units = [
        unit
        for (_, line), _ in order
        for unit in ([line] * (line in lines) + [w for w in ways if w[0] == line])
    ]
    left = units[count:]
    return replace(
        facts,
        patch=Ratio(facts.patch.covered + count, facts.patch.executable),
        head=Ratio(facts.head.covered + count, facts.head.executable),
        uncovered=by_path(("a.py", unit) for unit in left if isinstance(unit, int)),
        uncovered_branches=(("a.py", tuple(sorted(u for u in left if not isinstance(u, int)))),),
    )


def covered_again(facts: CoverageFacts, count: int) -> CoverageFacts:
    """So many of the lost lines covered again, with all their branches, those with the least first."""
    found = weights(facts.lost, facts.lost_branches)
    chosen = sorted(found, key=lambda line: (found[line], line))[:count]
    units = sum(found[line] for line in chosen)
    return replace(
        facts,
        head=Ratio(facts.head.covered + units, facts.head.executable),
        lost=by_path(("a.py", n) for _, lines in facts.lost for n in lines if ("a.py", n) not in chosen),
        lost_branches=tuple(
            (path, tuple(way for way in ways if (path, way[0]) not in chosen))
            for path, ways in facts.lost_branches
        ),
    )


@settings(max_examples=200)
@given(
    any_facts(),
    st.sampled_from(["auto", 0, 50, 90, 100]),
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from([0, 50, 80, 100]),
)
def test_to_pass_is_the_smallest_set_that_turns_it_green(
    facts: CoverageFacts, patch: str | int, allowance: int, may_lose: int, minimum: int
) -> None:
    """
    With everything done it passes; with one step less of any kind it does not.
    """
    policy = rule(patch=patch, patch_allowance=allowance, lost=may_lose, minimum=minimum)
    verdict = judge(facts, policy)

    assert judge(applied(facts, verdict), policy).outcome is Outcome.PASSED
    for kind in {remedy.kind for remedy in verdict.to_pass}:
        assert judge(applied(facts, verdict, but=kind), policy).outcome is Outcome.BLOCKED
    assert bool(verdict.to_pass) is (verdict.outcome is Outcome.BLOCKED)
