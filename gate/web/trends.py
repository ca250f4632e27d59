"""The page of a repository's trends: four numbers, four charts, what happened. From the database alone; whole verdicts stay there.

`?months=` chooses the period; a period is whole weeks in the repository's time zone, the present one last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, request

from gate import charts
from gate.core.trend import Trend, period
from gate.core.trend_page import Card, cards, figures
from gate.store import RepositoryRecord
from gate.web.page import named, render
from gate.web.required import required_box

if TYPE_CHECKING:
    from gate.service import Service

PERIODS = (3, 6, 12, 36)
"""Months."""
USUAL_MONTHS = 6
WIDTHS = (520, 285)
"""In pixels, for large screens and for small ones: one drawing made smaller would be hard to read."""
HAPPENINGS_SHOWN = 8
MOST_HAPPENINGS = 200


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card with its drawings as SVG; both empty where it has no chart."""

    card: Card
    large: str = ""
    small: str = ""


def blueprint(service: Service) -> Blueprint:
    """The page."""
    pages = Blueprint("trends", __name__)

    @pages.get("/r/<owner>/<name>")
    def repository(owner: str, name: str) -> str:
        return _trends(service, named(service, owner, name), _months())

    return pages


def _months() -> int:
    """The period asked for; nonsense is the usual one."""
    months = request.args.get("months", USUAL_MONTHS, type=int)
    return months if months in PERIODS else USUAL_MONTHS


def _trends(service: Service, repository: RepositoryRecord, months: int) -> str:
    first, last = period(service.now(), repository.timezone, months)
    trend = service.store.trend(repository, first=first, last=last)
    web_url = service.settings.repository_url(repository.full_name)
    newest = service.store.revisions(repository.id, limit=1)
    return render(
        service,
        "trends.html.j2",
        repository=repository,
        web_url=web_url,
        required=required_box(service, repository, web_url=web_url),
        newest=newest[0] if newest else None,
        standing=service.store.newest_of_branch(repository.id, repository.default_branch),
        months=months,
        periods=PERIODS,
        measured=any(point.revision or point.checked for point in trend.points),
        figures=figures(trend),
        cards=[_drawn(trend, card) for card in cards(trend)],
        drifts=trend.drifts,
        happenings=trend.happenings[: -MOST_HAPPENINGS - 1 : -1],
        shown=HAPPENINGS_SHOWN,
    )


def _drawn(trend: Trend, card: Card) -> Drawn:
    if card.draw is None:
        return Drawn(card)
    large, small = (charts.svg(card.draw(trend, width)) for width in WIDTHS)
    return Drawn(card, large, small)
