"""A simulated organisation on the stand-in GitHub: repositories, pull requests and merge groups, and the webhooks that tell of them.

Everything is made before it is told: making commits takes longer than judging some. A pull request is shown as open, and
with the head it has by then, only from the moment its webhook is due (`Organisation.show`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from benchmarks.webhook import Delivery
from gate.core.check_run import OVERALL
from tests.fake_github import CheckRun, FakeGitHub, PullRequest, Repository, rendering

FILES = 8
"""Modules of a repository; a change is to two of them, as the median one of real projects is."""
FUNCTIONS = 60
"""Of a module, ten lines each."""
PUSHED_AGAIN = 4
"""Of so many pull requests one gets a second head."""
GROUPED = 10
"""Of so many one is queued for merging."""
JOBS = 8
"""Jobs of somebody else's that each head starts; GitHub tells of their check runs, made and completed, and of our four."""
OWN = (OVERALL, "gate / coverage", "gate / complexity", "gate / security")
OTHER_APP = 15368
""""GitHub Actions", as GitHub numbers it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A head that is to be judged, and the webhook that tells of it."""

    delivery: int
    """Its place among all."""
    repository: Repository
    sha: str
    pull: PullRequest | None
    """None for a merge group."""


class Organisation:
    """One account with one installation, as organisations have it."""

    def __init__(self, github: FakeGitHub, repositories: int, *, webhooks: int, jobs: int = JOBS) -> None:
        """So many repositories and webhooks; takes about 30 ms for each pull request."""
        self._github = github
        self._jobs = jobs
        self.deliveries: list[Delivery] = []
        self.told: list[Told] = []
        self._shown = 0
        self._numbers = count(1)
        with github.webhooks.unsent():
            made = [self._repository(number) for number in range(repositories)]
        first = len(github.deliveries)
        with github.webhooks.unsent():
            for number in count():
                if len(self.deliveries) >= webhooks:
                    break
                self._pull_request(made[number % repositories], number)
        del github.deliveries[first:]  # nobody is to look for them, or to send them again
        del self.deliveries[webhooks:]
        self.told = [each for each in self.told if each.delivery < webhooks]

    def show(self, sent: int) -> None:
        """Show what the first `sent` webhooks tell of."""
        while self._shown < len(self.told) and self.told[self._shown].delivery < sent:
            each = self.told[self._shown]
            if each.pull is not None:
                each.pull.head_sha, each.pull.state = each.sha, "open"
            self._shown += 1

    def last_heads(self) -> list[Told]:
        """The heads that must have a verdict in the end: of each pull request the last one told."""
        last = {(each.repository.id, each.pull.number if each.pull else each.sha): each for each in self.told}
        return list(last.values())

    def _repository(self, number: int) -> Repository:
        files = {f"package/module_{each}.py": _module(each, number) for each in range(FILES)}
        return self._github.repository(files, name=f"octo/service-{number}")

    def _pull_request(self, repository: Repository, number: int) -> None:
        change = {f"package/module_{each}.py": _module(each, -1 - number) for each in range(2)}
        pull = repository.open_pull_request(change)
        self._tell(repository, "pull_request", pull.head_sha, pull)
        if number % PUSHED_AGAIN == 0:
            sha = pull.push({"package/module_2.py": _module(2, -1 - number)})
            self._tell(repository, "pull_request", sha, pull)
        if number % GROUPED == 0:
            self._tell(repository, "merge_group", pull.enqueue(), None)
        pull.state = "closed"

    def _tell(self, repository: Repository, event: str, sha: str, pull: PullRequest | None) -> None:
        """Takes what GitHub has to say since the last time, in its order."""
        for one in self._github.deliveries[-10:]:
            if one.status == "pending":
                one.status = "OK"
                if one.event == event and one.action in {"opened", "synchronize", "checks_requested"}:
                    self.told.append(Told(len(self.deliveries), repository, sha, pull))
                self._deliver(one.event, one.payload)
                if self.told and self.told[-1].delivery == len(self.deliveries) - 1:
                    self._tell_of_check_runs(repository, sha, one.payload)

    def _deliver(self, event: str, payload: Mapping[str, object]) -> None:
        number = next(self._numbers)
        self.deliveries.append(Delivery(event, f"load-{number}-{uuid.uuid4()}", json.dumps(payload).encode()))

    def _tell_of_check_runs(self, repository: Repository, sha: str, payload: Mapping[str, object]) -> None:
        """What is nothing to Gate, and most of what GitHub sends."""
        common = {name: payload[name] for name in ("repository", "installation", "sender")}
        for number in range(self._jobs + len(OWN)):
            own = number < len(OWN)
            app, name = (self._github.app.id, OWN[number]) if own else (OTHER_APP, f"test ({number})")
            run = CheckRun(self._github.new_id(), repository, app, 1, name, sha)
            for action, status in (("created", "in_progress"), ("completed", "completed")):
                run.status, run.conclusion = status, "success" if status == "completed" else ""
                self._deliver(
                    "check_run", {"action": action, "check_run": rendering.check_run(run), **common}
                )


def _module(place: int, seed: int) -> str:
    """Source that no other repository or change has, of moderate complexity."""
    return "".join(_functions(place, seed))


def _functions(place: int, seed: int) -> Iterator[str]:
    for number in range(FUNCTIONS):
        yield (
            f"def price_{place}_{number}(quantity, rebate={seed}):\n"
            "    total = 0\n"
            "    for each in range(quantity):\n"
            f"        if each % {number + 2} == 0 and rebate:\n"
            "            total += each * rebate\n"
            "        elif each > 100:\n"
            "            total -= 1\n"
            "    return total\n\n\n"
        )


def until_judged(heads: list[Told], patience: Callable[[], bool]) -> list[Told]:
    """Those of the heads that have no completed `gate` yet, looked at once more while somebody has patience."""
    while (heads := [each for each in heads if not _judged(each)]) and patience():
        pass
    return heads


def _judged(told: Told) -> bool:
    run = told.repository.check_runs_of(told.sha).get("gate")
    return run is not None and run.status == "completed"
