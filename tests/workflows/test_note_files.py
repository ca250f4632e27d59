"""What is kept of the files of a default branch, and of the lines a head changed, from real repositories and checks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.change_text import ChangeMarks, ChangeText
from gate.core.comparison import CoverageFacts, Ratio
from gate.core.comparison.decisions import LineComparison
from gate.core.comparison.statements import match_statements
from gate.core.event import RepositoryRef
from gate.core.file_state import LineStates
from gate.core.policy import DEFAULT, Policy, parse
from gate.core.verdict import Verdict
from gate.core.work import Evaluate, RecordBranch
from gate.git import Checkout
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows import note_files as note_files_module
from gate.workflows.evaluate import evaluate
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.note_change import note_change_marks, note_change_text
from gate.workflows.note_files import note_coverage, note_files
from gate.workflows.question import Question
from gate.workflows.record_branch import RECORDED, record_branch
from tests import verdicts
from tests.boxes import sandbox_or_skip
from tests.fake_github import FakeGitHub
from tests.migrated import migrate
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun

REPOSITORY = RepositoryRef(1, 7, "octo/shop", "main", private=False)
APP = """\
import subprocess


def plan(x):
    if x < 0:
        return -1
    for each in range(x):
        if each:
            subprocess.call(str(each), shell=True)
    return 1


def small():
    return 2
"""
BRANCHES = parse("[coverage]\nbranches = true\n[complexity]\nmaximum = 3\n")


class Project:
    """A checkout of its own, and a service of its own."""

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
                target.write_bytes(content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")
        return self.git("rev-parse", "HEAD")

    def case(self, base: str, head: str, policy: Policy = DEFAULT) -> Case:
        question = Question(base, head, head, base, policy, "by hand")
        return Case(self.service, Code(REPOSITORY.id, Checkout.find(self.root)), question)

    def note(self, head: str, policy: Policy = DEFAULT) -> Case:
        """Keeps the files of a commit."""
        case = self.case("", head, policy)
        case.measure(whole=RECORDED)
        note_files(case, head, case.code.git.committed_at(head))
        return case

    def changed(self, base: str, head: str, verdict: Verdict = verdicts.PASSED) -> ChangeText:
        """What is kept of a change."""
        note_change_text(self.case(base, head), "run:1", verdict)
        found = self.service.store.change_text("run:1")
        assert found is not None
        return found[0]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    settings = Settings(app=None, data_dir=tmp_path / "data", database_url="sqlite://")
    (tmp_path / "project").mkdir()
    with Store.in_memory() as store:
        migrate(store)
        store.save_repository(REPOSITORY)
        yield Project(tmp_path / "project", Service(settings, store=store))


@pytest.mark.box
def test_source_files_are_kept_with_their_numbers(project: Project) -> None:
    """
    Tests are not; a file that is gone goes, and each commit counts as a change.
    """
    sandbox_or_skip()
    project.commit({"src/app.py": "x = 1\n", "old.py": "y = 1\n", "test_app.py": "z = 1\n"})
    head = project.commit({"src/app.py": APP, "old.py": None, "README": "text\n"})

    project.note(head, BRANCHES)

    store = project.service.store
    (file,) = store.file_list(REPOSITORY.id, limit=9)
    assert (file.path, file.functions, file.complexity) == ("src/app.py", 2, 5)
    assert (file.worst, file.worst_name, file.worst_line, file.over, file.maximum) == (4, "plan", 4, 1, 3)
    assert (file.high, file.low, file.changes, file.sloc) == (1, 1, 2, 10)
    assert file.maintainability is not None
    record = store.file(REPOSITORY.id, "src/app.py")
    assert record is not None
    assert record.source == APP.encode()
    assert [(each.name, each.complexity) for each in record.notes.functions] == [("plan", 4), ("small", 1)]
    assert {each.rule for each in record.notes.findings} == {"B404", "B602"}


@pytest.mark.box
def test_large_files_are_kept_without_their_text(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of the newest commit alone there are texts.
    """
    sandbox_or_skip()
    monkeypatch.setattr(note_files_module, "LARGEST_SOURCE_BYTES", 10)
    first = project.commit({"a.py": "x = 1\n", "b.py": "y = 'a long text'\n"})
    second = project.commit({"a.py": "x = 2\n"})
    blob = project.git("rev-parse", f"{first}:a.py")

    project.note(first)
    before = project.service.store.missing_sources(REPOSITORY.id, [blob])
    project.note(second)

    store = project.service.store
    texts = {path: store.file(REPOSITORY.id, path) for path in ("a.py", "b.py")}
    assert {path: record and record.source for path, record in texts.items()} == {
        "a.py": b"x = 2\n",
        "b.py": None,
    }
    assert before == set()
    assert store.missing_sources(REPOSITORY.id, [blob]) == {blob}


@pytest.mark.box
@pytest.mark.parametrize(
    ("policy", "share", "lines"),
    [
        (DEFAULT, Ratio(2, 3), LineStates((1, 4), (5,))),
        (BRANCHES, Ratio(3, 5), LineStates((1,), (5,), (4,))),
    ],
)
def test_coverage_is_counted_as_the_gate_does(
    policy: Policy, share: Ratio, lines: LineStates, project: Project
) -> None:
    """
    With branches where the policy has them; without a run nothing is known any more.
    """
    sandbox_or_skip()
    head = project.commit({"app.py": APP})
    case = project.note(head, policy)
    covered = FileCoverage((1, 4), (5,), branches=((4, 5, False), (4, 7, True)))
    report = CoverageReport("1", (("app.py", covered),), Suite("passed", 0, 1.0, "pytest"))

    note_coverage(case, head, [report])
    known = project.service.store.file(REPOSITORY.id, "app.py")
    note_coverage(case, head, [])
    unknown = project.service.store.file(REPOSITORY.id, "app.py")

    assert known is not None
    assert unknown is not None
    assert (known.file.coverage, known.lines) == (share, lines)
    assert (unknown.file.coverage, unknown.lines) == (None, None)


def test_changed_lines_are_kept_the_worst_file_first(project: Project) -> None:
    """
    Those the verdict speaks of, then other Python files by name; neither removed, binary nor other files.
    """
    base = project.commit(
        {
            "delivery/retry.py": "a\nb\n",
            "z.py": "1\n",
            "gone.py": "1\n",
            "README": "x\n",
            "moved.py": "1\n2\n3\n4\n",
        }
    )
    head = project.commit(
        {
            "delivery/retry.py": "a\nc\n",
            "z.py": "2\n",
            "gone.py": None,
            "README": "y\n",
            "moved.py": None,
            "here.py": "1\n2\n3\n5\n",
            "binary.py": "\0",
        }
    )

    text = project.changed(base, head, verdicts.BLOCKED)

    assert [(file.path, file.old_path) for file in text.files] == [
        ("delivery/retry.py", ""),
        ("here.py", "moved.py"),
        ("z.py", ""),
    ]
    assert text.files[0].hunks[0].lines == ((1, 1, "a"), (2, 0, "b"), (0, 2, "c"))
    assert text.left_out == 0


def test_files_that_are_too_large_are_left_out_and_counted(project: Project) -> None:
    """
    On either side; the others are kept.
    """
    base = project.commit({"a.py": "1\n", "large.py": "#" * 600_000})
    head = project.commit({"a.py": "2\n", "large.py": "2\n"})

    text = project.changed(base, head)

    assert [file.path for file in text.files] == ["a.py"]
    assert text.left_out == 1


def test_what_tests_run_is_kept_of_the_lines_that_are_shown(project: Project) -> None:
    """
    Of changed files alone, and not of their other lines.
    """
    base = project.commit({"a.py": "1\n" * 20, "b.py": "1\n"})
    head = project.commit({"a.py": "1\n" * 19 + "2\n"})
    assert isinstance(verdicts.COVERAGE.facts, CoverageFacts)
    everything = FileCoverage(tuple(range(1, 20)), (20,))
    compared = LineComparison(
        verdicts.COVERAGE.facts, {}, (), match_statements([]), {"a.py": everything, "b.py": everything}
    )

    note_change_marks(project.case(base, head), "run:1", [compared])
    text = project.changed(base, head)

    kept = project.service.store.change_text("run:1")
    assert kept == (text, ChangeMarks((("a.py", LineStates((17, 18, 19), (20,))),)))


TESTS = (
    "import unittest\nimport app\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        app.small()\n"
)


@pytest.mark.slow
@pytest.mark.box
def test_a_judged_head_is_kept_with_what_tests_run_of_it(
    github: FakeGitHub, service: Later, run: InlineRun
) -> None:
    """
    From the pull request to the page's lines, with the tests run in the box.
    """
    sandbox_or_skip()
    repository = github.repository({"app.py": APP, "test_app.py": TESTS, "README": "x\n"})
    pull = repository.open_pull_request(
        {"app.py": APP.replace("return 2", "x = 2\n    return x"), "README": "y\n"}
    )
    ref, now = ref_of(repository), service.now()
    service.store.save_repository(ref)
    service.store.note_pull_request(
        ref.id,
        pull.number,
        head_sha=pull.head_sha,
        base_ref="main",
        updated_at=now,
        state="open",
        title="T",
        author="octocat",
    )

    evaluate(run, service, Evaluate(ref, pull.number, pull.head_sha, "", "main", now, "octocat", "T"))

    kept = service.store.change_text(run.id)
    assert kept is not None
    text, marks = kept
    assert [file.path for file in text.files] == ["app.py"]
    assert text.files[0].hunks[0].lines[-3:] == (
        (14, 0, "    return 2"),
        (0, 14, "    x = 2"),
        (0, 15, "    return x"),
    )
    assert marks == ChangeMarks((("app.py", LineStates((13, 14, 15))),))


@pytest.mark.slow
@pytest.mark.box
def test_a_push_to_the_default_branch_is_recorded_with_its_coverage(
    github: FakeGitHub, service: Later, run: InlineRun
) -> None:
    """
    From the push to the page's numbers, with the tests run in the box.
    """
    sandbox_or_skip()
    repository = github.repository({"app.py": APP, "test_app.py": TESTS})
    ref = ref_of(repository)
    sha = repository.git.resolve("refs/heads/main")
    assert sha is not None

    record_branch(run, service, RecordBranch(ref, "main", sha))

    at = service.store.files_at(ref.id)
    found = service.store.file(ref.id, "app.py")
    assert at is not None
    assert found is not None
    assert (at.sha, at.files, at.coverage) == (sha, 1, True)
    assert found.lines == LineStates((1, 4, 13, 14), (5, 6, 7, 8, 9, 10))
    assert found.file.coverage == Ratio(4, 10)
    assert found.source == APP.encode()
