"""Coverage reports from CI through the whole service: `gate upload` over HTTP, a worker's box, and what is kept."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from gate.store import Store
from tests.fake_github import Repository
from tests.flows.conftest import World, runs_of, said_once

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


PARTS = tuple(f"part-{number:02}" for number in range(20))
LINES = "".join(f"def part_{number}():\n    return {number}\n" for number in range(len(PARTS)))
MANY = {
    "shop.py": LINES,
    ".gate.toml": f'[coverage]\nsource = "upload"\nreports = {list(PARTS)}\n'.replace("'", '"'),
}


@dataclass
class Sender:
    """CI of a repository, with a token of the repository."""

    world: World
    repository: Repository
    token: str

    @classmethod
    def of(cls, world: World, repository: Repository) -> Sender:
        """Once the service knows the repository."""
        with Store(f"sqlite:///{world.service.folder / 'data' / 'gate.db'}") as store:
            world.until(lambda: store.repository(repository.id) is not None, "the repository in the database")
        made = world.service.output("tokens", "create", repository.full_name, "--name", "ci")
        return cls(world, repository, made.strip())

    def send(self, sha: str, name: str, content: str) -> str:
        """The state of the report in the end."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.world.service.url}/api/v1/reports"
        answer = requests.post(
            url, params={"name": name, "commit": sha}, data=content.encode(), headers=headers, timeout=20
        )
        assert answer.status_code in {200, 202}, answer.text
        told = f"{url}/{answer.json()['id']}"

        def state() -> str:
            found: str = requests.get(told, headers=headers, timeout=20).json()["state"]
            return found

        self.world.until(lambda: state() in {"read", "refused"}, f"{name} to be read")
        return state()


def part_of(number: int) -> str:
    """The report of one job: it runs one of the functions."""
    hits = "".join(
        f"DA:{line},{int(line % 2 == 1 or line == 2 * number + 2)}\n" for line in range(1, 2 * len(PARTS) + 1)
    )
    return f"TN:\nSF:/home/runner/work/shop/shop.py\n{hits}end_of_record\n"


def test_twenty_reports_in_any_order_give_one_verdict(world: World, box: None) -> None:
    """
    Some twice, one broken and sent again, one late: `gate` is completed once, when the last of them is there.
    """
    repository = world.repository(MANY, told=True)
    sender = Sender.of(world, repository)
    for number, name in enumerate(PARTS):
        sender.send(repository.branch("main"), name, part_of(number))
    pull = repository.open_pull_request({"shop.py": f"{LINES}\n\ndef more():\n    return 0\n"})
    world.until(
        lambda: "gate" in pull.check_runs and "no report yet" in pull.check_run.summary,
        "gate to wait for reports",
    )
    order = list(enumerate(PARTS))
    random.Random(7).shuffle(order)
    late, broken, *rest = order

    assert sender.send(pull.head_sha, broken[1], "TN:\nSF:shop.py\nDA:x,1\n") == "refused"
    for place, (number, name) in enumerate(rest):
        sender.send(pull.head_sha, name, part_of(number))
        if place % 4 == 0:
            sender.send(pull.head_sha, name, part_of(number))
    sender.send(pull.head_sha, broken[1], part_of(broken[0]))
    waiting = f"19 of 20 reports, waiting for {late[1]}"
    world.until(lambda: waiting in pull.check_run.summary.replace("\\", ""), waiting)
    before = pull.check_run.status
    sender.send(pull.head_sha, late[1], part_of(late[0]))
    world.settled(pull)

    assert before == "in_progress"
    assert said_once(pull)
    assert [run.conclusion for run in runs_of(pull) if run.name == "gate / coverage"] == ["success"]
    completed = [each for each in pull.check_run.history if each.status == "completed"]
    assert [each.conclusion for each in completed] == ["success"]
    assert (
        "20 reports of CI"
        in pull.check_runs["gate / coverage"].text + pull.check_runs["gate / coverage"].summary
    )


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_report_of_the_base_that_comes_late_has_the_pull_request_judged_again(
    world: World, box: None
) -> None:
    """
    Once no more of them come: the base covers a line more than was known, and the head does not.
    """
    repository = world.repository(MANY | {".gate.toml": '[coverage]\nsource = "upload"\n'}, told=True)
    sender = Sender.of(world, repository)
    base, one = repository.branch("main"), part_of(0)
    sender.send(base, "unit", one)
    pull = repository.open_pull_request({"shop.py": f"{LINES}\nMORE = 1\n"})
    sender.send(
        pull.head_sha, "unit", one.replace("end_of_record", f"DA:{2 * len(PARTS) + 2},1\nend_of_record")
    )
    world.settled(pull)
    before = pull.check_run.conclusion

    sender.send(base, "unit", one.replace("DA:4,0", "DA:4,1"))
    world.until(lambda: pull.check_run.conclusion == "failure", "another verdict")

    assert before == "success"
    assert "lost" in pull.check_runs["gate / coverage"].title
