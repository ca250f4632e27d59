"""How webhooks are taken when many come at once: latency and loss at a steady rate, how many at most, and how long a start takes.

    python -m benchmarks.webhook [--rate 300] [--seconds 10] [--database postgresql://...] [--json FILE]

The service is a real `gate web`: gunicorn with our settings, the engine on SQLite in a temporary folder (WAL, every commit waits
for the disk: `synchronous` is FULL) or on that Postgres. Senders are another process. In the open loop each delivery has its
moment, whether those before it were answered or not, and its latency counts from there: a service that stalls cannot hide it.
Deliveries are of 20 kB, signed, each with an id of its own; none may be missing among the engine's works afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import lzma
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks import table
from benchmarks.table import Line
from gate.engine import Submitter
from gate.settings import Settings

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "tests" / "web" / "webhook-examples.json.xz"
SECRET = "the webhook secret"
BYTES = 20_000
SENDERS = 16
"""Of the closed loop: each sends its next delivery when the last one was answered."""
CLOSED_SECONDS = 5.0
P99_SECONDS = 0.25
ANSWER_SECONDS = 10.0
"""Then GitHub gives up."""
MOST_IDLE_SECONDS = 2.0
"""Later the service may just be closing it: gunicorn keeps an idle connection for five seconds."""
GATE = (sys.executable, "-m", "gate")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request to the webhook says."""

    event: str
    id: str
    body: bytes

    def request(self, address: str) -> bytes:
        """The request, signed with our secret."""
        signature = hmac.new(SECRET.encode(), self.body, hashlib.sha256).hexdigest()
        head = (
            f"POST /webhook HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
            f"User-Agent: GitHub-Hookshot/benchmark\r\nX-GitHub-Event: {self.event}\r\n"
            f"X-GitHub-Delivery: {self.id}\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the deliveries of one loop."""

    latencies: list[float]
    """Seconds, of those that were taken."""
    failed: int
    seconds: float
    """From the first delivery to the last answer."""


def measure(
    rate: int = 300,
    seconds: float = 10.0,
    *,
    database: str = "",
    say: Callable[[str], None] = print,
) -> list[Line]:
    """The figures as lines of a table; `say` is told what is being measured."""
    with tempfile.TemporaryDirectory(prefix="gate-benchmark-") as folder:
        environment = environment_of(Path(folder), database)
        lines = list(starts(environment))
        with served(environment) as address:
            say(f"{rate} deliveries a second for {seconds:g} s, then {SENDERS} senders at once")
            sent("closed", "warm", address, 1.0)
            steady = sent("open", "steady", address, seconds, rate=rate)
            most = sent("closed", "most", address, CLOSED_SECONDS)
        taken = {"steady": len(steady.latencies), "most": len(most.latencies)}
        lost = sum(missing(environment, prefix, count) for prefix, count in taken.items())
    return [*lines, *lines_of(steady, most, lost, rate, round(rate * seconds), database)]


def lines_of(steady: Sent, most: Sent, lost: int, rate: int, wanted: int, database: str) -> Iterator[Line]:
    """The lines of both loops."""
    on = "Postgres" if database else "SQLite, synchronous=FULL"
    note = f"{wanted:,} of {BYTES // 1000} kB, {on}"
    p99 = table.percentile(steady.latencies, 99)
    yield table.line(f"webhook: latency at {rate} a second", milliseconds(steady.latencies), "ms", note=note)
    yield table.line(
        "webhook: its 99th percentile",
        [p99 * 1000],
        "ms",
        target=f"at most {P99_SECONDS * 1000:g} ms",
        note=note,
    )
    yield table.line(
        "webhook: lost",
        [steady.failed + lost],
        "deliveries",
        target="0",
        note=f"{steady.failed} not taken, {lost} taken and not there",
    )
    yield table.line(
        f"webhook: most, by {SENDERS} senders",
        [len(most.latencies) / most.seconds],
        "a second",
        note=f"{most.failed} not taken",
    )
    yield table.line("webhook: latency then", milliseconds(most.latencies), "ms", note=on)


def milliseconds(seconds: list[float]) -> list[float]:
    """The same in thousandths."""
    return [each * 1000 for each in seconds]


def starts(environment: Mapping[str, str], rounds: int = 5) -> Iterator[Line]:
    """How long the smallest command takes, and how long until the web process could answer."""
    for name, command in {
        "start: gate --help": (*GATE, "--help"),
        "start: import gate.wsgi": (sys.executable, "-c", "import gate.wsgi"),
    }.items():
        subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        samples = []
        for _ in range(rounds):
            begin = time.perf_counter()
            subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            samples.append(time.perf_counter() - begin)
        yield table.line(name, milliseconds(samples), "ms", note=f"{rounds} times, a process each")


def environment_of(folder: Path, database: str) -> dict[str, str]:
    """The settings of a service with an App, that keeps its data in the folder; migrated."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    environment = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "GATE_DATA_DIR": str(folder),
        "GATE_BIND": f"127.0.0.1:{free_port()}",
        "GATE_APP_ID": "9",
        "GATE_PRIVATE_KEY": key.decode(),
        "GATE_WEBHOOK_SECRET": SECRET,
        "GATE_LOG_LEVEL": "info",
        **({"GATE_DATABASE_URL": database} if database else {}),
    }
    subprocess.run((*GATE, "migrate"), env=environment, cwd=ROOT, check=True, capture_output=True)
    return environment


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[str]:
    """`gate web` with its log in a file, as its address, once it answers."""
    address = environment["GATE_BIND"]
    log = Path(environment["GATE_DATA_DIR"]) / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen((*GATE, "web"), env=environment, cwd=ROOT, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 30
            while not answers(f"http://{address}/healthz"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"gate web does not answer:\n{log.read_text()}")
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()
            process.wait()


def answers(url: str) -> bool:
    """Whether somebody is there."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def missing(environment: Mapping[str, str], prefix: str, wanted: int) -> int:
    """How many of the deliveries that begin so are no works of the engine's."""
    submitter = Submitter(Settings.from_environment(environment))
    try:
        works = submitter._listed(workflow_id_prefix=f"{prefix}-")  # noqa: SLF001  (nobody else asks for so many)
    finally:
        submitter.close()
    return max(0, wanted - len({work.workflow_id.partition(":")[0] for work in works}))


def sent(loop: str, prefix: str, address: str, seconds: float, *, rate: int = 0) -> Sent:
    """What a process of senders says of its deliveries."""
    command = (
        sys.executable,
        "-m",
        "benchmarks.webhook",
        "--send",
        loop,
        prefix,
        address,
        f"{seconds}",
        f"{rate}",
    )
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    return Sent(**json.loads(told))


async def send(loop: str, prefix: str, address: str, seconds: float, rate: int) -> Sent:
    """Deliveries of one body, each at its moment or each after the last one's answer."""
    made, wanted = deliveries(prefix), round(seconds * rate)
    if loop == "open":
        return await send_all(address, (next(made) for _ in range(wanted)), rate)
    connections = Connections(address)
    begin = time.perf_counter()
    senders = (_until(begin + seconds, connections, made) for _ in range(SENDERS))
    results = [result for found in await asyncio.gather(*senders) for result in found]
    return _summed(results, begin)


async def send_all(address: str, wanted: Iterable[Delivery], rate: float) -> Sent:
    """The open loop: so many a second, each at its moment."""
    connections = Connections(address)
    begin = time.perf_counter()
    sendings = [_at(begin + number / rate, connections, each) for number, each in enumerate(wanted)]
    return _summed(await asyncio.gather(*sendings), begin)


def _summed(results: Sequence[float | None], begin: float) -> Sent:
    took = time.perf_counter() - begin
    latencies = [latency for latency in results if latency is not None]
    return Sent(latencies, len(results) - len(latencies), took)


async def _at(moment: float, connections: Connections, delivery: Delivery) -> float | None:
    await asyncio.sleep(moment - time.perf_counter())
    return time.perf_counter() - moment if await connections.deliver(delivery) else None


async def _until(moment: float, connections: Connections, made: Iterator[Delivery]) -> list[float | None]:
    found: list[float | None] = []
    while (begin := time.perf_counter()) < moment:
        found.append(time.perf_counter() - begin if await connections.deliver(next(made)) else None)
    return found


class Connections:
    """As many connections as deliveries are under way; each is used again unless it was idle for long."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def deliver(self, delivery: Delivery) -> bool:
        """Whether a delivery was taken: with 202, or with 200 where its event is nothing to us."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._delivered(delivery)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False

    async def _delivered(self, delivery: Delivery) -> bool:
        reader, writer = await self._connection()
        writer.write(delivery.request(self._address))
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        if b"connection: close" in answer:
            writer.close()
        else:
            self._idle.append((time.monotonic(), reader, writer))
        return answer.startswith((b"http/1.1 202", b"http/1.1 200"))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < MOST_IDLE_SECONDS:
                return reader, writer
            writer.close()
        host, _, port = self._address.partition(":")
        return await asyncio.open_connection(host, int(port))


def deliveries(prefix: str) -> Iterator[Delivery]:
    """As many as are wanted, each with an id of its own that begins so."""
    body = payload()
    while True:
        yield Delivery("pull_request", f"{prefix}-{uuid.uuid4()}", body)


def payload() -> bytes:
    """GitHub's own example of a pull request's new head, made as long as is usual."""
    events = json.loads(lzma.decompress(EXAMPLES.read_bytes()))
    (examples,) = (event["examples"] for event in events if event["name"] == "pull_request")
    example = next(each for each in examples if each["action"] == "synchronize")
    made = example | {"installation": {"id": 1}}
    made["pull_request"]["body"] = ""
    made["pull_request"]["body"] = "x" * (BYTES - len(json.dumps(made)))
    return json.dumps(made).encode()


def main(arguments: list[str]) -> int:
    """Prints the table, and writes it as JSON where that is asked for."""
    if arguments[:1] == ["--send"]:
        loop, prefix, address, seconds, rate = arguments[1:]
        result = asyncio.run(send(loop, prefix, address, float(seconds), int(rate)))
        print(json.dumps({"latencies": result.latencies, "failed": result.failed, "seconds": result.seconds}))
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=300, help="deliveries a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--database", default="", help="Postgres instead of SQLite")
    parser.add_argument("--json", type=Path, help="where the figures go, too")
    asked = parser.parse_args(arguments)
    lines = measure(asked.rate, asked.seconds, database=asked.database)
    table.tell(lines, asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
