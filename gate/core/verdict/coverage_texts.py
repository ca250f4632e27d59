"""What verdicts on coverage say: one reason or remedy each. The numbers are decided in `gate.core.verdict.coverage`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.report import Suite
from gate.core.comparison import BranchesOfFiles, CoverageFacts, LinesOfFiles, Ratio, TestChange
from gate.core.comparison.branches import Line, by_path, half_tested, weights
from gate.core.percent import NO_BREAK_SPACE, percent
from gate.core.policy import Coverage
from gate.core.verdict.values import Reason
from gate.core.verdict.wording import counted, places

_MOST_WAYS = 12


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


def needs_service(suite: Suite) -> str:
    """Why coverage is not judged while the base's tests want what is not there; the cause, for a title."""
    need = "test needs" if suite.unreachable == 1 else "tests need"
    services = " and ".join(suite.services) or "a network or a service"
    return f"{suite.unreachable:,} {need} {services}: send coverage from CI"


def flaky_test(name: str) -> Reason:
    """A test that flips."""
    text = f"{name} is flaky: it failed and passed on the same code. Reported, not judged."
    return Reason("flaky_test", text, name=name)


def unstable_lines(facts: CoverageFacts) -> Iterator[Reason]:
    """Lines that flip, a note for each file."""
    for path, lines in facts.unstable:
        be = "is" if len(lines) == 1 else "are"
        text = (
            f"{counted(len(lines), 'line')} {be} unstable, covered and not covered by runs of the same code:"
            f" {places([(path, lines)])}. Reported, not judged."
        )
        yield Reason("unstable_line", text, path=path, line=lines[0], end_line=lines[0])


def uncovered(rule: Coverage, facts: CoverageFacts, short: int) -> Reason:
    """New lines that tests do not run, and how many of them are too many."""
    path, line, end_line = _first_place(facts.uncovered, facts.uncovered_branches)
    ways = facts.patch_branches
    lines = Ratio(facts.patch.covered - ways.covered, facts.patch.executable - ways.executable)
    run = f"Tests run {lines.covered} of {counted(lines.executable, 'new line')}"
    if facts.branches:
        run += f" and take {ways.covered} of {counted(ways.executable, 'new branch', 'new branches')}"
    text = (
        f"{run}, {percent(facts.patch)}; the gate is {gate_of_patch(rule, facts)}: test {short} more."
        f" {_untested(facts.uncovered, facts.uncovered_branches, 'Not tested')}"
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
        identity=facts.uncovered_identity,
    )


def cover_more(facts: CoverageFacts, short: int) -> Reason:
    """The remedy: how many of which lines, or branches, to test."""
    path, line, end_line = _first_place(facts.uncovered, facts.uncovered_branches)
    uncovered = facts.patch.executable - facts.patch.covered
    noun = "untested new line or branch" if facts.branches else "uncovered new line"
    nouns = "untested new lines and branches" if facts.branches else "uncovered new lines"
    which = _some(short, uncovered, noun, nouns)
    return Reason(
        "uncovered_lines",
        f"Test {which}: {_places(facts.uncovered, facts.uncovered_branches)}.",
        path=path,
        line=line,
        end_line=end_line,
        before=uncovered,
        after=uncovered - short,
    )


def test_wholly(facts: CoverageFacts, lines: dict[Line, int]) -> Reason:
    """The remedy where the allowance is nearer than the share: which lines to test with all their branches."""
    uncovered = facts.patch.executable - facts.patch.covered
    path, line = next(iter(lines))
    told = places(by_path(lines))
    return Reason(
        "uncovered_lines",
        f"Test {told} with every branch.",
        path=path,
        line=line,
        end_line=line,
        before=uncovered,
        after=uncovered - sum(lines.values()),
    )


def lost_lines(rule: Coverage, facts: CoverageFacts, too_many: int) -> Reason:
    """Lines that lost their coverage, and how many of them are too many."""
    path, line, end_line = _first_place(facts.lost, facts.lost_branches)
    lost = len(weights(facts.lost, facts.lost_branches))
    free = (
        f", and {facts.removed_covered} more as so many covered lines were removed"
        if facts.removed_covered
        else ""
    )
    ran, run = ("covered", "covered") if facts.lost_branches else ("ran", "run")
    text = (
        f"{counted(lost, 'line')} that tests {ran} at the base {'is' if lost == 1 else 'are'} not {run} any more; {rule.lost} may be lost{free}:"
        f" cover {too_many} again. {_untested(facts.lost, facts.lost_branches, 'Lost')}"
    )
    limit = rule.lost + facts.removed_covered
    return Reason(
        "lost_coverage",
        text,
        path=path,
        line=line,
        end_line=end_line,
        before=0,
        after=lost,
        limit=limit,
        identity=facts.lost_identity,
    )


def cover_again(facts: CoverageFacts, too_many: int) -> Reason:
    """The remedy: how many of which lines to cover again."""
    path, line, end_line = _first_place(facts.lost, facts.lost_branches)
    lost = len(weights(facts.lost, facts.lost_branches))
    where = _places(facts.lost, facts.lost_branches)
    text = f"Cover {_some(too_many, lost, 'lost line', 'lost lines')} again: {where}."
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
        f"Tests run {share(facts.head)} of all {what(facts)}, below the minimum of {rule.minimum}{NO_BREAK_SPACE}%{than}:"
        f" test {missing} more."
    )
    before = percent(facts.base) if facts.base else None
    return Reason("below_minimum", text, before=before, after=percent(facts.head), limit=rule.minimum)


def raise_total(rule: Coverage, facts: CoverageFacts, further: int) -> Reason:
    """The remedy: how many lines to test, wherever they are, beside those that other remedies name."""
    untested = facts.head.executable - facts.head.covered
    nouns = "lines or branches" if facts.branches else "lines"
    text = f"Test {further} or more further {nouns}, in whichever file."
    return Reason("below_minimum", text, before=untested, after=untested - further, limit=rule.minimum)


def lost_elsewhere(facts: CoverageFacts) -> Iterator[Reason]:
    """Lost lines that are reported only, a note for each file."""
    found = by_path(weights(facts.lost_elsewhere, facts.lost_branches_elsewhere))
    for path, lines in found:
        text = (
            f"{counted(len(lines), 'line')} lost coverage in a file this change does not touch, and no test was edited:"
            f" {places([(path, lines)])}. Reported, not judged."
        )
        yield Reason("lost_coverage", text, path=path, line=lines[0], end_line=lines[0])


def what(facts: CoverageFacts) -> str:
    """What the shares are of."""
    return "lines and branches" if facts.branches else "lines"


def gate_of_patch(rule: Coverage, facts: CoverageFacts) -> str:
    """The share that is wanted of new lines, for people; empty where there is none."""
    if rule.patch != "auto":
        return f"{rule.patch}{NO_BREAK_SPACE}%"
    return f"{percent(facts.base)} as at the base" if facts.base and facts.base.executable else ""


def share(ratio: Ratio) -> str:
    """`71.4 % (25 of 35)`."""
    return f"{percent(ratio)} ({ratio.covered} of {ratio.executable})"


def _some(count: int, total: int, noun: str, nouns: str) -> str:
    """`3 or more of the 10 uncovered new lines`, `all 4 lost lines`, `the lost line`."""
    if count < total:
        return f"{count} or more of the {total} {noun if total == 1 else nouns}"
    return f"the {noun}" if total == 1 else f"all {total} {nouns}"


def _untested(lines: LinesOfFiles, branches: BranchesOfFiles, word: str) -> str:
    """`Not tested: app.py 94-98. Tested in part: app.py line 12 never jumps to line 15.`"""
    said = [f"{word}: {places(lines)}."] if lines else []
    half = list(half_tested(lines, branches))
    return " ".join([*said, f"Tested in part: {_ways(half)}."] if half else said)


def _places(lines: LinesOfFiles, branches: BranchesOfFiles) -> str:
    half = list(half_tested(lines, branches))
    return "; ".join(text for text in (places(lines), _ways(half)) if text)


def _ways(branches: Iterable[tuple[str, tuple[int, int]]]) -> str:
    """`app.py line 12 never jumps to line 15, line 20 never jumps out; other.py line 3 never jumps to line 5`."""
    told = [
        (path, f"line {here} never jumps {f'to line {there}' if there > 0 else 'out'}")
        for path, (here, there) in branches
    ]
    shown: dict[str, list[str]] = {}
    for path, text in told[:_MOST_WAYS]:
        shown.setdefault(path, []).append(text)
    rest = len(told) - _MOST_WAYS
    texts = [f"{path} {', '.join(ways)}" for path, ways in shown.items()]
    return "; ".join(texts + ([f"and {counted(rest, 'more branch', 'more branches')}"] if rest > 0 else []))


def _first_place(lines: LinesOfFiles, branches: BranchesOfFiles) -> tuple[str, int, int]:
    """Path, first and last line of the first range, to link to."""
    path, numbers = (lines or by_path(weights((), branches)))[0]
    last = numbers[0]
    while last + 1 in numbers:
        last += 1
    return path, numbers[0], last
