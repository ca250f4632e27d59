"""With base and head exchanged every change is undone: blame is the same from both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from checks.report import Finding
from gate.core.comparison import ComplexityFacts, FindingChange, FunctionChange, SecurityFacts
from gate.service import Service
from gate.workflows.judge import Case
from tests.corpus.history import Sample, samples
from tests.corpus.ruling import backwards, case

_SWAPPED = {"new": "removed", "removed": "new", "worse": "better", "better": "worse"}
_SAMPLES = [sample for sample in samples() if sample.has_base and "policy" not in sample.expected]
"""Two sides to exchange, and a policy that is not in question."""


@pytest.mark.long
@pytest.mark.parametrize("sample", _SAMPLES, ids=lambda sample: sample.name)
def test_reversing_undoes_every_change(sample: Sample, static_service: Service, tmp_path: Path) -> None:
    """
    New functions are removed ones, worse are better, introduced findings are fixed; and nothing else.
    """
    with case(static_service, sample, tmp_path) as there:
        functions, findings = _facts(there)
        undone, refound = _facts(backwards(there))

    assert Counter(map(_done, functions.functions)) == Counter(map(_undone, undone.functions))
    assert (functions.base, functions.head) == (undone.head, undone.base)
    assert _found(findings.introduced) == _found(refound.fixed)
    assert _found(findings.fixed) == _found(refound.introduced)
    assert _rules(findings.persisting) == _rules(refound.persisting)


def _facts(case: Case) -> tuple[ComplexityFacts, SecurityFacts]:
    complexity, security = case.complexity().verdict.facts, case.security().verdict.facts
    assert isinstance(complexity, ComplexityFacts)
    assert isinstance(security, SecurityFacts)
    return complexity, security


def _done(change: FunctionChange) -> tuple[object, ...]:
    """Where from, where to, and what happened; a new function's origin is no place of its own."""
    old_path = change.path if change.status == "new" else change.old_path or change.path
    alone = (change.name, change.line) if change.status in {"new", "removed"} else ()
    return (change.status, old_path, change.path, change.before, change.after, *alone)


def _undone(change: FunctionChange) -> tuple[object, ...]:
    """The same of the change that this one takes back."""
    status, old_path, path, before, after, *alone = _done(change)
    return (_SWAPPED.get(str(status), status), path, old_path, after, before, *alone)


def _found(changes: Iterable[FindingChange]) -> Counter[tuple[str, Finding]]:
    return Counter((change.path, change.finding) for change in changes)


def _rules(changes: Iterable[FindingChange]) -> Counter[tuple[str, str]]:
    """What persists; the lines are those of the head, and so others backwards."""
    return Counter((change.finding.rule, change.finding.source) for change in changes)
