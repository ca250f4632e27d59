"""A verdict from reports that CI sent is the one that our own run gives; and what is missing or wrong of them is said."""

from __future__ import annotations

import pytest

from checks.codec import encode
from gate.core.comparison import Ratio
from gate.core.verdict import Outcome
from gate.workflows.carry_reports import MOST_COMMITS
from gate.workflows.cover import cover
from gate.workflows.measure_coverage import Running
from gate.workflows.measure_sent import sent_for_base, sent_for_head, still_to_come
from tests.boxes import NAME
from tests.sample_projects import FORMATS, PROJECTS
from tests.workflows.sent import (
    EITHER,
    LATER,
    SHOP,
    UNIT,
    UPLOAD,
    Reports,
    changed,
    facts_of,
    judged,
    later,
    policy_of,
    project,
    reports,
    told,
)
from tests.workflows.test_cover import Project

__all__ = ["project", "reports"]

pytestmark = [pytest.mark.slow, pytest.mark.box]

MORE = """

def doubled(x):
    if x > 10:
        return 0
    return 2 * x
"""
MORE_TESTS = "def test_doubled(): assert flow.doubled(3) == 6\n"


@pytest.mark.parametrize("branches", [False, True], ids=["lines", "branches"])
@pytest.mark.parametrize("name", PROJECTS)
def test_the_verdict_is_that_of_our_own_run(
    project: Project,
    reports: Reports,
    name: str,
    branches: bool,
) -> None:
    """
    In every format, byte for byte; only how the tests were run is not known.
    """
    sample = PROJECTS[name]
    flow = next(path for path in sample.files if path.endswith("flow.py") and "test" not in path)
    tests = next(path for path in sample.files if path.endswith("test_flow.py"))
    files = {**sample.files, **sample.configuration}
    base = project.commit(files)
    head = project.commit({flow: f"{sample.files[flow]}{MORE}", tests: f"{sample.files[tests]}{MORE_TESTS}"})
    setting = f"branches = {str(branches).lower()}"
    own = judged(project, base, head, policy_of(setting))

    found = {}
    for kind in FORMATS:
        for sha in (base, head):
            reports.send(sample, sha, kind, branches=branches)
        found[kind] = judged(project, base, head, policy_of(f'source = "upload"\n{setting}'))

    assert own.outcome in {Outcome.PASSED, Outcome.BLOCKED}
    assert {kind: encode(each) for kind, each in found.items()} == dict.fromkeys(FORMATS, encode(own))


def test_a_base_without_reports_has_those_of_the_nearest_commit_before_it(
    project: Project, reports: Reports
) -> None:
    """
    Lines are carried through what changed since; how far away it is, is said.
    """
    first = project.commit(SHOP.files)
    base = project.commit({"shop.py": f"# The shop\n{SHOP.files['shop.py']}", "README.md": "shop\n"})
    head = project.commit({"tests/test_shop.py": "def test_nothing(): pass\n"})
    reports.send(SHOP, first, "coverage.json")
    reports.send(SHOP, head, "coverage.json")
    case = project.case(base, head, UPLOAD)

    covered = cover(case, Running(NAME), armed=True)
    found = sent_for_base(case)

    assert (found and (found.sha, found.distance)) == (first, 1)
    assert "base from 1 report of CI (unit), of " + first[:7] + ", 1 commit before it" in covered.obtained
    assert [(reason.path, reason.line) for reason in covered.verdict.reasons] == [("shop.py", 2)]
    assert facts_of(covered.verdict).lost == (("shop.py", (2, 3, 5)),)


def test_reports_of_other_commits_hide_none_of_the_line(project: Project, reports: Reports) -> None:
    """
    A busy repository has more commits with reports, of all its pull requests, than are looked at of one line.
    """
    base, head = changed(project, 2)
    reports.put(base, "unit", UNIT)
    for number in range(MOST_COMMITS):
        reports.put(f"{number:040x}", "unit", UNIT, number=1000 + number)

    found = sent_for_base(project.case(base, head, UPLOAD))

    assert found is not None
    assert found.sha == base


@pytest.mark.parametrize("age", ["young", "old"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "learnt"])
def test_a_base_whose_reports_are_not_all_there_is_no_base_yet(
    project: Project, reports: Reports, declared: bool, age: str
) -> None:
    """
    The complete one before it is: else what the missing report covers could not be lost. What is not declared and did
    not come while it was waited for is sent no more.
    """
    first, second, head = changed(project, 3)
    names = 'reports = ["unit", "integration"]' if declared else ""
    policy = policy_of(f'source = "upload"\n{names}')
    for name in ("unit", "integration"):
        reports.put(first, name, UNIT)
    reports.put(second, "unit", UNIT)
    case = later(project, second, head, policy) if age == "old" else project.case(second, head, policy)

    partial = sent_for_base(case)
    reports.put(second, "integration", UNIT)
    whole = sent_for_base(case)

    assert partial is not None
    assert whole is not None
    assert (partial.sha, partial.lacking) == (second if age == "old" and not declared else first, ())
    assert (whole.sha, whole.names) == (second, ("integration", "unit"))


def test_where_no_base_has_all_reports_it_is_said_what_is_missing(project: Project, reports: Reports) -> None:
    """
    The nearest counts; a test that is declared and never came blocks nobody.
    """
    base, head = changed(project, 2)
    policy = policy_of('source = "upload"\nreports = ["unit", "integration"]')
    reports.put(base, "unit", UNIT)
    for name in ("unit", "integration"):
        reports.put(head, name, UNIT)

    covered = cover(project.case(base, head, policy), Running(NAME), armed=True)

    assert "base from 1 report of CI (unit), without integration" in covered.obtained


def test_a_run_of_ours_is_not_held_against_the_reports_of_the_base(
    project: Project, reports: Reports
) -> None:
    """
    Where either will do and the head's do not come: a test that needs what CI alone has fails here at the base, too.
    """
    needs = "\n\ndef test_stock():\n    import os\n    assert os.environ['STOCK_URL'] and shop.price(20)\n"
    tests = {"tests/test_shop.py": SHOP.files["tests/test_shop.py"] + needs}
    base = project.commit({**SHOP.files, **tests})
    head = project.commit({"shop.py": f"{SHOP.files['shop.py']}\n# more\n"})
    reports.put(base, "unit", UNIT)

    covered = cover(project.case(base, head, EITHER), Running(NAME), armed=True)

    assert covered.verdict.outcome is Outcome.PASSED
    assert "CI" not in covered.obtained


def test_a_report_of_the_merge_commit_is_said_of_the_head(project: Project, reports: Reports) -> None:
    """
    GitHub's workflows run on what the merge would give: lines that only the base has are left out.
    """
    base = project.commit(SHOP.files)
    project.git("checkout", "--quiet", "-b", "change")
    head = project.commit({"shop.py": SHOP.files["shop.py"] + LATER})
    project.git("checkout", "--quiet", "main")
    tip = project.commit({"shop.py": f"import os\n\n{SHOP.files['shop.py']}"})
    project.git("checkout", "--quiet", "--detach", tip)
    project.git("merge", "--quiet", "--no-edit", head)
    merged = project.git("rev-parse", "HEAD")
    project.git("branch", "merged", merged)
    reports.send(SHOP, base, "coverage.json")
    reports.send(SHOP, merged, "coverage.json", number=4)

    case = project.case(base, head, UPLOAD)
    covered = cover(case, Running(NAME, number=4), armed=True)

    assert [*sent_for_head(case, 4).by_commit] == [merged]
    assert sent_for_head(case, 5).records == ()
    assert f"head from 1 report of CI (unit), of the merge commit {merged[:7]}" in covered.obtained
    assert covered.verdict.outcome is Outcome.PASSED
    assert facts_of(covered.verdict).uncovered == (("shop.py", (8,)),)


def test_reports_of_head_and_merge_commit_are_merged(project: Project, reports: Reports) -> None:
    """
    Where one job checks out the head, and another one what the merge would give.
    """
    base = project.commit(SHOP.files)
    project.git("checkout", "--quiet", "-b", "change")
    head = project.commit({"shop.py": SHOP.files["shop.py"] + LATER})
    project.git("checkout", "--quiet", "main")
    project.commit({"shop.py": f"import os\n\n{SHOP.files['shop.py']}"})
    project.git("merge", "--quiet", "--no-edit", head)
    merged = project.git("rev-parse", "HEAD")
    for name in ("unit", "slow"):
        reports.send(SHOP, base, "coverage.json", name)
    reports.put(
        merged,
        "unit",
        b"SF:shop.py\nDA:3,1\nDA:4,1\nDA:5,0\nDA:6,1\nDA:9,1\nDA:10,0\nend_of_record\n",
        number=4,
    )
    reports.put(head, "slow", b"SF:shop.py\nDA:1,1\nDA:2,1\nDA:3,0\nDA:4,0\nDA:7,1\nDA:8,1\nend_of_record\n")

    covered = cover(project.case(base, head, UPLOAD), Running(NAME, number=4), armed=True)

    assert facts_of(covered.verdict).head == Ratio(5, 6)
    assert facts_of(covered.verdict).uncovered == ()
    assert f"head from 2 reports of CI (slow, unit), of the merge commit {merged[:7]}" in covered.obtained


def test_what_is_missing_is_said(project: Project, reports: Reports) -> None:
    """
    What came for the base comes again; what was refused says why.
    """
    base = project.commit(SHOP.files)
    head = project.commit({"shop.py": SHOP.files["shop.py"] + LATER})
    for name in ("unit", "slow"):
        reports.send(SHOP, base, "coverage.json", name)
    reports.send(SHOP, head, "coverage.xml", "unit")
    reports.put(head, "slow", b"<coverage")

    missing = still_to_come(project.case(base, head, UPLOAD), 0)
    verdict = judged(project, base, head, UPLOAD)

    assert missing.text == "1 of 2 reports, waiting for slow"
    assert verdict.outcome is Outcome.COULD_NOT_MEASURE
    assert "Of the reports that CI sends, 1 of 2 reports, waiting for slow" in told(verdict)
    assert "slow was refused" in told(verdict)


def test_either_runs_the_tests_where_no_report_comes(project: Project, reports: Reports) -> None:
    """
    And takes the reports where they come.
    """
    policy = policy_of('source = "either"')
    base = project.commit(SHOP.files)
    head = project.commit({"shop.py": SHOP.files["shop.py"] + LATER})

    ran = cover(project.case(base, head, policy), Running(NAME), armed=True)
    reports.send(SHOP, head, "coverage.lcov")
    sent = cover(project.case(base, head, policy), Running(NAME), armed=True)

    assert "head measured now" in ran.obtained
    assert "head from 1 report of CI (unit)" in sent.obtained
    assert "base known from an equal tree" in sent.obtained
    assert encode(sent.verdict) == encode(ran.verdict)


def test_reports_of_something_else_are_not_believed(project: Project, reports: Reports) -> None:
    """
    A file that the commit does not have, or a line: nothing counts until it is put right.
    """
    base = project.commit(SHOP.files)
    head = project.commit({"shop.py": SHOP.files["shop.py"] + LATER})
    reports.send(SHOP, base, "coverage.json")
    reports.put(head, "unit", b"SF:other.py\nDA:1,1\nend_of_record\nSF:shop.py\nDA:99,1\nend_of_record\n")

    verdict = judged(project, base, head, UPLOAD)

    assert verdict.outcome is Outcome.COULD_NOT_MEASURE
    assert "unit: other.py: no file of the repository ends like this path." in told(verdict)
    assert "unit: shop.py has a line 99, but shop.py has 8 lines." in told(verdict)


def test_a_pull_request_excludes_nothing_by_its_own_configuration(project: Project, reports: Reports) -> None:
    """
    What its reports leave out, and the policy's revision counts, is not covered.
    """
    base = project.commit(SHOP.files)
    long = LATER.replace("return", "x = 1\n    y = 2\n    z = x + y\n    return")
    head = project.commit(
        {"shop.py": SHOP.files["shop.py"] + long, ".coveragerc": "[report]\nexclude_also = def name\n"},
    )
    for sha in (base, head):
        reports.send(SHOP, sha, "coverage.json")

    verdict = judged(project, base, head, UPLOAD)

    assert verdict.outcome is Outcome.BLOCKED
    assert facts_of(verdict).uncovered == (("shop.py", (7, 8, 9, 10, 11)),)


def test_nobody_sends_anything(project: Project) -> None:
    """
    The deadline passed: it could not be measured, and what would help is said.
    """
    base = project.commit(SHOP.files)
    head = project.commit({"shop.py": SHOP.files["shop.py"] + LATER})

    verdict = judged(project, base, head, UPLOAD)

    assert verdict.outcome is Outcome.COULD_NOT_MEASURE
    assert "no report yet, waiting for the first one: within 30 minutes no more came." in told(verdict)
