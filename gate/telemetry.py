"""What operators see: log lines without secrets, and the register of metrics.

Nothing is decided here, and nobody else imports structlog or prometheus_client.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
REDACTED = "[redacted]"

_SECRETS = re.compile(
    r"gh[pousr]_[A-Za-z0-9._-]{36,}"
    r"|github_pat_[A-Za-z0-9_]{36,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|(?<=sha256=)[0-9a-f]{64}",
    re.DOTALL,
)
"""GitHub's tokens of every kind, JSON web tokens, private keys, passwords in addresses, webhook signatures."""

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_STEP_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600)


@dataclass(frozen=True, slots=True)
class Gauged:
    """What is shown of a repository; what is None was not measured and is left out."""

    name: str
    coverage_ratio: float | None
    """0 to 1."""
    functions_over_limit: int | None
    findings: Mapping[str, int]
    """By severity."""
    open_pull_requests: Mapping[str, int]
    """By outcome."""
    measured_timestamp_seconds: float | None


class Redaction:
    """Takes secrets out of texts: everything that looks like one, and the very ones it was told."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Short ones would eat ordinary words; the settings allow none that matter.
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 8}, key=len, reverse=True)

    def add(self, *secrets: str) -> None:
        """Secrets learnt later: of an App that `/setup` stored."""
        self._secrets = sorted({*self._secrets, *(s for s in secrets if len(s) >= 8)}, key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return _SECRETS.sub(REDACTED, text)

    def value(self, value: object) -> object:
        """A log value of plain types; anything unknown becomes its text, for it may hold a secret as well."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(key)): self.value(item) for key, item in value.items()}
            case list() | tuple():
                return [self.value(item) for item in value]
        return self.text(str(value))

    def __call__(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """As a structlog processor."""
        for key in list(event):
            if not key.startswith("_"):
                event[key] = self.value(event[key])
        return event


class Telemetry:
    """The log and the metrics of one process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.redaction = Redaction(secrets)
        # Wrapped here and not configured globally, so that making one changes nothing for the rest of a process.
        self.log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
            logging.getLogger("gate"),
            processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        self._registry = CollectorRegistry()
        self._repositories = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        gauge = partial(Gauge, registry=self._registry)
        seconds = partial(Histogram, registry=self._registry)
        self.webhooks = counter("gate_webhooks", "Webhook requests by event and answer.", ("event", "answer"))
        self.repository_webhooks = Counter(
            "gate_repository_webhooks", "Accepted webhooks.", ("repository",), registry=self._repositories
        )
        self.runs = counter("gate_runs", "Ended and postponed runs by work and outcome.", ("work", "outcome"))
        self.run_seconds = seconds(
            "gate_run_seconds", "Duration of runs that ended.", ("work",), buckets=_SECONDS
        )
        self.step_seconds = seconds(
            "gate_step_seconds", "Duration of tries of steps.", ("step",), buckets=_STEP_SECONDS
        )
        self.retries = counter("gate_step_retries", "Steps tried again after a transient failure.", ("step",))
        self.takeovers = counter(
            "gate_takeovers", "Runs of dead workers that were put back into their queues."
        )
        self.file_reports = counter(
            "gate_file_reports", "Reports on files, known from before or measured.", ("check", "result")
        )
        self.boxes = counter("gate_boxes", "Boxes for code of repositories, by how they ended.", ("outcome",))
        self.github_calls = counter(
            "gate_github_calls", "What GitHub was asked, by its answer.", ("outcome",)
        )
        self._works = gauge(
            "gate_works", "Works that wait, run or were postponed, by queue.", ("queue", "state")
        )
        self._oldest = gauge(
            "gate_oldest_waiting_seconds",
            "Since when the work waits that waits longest; 0 for none.",
            ("queue",),
        )
        self._mails = gauge(
            "gate_mails",
            "Weekly mails and alerts that are kept, by kind and what became of them.",
            ("kind", "state"),
        )

    def show_backlog(self, backlog: Mapping[tuple[str, str], int]) -> None:
        """Set what is known of the queues: (queue, state) to number of works."""
        for (queue, state), number in backlog.items():
            self._works.labels(queue, state).set(number)

    def show_oldest(self, ages: Mapping[str, float]) -> None:
        """Set since how many seconds the oldest work of each queue waits."""
        for queue, seconds in ages.items():
            self._oldest.labels(queue).set(seconds)

    def show_mails(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Set what is known of mails: (kind, state) to their number; what is not named is none."""
        self._mails.clear()
        for (kind, state), number in counts.items():
            self._mails.labels(kind, state).set(number)

    def exposition(self, *, repositories: Iterable[Gauged] | None) -> bytes:
        """The metrics in Prometheus' text format; those with repository names only when repositories are given."""
        text: bytes = generate_latest(self._registry)
        if repositories is None:
            return text
        return text + generate_latest(self._repositories) + generate_latest(_Standing(repositories))

    def serve(self, address: str) -> None:
        """Serves the metrics, those with repository names left out, at HOST:PORT until the process ends; from a thread.

        Raises: OSError, when nobody can listen there.
        """
        host, _, port = address.rpartition(":")
        start_http_server(int(port), host.strip("[]"), registry=self._registry)

    def configure_log(self, level: str, *, stream: TextIO = sys.stderr) -> None:
        """Send our lines and those of every library to `stream`: for people on a terminal, else JSON.

        Changes the process's logging; called by the entries, once.
        """
        people = stream.isatty()
        renderer: structlog.typing.Processor = (
            structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer()
        )
        formatter = structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                self.redaction,
                renderer,
            ],
        )
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        root = logging.getLogger()
        root.handlers[:] = [handler]
        root.setLevel(level.upper())
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the schema
        for name in ("dbos", "gunicorn", "gunicorn.error"):
            library = logging.getLogger(name)
            library.handlers[:] = []
            library.propagate = True


class _Standing:
    """Gauges of this moment alone: of a repository that was removed nothing is left in the next one."""

    def __init__(self, repositories: Iterable[Gauged]) -> None:
        self._repositories = repositories

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As the library asks for them."""
        coverage = _family(
            "coverage_ratio", "Covered share of the executable lines, 0 to 1, of the newest measured commit."
        )
        over = _family(
            "functions_over_limit", "Functions over the complexity limit in the newest measured commit."
        )
        findings = _family(
            "findings", "Security findings in the newest measured commit, by severity.", "severity"
        )
        pulls = _family(
            "open_pull_requests", "Open pull requests by the outcome of the verdict on their head.", "outcome"
        )
        measured = _family(
            "measured_timestamp_seconds", "Time of the newest measured commit, in seconds since 1970."
        )
        for one in self._repositories:
            for family, value in (
                (coverage, one.coverage_ratio),
                (over, one.functions_over_limit),
                (measured, one.measured_timestamp_seconds),
            ):
                if value is not None:
                    family.add_metric((one.name,), value)
            for family, values in ((findings, one.findings), (pulls, one.open_pull_requests)):
                for label, number in values.items():
                    family.add_metric((one.name, label), number)
        yield from (coverage, over, findings, pulls, measured)


def _family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gate_repository_{name}", text, labels=("repository", *labels))


def bind_run(run_id: str, **values: str) -> None:
    """Every line this thread logs from now on carries the run's id."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(run=run_id, **values)
