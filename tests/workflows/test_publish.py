"""A verdict on GitHub while other things happen: what is published last is what is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gate.core.verdict import concluded
from gate.core.waiver import snapshot
from gate.service import Service
from gate.store import CheckRunRecord, Store
from gate.workflows import publish
from tests import verdicts
from tests.fake_github import FakeGitHub
from tests.migrated import migrate
from tests.workflows.conftest import ref_of, settings_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class RacedStore(Store):
    """A store that a waiver reaches at the last moment: the verdict has been read, and its `gate` is about to be sent."""

    def check_run_of(self, run_id: str, name: str) -> CheckRunRecord | None:
        """The same as ever, after somebody waived."""
        record = self.verdict(run_id)
        if record is not None:
            given = replace(verdicts.WAIVER, reasons=snapshot(record.verdict, "complexity"))
            self.save_waiver(record.repository_id, record.number, given, origin="comment:1:0")
        return super().check_run_of(run_id, name)


def test_a_waiver_given_while_a_verdict_is_published_is_shown(github: FakeGitHub, tmp_path: Path) -> None:
    """
    Whoever gave it may have found nothing to publish yet; so the verdict is looked at again, until nothing has changed.
    """
    repository = github.repository({"app.py": "x = 1\n"})
    pull = repository.open_pull_request({"app.py": "x = 2\n"})
    known = ref_of(repository)
    judged = concluded(
        replace(
            verdicts.JUDGED,
            checks=(verdicts.COMPLEXITY,),
            provenance=replace(verdicts.PROVENANCE, head=pull.head_sha),
        )
    )
    with RacedStore("sqlite://") as store:
        migrate(store)
        store.save_repository(known)
        store.save_verdict(known.id, pull.number, judged, run_id="r1", now=NOON)

        publish.conclude(Service(settings_of(github, tmp_path), store=store), known, "r1")

    assert [seen.conclusion for seen in pull.check_run.history] == ["failure", "success"]
    assert pull.check_run.title.startswith("Waived: complexity, by mira-k: ")
    assert pull.check_runs["gate / complexity"].conclusion == "success"
