"""How long a verdict takes once the last report of CI is sent, and what a report of 100 MB costs in memory.

    python -m benchmarks.uploads [--megabytes 10] [--rounds 5] [--json FILE]

A real web process and worker on SQLite, beside a stand-in for GitHub: the report is sent over HTTP, read in a box, merged, judged and
published. The repository is as large as the report: generated modules, of which the tests ran every second function.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.table import line, tell
from gate.store import Store
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.running_service import RunningService

FUNCTIONS = 100
"""Of a module; three lines each."""
LINE_BYTES = 31
"""Of a line in Cobertura XML, about."""
POLICY = '[coverage]\nsource = "upload"\n'
PATIENCE_SECONDS = 120


def module(seed: int) -> str:
    """Source of a module."""
    return "".join(f"def f_{seed}_{n}(a):\n    return a + {n}\n\n" for n in range(FUNCTIONS))


def report(modules: int) -> bytes:
    """The Cobertura report of all modules: of every second function the body ran."""
    parts = [
        '<?xml version="1.0" ?>\n<coverage version="7.17.3" branch-rate="0"><sources><source>/ci</source></sources><packages><package name="p"><classes>\n'
    ]
    for seed in range(modules):
        parts.append(f'<class name="m{seed}.py" filename="p/m{seed}.py"><lines>\n')
        for n in range(FUNCTIONS):
            first = 3 * n + 1
            parts.append(
                f'\t<line number="{first}" hits="1"/>\n\t<line number="{first + 1}" hits="{n % 2}"/>\n'
            )
        parts.append("</lines></class>\n")
    return "".join([*parts, "</classes></package></packages></coverage>\n"]).encode()


class Upload:
    """A service, a repository, and CI that sends its reports."""

    def __init__(
        self, folder: Path, github: FakeGitHub, service: RunningService, content: bytes, modules: int
    ) -> None:
        self.github, self.service, self.content = github, service, content
        files = {f"p/m{seed}.py": module(seed) for seed in range(modules)}
        self.repository: Repository = github.repository({**files, ".gate.toml": POLICY}, name="octo/large")
        with Store(f"sqlite:///{folder / 'gate' / 'data' / 'gate.db'}") as store:
            until(lambda: store.repository(self.repository.id) is not None)
        self.token = service.output("tokens", "create", "octo/large", "--name", "ci").strip()

    def send(self, sha: str) -> float:
        """Seconds until the web process answered."""
        began = time.monotonic()
        answer = requests.post(
            f"{self.service.url}/api/v1/reports",
            params={"name": "unit", "commit": sha},
            data=self.content,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_SECONDS,
        )
        answer.raise_for_status()
        return time.monotonic() - began

    def read(self, sha: str) -> None:
        """Send the report of a commit, and wait until it was read."""
        self.send(sha)
        url, headers = f"{self.service.url}/api/v1/reports", {"Authorization": f"Bearer {self.token}"}
        answer = requests.post(
            url,
            params={"name": "unit", "commit": sha},
            data=self.content,
            headers=headers,
            timeout=PATIENCE_SECONDS,
        )
        number = answer.json()["id"]
        until(lambda: requests.get(f"{url}/{number}", headers=headers, timeout=20).json()["state"] == "read")

    def waiting(self, number: int) -> PullRequest:
        """A pull request whose `gate` waits for the report, and whose sources were looked at."""
        pull = self.repository.open_pull_request(
            {f"p/m{number}.py": module(number).replace("a + 1\n", "a + 7\n")}
        )
        until(lambda: "gate" in pull.check_runs and "Coverage from CI" in pull.check_run.summary)
        time.sleep(3)
        return pull


def until(condition: object) -> None:
    """Waits for it."""
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("it did not come")
        time.sleep(0.02)


@contextmanager
def most_memory(pids: list[int]) -> Iterator[dict[tuple[int, str], float]]:
    """Meanwhile, the most memory of each process, and of any that it has started, in MB."""
    most = {(pid, kind): 0.0 for pid in pids for kind in ("own", "started")}
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            for pid in pids:
                own, *started = map(resident, family(pid))
                most[pid, "own"] = max(most[pid, "own"], own)
                most[pid, "started"] = max(most[pid, "started"], *started, 0.0)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield most
    finally:
        stop.set()
        watching.join()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def resident(pid: int) -> float:
    """Megabytes that a process holds of its own."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0.0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    modules = round(given.megabytes * 1e6 / (2 * FUNCTIONS * LINE_BYTES))
    content = report(modules)
    with tempfile.TemporaryDirectory(prefix="gate-uploads-") as place:
        folder = Path(place)
        with (
            FakeGitHub(folder / "github") as github,
            RunningService(folder / "gate", github, commands=("web", "worker")) as service,
        ):
            github.webhook_url = f"{service.url}/webhook"
            upload = Upload(folder, github, service, content, modules)
            upload.read(upload.repository.head_sha)
            took, sent = [], []
            with most_memory(service.processes) as most:
                for number in range(given.rounds):
                    pull = upload.waiting(number)
                    began = time.monotonic()
                    sent.append(upload.send(pull.head_sha))
                    until(lambda pull=pull: pull.check_run.status == "completed")
                    took.append(time.monotonic() - began)
    name = f"upload of {len(content) / 1e6:.1f} MB"
    note = f"{modules * FUNCTIONS * 3:,} lines of source, Cobertura XML, {given.rounds} times"
    which = dict(
        zip(("gunicorn", "web process", "worker", "a box of the worker"), most.values(), strict=True)
    )
    lines = [
        line(
            f"{name}: from the last report to the verdict",
            took,
            "s",
            target="at most 2 s, for 10 MB",
            note=note,
        ),
        line(f"{name}: until the web process answered", sent, "s", note=note),
        *(
            line(
                f"{name}: memory, {kind}", [mb], "MB", target="at most 300 MB", note="of the largest process"
            )
            for kind, mb in which.items()
        ),
    ]
    tell(lines, given.json)


if __name__ == "__main__":
    main()
