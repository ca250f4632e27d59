"""A project whose CI sends the reports of its coverage, and what is asked of the verdicts from them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.coverage_reports.reading import read
from checks.reported_lines import ReportError, UploadedReport, written
from gate.core.comparison import CoverageFacts
from gate.core.event import RepositoryRef
from gate.core.policy import Policy, parse
from gate.core.trend.values import LIMIT
from gate.core.verdict import CheckVerdict
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.cover import cover
from gate.workflows.judge import Case
from gate.workflows.measure_coverage import Running
from tests.boxes import NAME, sandbox_or_skip
from tests.migrated import migrate
from tests.sample_projects import Project as Sample
from tests.wheel_index import has_wheel, wheel_index
from tests.workflows.conftest import Later
from tests.workflows.test_cover import REPOSITORY, Project

NOW = datetime.now(UTC)
UNIT = b"SF:shop.py\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,1\nend_of_record\n"


def policy_of(text: str) -> Policy:
    return parse(f"[coverage]\n{text}\n".encode())


SHOP = Sample(
    {
        "shop.py": "def price(quantity):\n    if quantity > 10:\n        return 9 * quantity\n    return 10 * quantity\n",
        "tests/test_shop.py": "import shop\n\n\ndef test_few(): assert shop.price(1) == 10\n",
    }
)
UPLOAD = policy_of('source = "upload"')
EITHER = policy_of('source = "either"')
LATER = "\n\ndef name():\n    return 'shop'\n"


def facts_of(verdict: CheckVerdict) -> CoverageFacts:
    assert isinstance(verdict.facts, CoverageFacts)
    return verdict.facts


def told(verdict: CheckVerdict) -> str:
    return " ".join([verdict.title, *(reason.text for reason in verdict.reasons)])


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


def changed(project: Project, number: int, *, noted: bool = True) -> list[str]:
    """So many commits one after the other, each with a source of its own; pushed one by one where they are `noted`."""
    found = []
    for each in range(number):
        found.append(project.commit({**SHOP.files, "shop.py": f"{SHOP.files['shop.py']}\n# {each}\n"}))
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
