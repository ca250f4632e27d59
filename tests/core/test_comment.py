"""The sticky comment: when there is one, what it says, and that nothing of a stranger gets out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt  # comes with rich

from gate.core import comment
from gate.core.comment import Thread
from gate.core.comparison import CoverageFacts, FunctionChange, Ratio
from gate.core.policy import DEFAULT, Gate
from gate.core.verdict import (
    Outcome,
    Reason,
    Verdict,
    broken_policy,
    combine,
    concluded,
    of_component,
)
from gate.core.waiver import with_waivers
from tests import verdicts
from tests.core.test_markdown import HOSTILE
from tests.goldens import assert_golden
from tests.verdicts import LINKS, PROVENANCE

THREAD = Thread(7, 482, "main")
MARKER = "<!-- gate:sticky repo=7 pr=482 -->\n"
WANTED = replace(DEFAULT, gate=Gate(comment="failure"))
BLOCKED = replace(verdicts.BLOCKED, comment=True)
NEUTRAL = combine((verdicts.NOT_ARMED,), PROVENANCE, WANTED)
WAIVED = with_waivers(
    concluded(
        replace(verdicts.JUDGED, comment=True, checks=(verdicts.COMPLEXITY, verdicts.SECURITY)),
    ),
    [verdicts.WAIVER],
)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("blocked", BLOCKED),
        ("passed", replace(verdicts.PASSED, comment=True)),
        ("waived", WAIVED),
        ("half_waived", replace(verdicts.HALF_WAIVED, comment=True)),
        ("could_not_measure", replace(verdicts.COULD_NOT_MEASURE, comment=True)),
        ("not_armed", NEUTRAL),
        ("advise", replace(BLOCKED, advise=True)),
        ("not_wanted", verdicts.BLOCKED),
        (
            "components",
            combine(
                (verdicts.PASSING_COVERAGE, verdicts.SECURITY),
                PROVENANCE,
                WANTED,
                components=(
                    (
                        "services/api",
                        Outcome.BLOCKED,
                        (of_component("services/api", verdicts.COVERAGE), verdicts.COMPLEXITY),
                    ),
                ),
            ),
        ),
        (
            "broken_preview",
            combine(verdicts.PASSED.checks, PROVENANCE, WANTED, preview=verdicts.BROKEN_PREVIEW),
        ),
        ("broken_policy", replace(broken_policy("`gate.mode`: expected one of …", head=verdicts.HEAD))),
    ],
)
def test_comments_read_as_agreed(name: str, verdict: Verdict) -> None:
    """
    Each kind of comment reads word for word as its golden file.
    """
    actual = comment.render(verdict, LINKS, THREAD)

    assert_golden(f"comment/{name}.md", actual)


@pytest.mark.parametrize(
    ("verdict", "due"),
    [
        # What fails the gate, where the policy wants a comment.
        (BLOCKED, True),
        (replace(verdicts.COULD_NOT_MEASURE, comment=True), True),
        (replace(verdicts.HALF_WAIVED, comment=True), True),
        # Nothing is blocked.
        (replace(verdicts.PASSED, comment=True), False),
        (WAIVED, False),
        (NEUTRAL, False),
        (replace(BLOCKED, advise=True), False),
        # Nobody asked for it, or what they want cannot be read.
        (verdicts.BLOCKED, False),
        (broken_policy("no", head=verdicts.HEAD), False),
    ],
)
def test_a_comment_is_due_when_the_gate_fails(verdict: Verdict, *, due: bool) -> None:
    """
    Only a verdict that turns `gate` red brings a comment, and only where the policy says `comment = "failure"`.
    """
    assert comment.is_due(verdict) is due
    assert (comment.render(verdict, LINKS, THREAD).count("\n") > 2) is due


def test_the_policy_decides_whether_one_is_wanted() -> None:
    """
    `comment` is part of the verdict, so that a waiver given later still knows it.
    """
    wanted = combine((verdicts.COMPLEXITY,), PROVENANCE, WANTED)

    assert wanted.comment
    assert not combine((verdicts.COMPLEXITY,), PROVENANCE, DEFAULT).comment


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    """
    No name of a file, function, branch or component makes HTML, a comment, a link, a mention or a row of a table.
    """
    function = FunctionChange(name or "a", name, 3, 1, 99, "worse")
    reason = Reason("crossed_maximum", f"{name} is 99.", path=name or "a", line=3, name=name)
    coverage = CoverageFacts(None, Ratio(0, 9), Ratio(0, 4), ((name or "a", (1, 2)),), ())
    facts = replace(verdicts.COMPLEXITY.facts, functions=(function,))  # type: ignore[type-var]  # the fixture's are complexity's
    checks = (
        replace(verdicts.COVERAGE, facts=coverage, title=name or "a"),
        replace(verdicts.COMPLEXITY, facts=facts, reasons=(reason,), to_pass=(reason,), title=name or "a"),
    )
    hostile = combine(
        checks,
        replace(PROVENANCE, policy_source=name),
        WANTED,
        components=((name or "a", Outcome.BLOCKED, checks),),
    )

    body = comment.render(hostile, LINKS, replace(THREAD, base_ref=name))

    ours = ("https://github.com/northwind/", "https://gate.example/")
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(body)
    html = [block.content.strip() for block in parsed if block.type == "html_block"]
    inline = [child for block in parsed for child in block.children or ()]
    assert html == [
        MARKER.strip(),
        "<details>\n<summary>All changed files (1)</summary>",
        "</details>",
    ]
    assert {child.content for child in inline if child.type == "html_inline"} <= {
        "<sub>",
        "</sub>",
        "<span>",
        "</span>",
    }
    assert all(str(child.attrs["href"]).startswith(ours) for child in inline if child.type == "link_open")
    assert not any(child.type in {"image", "softbreak", "hardbreak"} for child in inline)
    assert sum(block.type == "tr_open" for block in parsed) == 1 + 4 + 1 + 1


def test_the_last_rows_go_first_when_it_is_too_long() -> None:
    """
    At most 60,000 bytes: files are left out from the end and counted, what turns it green stays.
    """
    files = tuple((f"päckage/modül_{number:04}.py", Ratio(1, 2), Ratio(1, 2)) for number in range(3000))
    facts = replace(verdicts.COVERAGE.facts, files=files)  # type: ignore[type-var]  # the fixture's are coverage's
    checks = (replace(verdicts.COVERAGE, facts=facts), verdicts.COMPLEXITY)

    body = comment.render(replace(BLOCKED, checks=checks), LINKS, THREAD)

    assert 58_000 < len(body.encode()) <= 60_000
    assert "1. Test 3 or more" in body
    assert "more, see the full report." in body
    assert body.endswith("</sub>\n")


def test_the_function_that_blocks_is_shown_for_its_file() -> None:
    """
    Not the most complex one, where that has become better; those that are not judged are not shown.
    """
    facts = replace(
        verdicts.COMPLEXITY.facts,  # type: ignore[type-var]  # the fixture's are complexity's
        functions=(
            FunctionChange("delivery/retry.py", "older", 1, 50, 40, "better"),
            FunctionChange("delivery/retry.py", "simple", 70, None, 3, "new"),
            verdicts.PLAN,
            FunctionChange("tests/test_retry.py", "test_everything", 5, None, 17, "new", judged=False),
        ),
    )

    body = comment.render(
        replace(BLOCKED, checks=(replace(verdicts.COMPLEXITY, facts=facts),)),
        LINKS,
        replace(THREAD, base_ref=""),
    )

    files = body.partition("All changed files (1)")[2]
    assert "[`RetryBudget.plan`]" in files
    assert "21 ❌ blocks |" in files
    assert "older" not in files
    assert "| This pull request | Gate | Base |" in body


def test_files_stand_worst_first() -> None:
    """
    Untested lines go before functions that block, these before findings, and whatever passes comes last.
    """
    body = comment.render(BLOCKED, LINKS, THREAD)

    table = body.partition("All changed files")[2]
    places = [
        table.index(f"[`{name}`]") for name in ("delivery/retry.py", "delivery/worker.py", "api/views.py")
    ]
    assert places == sorted(places)
