"""Whether a change leaves lines untested, loses coverage or breaks tests. Counts are compared as products, never as per cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.percent import NO_BREAK_SPACE, percent
from gate.core.policy import Coverage, Policy
from gate.core.verdict.overall import could_not_measure
from gate.core.verdict.unmeasured import outcome_of, title_of_unreported
from gate.core.verdict.values import CheckVerdict, Reason
from gate.core.verdict.wording import counted, places, short_name, title

NO_TESTS_HINT = 'Add a test, or name the command that runs them in .gate.toml: [tests] command = "..."'
NOT_ARMED = "the default branch has no measured suite yet"


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


def _judged(rule: Coverage, facts: CoverageFacts) -> CheckVerdict:
    failing, tolerated = _tests(rule, facts)
    short = _short_of_patch(rule, facts)
    lost = _lost_too_many(rule, facts)
    missing = _short_of_minimum(rule, facts)
    unmeasured = [_unmeasured(path) for path in facts.unmeasured]
    blocking: list[tuple[Reason, Reason]] = [(reason, reason) for reason in failing]
    if short:
        blocking.append((_uncovered(rule, facts, short), _test_more(facts, short)))
    if lost:
        blocking.append((_lost(rule, facts, lost), _cover_again(facts, lost)))
    if missing:
        blocking.append((_below(rule, facts, missing), _raise(rule, missing)))
    reasons = [reason for reason, _ in blocking]
    return CheckVerdict(
        check="coverage",
        outcome=outcome_of(blocked=bool(reasons), unmeasured=bool(unmeasured)),
        title=_title(rule, facts, reasons),
        reasons=(*reasons, *unmeasured),
        notes=(*tolerated, *_elsewhere(facts)),
        to_pass=(*(remedy for _, remedy in blocking), *unmeasured),
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
    """How many more of the new lines tests would have to run."""
    wanted = _wanted(rule, facts)
    uncovered = facts.patch.executable - facts.patch.covered
    if wanted is None or not wanted.executable:
        return 0
    return max(0, min(_short(facts.patch, wanted), uncovered - rule.patch_allowance))


def _short(have: Ratio, wanted: Ratio) -> int:
    """How many more lines have to be covered for `have` to be no smaller a share than `wanted`; at most 0 if it is none."""
    # The least whole number at or above wanted.covered / wanted.executable of the lines.
    needed = -(-wanted.covered * have.executable // wanted.executable)
    return needed - have.covered


def _lost_too_many(rule: Coverage, facts: CoverageFacts) -> int:
    """How many of the lost lines are too many; as many as covered lines were removed are free."""
    lost = sum(len(lines) for _, lines in facts.lost)
    return max(0, lost - facts.removed_covered - rule.lost)


def _short_of_minimum(rule: Coverage, facts: CoverageFacts) -> int:
    """How many more lines of the tree have to be covered to reach the floor, or what the base has of the kept lines."""
    short = _short(facts.head, Ratio(rule.minimum, 100))
    kept = facts.base_surviving
    if kept is not None:
        short = min(short, _short(facts.head, kept) if kept.executable else 0)
    return max(0, short)


def _tests(rule: Coverage, facts: CoverageFacts) -> tuple[list[Reason], list[Reason]]:
    """The tests that block, and those that are only reported."""
    found = [(test, _failed(test)) for test in facts.failing]
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


def _failed(test: TestChange) -> Reason:
    history = {
        "passed": "fails and passed at the base",
        "absent": "is new and fails",
        "skipped": "fails and was skipped at the base",
        "unknown": "fails; what it did at the base is not known",
    }.get(test.before, "fails, and failed at the base too")
    remedy = " Mend the test or the code." if test.before in {"passed", "absent", "unknown"} else ""
    return Reason(
        "failed_test", f"{test.id} {history}.{remedy}", name=test.id, before=test.before, after="failed"
    )


def _unmeasured(path: str) -> Reason:
    text = f"Could not measure {path}: coverage.py has no lines of it. Mend the file, or leave it out by [gate] exclude."
    return Reason("unmeasurable_file", text, path=path)


def _of(ratio: Ratio) -> str:
    return f"{percent(ratio)} ({ratio.covered} of {ratio.executable})"


def _gate(rule: Coverage, facts: CoverageFacts) -> str:
    """The share that is wanted of new lines, for people; empty where there is none."""
    if rule.patch != "auto":
        return f"{rule.patch}{NO_BREAK_SPACE}%"
    return f"{percent(facts.base)} as at the base" if facts.base and facts.base.executable else ""


def _first_place(files: tuple[tuple[str, tuple[int, ...]], ...]) -> tuple[str, int, int]:
    """Path, first and last line of the first range, to link to."""
    path, lines = files[0]
    last = lines[0]
    while last + 1 in lines:
        last += 1
    return path, lines[0], last


def _uncovered(rule: Coverage, facts: CoverageFacts, short: int) -> Reason:
    path, line, end_line = _first_place(facts.uncovered)
    text = (
        f"Tests run {facts.patch.covered} of {counted(facts.patch.executable, 'new line')}, {percent(facts.patch)};"
        f" the gate is {_gate(rule, facts)}: test {short} more. Not tested: {places(facts.uncovered)}."
    )
    return Reason(
        "uncovered_lines",
        text,
        path=path,
        line=line,
        end_line=end_line,
        before=percent(facts.base) if facts.base else None,
        after=percent(facts.patch),
        limit=rule.patch,
    )


def _test_more(facts: CoverageFacts, short: int) -> Reason:
    path, line, end_line = _first_place(facts.uncovered)
    uncovered = facts.patch.executable - facts.patch.covered
    which = _some(short, uncovered, "uncovered new line")
    return Reason(
        "uncovered_lines",
        f"Test {which}: {places(facts.uncovered)}.",
        path=path,
        line=line,
        end_line=end_line,
        before=uncovered,
        after=uncovered - short,
    )


def _some(count: int, total: int, noun: str) -> str:
    """`3 or more of the 10 uncovered new lines`, `all 4 lost lines`, `the lost line`."""
    if count < total:
        return f"{count} or more of the {counted(total, noun)}"
    return f"the {noun}" if total == 1 else f"all {counted(total, noun)}"


def _lost(rule: Coverage, facts: CoverageFacts, too_many: int) -> Reason:
    path, line, end_line = _first_place(facts.lost)
    lost = sum(len(lines) for _, lines in facts.lost)
    free = (
        f", and {facts.removed_covered} more as so many covered lines were removed"
        if facts.removed_covered
        else ""
    )
    text = (
        f"{counted(lost, 'line')} that tests ran at the base are not run any more; {rule.lost} may be lost{free}:"
        f" cover {too_many} again. Lost: {places(facts.lost)}."
    )
    limit = rule.lost + facts.removed_covered
    return Reason(
        "lost_coverage", text, path=path, line=line, end_line=end_line, before=0, after=lost, limit=limit
    )


def _cover_again(facts: CoverageFacts, too_many: int) -> Reason:
    path, line, end_line = _first_place(facts.lost)
    lost = sum(len(lines) for _, lines in facts.lost)
    text = f"Cover {_some(too_many, lost, 'lost line')} again: {places(facts.lost)}."
    return Reason(
        "lost_coverage", text, path=path, line=line, end_line=end_line, before=lost, after=lost - too_many
    )


def _below(rule: Coverage, facts: CoverageFacts, missing: int) -> Reason:
    than = (
        f", and below the base's {_of(facts.base_surviving)} of the lines that were kept"
        if facts.base_surviving
        else ""
    )
    text = (
        f"Tests run {_of(facts.head)} of the whole tree's lines, below the minimum of {rule.minimum}{NO_BREAK_SPACE}%{than}:"
        f" test {missing} more."
    )
    before = percent(facts.base) if facts.base else None
    return Reason("below_minimum", text, before=before, after=percent(facts.head), limit=rule.minimum)


def _raise(rule: Coverage, missing: int) -> Reason:
    return Reason(
        "below_minimum", f"Test {missing} or more further lines anywhere in the tree.", limit=rule.minimum
    )


def _elsewhere(facts: CoverageFacts) -> Iterator[Reason]:
    for path, lines in facts.lost_elsewhere:
        text = (
            f"{counted(len(lines), 'line')} lost coverage in a file this change does not touch, and no test was edited:"
            f" {places([(path, lines)])}. Reported, not judged."
        )
        yield Reason("lost_coverage", text, path=path, line=lines[0], end_line=lines[0])


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
    lost = sum(len(lines) for _, lines in facts.lost)
    texts = {
        "suite_failed": "The tests fail and did not at the base",
        "uncovered_lines": _title_of_patch(rule, facts),
        "lost_coverage": f"{counted(lost, 'covered line')} lost coverage, limit {rule.lost + facts.removed_covered}",
        "below_minimum": f"{percent(facts.head)} of all lines, minimum {rule.minimum}{NO_BREAK_SPACE}%",
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
    gate = _gate(rule, facts)
    if not gate:
        return f"{_of(facts.patch)} of changed lines, no base to compare with"
    uncovered = facts.patch.executable - facts.patch.covered
    wanted = _wanted(rule, facts)
    if wanted and _short(facts.patch, wanted) > 0 and uncovered <= rule.patch_allowance:
        return f"{counted(uncovered, 'changed line')} not tested, {rule.patch_allowance} allowed"
    return f"{percent(facts.patch)} of changed lines, gate {gate}"
