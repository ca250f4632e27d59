"""A form's waiver carried out: what it covers, who its author is, and what is said when it cannot be carried out at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.verdict import concluded
from gate.core.work import GiveUp, Waive
from gate.service import Service
from gate.store import Store
from gate.workflows.waive import waive
from gate.workflows.wind_up import wind_up
from tests import verdicts
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.migrated import migrate
from tests.workflows.conftest import ref_of, settings_of
from tests.workflows.inline_run import InlineRun

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COMPLEXITY = replace(verdicts.JUDGED, checks=(verdicts.COMPLEXITY,))
COVERAGE = replace(verdicts.JUDGED, checks=(verdicts.COVERAGE,))


@dataclass(frozen=True, slots=True)
class Scene:
    """A blocked pull request of tomas in a repository where mona is a maintainer."""

    service: Service
    repository: Repository
    pull: PullRequest
    work: Waive

    def judge(self, verdict: object, run_id: str, *, number: int | None = None, at: datetime = NOON) -> None:
        assert isinstance(verdict, type(verdicts.JUDGED))
        judged = concluded(replace(verdict, provenance=replace(verdicts.PROVENANCE, head=self.pull.head_sha)))
        self.service.store.save_verdict(
            self.repository.id, number or self.pull.number, judged, run_id=run_id, now=at
        )

    def carry_out(self, **changes: object) -> None:
        waive(InlineRun(), self.service, replace(self.work, **changes))  # type: ignore[arg-type]  # fields by name

    @property
    def given(self) -> list[tuple[str, str, bool]]:
        """(check, person, whether it is the author's own) of each waiver."""
        found = self.service.store.waivers(self.repository.id, [self.pull.number])
        return [(one.check, one.person, one.own) for one in found]

    @property
    def refused(self) -> list[str]:
        found = self.service.store.refusals(self.repository.id, self.pull.number)
        return [one.text for one in found.get(self.pull.head_sha, ())]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with FakeGitHub(tmp_path / "github") as github, Store.in_memory() as store:
        repository = github.repository({"app.py": "x = 1\n"})
        repository.collaborators["mona"] = "maintain"
        pull = repository.open_pull_request({"app.py": "x = 2\n"}, author="tomas")
        ref = ref_of(repository)
        migrate(store)
        store.save_repository(ref)
        store.note_pull_request(
            ref.id, 1, head_sha=pull.head_sha, base_ref="main", updated_at=NOON, state="open", author="tomas"
        )
        command = "/gate waive complexity it is planned"
        work = Waive(ref, 1, "form:abc", (command,), NOON, "mona", run_id="seen:0")
        made = Scene(Service(settings_of(github, tmp_path), store=store), repository, pull, work)
        made.judge(COMPLEXITY, "seen:0")
        yield made
        assert github.problems == []


def test_a_form_covers_the_verdict_it_showed(scene: Scene) -> None:
    """
    Not the one that came while it was filled in, and whose reasons nobody saw.
    """
    scene.judge(COVERAGE, "newer:0", at=NOON + timedelta(milliseconds=500))

    scene.carry_out()
    scene.carry_out(origin="form:def", run_id="newer:0")

    assert scene.given == [("complexity", "mona", False)]
    assert scene.refused == ["complexity does not block, so there is nothing to waive."]


@pytest.mark.parametrize("run_id", ["other:0", "nothing:0"])
def test_a_run_of_another_pull_request_waives_nothing(scene: Scene, run_id: str) -> None:
    """
    A run that is not there, or is about something else, was not what the person saw.
    """
    scene.judge(COMPLEXITY, "other:0", number=2)

    scene.carry_out(run_id=run_id)

    assert scene.given == []
    assert len(scene.refused) == 1


def test_a_form_asks_github_who_the_author_is(scene: Scene) -> None:
    """
    At that moment: a login that we once heard may be another one by now.
    """
    scene.repository.collaborators["ada"] = "admin"
    scene.pull.author = "mona"

    scene.carry_out()

    assert scene.given == []
    assert "mona is the author" in scene.refused[0]


def test_the_role_is_what_it_is_when_it_is_carried_out(scene: Scene) -> None:
    """
    A maintainer of before is none.
    """
    scene.repository.collaborators["mona"] = "write"

    scene.carry_out()

    assert "mona has write" in scene.refused[0]


def test_twice_is_once(scene: Scene) -> None:
    """
    A form that is carried out again after a crash gives no second waiver.
    """
    scene.carry_out()
    scene.carry_out()

    assert scene.given == [("complexity", "mona", False)]


def test_what_fails_for_good_is_said(scene: Scene) -> None:
    """
    Of each command that has no answer yet, so that nobody waits for it.
    """
    scene.carry_out()
    both = replace(scene.work, commands=(*scene.work.commands, "/gate waive coverage why not"))

    wind_up(InlineRun(), scene.service, GiveUp("form:abc", both, "GitHub answered 502."))

    assert scene.given == [("complexity", "mona", False)]
    assert scene.refused == [
        "It could not be carried out: GitHub answered 502. Nothing is waived; try again."
    ]
