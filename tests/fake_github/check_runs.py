"""A check run as GitHub keeps it: replaced fields, appended annotations, and the buttons people press."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fake_github.repositories import Repository


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on lines of one file."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str = ""
    raw_details: str = ""
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What people saw of a check run after one request."""

    at: datetime
    status: str
    conclusion: str
    title: str
    summary: str


@dataclass(slots=True)
class CheckRun:
    """One check run of one App on one commit."""

    id: int
    repository: Repository = field(repr=False)
    app_id: int
    suite_id: int
    name: str
    head_sha: str
    external_id: str = ""
    status: str = "queued"
    conclusion: str = ""
    title: str = ""
    summary: str = ""
    text: str = ""
    details_url: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    annotations: list[Annotation] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)
    history: list[Snapshot] = field(default_factory=list)

    def write(self, body: dict[str, Any], now: datetime) -> None:
        """Apply the body of a create or update request that has passed the rules."""
        for name in ("name", "external_id", "details_url", "status"):
            if name in body:
                setattr(self, name, body[name])
        if "actions" in body:
            self.actions = list(body["actions"])
        if "conclusion" in body:
            self.conclusion, self.status = body["conclusion"], "completed"
        if self.status == "completed":
            self.completed_at = self.completed_at or now
        else:
            self.conclusion, self.completed_at = "", None
        if self.status != "queued":
            self.started_at = self.started_at or now
        self._write_output(body.get("output", {}))
        self.history.append(Snapshot(now, self.status, self.conclusion, self.title, self.summary))

    def _write_output(self, output: dict[str, Any]) -> None:
        for name in ("title", "summary", "text"):
            if name in output:
                setattr(self, name, output[name])
        for given in output.get("annotations", []):
            values = {key: value for key, value in given.items() if key != "annotation_level"}
            self.annotations.append(Annotation(level=given["annotation_level"], **values))

    def rerequest(self, *, sender: str = "octocat") -> None:
        """Press "Re-run": only the owning App is told, the run itself stays as it is."""
        self.repository.github.changed(
            "check_run", "rerequested", self.repository, check_run=self, sender=sender
        )

    def request_action(self, identifier: str, *, sender: str = "octocat") -> None:
        """Press one of the App's own buttons."""
        offered = [action["identifier"] for action in self.actions]
        if self.status != "completed" or identifier not in offered:
            raise AssertionError(f"no button {identifier!r} is shown on {self.name!r}: {offered}")
        self.repository.github.changed(
            "check_run",
            "requested_action",
            self.repository,
            check_run=self,
            sender=sender,
            details={"requested_action": {"identifier": identifier}},
        )
