"""The hotspots of a repository: a map of its files, what to mend first, and the longer list. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from gate.core.hotspot import STEPS, reasons
from gate.core.hotspot_map import Plot, hotspot_map
from gate.core.treemap import Box
from gate.store import RepositoryRecord
from gate.web.files import page_number
from gate.web.page import render, visible

if TYPE_CHECKING:
    from gate.service import Service

HOTSPOTS_A_PAGE = 50
FIRST = 5
"""To be mended first."""
LANDMARKS = 200
"""The hottest and as many of the largest files have boxes of their own on the map."""
MAP = Box(0, 0, 1166, 440)
"""Pixels on the widest page; narrower ones squeeze the width alone."""


def blueprint(service: Service) -> Blueprint:
    """The page of hotspots."""
    pages = Blueprint("hotspots", __name__)

    @pages.get("/r/<owner>/<name>/hotspots")
    def hotspots(owner: str, name: str) -> str:
        return _page(service, visible(service, service.store.repository_named(f"{owner}/{name}")))

    return pages


def _page(service: Service, repository: RepositoryRecord) -> str:
    store, page = service.store, page_number()
    found = store.hotspots(repository.id, limit=HOTSPOTS_A_PAGE + 1, offset=(page - 1) * HOTSPOTS_A_PAGE)
    first = found[:FIRST] if page == 1 else ()
    plots: tuple[Plot, ...] = ()
    if first:
        landmarks = store.landmarks(repository.id, limit=LANDMARKS)
        plots = hotspot_map(store.file_folders(repository.id), landmarks, MAP)
    return render(
        service,
        "hotspots.html.j2",
        repository=repository,
        at=store.files_at(repository.id),
        plots=plots,
        place=_place,
        map=MAP,
        steps=STEPS,
        first=list(zip(first, reasons(first), strict=True)),
        files=found[:HOTSPOTS_A_PAGE],
        shown=len(found[:HOTSPOTS_A_PAGE]) > len(first),
        number=(page - 1) * HOTSPOTS_A_PAGE + 1,
        before=page - 1,
        after=page + 1 if len(found) > HOTSPOTS_A_PAGE else 0,
    )


def _place(box: Box) -> dict[str, str]:
    """Across in per cent of the width, so that texts keep their size on narrow pages; down in pixels."""
    return {
        "x": f"{100 * box.x / MAP.width:.2f}%",
        "y": f"{box.y:.1f}",
        "width": f"{100 * box.width / MAP.width:.2f}%",
        "height": f"{box.height:.1f}",
    }
