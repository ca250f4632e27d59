"""`make demo`: the real service against the stand-in GitHub of the tests, told in a terminal.

It makes up half a year of history, opens a passing and two failing pull requests, shows each check run as it changes,
then the verdicts; merges the one that passed, and stays up.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table

from gate.core.event import RepositoryRef
from tests import demo_shop, history
from tests.demo_shop import SHOP, TESTS
from tests.fake_github import FakeGitHub, PullRequest, Repository
from tests.history import BulkStore, Size
from tests.running_service import RunningService

PATIENCE_SECONDS = 300
CHECKS = ("gate", "gate / coverage", "gate / complexity", "gate / security")
MARKS = {"success": "[green]✔ passed[/]", "failure": "[red]✘ blocked[/]", "neutral": "[yellow]▲ neutral[/]"}

SHIPPING = '''

def shipping(country: str) -> int:
    """What sending costs, in cents."""
    if country == "CH":
        return 700
    return 1500
'''
SHIPPING_TESTS = """
from shop import shipping


class ShippingTest(unittest.TestCase):
    def test_home(self):
        self.assertEqual(shipping("CH"), 700)

    def test_abroad(self):
        self.assertEqual(shipping("FR"), 1500)
"""
TANGLE = '''

def discount(kind, age, items, code, day):
    """What is taken off, in per cent."""
    if kind == "student" and age < 30:
        return 10
    elif kind == "senior" or age > 65:
        return 15
    elif code == "SPRING":
        if day in ("sat", "sun") and items > 3:
            return 20
        return 5
    elif code == "AUTUMN":
        return 7 if items > 5 else 3
    for limit in (100, 50, 20):
        if items > limit:
            return limit // 10
    return 0
'''
SHELL = '''

import subprocess


def print_label(printer: str, text: str) -> None:
    """Sends a label to a printer."""
    subprocess.call("lp -d " + printer + " " + text, shell=True)
'''

console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Runs the demo; with `--once` it ends after the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the verdicts")
    once = parser.parse_args().once
    # A person who ends the demo wants everything cleaned up, whichever way it is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with (
            tempfile.TemporaryDirectory(prefix="gate-demo-") as folder,
            _world(Path(folder)) as (github, gate, repository),
        ):
            _show(github, gate, repository, stay=not once)
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left over.")


@contextmanager
def _world(folder: Path) -> Iterator[tuple[FakeGitHub, RunningService, Repository]]:
    """The stand-in GitHub with its repository, and the service, both running."""
    with FakeGitHub(folder / "github") as github:
        console.print(f"A stand-in GitHub is at {github.url}; real git repositories, real HTTP.")
        repository = github.repository(name="octo/shop")
        demo_shop.commit(repository, github.now())
        service = RunningService(folder / "gate", github)
        _make_up_history(github, repository, folder / "gate" / "data" / "gate.db")
        with service as gate:
            console.print(f"Gate is at {gate.url}: `gate serve`, SQLite, one web process and one worker.\n")
            yield github, gate, repository


def _make_up_history(github: FakeGitHub, repository: Repository, database: Path) -> None:
    """Before the service starts, so that its pages have trends from the first moment; what is real comes on top."""
    installation = github.installation_of(repository)
    if installation is None:
        raise LookupError(f"the App is not installed on {repository.full_name}")
    ref = RepositoryRef(
        installation.id, repository.id, repository.full_name, repository.default_branch, private=False
    )
    size = Size(files=demo_shop.MODULES, open_pull_requests=0, ends_at=demo_shop.TOTALS)
    with BulkStore(f"sqlite:///{database}") as store:
        store.migrate()
        history.write(store, ref, now=github.now(), size=size)
    repository.former_pull_requests = size.pull_requests
    console.print(
        f"{repository.full_name} gets [bold]a history that is made up[/]: {size.weeks} weeks with "
        f"{size.pull_requests} pull requests. Everything after it is real."
    )


def _show(github: FakeGitHub, gate: RunningService, repository: Repository, *, stay: bool) -> None:
    repository.collaborators["mona"] = "maintain"
    github.at_browser = "mona"
    github.webhook_url = f"{gate.url}/webhook"
    pulls = [
        repository.open_pull_request(
            {"shop.py": SHOP + SHIPPING, "test_shop.py": TESTS + SHIPPING_TESTS}, title="Charge for shipping"
        ),
        repository.open_pull_request({"shop.py": SHOP + TANGLE}, title="Give discounts"),
        repository.open_pull_request({"shop.py": SHOP + SHELL}, title="Print labels"),
    ]
    console.print(f"{repository.full_name} has three pull requests; their signed webhooks are on the way.\n")
    _watch(pulls)
    for pull in pulls:
        _tell(pull)
    if github.problems:
        console.print("\n".join(["The stand-in GitHub has complaints:", *github.problems]), markup=False)
        sys.exit(1)
    console.print(f"[bold]The pages[/]: {gate.url}/")
    for pull in pulls:
        console.print(f"  {gate.url}/r/{repository.full_name}/pull/{pull.number}")
    console.print("  Sign in there, as the maintainer mona, and waive what blocks.")
    console.print(
        f"  {gate.url}/r/{repository.full_name} has its trends; the weeks before today are made up."
    )
    if stay:
        pulls[0].merge()
        console.print(
            f"\n#{pulls[0].number} is merged now, so the tip of {repository.default_branch} is measured for the trends."
        )
        console.print("Gate stays up; Ctrl-C ends it.")
        signal.pause()


def _watch(pulls: list[PullRequest]) -> None:
    """Shows the check runs as they change, until every `gate` is completed."""
    seen: dict[tuple[int, str], str] = {}
    began = time.monotonic()
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        while True:
            _log_changes(live.console, pulls, seen, began)
            live.update(_progress(pulls))
            if all("gate" in pull.check_runs and pull.check_run.status == "completed" for pull in pulls):
                break
            if time.monotonic() - began > PATIENCE_SECONDS:
                sys.exit(f"no verdict within {PATIENCE_SECONDS} s; the service's log is above")
            time.sleep(0.1)
    console.print()


def _log_changes(
    to: Console, pulls: list[PullRequest], seen: dict[tuple[int, str], str], began: float
) -> None:
    for pull in pulls:
        for name, run in sorted(pull.check_runs.items(), key=lambda item: item[0] == "gate"):
            state = f"{run.status} {run.title}"
            if seen.get((pull.number, name)) != state:
                seen[pull.number, name] = state
                mark = MARKS.get(run.conclusion, "[blue]● in progress[/]")
                elapsed = f"{time.monotonic() - began:5.1f} s"
                to.print(f"[dim]{elapsed}[/]  #{pull.number} [bold]{name:18}[/] {mark}  {escape(run.title)}")


def _progress(pulls: list[PullRequest]) -> RenderableType:
    """A table of what is known now, with a spinner while something is missing."""
    table = Table.grid(padding=(0, 2))
    for pull in pulls:
        runs = pull.check_runs
        cells = [
            MARKS.get(runs[name].conclusion, "[blue]●[/]").split(" ")[0] + "[/]"
            if name in runs
            else "[dim]·[/]"
            for name in CHECKS
        ]
        table.add_row(f"#{pull.number} {escape(pull.title)}", *cells)
    done = sum(
        name in pull.check_runs and pull.check_runs[name].status == "completed"
        for pull in pulls
        for name in CHECKS
    )
    return Group("", table, Spinner("dots", f" {done} of {len(pulls) * len(CHECKS)} check runs completed"))


def _tell(pull: PullRequest) -> None:
    """The verdict on a pull request, and the way to green."""
    run = pull.check_run
    console.print(
        f"[bold]#{pull.number} {escape(pull.title)}[/]: {MARKS.get(run.conclusion, run.conclusion)}, {escape(run.title)}"
    )
    steps = re.findall(r"^\d+\. .*$", run.summary.partition("**To pass**")[2], re.MULTILINE)
    for step in steps:
        console.print("   " + _plain(step), markup=False)
    console.print()


def _plain(markdown: str) -> str:
    """A line of Markdown as a terminal shows it best: links by their text."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "")


if __name__ == "__main__":
    main()
