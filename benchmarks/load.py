"""How the service holds an organisation's load: many repositories, bursts of webhooks, several workers on Postgres.

    python -m benchmarks.load [--seconds 600] [--rate 50] [--repositories 500] [--workers 2] [--growth SECONDS] [--share CORES] [--json FILE]

GitHub is the stand-in of the tests, on this machine: its share of the processor is told. Postgres is a private one that does not wait
for the disk. No test is run (`GATE_SANDBOX=none`): what is measured are webhooks, queues, git, static checks and what is
published. What is lost is seen at the end: heads without a completed `gate`. With `--growth` the same burst, so many
seconds long, is worked off by one to four workers; with `--share` each of them has that part of a core, as on a machine
of its own, so that a machine with few cores shows how more workers do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import table
from benchmarks.loaded_service import Ages, Service, Spent
from benchmarks.organisation import JOBS, Organisation, Told, until_judged
from benchmarks.table import Line
from benchmarks.webhook import ROOT, Delivery, Sent, milliseconds, send_all
from tests import postgres
from tests.fake_github import FakeGitHub

SAMPLE_SECONDS = 2.0
LOOK_SECONDS = 0.2
SETTLE_SECONDS = 5.0
"""Until the workers have seen to what they look at when they start."""
IDLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Burst:
    """What is sent to how many."""

    repositories: int
    rate: int
    seconds: float
    workers: int
    jobs: int
    """Of somebody else's CI, of whose check runs GitHub tells, too."""
    patience: float
    """Seconds for the backlog, after the last webhook."""
    share: float = 0.0
    """Of a core, for each worker and what it starts; 0 for what there is."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a burst."""

    sent: Sent
    heads: int
    lost: list[Told]
    latencies: list[float]
    """Seconds from the moment a webhook was due to the completed `gate` of its head."""
    ended: list[float]
    """Seconds from the first webhook to each verdict, in order."""
    ages: list[Ages]
    idle: Spent
    """By workers that had nothing to do."""
    burst: Spent
    """Until the last webhook was answered."""
    whole: Spent
    """Until the last verdict."""
    steps: dict[str, tuple[float, float]]
    """Of each step how often it was tried, and the seconds of all tries."""


def carried(folder: Path, database: str, burst: Burst, say: Callable[[str], None]) -> Result:
    """What became of a burst, in a fresh folder and database."""
    with (
        FakeGitHub(folder / "github") as github,
        Service(folder, github, database, burst.workers, burst.share) as service,
    ):
        wanted = round(burst.rate * burst.seconds)
        say(f"making {wanted:,} webhooks of {burst.repositories} repositories ...")
        time.sleep(SETTLE_SECONDS)
        before = service.spent()
        time.sleep(IDLE_SECONDS)
        idle = service.spent() - before
        organisation = Organisation(github, burst.repositories, webhooks=wanted, jobs=burst.jobs)
        say(f"sending them to {burst.workers} workers, {burst.rate} a second ...")
        result = _carried(folder, service, organisation, burst, idle)
        if github.problems:
            say(f"GitHub would have refused: {github.problems[:3]}")
        return result


def _carried(folder: Path, service: Service, organisation: Organisation, burst: Burst, idle: Spent) -> Result:
    file = folder / "deliveries.jsonl"
    with file.open("w") as lines:
        for each in organisation.deliveries:
            lines.write(json.dumps([each.event, each.id, each.body.decode()]) + "\n")
    before = service.spent()
    command = (sys.executable, "-m", "benchmarks.load", "--send", str(file), service.address, str(burst.rate))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        begin = float(sender.stdout.readline())
        ages: list[Ages] = []

        def look() -> None:
            after = time.time() - begin
            organisation.show(round((after + 2 * LOOK_SECONDS) * burst.rate))
            if not ages or after - ages[-1].after >= SAMPLE_SECONDS:
                ages.append(service.ages(after))
            time.sleep(LOOK_SECONDS)

        while sender.poll() is None:
            look()
        told = Sent(**json.loads(_answers_of(file).read_text()))
    at_end = service.spent()
    deadline = time.monotonic() + burst.patience

    def patience() -> bool:
        look()
        return time.monotonic() < deadline

    lost = until_judged(organisation.last_heads(), patience)
    return _result(service, organisation, told, lost, (begin, burst.rate), (ages, idle, before, at_end))


def _result(
    service: Service,
    organisation: Organisation,
    sent: Sent,
    lost: list[Told],
    pace: tuple[float, int],
    read: tuple[list[Ages], Spent, Spent, Spent],
) -> Result:
    (begin, rate), (ages, idle, before, at_end) = pace, read
    heads = organisation.last_heads()
    judged = {each.delivery: _seconds_until(each, begin) for each in heads if each not in lost}
    return Result(
        sent,
        len(heads),
        lost,
        [ended - delivery / rate for delivery, ended in judged.items()],
        sorted(judged.values()),
        ages,
        idle,
        at_end - before,
        service.spent() - before,
        service.steps(),
    )


def _seconds_until(told: Told, begin: float) -> float:
    completed = told.repository.check_runs_of(told.sha)["gate"].completed_at
    assert completed is not None
    return completed.timestamp() - begin


def lines_of(result: Result, burst: Burst) -> Iterator[Line]:
    """The figures of one burst. Raises: SystemExit, when no head was judged."""
    if not result.ended:
        raise SystemExit(f"no head was judged within {burst.patience:g} s after the burst: raise --patience")
    offered = len(result.sent.latencies) + result.sent.failed
    note = f"{offered:,} at {burst.rate} a second, {burst.repositories} repositories, {burst.workers} workers"
    answers = milliseconds(result.sent.latencies)
    yield table.line("load: answer to a webhook", answers, "ms", note=note)
    yield table.line(
        "load: its 99th percentile", [table.percentile(answers, 99)], "ms", target="at most 250 ms"
    )
    yield table.line("load: webhooks not taken", [result.sent.failed], "webhooks", target="0")
    yield table.line(
        f"load: heads without a verdict {burst.patience:g} s after the burst",
        [len(result.lost)],
        "heads",
        target="0",
        note=f"of {result.heads:,}",
    )
    yield table.line("load: from webhook to verdict", result.latencies, "s")
    yield table.line("load: its 99th percentile", [table.percentile(result.latencies, 99)], "s")
    early = [each for each in result.ended if each <= result.sent.seconds]
    yield table.line("load: verdicts during the burst", [len(early) / result.sent.seconds], "a second")
    yield table.line("load: verdicts until the last one", [_rate(result)], "a second")
    if not result.lost:
        backlog = max(0.0, result.ended[-1] - result.sent.seconds)
        yield table.line("load: backlog worked off, after the burst", [backlog], "s")
    yield from _ages_of(result)
    yield from _steps_of(result)
    yield from _spent_of(result)
    idle, note = result.idle, "a worker with nothing to do"
    each = idle.at * burst.workers
    yield table.line("load: Postgres, transactions a second", [idle.commits / each], "", note=note)
    share = idle.by_kind["workers"] / each * 100
    yield table.line("load: processor, of one core", [share], "%", note=note)


def _rate(result: Result) -> float:
    return len(result.ended) / result.ended[-1]


def _ages_of(result: Result) -> Iterator[Line]:
    for queue in sorted({name for each in result.ages for name in each.by_queue}):
        over_time = [(each.after, each.by_queue.get(queue, 0.0)) for each in result.ages]
        shown = over_time[:: max(1, len(over_time) // 6)]
        note = ", ".join(f"{age:.0f} s after {after:.0f} s" for after, age in shown)
        yield table.line(
            f"load: oldest waiting work, {queue}, at most", [max(age for _, age in over_time)], "s", note=note
        )


def _steps_of(result: Result) -> Iterator[Line]:
    whole = sum(seconds for _, seconds in result.steps.values())
    for name, (number, seconds) in sorted(result.steps.items(), key=lambda each: -each[1][1])[:8]:
        share = f"{number:,.0f} times, {seconds / whole:.0%} of the time of all steps; a mean"
        yield table.line(f"load: step {name}", [seconds / number * 1000], "ms", note=share)


def _spent_of(result: Result) -> Iterator[Line]:
    burst, whole, verdicts, cores = result.burst, result.whole, len(result.ended), os.cpu_count() or 1
    for kind, seconds in sorted(burst.by_kind.items()):
        share = seconds / burst.at / cores * 100
        note = (
            f"of {cores} cores, during the burst; {whole.by_kind[kind] / verdicts:.3g} s a verdict over all"
        )
        yield table.line(f"load: processor, {kind}", [share], "%", note=note)
    others = burst.busy - sum(burst.by_kind.values())
    yield table.line("load: processor, everything else", [max(0.0, others) / burst.at / cores * 100], "%")
    for name, total, unit in (
        ("transactions", whole.commits, "a verdict"),
        ("rows written", whole.rows, "a verdict"),
        ("write-ahead log", whole.wal_bytes / 1000, "kB a verdict"),
        ("growth", whole.database_bytes / 1000, "kB a verdict"),
    ):
        yield table.line(f"load: Postgres, {name}", [total / verdicts], unit)
    yield table.line(
        "load: requests to GitHub's API", [whole.requests / verdicts], "a verdict", note="tokens included"
    )


def growth(
    folder: Path, new_database: Callable[[], str], burst: Burst, say: Callable[[str], None]
) -> Iterator[Line]:
    """The same burst worked off by more and more workers."""
    first = 0.0
    for workers in range(1, 5):
        given = replace(burst, workers=workers)
        result = carried(folder / f"growth-{workers}", new_database(), given, say)
        rate = _rate(result)
        first = first or rate
        part = f", each with {burst.share:g} of a core" if burst.share else ""
        note = f"{result.heads} heads, {len(result.lost)} without{part}; ratio to one worker"
        yield table.line(
            f"load: verdicts until the last one, {workers} workers",
            [rate],
            "a second",
            ratio=rate / first,
            note=note,
        )


def measure(burst: Burst, *, growth_seconds: float = 0, say: Callable[[str], None] = print) -> list[Line]:
    """The figures as lines of a table; `say` is told them as soon as they are known."""
    with tempfile.TemporaryDirectory(prefix="gate-load-") as folder, postgres.cluster() as cluster:
        lines = list(lines_of(carried(Path(folder, "burst"), cluster.new_database(), burst, say), burst))
        say(table.text(lines))
        if growth_seconds:
            small = replace(burst, repositories=min(burst.repositories, 20), seconds=growth_seconds)
            for line in growth(Path(folder), cluster.new_database, small, say):
                say(table.text([line]))
                lines.append(line)
    return lines


def _send(file: Path, address: str, rate: float) -> None:
    with file.open() as lines:
        parts = [json.loads(line) for line in lines]
    wanted = [Delivery(event, name, body.encode()) for event, name, body in parts]
    print(time.time(), flush=True)
    sent = asyncio.run(send_all(address, wanted, rate))
    # Not printed: a pipe that nobody reads meanwhile holds a tenth of it.
    told = {"latencies": sent.latencies, "failed": sent.failed, "seconds": sent.seconds}
    _answers_of(file).write_text(json.dumps(told))


def _answers_of(file: Path) -> Path:
    return file.with_suffix(".answers")


def main(arguments: list[str]) -> int:
    """Prints the figures, and writes it as JSON where that is asked for."""
    if arguments[:1] == ["--send"]:
        _send(Path(arguments[1]), arguments[2], float(arguments[3]))
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="of the burst")
    parser.add_argument("--rate", type=int, default=50, help="webhooks a second")
    parser.add_argument("--repositories", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=JOBS, help="of other people's CI for each head")
    parser.add_argument("--patience", type=float, default=3600.0, help="seconds for the backlog")
    parser.add_argument(
        "--growth", type=float, default=0.0, help="seconds of the bursts for one to four workers"
    )
    parser.add_argument(
        "--share", type=float, default=0.0, help="of a core, for each worker: as if on machines of their own"
    )
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    asked = parser.parse_args(arguments)
    burst = Burst(
        asked.repositories,
        asked.rate,
        asked.seconds,
        asked.workers,
        asked.jobs,
        asked.patience,
        asked.share,
    )
    lines = measure(burst, growth_seconds=asked.growth)
    table.write(lines, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
