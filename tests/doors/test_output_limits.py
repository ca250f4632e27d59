"""Whatever a verdict holds, GitHub takes what is made of it: every text, annotation and button is within its limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.report import Finding
from gate.core import check_run, same_head
from gate.core.annotation import MOST
from gate.core.check_run import CheckRun
from gate.core.comment import Thread, render
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
from gate.core.links import Links
from gate.core.summary import LIMIT_BYTES
from gate.core.verdict import CheckVerdict, Outcome, Provenance, Reason, Refusal, Verdict, Waiver, concluded
from gate.github.repository import ANNOTATIONS_A_REQUEST, _body
from tests import verdicts
from tests.core.test_markdown import HOSTILE
from tests.fake_github.description import find, request_mistakes
from tests.fake_github.rules import check_run_mistakes, comment_mistakes

BRIEFLY = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

CREATE, UPDATE = find("POST", "/repos/o/r/check-runs"), find("PATCH", "/repos/o/r/check-runs/1")
COMMENT = find("POST", "/repos/o/r/issues/1/comments")
LENGTHY = [
    "x" * 5000,
    "ä" * 900,
    "\U0001f600" * 900,
    "`" * 700,
    "a/" * 900 + "b.py",
    "\n" * 400,
    "$" * 400,
    "|" * 400,
]

texts = st.one_of(
    st.sampled_from([*HOSTILE, *LENGTHY]),
    st.text(max_size=60),
    st.text(st.characters(exclude_categories=()), max_size=20),
)
names = st.one_of(texts, st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
paths = st.one_of(
    st.sampled_from(
        [
            "app.py",
            "/etc/passwd",
            "../up.py",
            "./here.py",
            "a//b.py",
            "a/../b.py",
            "",
            "caf\udce9.py",
            *LENGTHY[:5],
        ]
    ),
    st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)
lines = st.integers(0, 10**9)
counts = st.integers(0, 10**6)
ratios = st.builds(Ratio, counts, counts)
line_sets = st.lists(st.integers(1, 5000), max_size=8, unique=True).map(lambda found: tuple(sorted(found)))
lines_of_files = st.lists(st.tuples(paths, line_sets), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)
levels = st.sampled_from(["low", "medium", "high"])
findings = st.builds(
    FindingChange,
    paths,
    st.builds(Finding, names, lines, lines, st.integers(0, 80), levels, levels, texts),
    st.booleans(),
)
unmeasured = st.lists(
    st.builds(Unmeasured, paths, lines, texts, st.booleans(), st.booleans()), max_size=3
).map(tuple)
totals = st.builds(ComplexityTotals, counts, counts, counts)
complexities = st.one_of(st.none(), st.integers(1, 500))
functions = st.builds(
    FunctionChange,
    paths,
    names,
    lines,
    complexities,
    complexities,
    st.sampled_from(["new", "worse", "better", "moved", "removed"]),
    judged=st.booleans(),
    contributors=st.lists(st.tuples(lines, counts), max_size=3).map(tuple),
)


def several(strategy: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few of them, and now and then the same few over and over: what a large pull request is made of."""
    few = st.lists(strategy, max_size=2).map(tuple)
    return st.one_of(few, few, st.tuples(few, st.integers(2, most)).map(lambda pair: pair[0] * pair[1]))


facts = {
    "coverage": st.builds(
        CoverageFacts,
        st.one_of(st.none(), ratios),
        ratios,
        ratios,
        lines_of_files,
        lines_of_files,
        failing=st.lists(
            st.builds(TestChange, names, st.sampled_from(["passed", "failed", "absent"])), max_size=3
        ).map(tuple),
        files=st.lists(
            st.tuples(paths, st.one_of(st.none(), ratios), st.one_of(st.none(), ratios)),
            max_size=6,
            unique_by=lambda file: file[0],
        ).map(tuple),
        unmeasured=st.lists(paths, max_size=3).map(tuple),
        branches=st.booleans(),
    ),
    "complexity": st.builds(ComplexityFacts, several(functions, 80), totals, totals, unmeasured, counts),
    "security": st.builds(
        SecurityFacts,
        several(findings, 80),
        several(findings, 20),
        several(findings, 20),
        several(findings, 20),
        unmeasured=unmeasured,
    ),
}
kinds = st.sampled_from(
    [
        "new_above_maximum",
        "uncovered_lines",
        "lost_coverage",
        "introduced_finding",
        "failed_test",
        "policy",
        "not_armed",
    ]
)
reasons = st.builds(
    Reason,
    kinds,
    texts,
    path=st.one_of(st.just(""), paths),
    line=lines,
    end_line=lines,
    name=names,
    author=names,
)
waivers = st.builds(
    Waiver,
    st.sampled_from(["coverage", "loosening"]),
    st.just(()),
    texts,
    names,
    names,
    st.just(datetime(2026, 11, 23, tzinfo=UTC)),
    st.just("a" * 40),
    st.booleans(),
)
outcomes = st.sampled_from(list(Outcome))


def checks(name: str) -> st.SearchStrategy[CheckVerdict]:
    return st.builds(
        CheckVerdict,
        st.just(name),
        outcomes,
        texts,
        several(reasons, 60),
        several(reasons, 20),
        several(reasons, 40),
        st.booleans(),
        st.one_of(st.none(), facts[name]),
        st.sampled_from(
            [
                (),
                (("maximum", 10),),
                (("patch", 80), ("minimum", 3)),
                (("severity", "low"), ("confidence", "low")),
            ]
        ),
        texts,
        several(reasons, 30),
        several(waivers, 60),
    )


some_check = st.one_of(*map(checks, facts))
all_verdicts = st.builds(
    Verdict,
    outcomes,
    texts,
    several(some_check, 3),
    st.builds(
        Provenance,
        st.just("a" * 40),
        st.just("b" * 40),
        st.just("c" * 40),
        texts,
        texts,
        counts,
        st.just((("coverage", "x" * 900),)),
    ),
    st.booleans(),
    st.booleans(),
    to_pass=several(reasons, 40),
    loosened=several(reasons, 20),
    loosening_waivers=several(waivers, 60),
    refusals=several(
        st.builds(Refusal, texts, texts, names, st.just(datetime(2026, 11, 23, tzinfo=UTC))), 10
    ),
    comment=st.just(value=True),
    comment_problem=texts,
)
all_links = st.sampled_from(
    [verdicts.LINKS, replace(verdicts.LINKS, pages_url=""), Links("", "a" * 40, "", "", "")]
)


def bodies(run: CheckRun) -> Iterator[dict[str, Any]]:
    """What is sent of a check run: one create and as many updates as its annotations need."""
    first, *rest = range(0, max(1, len(run.annotations)), ANNOTATIONS_A_REQUEST)
    yield {"head_sha": run.head_sha, **_body(run, run.annotations[first:])}
    for start in rest:
        yield _body(run, run.annotations[start:])


def mistakes(run: CheckRun) -> list[object]:
    """What GitHub would not take of a check run, by its description and by what it says in prose."""
    assert CREATE is not None
    assert UPDATE is not None
    create, *updates = bodies(run)
    json.dumps([create, *updates]).encode()
    found: list[object] = [*request_mistakes(CREATE[0], {}, create), *check_run_mistakes(create)]
    for update in updates:
        found += [*request_mistakes(UPDATE[0], {}, update), *check_run_mistakes(update)]
    return found


@BRIEFLY
@given(some_check, st.booleans(), all_links)
def test_github_takes_whatever_a_check_finds(check: CheckVerdict, advise: bool, links: Links) -> None:
    """
    No name, number or amount of anything makes a check run that GitHub would refuse, and its last line is never lost.
    """
    run = check_run.render(check, verdicts.PROVENANCE, links, advise=advise)

    assert mistakes(run) == []
    assert len(run.annotations) <= MOST
    assert max(len(text.encode()) for text in (run.summary, run.text)) <= LIMIT_BYTES
    assert run.summary.rstrip().endswith("</sub>")


@BRIEFLY
@given(all_verdicts, all_links)
def test_github_takes_whatever_a_verdict_says(verdict: Verdict, links: Links) -> None:
    """
    The same of `gate`, and of the comment that says what it says.
    """
    run = check_run.render_overall(verdict, links)
    body = render(verdict, links, Thread(1, 2, verdict.title))

    assert mistakes(run) == []
    assert COMMENT is not None
    assert [*request_mistakes(COMMENT[0], {}, {"body": body}), *comment_mistakes({"body": body})] == []
    assert max(len(text.encode()) for text in (run.summary, body)) <= LIMIT_BYTES
    assert run.summary.rstrip().endswith("</sub>")
    assert body.rstrip().endswith("</sub>")


def test_hundreds_of_components_leave_room_for_what_decides() -> None:
    """
    Of 300 components the one that blocks is shown, with what turns it green; the others are counted.
    """
    passing, blocked = verdicts.PASSING_COMPLEXITY, verdicts.COMPLEXITY
    parts = tuple((f"part {number}", blocked if number == 250 else passing) for number in range(300))
    verdict = concluded(
        replace(
            verdicts.PASSED,
            comment=True,
            components=tuple((name, check.outcome, (check,)) for name, check in parts),
        )
    )

    one = check_run.render(passing, verdict.provenance, verdicts.LINKS, components=parts)
    gate = check_run.render_overall(verdict, verdicts.LINKS)
    comment = render(verdict, verdicts.LINKS, Thread(1, 2, "main"))

    for text in (one.summary, gate.summary, comment):
        assert len(text.encode()) <= LIMIT_BYTES
        assert "`part 250`" in text
        assert "1. Bring [`RetryBudget.plan`]" in text
        assert "more, see the full report." in text
        assert text.endswith("</sub>\n")
    assert [mistakes(run) for run in (one, gate)] == [[], []]


@given(texts, texts, texts, all_links)
def test_github_takes_check_runs_without_a_verdict(text: str, hint: str, output: str, links: Links) -> None:
    """
    Whatever stage, cause or output there is to be told of.
    """
    failed = check_run.failed(text, hint, links, output=output * 20)
    runs = [
        check_run.started(text, links),
        check_run.superseded("f" * 40, links),
        check_run.superseded("", links),
        failed,
        same_head.waiting(7, links),
        *same_head.worst({1: failed, 2: replace(failed, conclusion="success")}).values(),
    ]

    assert [mistakes(run) for run in runs] == [[]] * len(runs)
    assert max(len(part.encode()) for run in runs for part in (run.summary, run.text)) <= LIMIT_BYTES + 1000
