"""How the default branch stands, and the mail that says that this changed. It keeps and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gate.core.markdown import clean, shorten
from gate.core.verdict import Outcome, Verdict, why

BranchState = Literal["well", "blocked", "could_not_measure"]
_SAYS: dict[BranchState, str] = {
    "well": "passes again",
    "blocked": "is blocked",
    "could_not_measure": "could not be measured",
}
_STATES: dict[Outcome, BranchState] = {
    Outcome.PASSED: "well",
    Outcome.WAIVED: "well",
    Outcome.BLOCKED: "blocked",
    Outcome.COULD_NOT_MEASURE: "could_not_measure",
}
MOST_REASONS = 10


@dataclass(frozen=True, slots=True)
class BranchChange:
    """The default branch came to stand otherwise than before."""

    number: int
    """Of the changes of this repository, from 1."""
    before: BranchState | None
    """None where nothing was known."""
    after: BranchState
    since: datetime
    sha: str
    run_id: str
    why: str
    """In short, for lists."""

    @property
    def worth_telling(self) -> bool:
        """Whether it turned red, or recovered; that a first commit is well is no news."""
        return self.after != "well" or self.before is not None


@dataclass(frozen=True, slots=True)
class Alert:
    """What the mail says; every text is cleaned, on one line."""

    repository: str
    headline: str
    subject: str
    commit: str
    """The first characters of its sha."""
    title: str
    """In short what decided; empty after a recovery."""
    reasons: tuple[str, ...]
    more: int
    """Reasons that are left out."""
    url: str
    """Of the verdict's page."""
    commit_url: str


def state_of(verdict: Verdict) -> BranchState | None:
    """How the branch stands by this verdict; None where that says nothing: not armed, advice, superseded."""
    if verdict.neutral or verdict.advise:
        return None
    return _STATES.get(verdict.outcome)


def alert(
    change: BranchChange, repository: str, branch: str, verdict: Verdict | None, *, urls: tuple[str, str]
) -> Alert:
    """The mail about a change; `urls` are those of the verdict's page and of the commit."""
    name, says = clean(repository), _SAYS[change.after]
    headline = f"{clean(branch)} {says}"
    found = (
        [clean(reason.text) for _, check in verdict.every_check for reason in check.reasons]
        if verdict is not None and change.after != "well"
        else []
    )
    title = shorten(clean(why(verdict)), 300) if verdict is not None and change.after != "well" else ""
    return Alert(
        repository=name,
        headline=headline,
        subject=f"{name}: {headline} at {change.sha[:7]}",
        commit=change.sha[:7],
        title=title,
        reasons=tuple(shorten(text, 300) for text in found[:MOST_REASONS]),
        more=max(0, len(found) - MOST_REASONS),
        url=urls[0],
        commit_url=urls[1],
    )


def paths_of(verdict: Verdict) -> tuple[str, ...]:
    """The files that the reasons of a verdict are about, sorted."""
    return tuple(
        sorted({reason.path for _, check in verdict.every_check for reason in check.reasons if reason.path})
    )
