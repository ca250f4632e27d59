"""Trends from git history: the numbers of each commit, what is left alone, and what happens after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.core.event import RepositoryRef
from gate.core.history_work import FillHistory
from gate.core.policy import Policy, parse
from gate.core.trend import LIMIT
from gate.core.work import RecordBranch
from gate.git import Commit, Repository
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows import fill_history as fill_history_module
from gate.workflows.fill_history import fill_history, fill_in
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.question import Question
from gate.workflows.record_branch import RECORDED, record_branch
from gate.workflows.sum_history import question_of_history, since_then, sum_history
from gate.workflows.totals import static_totals
from tests.doors.author import Author
from tests.fake_github import FakeGitHub
from tests.migrated import migrate
from tests.workflows.conftest import Later, ref_of, settings_of
from tests.workflows.inline_run import InlineRun

REPOSITORY = RepositoryRef(1, 7, "octo/shop", "main", private=False)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TANGLE = "def tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))
SHELL = "import subprocess\n\n\ndef run(a):\n    subprocess.call(a, shell=True)  # noqa\n"
HIDDEN = "import os\n\nos.system(a)  # nosec B605\n"
PLAIN = "x = 1\n"
SCRIPT = "#!/usr/bin/env python3\nclass A:\n    def b(self):\n        return 1 if self else 2\n"
CONTENTS = (TANGLE, SHELL, HIDDEN, PLAIN, SCRIPT, "def broken(:\n", "")
PATHS = ("a.py", "pkg/b.py", "pkg/c.py", "tests/test_a.py", "bin/tool", "gen/d.py", "vendor/e.py", "README")
POLICY = """\
[gate]
exclude = ["gen/"]
[complexity]
maximum = 5
[[component]]
name = "pkg"
paths = ["pkg/"]
[component.complexity]
maximum = 20
"""
"""With a limit of its own for what lies in `pkg`."""
COMMITS = st.lists(
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from([None, *CONTENTS]), max_size=4),
    min_size=1,
    max_size=6,
)
"""What each commit writes and deletes."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a box: the sources are ours."""
    data = tmp_path_factory.mktemp("data")
    with Store.in_memory() as store:
        migrate(store)
        store.save_repository(REPOSITORY)
        yield Service(
            Settings(app=None, data_dir=data, database_url="sqlite://", sandbox="none"), store=store
        )


def case_of(service: Service, git: Repository, question: Question) -> Case:
    return Case(service, Code(REPOSITORY.id, git), question)


def summed(service: Service, git: Repository, sha: str, policy: Policy, rules: str) -> dict[str, int]:
    """The totals of one commit, from all of its files."""
    case = case_of(service, git, Question("", sha, sha, rules, policy, "by hand"))
    case.measure(whole=RECORDED)
    found = static_totals(case, policy)
    return {metric: value for metric, value in found.items() if metric not in {LIMIT, "coverage_minimum"}}


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commits=COMMITS)
def test_running_sums_are_the_sums_over_each_tree(
    commits: list[dict[str, str | None]], shop: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """
    Of whatever comes, changes, moves and goes: sources, tests, scripts, generated and vendored files, syntax errors.
    """
    author = Author(tmp_path_factory.mktemp("history"))
    author.write({".gate.toml": POLICY.encode(), ".gitattributes": b"vendor/** linguist-vendored\n"})
    for files in commits:
        there = {path: content for path, content in files.items() if content is not None}
        gone = [path for path in files if path not in there and (author.root / path).exists()]
        author.commit({path: content.encode() for path, content in there.items()} | dict.fromkeys(gone))
    git = Repository.open(author.root / ".git")
    line = [commit.sha for commit in git.first_parents("HEAD")][::-1]
    policy = parse(POLICY)

    found = sum_history(case_of(shop, git, question_of_history(line[-1], policy)), line)

    assert list(found) == [summed(shop, git, sha, policy, line[-1]) for sha in line]


def test_the_worst_function_goes(shop: Service, tmp_path: Path) -> None:
    """
    Counted by hand: 12 paths through `tangle`, 1 through each of `run`; without any function the worst is 0. Then the
    number that only files give is none.
    """
    author = Author(tmp_path)
    commits = [
        author.commit({"a.py": TANGLE.encode(), "b.py": SHELL.encode()}),
        author.commit({"a.py": None}),
        author.commit({"b.py": None}),
    ]
    git = Repository.open(author.root / ".git")

    both, one, none = sum_history(case_of(shop, git, question_of_history(commits[-1], parse(""))), commits)

    assert (both["worst"], both["functions"], both["complexity"], both["over"]) == (12, 2, 13, 1)
    assert (both["findings_high"], both["findings_low"], both["escapes"]) == (1, 1, 1)
    assert (one["worst"], one["functions"], one["sloc"], one["files"]) == (1, 1, 3, 1)
    assert (none["worst"], none["files"], none.get("sloc")) == (0, 0, None)


def test_each_content_is_measured_once(shop: Service, tmp_path: Path) -> None:
    """
    Under whatever name, in however many commits; a second look measures nothing.
    """
    author = Author(tmp_path)
    author.commit({"one.py": b"one = 1\n", "same.py": b"one = 1\n", "test_one.py": b"two = 2\n"})
    author.commit({"one.py": b"three = 3\n"})
    author.commit({"one.py": b"one = 1\n", "moved.py": b"three = 3\n"})
    git = Repository.open(author.root / ".git")
    line = [commit.sha for commit in git.first_parents("HEAD")][::-1]
    told: list[str] = []

    for _ in range(2):
        code = Code(REPOSITORY.id, git)
        case = Case(shop, code, question_of_history(line[-1], parse("")), progress=told.append)
        found = sum_history(case, line)

    assert told == ["1 of 2 files analysed", "2 of 2 files analysed"]
    assert [totals["sloc"] for totals in found] == [2, 2, 3]


def test_a_long_history_is_thinned_evenly() -> None:
    """
    The newest commit is kept; what is older than asked for is left out first.
    """
    line = [Commit(str(number), LONG_AGO + timedelta(days=number)) for number in reversed(range(12))]

    chosen = since_then(line, LONG_AGO + timedelta(days=2), 4)

    assert [commit.sha for commit in chosen] == ["4", "6", "9", "11"]
    assert [commit.sha for commit in since_then(line, LONG_AGO + timedelta(days=9), 4)] == ["9", "10", "11"]


@pytest.fixture
def service(github: FakeGitHub, tmp_path: Path) -> Iterator[Later]:
    with Store("sqlite://") as store:
        migrate(store)
        made = Later(replace(settings_of(github, tmp_path / "data"), sandbox="none"), store=store)
        yield made
        made.github.close()


class History:
    """A repository on GitHub whose commits are a day apart, the last one of yesterday."""

    def __init__(self, github: FakeGitHub, now: datetime, days: int) -> None:
        self.on_github = github.repository({"README": "text\n"})
        self._when = now.replace(microsecond=0) - timedelta(days=days)
        self.shas: list[str] = []
        self.times: list[datetime] = []

    def commit(self, files: dict[str, str | None], *merged: str) -> str:
        """A commit of the default branch, or a merge of others into it."""
        git, before = self.on_github.git, self.shas[-1:]
        sha = git.commit(files, parents=(*before, *merged), message="Change", when=self._when)
        self.on_github.move("main", sha)
        self.shas.append(sha)
        self.times.append(self._when)
        self._when += timedelta(days=1)
        return sha

    @property
    def work(self) -> FillHistory:
        return FillHistory(ref_of(self.on_github), self.times[0] - timedelta(hours=1))


@pytest.fixture
def story(github: FakeGitHub, service: Later) -> History:
    """Files that are added, moved, merged and deleted."""
    made = History(github, service.now(), 5)
    first = made.commit({"a.py": TANGLE, "b.py": SHELL})
    made.commit({"a.py": None, "moved.py": TANGLE})
    side = made.on_github.git.commit(
        {"c.py": PLAIN}, parents=(first,), message="Aside", when=made.times[-1] + timedelta(hours=1)
    )
    made.commit({"c.py": PLAIN}, side)
    made.commit({"b.py": None})
    made.commit({"c.py": HIDDEN})
    return made


def totals_of(service: Service, story: History) -> dict[str, dict[str, int]]:
    found = service.store.revisions(story.on_github.id)
    return {revision.sha: dict(revision.totals) for revision in found}


def carried_out(service: Service, work: FillHistory) -> InlineRun:
    run = InlineRun()
    fill_history(run, service, work)
    return run


def test_a_history_is_filled_in(service: Later, story: History) -> None:
    """
    First parents alone, each with its own time; no number that was not measured, and nobody is told.
    """
    store, ref = service.store, ref_of(story.on_github)
    store.save_repository(ref)

    run = carried_out(service, story.work)

    found = totals_of(service, story)
    assert [(found[sha]["files"], found[sha]["worst"]) for sha in story.shas] == [
        (2, 12),
        (2, 12),
        (3, 12),
        (2, 12),
        (2, 12),
    ]
    assert [found[sha]["findings_high"] for sha in story.shas] == [1, 1, 1, 0, 0]
    assert [found[sha]["suppressed"] for sha in story.shas] == [0, 0, 0, 0, 1]
    assert set(found) == set(story.shas)
    assert {one.sha: one.committed_at for one in store.revisions(ref.id)} == dict(
        zip(story.shas, story.times, strict=True)
    )
    assert not {LIMIT, "coverage_minimum", "covered", "executable", "tests"} & set(found[story.shas[0]])
    assert run.started == []
    known = store.repository(ref.id)
    assert known is not None
    assert store.newest_of_branch(ref.id, "main") is None
    assert store.trend(known, first=LONG_AGO.date(), last=LONG_AGO.date()).happenings == ()


def test_what_was_recorded_stays(service: Later, story: History) -> None:
    """
    To the number, and its coverage with it; its neighbours are filled in.
    """
    store, ref = service.store, ref_of(story.on_github)
    store.save_repository(ref)
    measured = {LIMIT: 10, "covered": 3, "executable": 4, "sloc": 99}
    store.note_revision(ref.id, story.shas[2], committed_at=story.times[2], totals=measured)

    carried_out(service, story.work)
    carried_out(service, story.work)

    found = totals_of(service, story)
    assert found[story.shas[2]] == measured
    assert set(found) == set(story.shas)
    assert found[story.shas[3]]["files"] == 2


def test_after_a_crash_it_goes_on(service: Later, story: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A batch is a run, the oldest commits first; done again, it does the next ones.
    """
    monkeypatch.setattr(fill_history_module, "BATCH", 2)
    service.store.save_repository(ref_of(story.on_github))

    first = carried_out(service, story.work)
    before = totals_of(service, story)
    again = carried_out(service, story.work)  # what the first run started was lost
    (rest,) = again.started
    assert isinstance(rest, FillHistory)
    last = carried_out(service, rest)

    assert set(before) == set(story.shas[:2])
    assert first.started == again.started == [replace(story.work, tip=story.shas[-1])]
    assert last.started == []
    assert set(totals_of(service, story)) == set(story.shas)
    assert totals_of(service, story).items() >= before.items()
    # The next batch of a history is not a history of its own; a second one takes the place of the first.
    assert last.cancelled_subjects == []
    assert again.cancelled_subjects == [f"fillhistory:{story.on_github.id}"]


def test_later_pushes_do_not_change_what_is_filled_in(
    service: Later, story: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Not even a forced one, between two batches.
    """
    monkeypatch.setattr(fill_history_module, "BATCH", 3)
    service.store.save_repository(ref_of(story.on_github))
    (rest,) = carried_out(service, story.work).started
    assert isinstance(rest, FillHistory)
    pushed = story.on_github.git.commit({"z.py": PLAIN}, parents=(), message="New", when=service.now())
    story.on_github.move("main", pushed)

    carried_out(service, rest)

    assert set(totals_of(service, story)) == set(story.shas)


def test_what_stops_halfway_stores_no_totals(service: Later, story: History) -> None:
    """
    What was measured until then is known the next time.
    """
    ref = ref_of(story.on_github)
    service.store.save_repository(ref)
    mirror = service.mirror(ref)
    mirror.fetch_tip("refs/heads/main")
    told: list[str] = []
    question = question_of_history(story.shas[-1], parse(""))
    case = Case(service, Code(ref.id, mirror), question, progress=told.append)

    left = fill_in(case, story.work.since, stopped=lambda: bool(told))
    begun = len(told)
    fill_in(Case(service, Code(ref.id, mirror), question, progress=told.append), story.work.since)

    assert left == 0
    assert begun == 1
    assert told[1:] == ["1 of 3 files analysed", "2 of 3 files analysed", "3 of 3 files analysed"]
    assert set(totals_of(service, story)) == set(story.shas)


@pytest.mark.parametrize("files", [{".gate.toml": "[complexity]\nmaximum = 'many'\n"}, None])
def test_where_nothing_can_be_counted_nothing_is_filled_in(
    files: dict[str, str] | None, service: Later, github: FakeGitHub
) -> None:
    """
    A broken policy, which every pull request says, and a repository without a commit.
    """
    repository = github.repository(files)
    if files is None:
        repository.git.run("update-ref", "-d", "refs/heads/main")
    service.store.save_repository(ref_of(repository))

    run = carried_out(service, FillHistory(ref_of(repository), LONG_AGO))

    assert service.store.revisions(repository.id) == ()
    assert run.started == []


def test_the_first_measured_commit_has_the_history_filled_in(service: Later, story: History) -> None:
    """
    A year back, once: the next push starts nothing.
    """
    ref = ref_of(story.on_github)
    run, next_run = InlineRun(), InlineRun()

    record_branch(run, service, RecordBranch(ref, "main", story.shas[-2]))
    record_branch(next_run, service, RecordBranch(ref, "main", story.shas[-1]))

    (work,) = (each for each in run.started if isinstance(each, FillHistory))
    assert timedelta(days=364) < service.now() - work.since < timedelta(days=366)
    assert [each for each in next_run.started if isinstance(each, FillHistory)] == []
