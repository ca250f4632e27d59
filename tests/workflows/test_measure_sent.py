"""A verdict from reports that CI sent is the one that our own run gives; and what is missing or wrong of them is said."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.codec import encode
from checks.coverage_reports.reading import read
from checks.reported_lines import ReportError, UploadedReport, written
from gate.core.event import RepositoryRef
from gate.core.policy import Policy, parse
from gate.core.verdict import CheckVerdict, Outcome
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.cover import cover
from gate.workflows.measure_coverage import Running
from tests.boxes import NAME, sandbox_or_skip
from tests.migrated import migrate
from tests.sample_projects import FORMATS, PROJECTS
from tests.sample_projects import Project as Sample
from tests.wheel_index import has_wheel, wheel_index
from tests.workflows.test_cover import REPOSITORY, Project

pytestmark = [pytest.mark.slow, pytest.mark.box]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MORE = """

def doubled(x):
    if x > 10:
        return 0
    return 2 * x
"""
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
            REPOSITORY, sha=sha, name=name, authenticated="token", sender="ci", number=number, now=NOON
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
