"""The overview: every repository the visitor may see, how its default branch stands, and what happened lately.

From the database alone, in a number of queries that does not depend on how many repositories there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from flask import Blueprint, request

from gate.core.comparison import Ratio
from gate.core.sparkline import Sparkline, sparkline
from gate.core.standing import STATES, BranchFacts, Standing, headline, standing
from gate.core.trend import MEASURES
from gate.store import RepositoryRecord
from gate.web.page import page_number, render, visitor

if TYPE_CHECKING:
    from gate.service import Service

A_PAGE = 20
PERIOD = timedelta(days=30)
MOST_SEARCHED = 100
"""Characters of a search; GitHub's names have no more."""
MERGED_SHOWN = 3
Sort = Literal["attention", "name", "coverage", "run"]
SORTS: Mapping[Sort, str] = {
    "attention": "Needs attention first",
    "name": "Name",
    "coverage": "Lowest coverage first",
    "run": "Last run first",
}


@dataclass(frozen=True, slots=True)
class Delta:
    """By how much a number changed, for people."""

    text: str
    direction: Literal["up", "down", "none"]
    verdict: Literal["better", "worse", "same"]


@dataclass(frozen=True, slots=True)
class Row:
    """A repository as the table shows it."""

    repository: RepositoryRecord
    facts: BranchFacts
    standing: Standing
    line: Sparkline | None
    coverage_delta: Delta | None
    over_delta: Delta | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; nonsense is the default."""

    search: str
    sort: Sort
    page: int

    def link(self, **other: object) -> str:
        """The address of the same with something else, from the path on; what is the default is left out."""
        values = {"q": self.search, "sort": self.sort, "page": self.page, **other}
        defaults = {"q": "", "sort": "attention", "page": 1}
        query = urlencode({name: value for name, value in values.items() if value != defaults[name]})
        return f"?{query}" if query else ""


def blueprint(service: Service) -> Blueprint:
    """The page."""
    overview = Blueprint("overview", __name__)

    @overview.get("/")
    def page() -> str:
        return _overview(service, _asked())

    return overview


def _asked() -> Asked:
    sort = request.args.get("sort", "")
    return Asked(
        search=request.args.get("q", "").strip()[:MOST_SEARCHED],
        sort=next((each for each in SORTS if each == sort), "attention"),
        page=page_number(),
    )


def _overview(service: Service, asked: Asked) -> str:
    who, now = visitor(service), service.now()
    private = who.repositories if who else frozenset[int]()
    every = service.store.visible_repositories(private)
    facts = service.store.branch_facts(every, now)
    standings = {each.id: standing(facts[each.id], now) for each in every}
    matching = service.store.visible_repositories(private, search=asked.search) if asked.search else every
    found = sorted(
        (each for each in matching if each.id in facts),  # one that appeared in this moment is for the next
        key=_order(asked.sort, facts, standings),
    )
    pages = max(1, -(-len(found) // A_PAGE))
    at = min(asked.page, pages)
    shown = found[(at - 1) * A_PAGE : at * A_PAGE]
    return render(
        service,
        "overview.html.j2",
        headline=headline([each.state for each in standings.values()]),
        recent=service.store.recent(every, now - PERIOD) if every else None,
        most_merged=MERGED_SHOWN,
        rows=[_row(each, facts[each.id], standings[each.id]) for each in shown],
        found=len(found),
        total=len(every),
        asked=asked,
        sorts=SORTS,
        page=at,
        pages=pages,
    )


def _order(
    sort: Sort, facts: Mapping[int, BranchFacts], standings: Mapping[int, Standing]
) -> Callable[[RepositoryRecord], tuple[object, ...]]:
    """The key to sort by; whatever is equal, or not known, goes by name."""

    def key(each: RepositoryRecord) -> tuple[object, ...]:
        name = each.full_name.casefold(), each.id
        match sort:
            case "attention":
                return STATES.index(standings[each.id].state), *name
            case "coverage":
                share = _share(facts[each.id].coverage)
                return share is None, share or 0.0, *name
            case "run":
                return -_stamp(facts[each.id].last_run_at), *name
            case "name":
                return name

    return key


def _share(ratio: Ratio | None) -> float | None:
    return ratio.covered / ratio.executable if ratio and ratio.executable else None


def _stamp(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _row(repository: RepositoryRecord, facts: BranchFacts, stands: Standing) -> Row:
    return Row(
        repository,
        facts,
        stands,
        line=sparkline([MEASURES["coverage"].value(point) for point in facts.points]),
        coverage_delta=_delta("coverage", facts.coverage_before, facts.coverage),
        over_delta=_delta("over", _count(facts.over_before), _count(facts.over)),
    )


def _count(number: int | None) -> Ratio | None:
    return None if number is None else Ratio(number, 1)


def _delta(measure: str, before: Ratio | None, now: Ratio | None) -> Delta | None:
    """None where one of them is not known."""
    if before is None or now is None:
        return None
    text = MEASURES[measure].change(before, now)
    if not text:
        return None
    signs: Sequence[tuple[str, Literal["up", "down"]]] = (("+", "up"), ("\N{MINUS SIGN}", "down"))
    direction = next((word for sign, word in signs if text.startswith(sign)), None)
    return Delta(text.lstrip("+\N{MINUS SIGN}"), direction or "none", MEASURES[measure].verdict(before, now))
