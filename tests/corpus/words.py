"""A verdict in the short words of `tests/samples`: one line a reason, function or finding. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gate.cli.check import exit_status
from gate.core.comparison import ComplexityFacts, CoverageFacts, FindingChange, FunctionChange, SecurityFacts
from gate.core.verdict import Reason
from tests.corpus.ruling import Ruling

Words = dict[str, object]


def words(ruling: Ruling) -> Words:
    """Everything a sample can expect; `tests/samples/README.md` explains each key."""
    verdict = ruling.verdict
    told: Words = {
        "outcome": verdict.outcome.value + (" (neutral)" if verdict.neutral else ""),
        "policy": "valid" if verdict.checks else "broken",
        "status": exit_status(verdict),
        "advise": verdict.advise,
        "title": _plain(verdict.title),
        "reasons": [_reason(reason) for check in verdict.checks for reason in check.reasons],
        "notes": [_reason(note) for check in verdict.checks for note in check.notes],
        "to_pass": [_reason(reason) for reason in verdict.to_pass],
        "loosened_in": sorted({reason.path for reason in verdict.loosened}),
        "escapes": [
            _escape(reason) for reason in verdict.loosened if reason.path.endswith(".py") and reason.line
        ],
        "texts": _plain("\n".join(_texts(ruling))),
    }
    for check in verdict.checks:
        told[check.check] = check.outcome.value + (" (neutral)" if check.neutral else "")
        told[f"{check.check}_title"] = _plain(check.title)
        match check.facts:
            case ComplexityFacts() as facts:
                told |= _complexity(facts)
            case SecurityFacts() as facts:
                told |= _security(facts)
            case CoverageFacts() as facts:
                told |= _coverage(facts)
            case None:
                pass
    return told


def _texts(ruling: Ruling) -> Iterator[str]:
    verdict = ruling.verdict
    yield verdict.title
    for check in verdict.checks:
        yield check.title
        yield from (each.text for each in (*check.reasons, *check.notes))
    yield from (each.text for each in (*verdict.to_pass, *verdict.loosened))
    yield verdict.provenance.policy_source
    yield ruling.obtained


def _reason(reason: Reason) -> str:
    """`crossed_maximum app.py:1 parse: 2 -> 4, limit 3`; what a reason does not have is left out."""
    place = reason.path + (f":{reason.line}" if reason.line else "")
    place += f"-{reason.end_line}" if reason.end_line > reason.line else ""
    subject = " ".join(part for part in (reason.kind, place, reason.name) if part)
    change = _change(reason.before, reason.after)
    limit = f", limit {reason.limit}" if reason.limit is not None else ""
    return subject + (f": {change}" if change else "") + limit


def _escape(reason: Reason) -> str:
    """`app.py:5 nosec`."""
    return f"{reason.path}:{reason.line} {reason.name}"


def _change(before: object, after: object) -> str:
    """`2 -> 4`, or the one that is there."""
    return _plain(" -> ".join(str(each) for each in (before, after) if each is not None))


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _complexity(facts: ComplexityFacts) -> Words:
    totals = [f"{each.blocks} blocks, sum {each.sum}, max {each.max}" for each in (facts.base, facts.head)]
    return {
        "functions": [_function(change) for change in facts.functions],
        "totals": totals,
        "files": facts.files,
    }


def _function(change: FunctionChange) -> str:
    origin = f" from {change.old_path}" if change.old_path else ""
    tests = "" if change.judged else " (not judged)"
    place = f"{change.path}:{change.line} {change.name}"
    return f"{change.status} {place}{origin}: {_change(change.before, change.after)}{tests}"


def _security(facts: SecurityFacts) -> Words:
    return {
        "introduced": _findings(facts.introduced),
        "fixed": _findings(facts.fixed),
        "persisting": _findings(facts.persisting),
        "suppressed": _findings(facts.suppressed),
    }


def _findings(changes: Iterable[FindingChange]) -> list[str]:
    """`B602 app.py:3 high/high`: rule, place, severity and confidence."""
    return [
        f"{each.finding.rule} {each.path}:{each.finding.line} {each.finding.severity}/{each.finding.confidence}"
        + ("" if each.judged else " (not judged)")
        for each in changes
    ]


def _coverage(facts: CoverageFacts) -> Words:
    return {
        "base": f"{facts.base.covered}/{facts.base.executable}" if facts.base else "",
        "head": f"{facts.head.covered}/{facts.head.executable}",
        "patch": f"{facts.patch.covered}/{facts.patch.executable}",
        "uncovered": _lines(facts.uncovered),
        "lost": _lines(facts.lost),
        "lost_elsewhere": _lines(facts.lost_elsewhere),
        "removed_covered": facts.removed_covered,
        "measured": f"{facts.measured_files} of {facts.changed_files}",
        "failing": [f"{test.id}: {test.before}" for test in facts.failing],
    }


def _lines(files: Iterable[tuple[str, tuple[int, ...]]]) -> dict[str, list[int]]:
    return {path: list(lines) for path, lines in files}
