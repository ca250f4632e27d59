"""The report of a component that CI did not build: carried over from an earlier commit, or waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.comparison import Ratio
from gate.core.policy import parse
from gate.core.verdict import Outcome
from gate.workflows.carry_reports import bookmark
from gate.workflows.cover import cover
from gate.workflows.measure_coverage import Running
from gate.workflows.measure_sent import still_to_come
from tests.boxes import NAME
from tests.workflows.conftest import Later
from tests.workflows.sent import NOW, UPLOAD, Reports, facts_of, project, reports
from tests.workflows.test_cover import REPOSITORY, Project

__all__ = ["project", "reports"]

pytestmark = [pytest.mark.slow, pytest.mark.box]

API, WEB = "services/api/app.py", "services/web/app.py"
MODULE = "def f(x):\n    return x\n"
COMPONENTS = parse(
    '[coverage]\nsource = "upload"\n'
    '[[component]]\nname = "api"\npaths = ["services/api/**"]\ncoverage.source = "upload"\n'
    '[[component]]\nname = "web"\npaths = ["services/web/**"]\ncoverage.source = "upload"\n'
)


def lines_of(path: str, *covered: int) -> bytes:
    """An LCOV report of one file of two lines."""
    hits = "".join(f"DA:{line},{int(line in covered)}\n" for line in (1, 2))
    return f"SF:{path}\n{hits}end_of_record\n".encode()


@pytest.fixture
def monorepo(project: Project, reports: Reports) -> str:
    """A commit whose two components have reports of their own."""
    base = project.commit({API: MODULE, WEB: MODULE, "tool.py": "x = 1\n"})
    reports.put(base, "api", lines_of(API, 1, 2))
    reports.put(base, "web", lines_of(WEB, 1, 2))
    return base


def test_a_component_that_is_not_built_keeps_its_report(
    project: Project, reports: Reports, monorepo: str
) -> None:
    """
    Where the change does not touch it: nobody waits for its report, none of its lines is lost, and its age is said.
    """
    head = project.commit({API: MODULE.replace("return x", "return x + 1")})
    reports.put(head, "api", lines_of(API, 1, 2))
    case = project.case(monorepo, head, COMPONENTS)

    missing = still_to_come(case, 0)
    covered = cover(case, Running(NAME), armed=True)

    assert missing.complete
    assert (covered.verdict.outcome, facts_of(covered.verdict).lost_elsewhere) == (Outcome.PASSED, ())
    assert {name: each.outcome for name, each in covered.components} == {
        "api": Outcome.PASSED,
        "web": Outcome.PASSED,
    }
    assert f"web not built this time: that of {monorepo[:7]}, " in covered.obtained
    assert dict(covered.components)["web"].facts.head == Ratio(2, 2)  # type: ignore[union-attr]  # of coverage


def test_a_report_is_carried_over_several_commits(project: Project, reports: Reports, monorepo: str) -> None:
    """
    The base may have been built in part only, too.
    """
    base = project.commit({API: MODULE.replace("return x", "return x + 1")})
    reports.put(base, "api", lines_of(API, 1, 2))
    head = project.commit({API: MODULE.replace("return x", "return x + 2")})
    reports.put(head, "api", lines_of(API, 1, 2))

    covered = cover(project.case(base, head, COMPONENTS), Running(NAME), armed=True)

    assert dict(covered.components)["web"].facts.base == Ratio(2, 2)  # type: ignore[union-attr]  # of coverage
    assert dict(covered.components)["web"].facts.head == Ratio(2, 2)  # type: ignore[union-attr]  # of coverage


@pytest.mark.parametrize("why", ["touched", "old", "flushed", "no component"])
def test_a_report_that_does_not_hold_is_waited_for(
    project: Project, reports: Reports, monorepo: str, why: str
) -> None:
    """
    A file of the component changed, the report is older than thirty days, somebody dropped it, or it is of other files, too.
    """
    store = project.service.store
    policy = COMPONENTS if why != "no component" else UPLOAD
    head = project.commit({WEB if why == "touched" else API: MODULE + "\n\ny = 2\n"})
    reports.put(head, "api", lines_of(API, 1, 2))
    if why == "flushed":
        store.note_read_until(bookmark(REPOSITORY), NOW)
    case = project.case(monorepo, head, policy)
    case.service = Later(case.service.settings, store=store)
    case.service.ahead = timedelta(days=31) if why == "old" else timedelta()

    assert still_to_come(case, 0).missing == ("web",)
