"""Whether a change leaves lines untested, loses coverage or breaks tests. Counts are compared as products, never as per cent."""

from __future__ import annotations

from dataclasses import replace

from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.comparison.branches import Line, weights
from gate.core.percent import NO_BREAK_SPACE, percent
from gate.core.policy import Coverage, Policy
from gate.core.verdict.coverage_texts import (
    below_minimum,
    cover_again,
    cover_more,
    failed_test,
    flaky_test,
    gate_of_patch,
    lost_elsewhere,
    lost_lines,
    raise_total,
    share,
    test_wholly,
    uncovered,
    unmeasured_file,
    unstable_lines,
    what,
)
from gate.core.verdict.overall import could_not_measure
from gate.core.verdict.unmeasured import outcome_of, title_of_unreported
from gate.core.verdict.values import CheckVerdict, Reason
from gate.core.verdict.wording import counted, short_name, title

NO_TESTS_HINT = 'Add a test, or name the command that runs them in .gate.toml: [tests] command = "..."'
NOT_ARMED = "the default branch has no measured suite yet"
_BY_CHANCE = frozenset({"failed_test", "suite_failed", "lost_coverage", "below_minimum"})


def judge_coverage(
    policy: Policy, facts: CoverageFacts, armed: bool = True, *, cause: str = "", hint: str = ""
) -> CheckVerdict:
    """Blocked by failing tests, untested new lines, lost lines, or a tree below its floor, as the policy allows them.

    While not armed it is reported and not judged; `cause` and `hint` then say why, and what would help. The first tests
    of a repository are judged on the head alone, armed or not.
    """
    if facts.head_suite == "no_tests" and facts.base_suite in {"", "no_tests"}:
        unarmed = could_not_measure("coverage", "no tests were found", NO_TESTS_HINT, neutral=True)
        return replace(unarmed, facts=facts, limits=_limits(policy.coverage))
    judged = _judged(policy.coverage, facts)
    if armed or facts.base_suite == "no_tests":
        return judged
    unarmed = could_not_measure("coverage", cause or NOT_ARMED, hint, neutral=True)
    return replace(unarmed, notes=(*judged.reasons, *judged.notes), facts=facts, limits=judged.limits)


def may_be_chance(verdict: CheckVerdict) -> bool:
    """Whether it blocks for what another run of the same code may not show again: then both sides run once more."""
    return not verdict.neutral and any(reason.kind in _BY_CHANCE for reason in verdict.reasons)


def _judged(rule: Coverage, facts: CoverageFacts) -> CheckVerdict:
    failing, tolerated = _tests(rule, facts)
    unmeasured = [unmeasured_file(path) for path in facts.unmeasured]
    blocking: list[tuple[Reason, Reason | None]] = [(reason, reason) for reason in failing]
    further = _short_of_minimum(rule, facts)
    if short := _short_of_patch(rule, facts):
        blocking.append((uncovered(rule, facts, short), _remedy_of_patch(rule, facts, short)))
        further -= short
    if lost := _lost_too_many(rule, facts):
        blocking.append((lost_lines(rule, facts, lost), cover_again(facts, lost)))
        further -= sum(_lightest(_lost(facts), lost).values())
    if missing := _short_of_minimum(rule, facts):
        # What the other remedies cover counts for the whole tree, too.
        rest = raise_total(rule, facts, further) if further > 0 else None
        blocking.append((below_minimum(rule, facts, missing), rest))
    reasons = [reason for reason, _ in blocking]
    return CheckVerdict(
        check="coverage",
        outcome=outcome_of(blocked=bool(reasons), unmeasured=bool(unmeasured)),
        title=_title(rule, facts, reasons),
        reasons=(*reasons, *unmeasured),
        notes=(
            *tolerated,
            *map(flaky_test, facts.flaky),
            *unstable_lines(facts),
            *lost_elsewhere(facts),
        ),
        to_pass=(*(remedy for _, remedy in blocking if remedy), *unmeasured),
        facts=facts,
        limits=_limits(rule),
    )


def _limits(rule: Coverage) -> tuple[tuple[str, int | str], ...]:
    return (
        ("patch", rule.patch),
        ("patch_allowance", rule.patch_allowance),
        ("lost", rule.lost),
        ("minimum", rule.minimum),
    )


def _wanted(rule: Coverage, facts: CoverageFacts) -> Ratio | None:
    """The share of new lines that tests have to run; None where there is nothing to be as covered as."""
    return facts.base if rule.patch == "auto" else Ratio(rule.patch, 100)


def _short_of_patch(rule: Coverage, facts: CoverageFacts) -> int:
    """How many more of the new lines, and of their branches, tests would have to run."""
    wanted = _wanted(rule, facts)
    if wanted is None or not wanted.executable:
        return 0
    return max(0, min(_short(facts.patch, wanted), sum(_beyond_allowance(rule, facts).values())))


def _beyond_allowance(rule: Coverage, facts: CoverageFacts) -> dict[Line, int]:
    """The fewest new lines that would have to be tested wholly for the allowance to cover the others.

    The allowance counts lines: one that no test runs is one, however many branches begin on it.
    """
    untested = weights(facts.uncovered, facts.uncovered_branches)
    return _lightest(untested, len(untested) - rule.patch_allowance)


def _remedy_of_patch(rule: Coverage, facts: CoverageFacts, short: int) -> Reason:
    lines = _beyond_allowance(rule, facts)
    wanted = _wanted(rule, facts)
    if facts.branches and wanted and _short(facts.patch, wanted) > sum(lines.values()):
        return test_wholly(facts, lines)
    return cover_more(facts, short)


def _lightest(lines: dict[Line, int], count: int) -> dict[Line, int]:
    """So many of the lines, those with the least to test; in the order of the source."""
    chosen = sorted(lines, key=lambda line: (lines[line], line))[: max(0, count)]
    return {line: lines[line] for line in sorted(chosen)}


def _short(have: Ratio, wanted: Ratio) -> int:
    """How many more lines have to be covered for `have` to be no smaller a share than `wanted`; at most 0 if it is none."""
    # The least whole number at or above wanted.covered / wanted.executable of the lines.
    needed = -(-wanted.covered * have.executable // wanted.executable)
    return needed - have.covered


def _lost(facts: CoverageFacts) -> dict[Line, int]:
    """The lines that lost coverage, their own or a branch's."""
    return weights(facts.lost, facts.lost_branches)


def _lost_too_many(rule: Coverage, facts: CoverageFacts) -> int:
    """How many of the lost lines are too many; as many as covered lines were removed are free."""
    return max(0, len(_lost(facts)) - facts.removed_covered - rule.lost)


def _short_of_minimum(rule: Coverage, facts: CoverageFacts) -> int:
    """How many more lines of the tree have to be covered to reach the floor, or what the base has of the kept lines."""
    short = _short(facts.head, Ratio(rule.minimum, 100))
    kept = facts.base_surviving
    if kept is not None:
        short = min(short, _short(facts.head, kept) if kept.executable else 0)
    return max(0, short)


def _tests(rule: Coverage, facts: CoverageFacts) -> tuple[list[Reason], list[Reason]]:
    """The tests that block, and those that are only reported."""
    found = [(test, failed_test(test)) for test in facts.failing]
    if not facts.failing and _suite_broke(facts):
        text = (
            "The tests fail as a whole and did not at the base; the runner names no single test. Mend them."
        )
        found = [
            (
                TestChange("", "passed"),
                Reason("suite_failed", text, before=facts.base_suite, after=facts.head_suite),
            )
        ]
    blocks = [rule.failing == "block" and _is_new_failure(test, facts) for test, _ in found]
    return (
        [reason for (_, reason), yes in zip(found, blocks, strict=True) if yes],
        [reason for (_, reason), yes in zip(found, blocks, strict=True) if not yes],
    )


def _suite_broke(facts: CoverageFacts) -> bool:
    return facts.head_suite in {"failed", "broken"} and facts.base_suite not in {"failed", "broken"}


def _is_new_failure(test: TestChange, facts: CoverageFacts) -> bool:
    """Whether it passed at the base or is new; where the base names no tests, whether its whole suite passed."""
    if test.before == "unknown":
        return _suite_broke(facts)
    return test.before in {"passed", "absent"}


def _title(rule: Coverage, facts: CoverageFacts, reasons: list[Reason]) -> str:
    if not reasons and facts.unmeasured:
        return title_of_unreported(facts.unmeasured)
    more = max(0, len(reasons) - 1) + (len(facts.unmeasured) if reasons else 0)
    kind = reasons[0].kind if reasons else "uncovered_lines"
    if kind == "failed_test":
        return title(
            _title_of_tests(reasons),
            more=sum(reason.kind != kind for reason in reasons) + len(facts.unmeasured),
        )
    texts = {
        "suite_failed": "The tests fail and did not at the base",
        "uncovered_lines": _title_of_patch(rule, facts),
        "lost_coverage": f"{counted(len(_lost(facts)), 'covered line')} lost coverage, limit {rule.lost + facts.removed_covered}",
        "below_minimum": f"{percent(facts.head)} of all {what(facts)}, minimum {rule.minimum}{NO_BREAK_SPACE}%",
    }
    return title(texts[kind], more=more)


def _title_of_tests(reasons: list[Reason]) -> str:
    failing = [reason for reason in reasons if reason.kind == "failed_test"]
    if len(failing) > 1:
        return f"{len(failing)} tests fail that passed at the base or are new"
    first = failing[0]
    history = "is new and fails" if first.before == "absent" else "fails and passed at the base"
    return f"{short_name(first.name)} {history}"


def _title_of_patch(rule: Coverage, facts: CoverageFacts) -> str:
    if not facts.patch.executable:
        return "No executable lines changed"
    gate = gate_of_patch(rule, facts)
    if not gate:
        return f"{share(facts.patch)} of changed {what(facts)}, no base to compare with"
    untested = len(weights(facts.uncovered, facts.uncovered_branches))
    wanted = _wanted(rule, facts)
    if wanted and _short(facts.patch, wanted) > 0 and untested <= rule.patch_allowance:
        wholly = " wholly" if facts.branches else ""
        return f"{counted(untested, 'changed line')} not{wholly} tested, {rule.patch_allowance} allowed"
    return f"{percent(facts.patch)} of changed {what(facts)}, gate {gate}"
