"""A verdict from reports that CI sent is the one that our own run gives; and what is missing or wrong of them is said."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from checks.codec import encode
from checks.coverage_reports.reading import read
from checks.line_set import LineSet
from checks.reported_lines import ReportError, UploadedReport, written
from gate.core.comparison import CoverageFacts, Ratio
from gate.core.event import RepositoryRef
from gate.core.policy import DEFAULT, Policy, parse
from gate.core.trend.values import LIMIT
from gate.core.verdict import CheckVerdict, Outcome
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.carry_reports import MOST_COMMITS, bookmark
from gate.workflows.cover import cover, record
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import Running
from gate.workflows.measure_sent import sent_for_base, sent_for_head, still_to_come, waits_for_reports
from tests.boxes import NAME, sandbox_or_skip
from tests.migrated import migrate
from tests.sample_projects import FORMATS, PROJECTS
from tests.sample_projects import Project as Sample
from tests.wheel_index import has_wheel, wheel_index
from tests.workflows.conftest import Later
from tests.workflows.test_cover import REPOSITORY, Project

pytestmark = [pytest.mark.slow, pytest.mark.box]

NOW = datetime.now(UTC)
MORE = """

def doubled(x):
    if x > 10:
        return 0
    return 2 * x
"""
UNIT = b"SF:shop.py\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,1\nend_of_record\n"
MORE_TESTS = "def test_doubled(): assert flow.doubled(3) == 6\n"


def policy_of(text: str) -> Policy:
    return parse(f"[coverage]\n{text}\n".encode())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    sandbox_or_skip()
    if not has_wheel("pytest"):
        pytest.skip("no wheel of pytest: `.ci/setup test` keeps it")
    (tmp_path / "project").mkdir()
    with wheel_index() as url, Store.in_memory() as store:
        settings = Settings(app=None, data_dir=tmp_path / "data", database_url="sqlite://", index_urls=(url,))
        migrate(store)
        store.save_repository(RepositoryRef(1, REPOSITORY, "octo/shop", "main", private=False))
        yield Project(tmp_path / "project", Service(settings, store=store))


class Reports:
    """What CI does: a clone of its own, the tests run there, and the reports sent."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder

    def send(
        self,
        sample: Sample,
        sha: str,
        kind: str,
        name: str = "unit",
        *,
        of: str = "",
        branches: bool = False,
        number: int | None = None,
    ) -> None:
        """The report of one run at `of` (the commit itself unless told otherwise)."""
        place = self.folder / f"{sha[:8]}-{of[:8]}-{branches}"
        if not place.exists():
            clone = ["git", "clone", "--quiet", str(self.project.root), str(place)]
            subprocess.run(clone, check=True)
            subprocess.run(["git", "checkout", "--quiet", of or sha], cwd=place, check=True)
            sample.reports(place, branches=branches)
        self.put(sha, name, (place / kind).read_bytes(), number=number)

    def put(self, sha: str, name: str, content: bytes, *, number: int | None = None) -> None:
        """Whatever it is."""
        store, file = self.project.service.store, self.folder / "sent"
        file.write_bytes(content)
        upload_id = store.save_new_upload(
            REPOSITORY, sha=sha, name=name, authenticated="token", sender="ci", number=number, now=NOW
        )
        store.keep_upload(REPOSITORY, upload_id, digest=f"{upload_id:064}", size=len(content))
        try:
            report = UploadedReport.parse(b"".join(written(read(file, name))), name)
            store.save_uploaded_report(REPOSITORY, upload_id, report, lines=1)
        except ReportError as error:
            store.save_refused_upload(REPOSITORY, upload_id, str(error))


@pytest.fixture
def reports(project: Project, tmp_path: Path) -> Reports:
    (tmp_path / "ci").mkdir()
    return Reports(project, tmp_path / "ci")


def judged(project: Project, base: str, head: str, policy: Policy, *, number: int = 0) -> CheckVerdict:
    running = Running(NAME, number=number)
    return cover(project.case(base, head, policy), running, armed=True, arms=True).verdict


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


SHOP = Sample(
    {
        "shop.py": "def price(quantity):\n    if quantity > 10:\n        return 9 * quantity\n    return 10 * quantity\n",
        "tests/test_shop.py": "import shop\n\n\ndef test_few(): assert shop.price(1) == 10\n",
    }
)
UPLOAD = policy_of('source = "upload"')
EITHER = policy_of('source = "either"')
LATER = "\n\ndef name():\n    return 'shop'\n"


def committed(project: Project, files: dict[str, str | None]) -> str:
    return project.commit(files)


def facts_of(verdict: CheckVerdict) -> CoverageFacts:
    assert isinstance(verdict.facts, CoverageFacts)
    return verdict.facts


def told(verdict: CheckVerdict) -> str:
    return " ".join([verdict.title, *(reason.text for reason in verdict.reasons)])


def test_a_base_without_reports_has_those_of_the_nearest_commit_before_it(
    project: Project, reports: Reports
) -> None:
    """
    Lines are carried through what changed since; how far away it is, is said.
    """
    first = committed(project, dict(SHOP.files))
    base = committed(project, {"shop.py": f"# The shop\n{SHOP.files['shop.py']}", "README.md": "shop\n"})
    head = committed(project, {"tests/test_shop.py": "def test_nothing(): pass\n"})
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
    base = committed(project, {**SHOP.files, **tests})
    head = committed(project, {"shop.py": f"{SHOP.files['shop.py']}\n# more\n"})
    reports.put(base, "unit", UNIT)

    covered = cover(project.case(base, head, EITHER), Running(NAME), armed=True)

    assert covered.verdict.outcome is Outcome.PASSED
    assert "CI" not in covered.obtained


def test_a_report_of_the_merge_commit_is_said_of_the_head(project: Project, reports: Reports) -> None:
    """
    GitHub's workflows run on what the merge would give: lines that only the base has are left out.
    """
    base = committed(project, dict(SHOP.files))
    project.git("checkout", "--quiet", "-b", "change")
    head = committed(project, {"shop.py": SHOP.files["shop.py"] + LATER})
    project.git("checkout", "--quiet", "main")
    tip = committed(project, {"shop.py": f"import os\n\n{SHOP.files['shop.py']}"})
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
    base = committed(project, dict(SHOP.files))
    project.git("checkout", "--quiet", "-b", "change")
    head = committed(project, {"shop.py": SHOP.files["shop.py"] + LATER})
    project.git("checkout", "--quiet", "main")
    committed(project, {"shop.py": f"import os\n\n{SHOP.files['shop.py']}"})
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
    base = committed(project, dict(SHOP.files))
    head = committed(project, {"shop.py": SHOP.files["shop.py"] + LATER})
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
    base = committed(project, dict(SHOP.files))
    head = committed(project, {"shop.py": SHOP.files["shop.py"] + LATER})

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
    base = committed(project, dict(SHOP.files))
    head = committed(project, {"shop.py": SHOP.files["shop.py"] + LATER})
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
    base = committed(project, dict(SHOP.files))
    long = LATER.replace("return", "x = 1\n    y = 2\n    z = x + y\n    return")
    head = committed(
        project,
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
    base = committed(project, dict(SHOP.files))
    head = committed(project, {"shop.py": SHOP.files["shop.py"] + LATER})

    verdict = judged(project, base, head, UPLOAD)

    assert verdict.outcome is Outcome.COULD_NOT_MEASURE
    assert "no report yet, waiting for the first one: within 30 minutes no more came." in told(verdict)


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
    base = committed(project, {API: MODULE, WEB: MODULE, "tool.py": "x = 1\n"})
    reports.put(base, "api", lines_of(API, 1, 2))
    reports.put(base, "web", lines_of(WEB, 1, 2))
    return base


def test_a_component_that_is_not_built_keeps_its_report(
    project: Project, reports: Reports, monorepo: str
) -> None:
    """
    Where the change does not touch it: nobody waits for its report, none of its lines is lost, and its age is said.
    """
    head = committed(project, {API: MODULE.replace("return x", "return x + 1")})
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
    base = committed(project, {API: MODULE.replace("return x", "return x + 1")})
    reports.put(base, "api", lines_of(API, 1, 2))
    head = committed(project, {API: MODULE.replace("return x", "return x + 2")})
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
    head = committed(project, {WEB if why == "touched" else API: MODULE + "\n\ny = 2\n"})
    reports.put(head, "api", lines_of(API, 1, 2))
    if why == "flushed":
        store.note_read_until(bookmark(REPOSITORY), NOW)
    case = project.case(monorepo, head, policy)
    case.service = Later(case.service.settings, store=store)
    case.service.ahead = timedelta(days=31) if why == "old" else timedelta()

    assert still_to_come(case, 0).missing == ("web",)


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
    first = committed(project, dict(SHOP.files))
    reports.send(SHOP, first, "coverage.json")
    *_, base, head = changed(project, 6, noted=why == "just now")

    case = project.case(base, head, UPLOAD) if why == "just now" else later(project, base, head, UPLOAD)

    assert waits_for_reports(case)


def changed(project: Project, number: int, *, noted: bool = True) -> list[str]:
    """So many commits one after the other, each with a source of its own; pushed one by one where they are `noted`."""
    found = []
    for each in range(number):
        found.append(committed(project, {**SHOP.files, "shop.py": f"{SHOP.files['shop.py']}\n# {each}\n"}))
        if noted:
            project.service.store.note_revision(
                REPOSITORY, found[-1], committed_at=datetime.now(UTC), totals={LIMIT: 15}
            )
    return found


def later(project: Project, base: str, head: str, policy: Policy) -> Case:
    """An hour after all that happened."""
    case = project.case(base, head, policy)
    case.service = Later(case.service.settings, store=case.service.store)
    case.service.ahead = timedelta(hours=1)
    return case


def test_a_branch_that_has_its_reports_is_judged(project: Project, reports: Reports) -> None:
    """
    So is one whose commit no test can see, by the reports of its parent, and one whose tests run here.
    """
    first = committed(project, dict(SHOP.files))
    second = committed(project, {"shop.py": f"{SHOP.files['shop.py']}\n# more\n"})
    third = committed(project, {"README.md": "shop\n"})
    reports.send(SHOP, second, "coverage.json")

    recorded = record(project.case(second, third, UPLOAD), Running(NAME))

    assert not waits_for_reports(project.case(first, second, UPLOAD))
    assert not waits_for_reports(project.case(second, third, UPLOAD))
    assert not waits_for_reports(project.case(first, second, DEFAULT))
    assert [dict(each.files)["shop.py"].covered for each in recorded] == [LineSet.of((1, 2, 4))]
