"""Verdicts that look at the change alone: the same as from all files, whatever is known of other trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from checks.report import FileReport, Problem
from gate.core.comparison import SecurityFacts
from gate.core.policy import parse
from gate.core.verdict import CheckVerdict, combine, sub_verdicts
from gate.git import Repository
from gate.sandbox import child
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.judge import Case
from gate.workflows.measure import Code
from gate.workflows.question import Judged, Question
from gate.workflows.sum_tree import Summing
from tests.doors.author import Author
from tests.migrated import migrate
from tests.workflows.test_fill_history import COMMITS, HIDDEN, PLAIN, POLICY, REPOSITORY, SHELL, TANGLE

CODE: dict[str, bytes | None] = {
    "a.py": SHELL.encode(),
    "b.py": TANGLE.encode(),
    "c.py": HIDDEN.encode(),
    "d.py": b"def broken(:\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a box: the sources are ours. What it finds out of one history, it knows in the next."""
    yield from made(tmp_path_factory.mktemp("data"))


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Service]:
    yield from made(tmp_path / "data")


def made(folder: Path) -> Iterator[Service]:
    with Store.in_memory() as store:
        migrate(store)
        store.save_repository(REPOSITORY)
        yield Service(
            Settings(app=None, data_dir=folder, database_url="sqlite://", sandbox="none"), store=store
        )


def case_of(
    service: Service,
    git: Repository,
    base: str,
    head: str,
    policy: str = POLICY,
    *,
    compares_all: bool = False,
) -> Case:
    question = Question(base, head, head, base, parse(policy), "by hand")
    return Case(service, Code(REPOSITORY.id, git), question, compares_all=compares_all)


def judged(case: Case) -> tuple[Judged, ...]:
    case.measure()
    return case.complexity(), case.security()


def counted(check: CheckVerdict) -> CheckVerdict:
    """With numbers in place of the findings that the change did not bring."""
    facts = check.facts
    if not isinstance(facts, SecurityFacts):
        return check
    numbers = replace(
        facts,
        persisting=(),
        suppressed=(),
        persisting_elsewhere=len(facts.persisting) + facts.persisting_elsewhere,
        suppressed_elsewhere=len(facts.suppressed) + facts.suppressed_elsewhere,
    )
    return replace(check, facts=numbers)


def told(found: tuple[Judged, ...]) -> list[tuple[object, ...]]:
    """Everything that is said, but for what was measured at which time."""
    return [
        (
            counted(each.verdict),
            [(name, counted(verdict)) for name, verdict in each.components],
            each.obtained.partition(";")[2],
        )
        for each in found
    ]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commits=COMMITS)
def test_the_change_alone_gives_the_verdict_of_all_files(
    commits: list[dict[str, str | None]], shop: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """
    Of whatever comes, changes, moves and goes: sources, tests, scripts, generated and vendored files, syntax errors;
    forwards and backwards.
    """
    author = Author(tmp_path_factory.mktemp("history"))
    author.commit({".gitattributes": b"vendor/** linguist-vendored\n"})
    for files in commits:
        there = {path: content for path, content in files.items() if content is not None}
        gone = [path for path in files if path not in there and (author.root / path).exists()]
        author.commit({path: content.encode() for path, content in there.items()} | dict.fromkeys(gone))
    git = Repository.open(author.root / ".git")
    line = [commit.sha for commit in git.first_parents("HEAD")]

    for one, other in [*pairwise(line), *pairwise(line[::-1])]:
        quick = case_of(shop, git, one, other)
        found, expected = judged(quick), judged(case_of(shop, git, one, other, compares_all=True))
        assert told(found) == told(expected)
        assert quick.loosened() == case_of(shop, git, one, other, compares_all=True).loosened()


def test_files_that_the_change_does_not_touch_are_not_read_again(
    new_shop: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A second change of the same base lists no tree, and a new base is known from the one before.
    """
    author = Author(tmp_path)
    base = author.commit(CODE)
    heads = [author.commit({"a.py": PLAIN.encode()}), author.commit({"e.py": SHELL.encode()})]
    git = Repository.open(author.root / ".git")
    judged(case_of(new_shop, git, base, heads[0], policy=""))
    listed: list[str] = []
    monkeypatch.setattr(Repository, "entries", lambda _, treeish: listed.append(treeish))
    monkeypatch.setattr(Repository, "attribute_files", lambda _, treeish: ())

    again = judged(case_of(new_shop, git, base, heads[1], policy=""))
    later = judged(case_of(new_shop, git, heads[0], heads[1], policy=""))

    assert listed == []
    numbers = [each.obtained.partition(": ")[2].partition(",")[0] for each in (*again, *later)]
    assert numbers == ["0 of 5 files measured now"] * 4
    facts = later[1].verdict.facts
    assert isinstance(facts, SecurityFacts)
    assert [change.path for change in facts.introduced] == ["e.py", "e.py"]
    assert (facts.persisting_elsewhere, facts.suppressed_elsewhere, facts.files) == (0, 1, 4)


def test_other_rules_have_other_sums(new_shop: Service, tmp_path: Path) -> None:
    """
    What the policy excludes is in no sum that was made without that.
    """
    author = Author(tmp_path)
    base = author.commit(CODE)
    head = author.commit({"e.py": PLAIN.encode()})
    git = Repository.open(author.root / ".git")

    files = []
    for policy in ("", '[gate]\nexclude = ["a.py"]\n', ""):
        facts = judged(case_of(new_shop, git, base, head, policy))[1].verdict.facts
        assert isinstance(facts, SecurityFacts)
        files.append((facts.files, facts.persisting_elsewhere))

    assert files == [(4, 2), (3, 0), (4, 2)]


def test_a_tree_that_is_gone_is_no_help(new_shop: Service, tmp_path: Path) -> None:
    """
    After a mirror was made anew git may lack the trees whose sums are known.
    """
    old, new = Author(tmp_path / "old"), Author(tmp_path / "new")
    base, head = old.commit(CODE), old.commit({"e.py": PLAIN.encode()})
    judged(case_of(new_shop, Repository.open(old.root / ".git"), base, head, policy=""))
    base, head = new.commit({"f.py": SHELL.encode()}), new.commit({"g.py": PLAIN.encode()})

    found = judged(case_of(new_shop, Repository.open(new.root / ".git"), base, head, policy=""))

    facts = found[1].verdict.facts
    assert isinstance(facts, SecurityFacts)
    assert (facts.files, facts.persisting_elsewhere) == (2, 2)


def test_sums_that_do_not_hold_are_made_anew(new_shop: Service, tmp_path: Path) -> None:
    """
    A file that was measured when its tree was summed and cannot be now, for a cause of ours: nothing is counted twice.
    """
    author = Author(tmp_path)
    base = author.commit(CODE)
    author.commit({"a.py": PLAIN.encode()})
    git = Repository.open(author.root / ".git")
    head = author.commit({"e.py": PLAIN.encode()})
    case = case_of(new_shop, git, base, head, policy="")
    judged(case)
    summing = Summing(new_shop, case.code, ["complexity"], case.counting)
    failed = FileReport("complexity", "", problem=Problem("not analysed", ours=True))

    sums = summing.without(base, case.changed[0], {"complexity": {"a.py": failed}})["complexity"]

    assert [file.path for file in sums.unmeasured] == ["d.py"]
    assert (sums.files(), sums.measured(), sums.complexities()) == (3, 2, {12: 1})


def test_what_may_be_measured_another_time_is_in_no_sums_that_are_kept(
    new_shop: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    An analyser that does not answer says nothing of its file: the next verdict asks again.
    """
    author = Author(tmp_path)
    base, head = author.commit(CODE), author.commit({"e.py": PLAIN.encode()})
    case = case_of(new_shop, Repository.open(author.root / ".git"), base, head, policy="")
    summing = Summing(new_shop, case.code, ["complexity"], case.counting)
    with monkeypatch.context() as patched:
        patched.setattr(child, "PATIENCE_SECONDS", 0)
        patched.setattr(child.Child, "answered", False)  # however fast it is
        unanswered = summing.of(base)["complexity"]

    answered = summing.of(base)["complexity"]

    assert [file.problem.text for file in unanswered.unmeasured] == ["not analysed within 0 s"] * 4
    assert [file.path for file in answered.unmeasured] == ["d.py"]


def test_what_nobody_looked_at_is_forgotten(new_shop: Service, tmp_path: Path) -> None:
    """
    A tree's sums are kept while they are read.
    """
    author = Author(tmp_path)
    base, head = author.commit(CODE), author.commit({"e.py": PLAIN.encode()})
    git = Repository.open(author.root / ".git")
    judged(case_of(new_shop, git, base, head, policy=""))
    today = new_shop.now().date()

    assert new_shop.store.delete_unused_tree_facts(today) == 0
    assert new_shop.store.delete_unused_tree_facts(today + timedelta(days=1)) == 2


def test_the_whole_verdict_is_that_of_all_files(new_shop: Service, tmp_path: Path) -> None:
    """
    As it is combined and kept, with what is loosened.
    """
    author = Author(tmp_path)
    base = author.commit(CODE)
    head = author.commit({"a.py": None, "e.py": (SHELL + TANGLE).encode()})
    git = Repository.open(author.root / ".git")
    verdicts = []
    for compares_all in (False, True):
        case = case_of(new_shop, git, base, head, compares_all=compares_all)
        found = judged(case)
        verdicts.append(
            combine(
                [counted(each.verdict) for each in found],
                case.question.provenance(),
                case.question.policy,
                loosened=case.loosened(),
                components=sub_verdicts(each.components for each in found),
            )
        )

    assert verdicts[0] == verdicts[1]
