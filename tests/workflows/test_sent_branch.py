"""When a commit of a branch is judged by the reports that CI sends of it, and when they are waited for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from checks.line_set import LineSet
from gate.core.policy import DEFAULT
from gate.workflows.cover import cover, record
from gate.workflows.measure_coverage import Running
from gate.workflows.measure_sent import waits_for_reports
from tests.boxes import NAME
from tests.workflows.sent import (
    EITHER,
    SHOP,
    UPLOAD,
    Reports,
    changed,
    later,
    project,
    reports,
    told,
)
from tests.workflows.test_cover import Project

__all__ = ["project", "reports"]

pytestmark = [pytest.mark.slow, pytest.mark.box]


def test_a_branch_is_not_judged_before_its_reports_come(project: Project, reports: Reports) -> None:
    """
    Until CI has sent nothing for three pushes in a row: then that is how the branch stands, and it is told.
    """
    commits = changed(project, 6)
    pairs = list(pairwise(commits))
    never = [waits_for_reports(later(project, *pair, UPLOAD)) for pair in pairs]
    reports.send(SHOP, commits[0], "coverage.json")

    since = [waits_for_reports(later(project, *pair, UPLOAD)) for pair in pairs]
    either = [waits_for_reports(later(project, *pair, EITHER)) for pair in pairs]
    verdict = cover(later(project, *pairs[-1], UPLOAD), Running(NAME), armed=True).verdict

    assert never == [True] * 5
    assert since == either == [True, True, True, False, False]
    assert "The last 4 pushes before it had no usable report either." in told(verdict)
    assert "minutes" not in told(verdict)


@pytest.mark.parametrize("why", ["one push", "just now"])
def test_what_ci_cannot_have_measured_is_no_silence(project: Project, reports: Reports, why: str) -> None:
    """
    Of a push of many commits CI tests the last one, and it takes its time for each of many pushes.
    """
    first = project.commit(SHOP.files)
    reports.send(SHOP, first, "coverage.json")
    *_, base, head = changed(project, 6, noted=why == "just now")

    case = project.case(base, head, UPLOAD) if why == "just now" else later(project, base, head, UPLOAD)

    assert waits_for_reports(case)


def test_a_branch_that_has_its_reports_is_judged(project: Project, reports: Reports) -> None:
    """
    So is one whose commit no test can see, by the reports of its parent, and one whose tests run here.
    """
    first = project.commit(SHOP.files)
    second = project.commit({"shop.py": f"{SHOP.files['shop.py']}\n# more\n"})
    third = project.commit({"README.md": "shop\n"})
    reports.send(SHOP, second, "coverage.json")

    recorded = record(project.case(second, third, UPLOAD), Running(NAME))

    assert not waits_for_reports(project.case(first, second, UPLOAD))
    assert not waits_for_reports(project.case(second, third, UPLOAD))
    assert not waits_for_reports(project.case(first, second, DEFAULT))
    assert [dict(each.files)["shop.py"].covered for each in recorded] == [LineSet.of((1, 2, 4))]
