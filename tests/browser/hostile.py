"""A repository whose every name tries something: markup, scripts, directions of writing, control characters, endless words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from checks.report import Finding
from gate.core.comparison import (
    ComplexityFacts,
    CoverageFacts,
    FindingChange,
    FunctionChange,
    Ratio,
    SecurityFacts,
)
from gate.core.event import RepositoryRef
from gate.core.file_state import FileState, FindingNote, FunctionNote, LineStates, Notes, TestedLines
from gate.core.trend import Happening
from gate.core.verdict import CheckVerdict, Outcome, Reason, Verdict, concluded
from gate.store import Store
from tests import history, verdicts
from tests.history import Size
from tests.made_changes import path_of
from tests.uploads import upload

HOSTILE_NAME = "a" * 39 + "/" + "-._" + "W" * 97
"""The longest that GitHub allows."""
MARKUP = "<script>document.title='x'</script><img src=x onerror=\"alert(1)\">"
QUOTES = "\"'><b style=color:red onmouseover=alert(1)>&amp;{{ 7 * 7 }}{% raw %}"
TURNED = "\N{RIGHT-TO-LEFT OVERRIDE}gnp.\N{LEFT-TO-RIGHT ISOLATE}exe\N{POP DIRECTIONAL ISOLATE}\0\x1b[31m\x7f"
ENDLESS = "W" * 400
STACKED = "Z" + "\u0335\u0321" * 60
NAMES = (
    MARKUP,
    QUOTES,
    TURNED,
    ENDLESS,
    STACKED,
    "`" * 7,
    "javascript:alert(1)",
    "../../etc/passwd",
    " ",
    "%2e%2e%2f",
)
RUN = "hostile <b>\"'#?\\%:0"
"""The beginning of ids of runs; what comes after a webhook's id is ours."""


def write_hostile(store: Store, ref: RepositoryRef, now: datetime) -> dict[str, str]:
    """A history, and pull requests on top of it of which all is hostile; the names that pages have there."""
    size = Size(weeks=26, pull_requests=40, open_pull_requests=0, files=20)
    history.write(store, ref, now=now, size=size)
    for place, text in enumerate(NAMES):
        number, at = 1000 + place, now - timedelta(minutes=5 + place)
        store.save_refused_upload(ref.id, upload(store, ref.id, text[:100], at, sender=text), text)
        _note(store, ref, number, text, at)
        outcome = Outcome.BLOCKED if place % 2 else Outcome.COULD_NOT_MEASURE
        verdict = _verdict(text, outcome)
        store.save_verdict(ref.id, number, verdict, run_id=f"{RUN}-{place}", now=at)
        week = timedelta(weeks=place)
        store.note_happening(ref.id, Happening("release", now - week, text, f"{place:040x}"))
        store.note_happening(ref.id, Happening("policy", now - week, f"{text}: 1 → {text}", f"{place:040x}"))
    _note(store, ref, 2000, ENDLESS + MARKUP, now)
    store.save_verdict(ref.id, 2000, _everything(), run_id="hostile:0", now=now)
    _note(store, ref, 2001, TURNED + MARKUP + ENDLESS, now)
    _write_files(store, ref, now)
    return {
        "path": quote(path(MARKUP)),
        "repository": ref.full_name,
        "blocked": "hostile:0",
        "unmeasured": quote(f"{RUN}-0", safe=""),
        "pending": "2001",
        "number": "2000",
    }


def path(text: str) -> str:
    """A path with the text in folder and file."""
    return f"{text}/{path_of(0)}/{text}.py"


def _write_files(store: Store, ref: RepositoryRef, now: datetime) -> None:
    states = [
        FileState(
            path(text), f"{place:040x}", sloc=9, functions=3, complexity=30, worst=20, worst_name=text, worst_line=2, over=1,
            high=1, medium=0, low=0, suppressed=0, maintainability=None, changes=30,
            notes=Notes(10, (FunctionNote(text, 2, 20, ((3, 4),)),), (FindingNote("B602", 2, "high", text),)),
        )
        for place, text in enumerate(NAMES)
    ]  # fmt: skip
    source = "\n".join(NAMES * 3).encode()
    sources = [(state.blob, source) for state in states]
    store.note_files(ref.id, verdicts.HEAD, committed_at=now, states=states, sources=sources)
    tested = TestedLines(Ratio(1, 3), LineStates((1,), (2,), (3,)))
    store.note_file_coverage(ref.id, verdicts.HEAD, {state.path: tested for state in states})


def _note(store: Store, ref: RepositoryRef, number: int, text: str, at: datetime) -> None:
    store.note_pull_request(
        ref.id,
        number,
        head_sha=verdicts.HEAD,
        base_ref=text[:200],
        updated_at=at,
        state="open",
        title=text,
        author=text[:200],
    )


def _verdict(text: str, outcome: Outcome) -> Verdict:
    reason = Reason("crossed_maximum", f"{text} grew.", path=path(text), line=7, name=text)
    check = CheckVerdict("complexity", outcome, text[:120], reasons=(reason,), to_pass=(reason,), output=text)
    return concluded(replace(verdicts.BLOCKED, checks=(check,)))


def _everything() -> Verdict:
    """All that a run page can show, of every name."""
    functions = tuple(
        FunctionChange(path(text), text, 7 + place, 3, 30 + place, "worse")
        for place, text in enumerate(NAMES)
    )
    findings = tuple(
        FindingChange(path(text), Finding(text[:20], 3, 3, 0, "high", "high", text), judged=True)
        for text in NAMES
    )
    reasons = tuple(
        Reason("crossed_maximum", f"Bring {text} down.", path=path(text), line=7, name=text) for text in NAMES
    )
    covered, complex_, secure = verdicts.COVERAGE.facts, verdicts.COMPLEXITY.facts, verdicts.SECURITY.facts
    assert isinstance(covered, CoverageFacts)
    assert isinstance(complex_, ComplexityFacts)
    assert isinstance(secure, SecurityFacts)
    coverage = replace(
        verdicts.COVERAGE,
        title=ENDLESS[:120],
        facts=replace(
            covered,
            uncovered=tuple((path(text), tuple(range(1, 60, 3))) for text in NAMES),
            files=tuple((path(text), Ratio(1, 3), Ratio(1, 4)) for text in NAMES),
        ),
        output="\n".join(NAMES),
    )
    complexity = replace(
        verdicts.COMPLEXITY,
        reasons=reasons,
        to_pass=reasons,
        facts=replace(complex_, functions=functions),
    )
    security = replace(
        verdicts.SECURITY,
        outcome=Outcome.BLOCKED,
        reasons=reasons,
        facts=replace(secure, introduced=findings, fixed=findings),
    )
    return concluded(
        replace(
            verdicts.JUDGED,
            checks=(coverage, complexity, security),
            components=(
                (ENDLESS, Outcome.BLOCKED, (verdicts.COMPLEXITY,)),
                (MARKUP, Outcome.BLOCKED, (verdicts.SECURITY,)),
            ),
            loosened=reasons,
            provenance=replace(
                verdicts.PROVENANCE,
                policy_source=MARKUP,
                obtained=(("coverage", QUOTES), ("complexity", ENDLESS)),
            ),
        )
    )
