"""What the new tip of a default branch leaves behind: totals, what the policy says, and what changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.trend import monday, zone_of
from gate.core.work import NoteRelease, RecordBranch
from gate.sandbox import Sandbox
from gate.workflows.note_release import note_release
from gate.workflows.record_branch import record_branch
from tests.fake_github import FakeGitHub, Repository
from tests.workflows.conftest import Later, ref_of
from tests.workflows.inline_run import InlineRun

TANGLE = "def tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))
SHELL = "import subprocess\n\n\ndef run(a):\n    subprocess.call(a, shell=True)\n"
POLICY = "[gate]\ntimezone = 'Asia/Tokyo'\n[complexity]\nmaximum = {maximum}\n"


@pytest.fixture
def box() -> None:
    """Skips where strangers' code cannot be analysed, and says why."""
    if refusal := Sandbox("bwrap").refusal():
        pytest.skip(f"no sandbox here: {refusal}")


def record(run: InlineRun, service: Later, repository: Repository, sha: str) -> None:
    record_branch(run, service, RecordBranch(ref_of(repository), "main", sha))


@pytest.mark.usefixtures("box")
def test_totals_policy_and_its_changes_are_kept(run: InlineRun, service: Later, github: FakeGitHub) -> None:
    """
    Functions over the limit and findings by severity are counted; a changed limit is an event with its values.
    """
    repository = github.repository({".gate.toml": POLICY.format(maximum=10), "app.py": TANGLE})
    record(run, service, repository, repository.head_sha)
    second = repository.push("main", {".gate.toml": POLICY.format(maximum=20), "shell.py": SHELL})

    record(run, service, repository, second)

    newest, first = service.store.revisions(repository.id)
    assert (first.totals["over"], newest.totals["over"]) == (1, 0)
    assert (first.totals["findings_high"], newest.totals["findings_high"]) == (0, 1)
    assert newest.totals["findings_low"] == 1  # the import
    assert newest.totals["functions"] == 2
    known = service.store.repository(repository.id)
    assert known is not None
    assert known.timezone == "Asia/Tokyo"
    week = monday(newest.committed_at, zone_of(known.timezone))
    trend = service.store.trend(known, first=week - timedelta(days=7), last=week)
    (changed,) = trend.happenings
    assert (changed.kind, changed.text, changed.sha) == ("policy", "complexity.maximum: 10 → 20", second)
    assert trend.points[-1].revision == newest


def test_a_release_is_noted(run: InlineRun, service: Later, github: FakeGitHub) -> None:
    """
    Of a repository that nothing was known of, and once however often it is told.
    """
    repository = github.repository({"app.py": "x = 1\n"})
    work = NoteRelease(ref_of(repository), "v1.0.0", repository.head_sha, service.now())

    note_release(run, service, work)
    note_release(run, service, work)

    known = service.store.repository(repository.id)
    assert known is not None
    week = monday(service.now(), zone_of("UTC"))
    (release,) = service.store.trend(known, first=week - timedelta(days=7), last=week).happenings
    assert (release.kind, release.text) == ("release", "v1.0.0")
