"""What verdicts on coverage say: one reason or remedy each. The numbers are decided in `gate.core.verdict.coverage`."""

from __future__ import annotations

from collections.abc import Iterator

from gate.core.comparison import CoverageFacts, Ratio, TestChange
from gate.core.percent import NO_BREAK_SPACE, percent
from gate.core.policy import Coverage
from gate.core.verdict.values import Reason
from gate.core.verdict.wording import counted, places


def failed_test(test: TestChange) -> Reason:
    """A test that fails, with what it did at the base."""
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


def unmeasured_file(path: str) -> Reason:
    """A changed source file without a measurement."""
    text = f"Could not measure {path}: coverage.py has no lines of it. Mend the file, or leave it out by [gate] exclude."
    return Reason("unmeasurable_file", text, path=path)


def uncovered(rule: Coverage, facts: CoverageFacts, short: int) -> Reason:
    """New lines that tests do not run, and how many of them are too many."""
    path, line, end_line = _first_place(facts.uncovered)
    text = (
        f"Tests run {facts.patch.covered} of {counted(facts.patch.executable, 'new line')}, {percent(facts.patch)};"
        f" the gate is {gate_of_patch(rule, facts)}: test {short} more. Not tested: {places(facts.uncovered)}."
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


def cover_more(facts: CoverageFacts, short: int) -> Reason:
    """The remedy: how many of which lines to test."""
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


def lost_lines(rule: Coverage, facts: CoverageFacts, too_many: int) -> Reason:
    """Lines that lost their coverage, and how many of them are too many."""
    path, line, end_line = _first_place(facts.lost)
    lost = sum(len(lines) for _, lines in facts.lost)
    free = (
        f", and {facts.removed_covered} more as so many covered lines were removed"
        if facts.removed_covered
        else ""
    )
    text = (
        f"{counted(lost, 'line')} that tests ran at the base {'is' if lost == 1 else 'are'} not run any more; {rule.lost} may be lost{free}:"
        f" cover {too_many} again. Lost: {places(facts.lost)}."
    )
    limit = rule.lost + facts.removed_covered
    return Reason(
        "lost_coverage", text, path=path, line=line, end_line=end_line, before=0, after=lost, limit=limit
    )


def cover_again(facts: CoverageFacts, too_many: int) -> Reason:
    """The remedy: how many of which lines to cover again."""
    path, line, end_line = _first_place(facts.lost)
    lost = sum(len(lines) for _, lines in facts.lost)
    text = f"Cover {_some(too_many, lost, 'lost line')} again: {places(facts.lost)}."
    return Reason(
        "lost_coverage", text, path=path, line=line, end_line=end_line, before=lost, after=lost - too_many
    )


def below_minimum(rule: Coverage, facts: CoverageFacts, missing: int) -> Reason:
    """A tree below its floor and below the base."""
    than = (
        f", and below the base's {share(facts.base_surviving)} of the lines that were kept"
        if facts.base_surviving
        else ""
    )
    text = (
        f"Tests run {share(facts.head)} of all lines, below the minimum of {rule.minimum}{NO_BREAK_SPACE}%{than}:"
        f" test {missing} more."
    )
    before = percent(facts.base) if facts.base else None
    return Reason("below_minimum", text, before=before, after=percent(facts.head), limit=rule.minimum)


def raise_total(rule: Coverage, missing: int) -> Reason:
    """The remedy: how many lines to test, wherever they are."""
    return Reason(
        "below_minimum", f"Test {missing} or more further lines, in whichever file.", limit=rule.minimum
    )


def lost_elsewhere(facts: CoverageFacts) -> Iterator[Reason]:
    """Lost lines that are reported only, a note for each file."""
    for path, lines in facts.lost_elsewhere:
        text = (
            f"{counted(len(lines), 'line')} lost coverage in a file this change does not touch, and no test was edited:"
            f" {places([(path, lines)])}. Reported, not judged."
        )
        yield Reason("lost_coverage", text, path=path, line=lines[0], end_line=lines[0])


def gate_of_patch(rule: Coverage, facts: CoverageFacts) -> str:
    """The share that is wanted of new lines, for people; empty where there is none."""
    if rule.patch != "auto":
        return f"{rule.patch}{NO_BREAK_SPACE}%"
    return f"{percent(facts.base)} as at the base" if facts.base and facts.base.executable else ""


def share(ratio: Ratio) -> str:
    """`71.4 % (25 of 35)`."""
    return f"{percent(ratio)} ({ratio.covered} of {ratio.executable})"


def _some(count: int, total: int, noun: str) -> str:
    """`3 or more of the 10 uncovered new lines`, `all 4 lost lines`, `the lost line`."""
    if count < total:
        return f"{count} or more of the {counted(total, noun)}"
    return f"the {noun}" if total == 1 else f"all {counted(total, noun)}"


def _first_place(files: tuple[tuple[str, tuple[int, ...]], ...]) -> tuple[str, int, int]:
    """Path, first and last line of the first range, to link to."""
    path, lines = files[0]
    last = lines[0]
    while last + 1 in lines:
        last += 1
    return path, lines[0], last
