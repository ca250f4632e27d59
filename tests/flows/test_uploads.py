"""Coverage reports from CI through the whole service: `gate upload` over HTTP, a worker's box, and what is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.store import Store
from tests.flows.conftest import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

ROOT = Path(__file__).parents[2]
LCOV = "TN:\nSF:shop.py\nDA:1,1\nDA:2,1\nDA:3,0\nDA:4,1\nend_of_record\n"


def test_a_report_of_ci_is_received_and_read(world: World, box: None, tmp_path: Path) -> None:
    """
    With a token that the operator made for the repository; what cannot be read is told to the job.
    """
    repository = world.repository(told=True)
    database = f"sqlite:///{world.service.folder / 'data' / 'gate.db'}"
    with Store(database) as store:
        world.until(lambda: store.repository(repository.id) is not None, "the repository in the database")
    token = world.service.output("tokens", "create", repository.full_name, "--name", "ci").strip()
    head = repository.branch("main")
    (tmp_path / "lcov.info").write_text(LCOV)
    (tmp_path / "coverage.xml").write_text("<coverage")

    done = subprocess.run(
        [sys.executable, "-m", "gate", "upload", "--commit", head],
        cwd=tmp_path,
        env={
            "PATH": world.service.environment["PATH"],
            "PYTHONPATH": str(ROOT),
            "GATE_URL": world.service.url,
            "GATE_TOKEN": token,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (1, "")
    found, refused, accepted = done.stdout.splitlines()
    assert found == "found coverage.xml, lcov.info"
    assert refused.startswith("refused coverage.xml: coverage.xml")
    assert accepted == f"accepted lcov.info as lcov.info for {head}: 1 files, 4 lines"
    with Store(database) as store:
        uploads = store.uploads_at(repository.id, head)
        report = store.uploaded_report(repository.id, uploads[1].id)
    assert [(each.name, each.state) for each in uploads] == [
        ("coverage.xml", "refused"),
        ("lcov.info", "read"),
    ]
    assert report is not None
    assert [(each.path, [*each.executed]) for each in report.files] == [("shop.py", [1, 2, 4])]
