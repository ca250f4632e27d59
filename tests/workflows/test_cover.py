"""The verdict on coverage from real runs in the box: when both sides run again, what is remembered, and what arms."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from checks.report import CoverageReport, FileCoverage
from gate.core.comparison import CoverageFacts
from gate.core.event import RepositoryRef
from gate.core.policy import DEFAULT, Policy, parse
from gate.core.verdict import Outcome
from gate.git import Checkout
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.components import seen_by
from gate.workflows.cover import cover, record
from gate.workflows.judge import Case
from gate.workflows.measure import Code, Tree
from gate.workflows.measure_coverage import Running, measured, save
from gate.workflows.question import Judged, Question
from tests.boxes import NAME, sandbox_or_skip
from tests.migrated import migrate

pytestmark = [pytest.mark.slow, pytest.mark.box]

APP = """\
def sign(x):
    if x < 0:
        return -1
    return 1
"""
TESTS = """\
import unittest

from app import sign


class SignTest(unittest.TestCase):
    def test_positive(self):
        self.assertEqual(sign(3), 1)
"""
NEGATIVE = TESTS + "\n    def test_negative(self):\n        self.assertEqual(sign(-3), -1)\n"
SERVICE = TESTS + (
    "\n    def test_database(self):\n        import socket\n        socket.create_connection(('127.0.0.1', 5432))\n"
)
PROJECT = {"app.py": APP, "test_app.py": TESTS}
RUNNING = Running(NAME)
REPOSITORY = 7


class Project:
    """A checkout of its own, judged by a service of its own."""

    def __init__(self, root: Path, service: Service) -> None:
        self.root = root
        self.service = service
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *arguments]
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None]) -> str:
        for path, content in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if content is not None:
                target.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def case(self, base: str, head: str, policy: Policy = DEFAULT) -> Case:
        question = Question(base, head, head, base, policy, "by hand")
        return Case(self.service, Code(REPOSITORY, Checkout.find(self.root)), question)

    def judge(self, base: str, head: str, *, armed: bool = True, policy: Policy = DEFAULT) -> Judged:
        return cover(self.case(base, head, policy), RUNNING, armed=armed, arms=True)

    @property
    def armed(self) -> bool:
        known = self.service.store.repository(REPOSITORY)
        return known is not None and known.armed


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    sandbox_or_skip()
    settings = Settings(app=None, data_dir=tmp_path / "data", database_url="sqlite://")
    (tmp_path / "project").mkdir()
    with Store.in_memory() as store:
        migrate(store)
        store.save_repository(RepositoryRef(1, REPOSITORY, "octo/shop", "main", private=False))
        yield Project(tmp_path / "project", Service(settings, store=store))


def by_chance(case: Case, tree: Tree, **otherwise: object) -> None:
    """Stores a run of a tree that went otherwise in `app.py`, or in its tests, than every later one will."""
    found = measured(case, tree, RUNNING)
    assert isinstance(found.outcome, CoverageReport)
    assert found.key is not None
    report = found.outcome
    if "covered" in otherwise:
        files = {**dict(report.files), "app.py": otherwise["covered"]}
        report = replace(report, files=tuple(sorted(files.items())))  # type: ignore[arg-type]  # a FileCoverage
    if "fails" in otherwise:
        tests = [(name, "failed" if otherwise["fails"] in name else was) for name, was in report.suite.tests]  # type: ignore[operator]  # a str
        report = replace(report, suite=replace(report.suite, outcome="failed", tests=tuple(tests)))
    save(case, found.key, report)


def test_a_line_covered_by_chance_at_the_base_is_not_lost(project: Project) -> None:
    """
    Both sides run again; what the base does not cover the second time is shown, remembered and not judged, not even
    where it stands in another place at another base, until the statement changes.
    """
    base = project.commit(PROJECT)
    head = project.commit({"app.py": f"import os\n\n{APP}"})
    case = project.case(base, head)
    by_chance(case, case.base, covered=FileCoverage((1, 2, 3, 4), ()))

    judged = project.judge(base, head)

    assert judged.verdict.outcome is Outcome.PASSED
    assert [note.text for note in judged.verdict.notes] == [
        "1 line is unstable, covered and not covered by runs of the same code: app.py 5. Reported, not judged."
    ]
    assert judged.obtained.count("run once more") == 2
    assert {line.scope for line in project.service.store.chance(REPOSITORY, project.service.now()).lines} == {
        "sign"
    }

    later = project.commit({"README.md": "Later.\n"})
    newer = project.commit({"app.py": f"import sys\n\n\n{APP}"})
    case = project.case(later, newer)
    by_chance(case, case.base, covered=FileCoverage((1, 3, 4, 5, 6), ()))
    remembered = project.judge(later, newer)

    assert remembered.verdict.outcome is Outcome.PASSED
    assert [note.kind for note in remembered.verdict.notes] == ["unstable_line"]
    assert "run once more" not in remembered.obtained

    other = project.commit({"app.py": APP.replace("return -1", "return -x // x")})
    edited = project.commit({"app.py": "import re\n" + APP.replace("return -1", "return -x // x")})
    case = project.case(other, edited)
    by_chance(case, case.base, covered=FileCoverage((1, 2, 3, 4), ()))

    assert "run once more" in project.judge(other, edited).obtained


@pytest.mark.long
def test_a_line_missed_by_chance_at_the_head_is_not_lost(project: Project) -> None:
    """
    What the head covers the second time is covered; it is shown, and excuses no other change.
    """
    base = project.commit(PROJECT)
    head = project.commit({"app.py": f"import os\n\n{APP}"})
    case = project.case(base, head)
    by_chance(case, case.head, covered=FileCoverage((1, 3, 4), (5, 6)))

    judged = project.judge(base, head)

    assert judged.verdict.outcome is Outcome.PASSED
    assert [note.line for note in judged.verdict.notes] == [6]
    assert project.service.store.chance(REPOSITORY, project.service.now()).lines == frozenset()


def test_what_is_lost_twice_blocks(project: Project) -> None:
    """
    A test that was removed is no chance: both sides run again, and the line is lost.
    """
    base = project.commit({**PROJECT, "test_app.py": NEGATIVE})
    head = project.commit({"test_app.py": TESTS})

    judged = project.judge(base, head)

    assert judged.verdict.outcome is Outcome.BLOCKED
    assert [reason.kind for reason in judged.verdict.reasons] == ["lost_coverage"]
    assert judged.obtained.count("run once more, for that may be chance: nothing flipped") == 2
    # What ran twice is stored, and does not run a third time.
    assert project.judge(base, head).obtained.count("known from an equal tree") == 2


@pytest.mark.long
def test_a_test_that_fails_by_chance_is_flaky(project: Project) -> None:
    """
    Shown and not judged; the base, which lost nothing, does not run again.
    """
    base = project.commit(PROJECT)
    head = project.commit({"app.py": f"import os\n\n{APP}"})
    case = project.case(base, head)
    by_chance(case, case.head, fails="test_positive")

    judged = project.judge(base, head)

    assert judged.verdict.outcome is Outcome.PASSED
    assert [(note.kind, note.name) for note in judged.verdict.notes] == [
        ("flaky_test", "test_app.SignTest.test_positive")
    ]
    assert judged.obtained.count("run once more") == 1


@pytest.mark.long
def test_what_flips_on_the_default_branch_is_remembered_for_all(project: Project) -> None:
    """
    A flaky test of a merged commit blocks no pull request, though it fails there in the only run.
    """
    base = project.commit(PROJECT)
    head = project.commit({"app.py": f"import os\n\n{APP}"})
    case = project.case("", base)
    by_chance(case, case.head, fails="test_positive")

    (recorded,) = record(case, RUNNING)
    case = project.case(base, head)
    by_chance(case, case.head, fails="test_positive")
    judged = project.judge(base, head)

    assert (recorded.runs, recorded.flaky) == (2, ("test_app.SignTest.test_positive",))
    assert judged.verdict.outcome is Outcome.PASSED
    assert [note.kind for note in judged.verdict.notes] == ["flaky_test"]
    assert "run once more" not in judged.obtained.partition("; base")[0]


def test_a_suite_that_needs_a_service_arms_nothing(project: Project) -> None:
    """
    While the base's tests want what is not there, coverage is reported and not judged, armed or not.
    """
    base = project.commit({**PROJECT, "test_app.py": SERVICE})
    head = project.commit({"test_app.py": SERVICE.replace("sign(3), 1", "1, 1")})

    record(project.case("", base), RUNNING)
    judged = project.judge(base, head)

    assert not project.armed
    assert (judged.verdict.outcome, judged.verdict.neutral) == (Outcome.COULD_NOT_MEASURE, True)
    assert judged.verdict.title == "Not armed: 1 test needs PostgreSQL: send coverage from CI"
    assert "lost_coverage" in {note.kind for note in judged.verdict.notes}
    assert judged.verdict.to_pass[0].text.startswith("Send coverage from CI, or")


def test_a_measured_default_branch_arms(project: Project) -> None:
    """
    From then on a head that cannot be measured blocks; before, it is neutral.
    """
    base = project.commit(PROJECT)
    head = project.commit({".gate.toml": '[tests]\ncommand = "no-such-program"\n'})

    before = project.judge("", head, armed=False)
    record(project.case("", base), RUNNING)

    assert (before.verdict.neutral, before.verdict.title[:10]) == (True, "Not armed:")
    assert project.armed
    assert not project.judge(base, head, armed=project.armed).verdict.neutral


ELSEWHERE = {
    "an added skip": {"support.py": "import unittest\n\n\ndef skip(test):\n    raise unittest.SkipTest\n"},
    "what pytest is told": {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-q"\n'},
    "the command": {".gate.toml": '[tests]\ncommand = "python -m unittest -q"\n'},
    "what tests read": {"tests/cases.json": "[3]\n"},
}
SUPPORT = {
    ".gate.toml": '[tests]\ncommand = "python -m unittest"\n',
    "support.py": "import unittest\n",
    "pyproject.toml": '[tool.other]\nname = "x"\n',
    "tests/cases.json": "[3, -3]\n",
    "pages/a.txt": "a\n",
}


@pytest.mark.long
@pytest.mark.parametrize("change", [*ELSEWHERE.values(), {"pages/a.txt": "b\n"}], ids=[*ELSEWHERE, "nothing"])
def test_lost_lines_are_judged_everywhere_when_the_suite_changed(
    project: Project, change: dict[str, str]
) -> None:
    """
    In files the change does not touch they are reported, unless it touched what decides which tests run.
    """
    base = project.commit({**PROJECT, **SUPPORT})
    head = project.commit(change)
    case = project.case(base, head)
    for tree in (case.base, case.head):
        by_chance(case, tree, covered=FileCoverage((1, 2, 3, 4), ()))
    by_chance(case, case.head, covered=FileCoverage((1, 2, 4), (3,)))
    for tree in (case.base, case.head):
        found = measured(case, tree, RUNNING)
        assert isinstance(found.outcome, CoverageReport)
        assert found.key is not None
        save(case, found.key, replace(found.outcome, runs=2))  # so that neither runs again

    verdict = project.judge(base, head).verdict

    everywhere = change in ELSEWHERE.values()
    assert [reason.kind for reason in verdict.reasons] == ["lost_coverage"] * everywhere
    assert [note.kind for note in verdict.notes] == ["lost_coverage"] * (not everywhere)


@pytest.mark.long
def test_nothing_that_matters_changed(project: Project) -> None:
    """
    The base's run stands for the head, and that is said.
    """
    base = project.commit(PROJECT)
    head = project.commit({"README.md": "# Words\n"})

    judged = project.judge(base, head)

    assert judged.verdict.outcome is Outcome.PASSED
    assert judged.obtained.startswith(
        "0 of 0 changed source files measured; nothing that tests could see changed, so the base's run is the head's too:"
        " measured now"
    )


def test_every_changed_source_file_is_measured_or_said(project: Project) -> None:
    """
    "2 of 3", and why the third is not; a file that the configuration omits stands in nobody's way.
    """
    base = project.commit({**PROJECT, "setup.cfg": "[coverage:run]\nomit = omitted.py\n"})
    head = project.commit({"app.py": f"import os\n\n{APP}", "new.py": "x = 1\n", "omitted.py": "y = 1\n"})

    judged = project.judge(base, head)

    assert judged.verdict.outcome is Outcome.PASSED
    assert judged.obtained.startswith(
        "2 of 3 changed source files measured, 1 omitted by coverage.py's configuration; head measured now"
    )


def test_branches_are_judged_where_the_policy_says_so(project: Project) -> None:
    """
    Both sides are measured with branches, whatever is stored without; a line that is left one way only is said.
    """
    base = project.commit({**PROJECT, "test_app.py": NEGATIVE})
    more = "\n\ndef double(x):\n    if x:\n        x *= 2\n    return x\n"
    tests = NEGATIVE.replace("import sign", "import double, sign") + (
        "\n    def test_double(self):\n        self.assertEqual(double(1), 2)\n"
    )
    head = project.commit({"app.py": APP + more, "test_app.py": tests})
    policy = replace(DEFAULT, coverage=replace(DEFAULT.coverage, branches=True, patch_allowance=0))

    without = project.judge(base, head)
    judged = project.judge(base, head, policy=policy)

    assert without.verdict.outcome is Outcome.PASSED
    assert judged.obtained.count("measured now") == 2
    assert judged.verdict.reasons[0].text == (
        "Tests run 4 of 4 new lines and take 1 of 2 new branches, 83.3\xa0%; the gate is 100.0\xa0% as at the base:"
        " test 1 more. Tested in part: app.py line 8 never jumps to line 10."
    )


OWN_TESTS = parse("[[component]]\nname = 'api'\npaths = ['api/**']\n[component.tests]\n")
SHARED = parse("[[component]]\nname = 'api'\npaths = ['api/**']\n[component.coverage]\nbranches = true\n")


@pytest.mark.long
@pytest.mark.parametrize("path", ["api/test_lib.py", "test_other.py"])
def test_the_tests_of_a_component_are_no_change_of_another_suite(project: Project, path: str) -> None:
    """
    Lost lines of files that were not touched are judged where their own tests were edited.
    """
    tests = "import unittest\n"
    base = project.commit(
        {**PROJECT, "api/lib.py": "ONE = 1\n", "api/test_lib.py": tests, "test_other.py": tests}
    )
    head = project.commit({path: tests + "X = 1\n"})
    case = project.case(base, head, OWN_TESTS)
    for tree, lines in (
        (case.base, FileCoverage((1, 2, 3, 4), ())),
        (case.head, FileCoverage((1, 2, 4), (3,))),
    ):
        own = seen_by(case.parts.rest, tree, case.parts)
        assert own is not None
        by_chance(case, own, covered=lines)
        found = measured(case, own, RUNNING)
        assert isinstance(found.outcome, CoverageReport)
        assert found.key is not None
        save(case, found.key, replace(found.outcome, runs=2))  # so that neither runs again

    verdict = project.judge(base, head, policy=OWN_TESTS).verdict

    lost = ["lost_coverage"]
    assert [reason.kind for reason in verdict.reasons] == lost * (path == "test_other.py")
    assert [note.kind for note in verdict.notes] == lost * (path != "test_other.py")


def test_branches_count_for_the_component_that_wants_them(project: Project) -> None:
    """
    One run measures them for all; the rest has lines alone.
    """
    base = project.commit({**PROJECT, "api/lib.py": APP})
    head = project.commit({"api/lib.py": f"import os\n\n{APP}", "app.py": f"import os\n\n{APP}"})

    judged = project.judge(base, head, policy=SHARED)

    found = [judged.verdict.facts, *(check.facts for _, check in judged.components)]
    assert [facts.branches for facts in found if isinstance(facts, CoverageFacts)] == [False, True]
