"""How the default branch of a repository stands, and why, in one line: from its newest verdict and its trend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gate.core.comparison import Ratio
from gate.core.percent import NO_BREAK_SPACE, percent
from gate.core.trend import WEEK, Point, drifts
from gate.core.verdict import Outcome

State = Literal["failing", "at_risk", "no_data", "passing"]
STATES: tuple[State, ...] = ("failing", "at_risk", "no_data", "passing")
"""In the order in which they need attention."""
STALE = timedelta(days=14)
"""A default branch whose pull requests were merged, and that was not measured for so long, is at risk."""
DRIFTING = ("coverage", "over")
"""The measures whose drift puts a repository at risk: those that the overview shows."""
_WORDS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """What is known of a default branch. Of what was never measured there is None."""

    outcome: Outcome | None = None
    """Of the newest verdict on it."""
    why: str = ""
    run_id: str = ""
    judged_at: datetime | None = None
    armed: bool = False
    """Whether coverage was measured once."""
    coverage: Ratio | None = None
    """Of the newest commit of which it is known, like the next ones."""
    coverage_before: Ratio | None = None
    """Thirty days ago."""
    minimum: int | None = None
    """The floor of the whole tree in per cent, as it was when coverage was last measured."""
    over: int | None = None
    """Functions over the limit."""
    over_before: int | None = None
    findings: tuple[int, int, int] | None = None
    """High, medium, low."""
    points: tuple[Point, ...] = ()
    """The last twelve weeks, oldest first, each counted back from now; gaps stay gaps."""
    merged_since: int = 0
    """Pull requests merged into it after the newest verdict."""
    open: int = 0
    """Open pull requests."""
    blocked: int = 0
    """Those of them whose head is blocked."""
    last_run_id: str = ""
    """Of the newest verdict in the repository, on whatever it is."""
    last_run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the branch stands."""

    state: State
    why: str
    """One line for people, which may quote names from the repository; empty where it passes."""


def standing(facts: BranchFacts, now: datetime) -> Standing:
    """How a default branch stands.

    Failing: its newest verdict, which compares a commit with its first parent, is blocked. No data: it has none, or could
    not be measured and never was. At risk: the newest commit could not be measured; merges that nobody measured for
    14 days; coverage below its floor, or within a point of it and falling; or a drift.
    """
    if facts.outcome is None or facts.judged_at is None:
        return Standing("no_data", "Not measured yet: the next push to the default branch is.")
    if facts.outcome is Outcome.BLOCKED:
        return Standing("failing", facts.why or "The newest commit would be blocked.")
    if facts.outcome is Outcome.COULD_NOT_MEASURE:
        why = facts.why or "The newest commit could not be measured."
        return Standing("at_risk" if facts.armed else "no_data", why)
    risk = _stale(facts, facts.judged_at, now) or _near_floor(facts) or _drift(facts.points)
    return Standing("at_risk", risk) if risk else Standing("passing", "")


def headline(states: Sequence[State]) -> str:
    """`6 repositories. Two need attention.`: those that fail or are at risk."""
    found = f"{len(states)} {'repository' if len(states) == 1 else 'repositories'}."
    needy = sum(state in {"failing", "at_risk"} for state in states)
    if not needy:
        return f"{found} None needs attention."
    if len(states) == 1:
        return f"{found} It needs attention."
    count = _WORDS[needy] if needy < len(_WORDS) else str(needy)
    return f"{found} {count} {'needs' if needy == 1 else 'need'} attention."


def windows(now: datetime, count: int) -> tuple[datetime, ...]:
    """The beginnings of the last `count` spans of seven days, oldest first; the last one ends now."""
    return tuple(now - WEEK * back for back in range(count, 0, -1))


def known(values: Iterable[Ratio | None]) -> list[Ratio]:
    """Those values that there are."""
    return [value for value in values if value is not None]


def _stale(facts: BranchFacts, judged_at: datetime, now: datetime) -> str:
    if now - judged_at < STALE or not facts.merged_since:
        return ""
    merged = "1 merge" if facts.merged_since == 1 else f"{facts.merged_since} merges"
    return f"Not measured for {(now - judged_at).days} days, and {merged} since."


def _near_floor(facts: BranchFacts) -> str:
    now, before = facts.coverage, facts.coverage_before
    if not facts.minimum or now is None or not now.executable:
        return ""
    over = 100 * now.covered - facts.minimum * now.executable
    floor = f"floor of {facts.minimum}{NO_BREAK_SPACE}%"
    if over < 0:
        return f"Coverage {percent(now)} is below its {floor}."
    fell = before is not None and now.covered * before.executable < before.covered * now.executable
    if over < now.executable and fell:
        return f"Coverage fell to {percent(now)}, within a point of its {floor}."
    return ""


def _drift(points: Sequence[Point]) -> str:
    return next((drift.text for drift in drifts(points) if drift.measure in DRIFTING), "")
