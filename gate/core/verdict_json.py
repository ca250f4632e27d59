"""A verdict as JSON: what `gate check --format json` prints and scripts rely on.

`docs/verdict.schema.json` describes it. It is a one-way rendering; `checks.codec` is what stores verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from gate.core.comparison import (
    BranchesOfFiles,
    ComplexityFacts,
    ComplexityTotals,
    CoverageFacts,
    FindingChange,
    FunctionChange,
    Ratio,
    SecurityFacts,
)
from gate.core.explanation import Explained, Explanation
from gate.core.verdict import CheckVerdict, Preview, Reason, Verdict, Waiver

JsonObject = dict[str, object]


def as_json(verdict: Verdict, explanation: Explanation | None = None) -> JsonObject:
    """The verdict as JSON values, in a fixed order: equal verdicts give equal text; with its explanation where one is given.

    Undecodable bytes of a path are written as `\\udc..` of six characters, so that every string is valid Unicode.
    """
    provenance = verdict.provenance
    return {
        "outcome": verdict.outcome.value,
        "base": provenance.base,
        "head": provenance.head,
        "policy": {"sha": provenance.policy_sha, "digest": provenance.policy_digest},
        "checks": {check.check: _check(check) for check in verdict.checks},
        "components": {
            valid_text(name): {
                "outcome": outcome.value,
                "checks": {check.check: _check(check) for check in checks},
            }
            for name, outcome, checks in verdict.components
        },
        "to_pass": [_reason(reason) for reason in verdict.to_pass],
        "preview": None if verdict.preview is None else _preview(verdict.preview),
        **({} if explanation is None else {"explanation": _explanation(explanation)}),
    }


def valid_text(text: str) -> str:
    """Text of JSON: undecodable bytes of a path as `\\udc..` of six characters."""
    return text.encode("utf-8", "backslashreplace").decode()


def waived_as_json(waiver: Waiver) -> list[JsonObject]:
    """The reasons that a waiver covers."""
    return [
        {
            "kind": reason.kind,
            "path": valid_text(reason.path),
            "name": valid_text(reason.name),
            "component": valid_text(reason.component),
            "text": valid_text(reason.text),
        }
        for reason in waiver.reasons
    ]


def _preview(preview: Preview) -> JsonObject:
    return {
        "outcome": preview.outcome.value,
        "advise": preview.advise,
        "checks": {
            each.check: {"outcome": each.outcome and each.outcome.value, "title": valid_text(each.title)}
            for each in preview.checks
        },
        "mistakes": [_reason(mistake) for mistake in preview.mistakes],
    }


def _check(check: CheckVerdict) -> JsonObject:
    return {
        "outcome": check.outcome.value,
        "title": valid_text(check.title),
        "neutral": check.neutral,
        "reasons": [_reason(reason) for reason in check.reasons],
        "notes": [_reason(note) for note in check.notes],
        **_waived(check),
        **_facts(check),
    }


def _waived(check: CheckVerdict) -> JsonObject:
    """Only where somebody waived: `gate check` knows of no waivers."""
    if not check.waivers:
        return {}
    return {
        "waived": [_reason(reason) for reason in check.waived],
        "waivers": [
            {
                "person": waiver.person,
                "role": waiver.role,
                "given_at": waiver.given_at.isoformat(),
                "why": valid_text(waiver.why),
                "head": waiver.head_sha,
                "by_author": waiver.own,
            }
            for waiver in check.waivers
        ],
    }


def _facts(check: CheckVerdict) -> JsonObject:
    match check.facts:
        case None:
            return {}
        case CoverageFacts() as coverage:
            return _coverage(coverage)
        case ComplexityFacts() as complexity:
            return _complexity(complexity)
        case SecurityFacts() as security:
            return _security(security)
        case _:
            assert_never(check.facts)


def _coverage(facts: CoverageFacts) -> JsonObject:
    return {
        "base": None if facts.base is None else _ratio(facts.base),
        "head": _ratio(facts.head),
        "patch": _ratio(facts.patch),
        "uncovered": _lines(facts.uncovered),
        "lost": _lines(facts.lost),
        "branches": facts.branches,
        "uncovered_branches": _branches(facts.uncovered_branches),
        "lost_branches": _branches(facts.lost_branches),
        "unstable": _lines(facts.unstable),
        "flaky": [valid_text(name) for name in facts.flaky],
    }


def _complexity(facts: ComplexityFacts) -> JsonObject:
    order = sorted(facts.functions, key=lambda function: (function.path, function.line, function.name))
    return {
        "functions": [_function(function) for function in order if function.status != "same"],
        "totals": {"base": _totals(facts.base), "head": _totals(facts.head)},
    }


def _security(facts: SecurityFacts) -> JsonObject:
    return {
        "introduced": _findings(facts.introduced),
        "fixed": _findings(facts.fixed),
        "persisting": _findings(facts.persisting),
    }


def _reason(reason: Reason) -> JsonObject:
    return {
        "kind": reason.kind,
        "path": valid_text(reason.path),
        "line": reason.line,
        "name": valid_text(reason.name),
        "before": _value(reason.before),
        "after": _value(reason.after),
        "limit": _value(reason.limit),
        "text": valid_text(reason.text),
    }


def _explanation(explanation: Explanation) -> JsonObject:
    return {
        "files": [
            {
                "path": valid_text(file.path),
                "change": valid_text(file.change),
                "role": valid_text(file.role),
                "items": [_explained(item) for item in file.items],
            }
            for file in explanation.files
        ],
        "loosened": [
            {**_reason(reason), "author": valid_text(reason.author)} for reason in explanation.loosened
        ],
        "unexplained": list(explanation.unexplained),
    }


def _explained(item: Explained) -> JsonObject:
    return {
        "kind": item.kind,
        "line": item.line,
        "name": valid_text(item.name),
        "counts": item.counts,
        "rule": item.rule,
        "covered": item.covered,
        "old_path": valid_text(item.old_path),
        "old_line": item.old_line,
        "before": item.before,
        "after": item.after,
        "text": valid_text(item.text),
    }


def _function(function: FunctionChange) -> JsonObject:
    return {
        "path": valid_text(function.path),
        "name": valid_text(function.name),
        "line": function.line,
        "before": function.before,
        "after": function.after,
        "status": function.status,
    }


def _findings(changes: Iterable[FindingChange]) -> list[JsonObject]:
    order = sorted(changes, key=lambda c: (c.path, c.finding.line, c.finding.column, c.finding.rule))
    return [
        {
            "rule": change.finding.rule,
            "path": valid_text(change.path),
            "line": change.finding.line,
            "severity": change.finding.severity,
            "confidence": change.finding.confidence,
            "judged": change.judged,
        }
        for change in order
    ]


def _totals(totals: ComplexityTotals) -> JsonObject:
    return {"blocks": totals.blocks, "sum": totals.sum, "max": totals.max}


def _ratio(ratio: Ratio) -> JsonObject:
    return {"covered": ratio.covered, "executable": ratio.executable}


def _lines(files: Iterable[tuple[str, tuple[int, ...]]]) -> JsonObject:
    return {valid_text(path): sorted(lines) for path, lines in sorted(files)}


def _branches(files: BranchesOfFiles) -> JsonObject:
    return {valid_text(path): [list(way) for way in sorted(ways)] for path, ways in sorted(files)}


def _value(value: int | str | None) -> int | str | None:
    return valid_text(value) if isinstance(value, str) else value
