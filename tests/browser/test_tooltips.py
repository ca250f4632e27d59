"""Tooltips of charts: by pointer, by keys, and away again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as BrowserPage

from tests.browser import looking
from tests.browser.worlds import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def plots(page: BrowserPage, services: dict[str, World]) -> Locator:
    """The drawing of coverage."""
    world = services["full"]
    page.set_viewport_size(looking.DESKTOP)
    page.goto(world.url + "/r/{repository}".format(**world.names))
    page.mouse.move(0, 0)
    return page.locator("#coverage .plots")


def rows(plots: Locator) -> list[list[str]]:
    """Cells of the table below the drawing, the oldest week first."""
    found: list[list[str]] = plots.evaluate(
        "(each) => [...each.closest('.chart').querySelectorAll('tbody tr')].reverse()"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return found


def test_pointer_shows_every_number_of_a_week(plots: Locator, page: BrowserPage) -> None:
    """
    What stands in the row of a week stands in its tooltip; it goes when the pointer leaves.
    """
    box = plots.bounding_box()
    assert box

    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + box["height"] / 2)

    tip = plots.locator(".tip")
    expect(tip).to_be_visible()
    shown = tip.inner_text()
    assert any(all(cell in shown for cell in row) for row in rows(plots))
    page.mouse.move(1, 1)
    expect(tip).to_be_hidden()


def test_arrow_keys_walk_through_the_weeks(plots: Locator, page: BrowserPage) -> None:
    """
    The first key shows the newest week, each next one the week beside it; Escape closes.
    """
    newest, before = rows(plots)[-1], rows(plots)[-2]
    tip = plots.locator(".tip")
    plots.focus()

    page.keyboard.press("ArrowLeft")
    first = tip.inner_text()
    page.keyboard.press("ArrowLeft")
    second = tip.inner_text()
    page.keyboard.press("Escape")

    assert newest[0] in first
    assert before[0] in second
    expect(tip).to_be_hidden()


def test_touch_shows_a_tooltip_and_touching_elsewhere_closes_it(plots: Locator, page: BrowserPage) -> None:
    """
    A finger has no pointer that hovers.
    """
    tip = plots.locator(".tip")

    plots.dispatch_event(
        "pointerdown", {"pointerType": "touch", "clientX": 400, "clientY": 400, "bubbles": True}
    )
    expect(tip).to_be_visible()
    page.locator("h1").dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})

    expect(tip).to_be_hidden()
