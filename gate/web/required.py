"""The box on a repository's page that says whether `gate` is required: what was seen last, judged now. It asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from gate.core.required import Assessment, assess
from gate.store import RepositoryRecord

if TYPE_CHECKING:
    from gate.service import Service

Mark = Literal["passed", "could_not_measure", "blocked", "superseded"]


@dataclass(frozen=True, slots=True)
class RequiredBox:
    """What the box shows."""

    assessment: Assessment
    seen_at: datetime

    @property
    def mark(self) -> Mark:
        """Icon and colour, by the names of outcomes: all well, worth a look, not required, not known."""
        if self.assessment.state == "unknown":
            return "superseded"
        if not self.assessment.required:
            return "blocked"
        return "could_not_measure" if self.assessment.gaps else "passed"


def required_box(service: Service, repository: RepositoryRecord, *, web_url: str) -> RequiredBox | None:
    """The box; None while nobody has looked at the present default branch. `web_url` is the repository's on GitHub."""
    seen, app = service.store.branch_rules(repository.id), service.app
    if seen is None or app is None or seen.rules.branch != repository.default_branch:
        return None
    return RequiredBox(assess(seen.rules, app_id=app.id, web_url=web_url), seen.seen_at)
