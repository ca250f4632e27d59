"""Every page of `tests.browser.pages` in a real Chromium, in both themes and at two widths."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as BrowserPage

from tests.browser import looking
from tests.browser.pages import PAGES, Page
from tests.browser.worlds import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

EACH = [(page, world) for page in PAGES for world in page.worlds]
PUBLIC = [(page, world) for page, world in EACH if not page.signed_in and not page.operator]


def named(value: Page | str) -> str:
    """For the names of tests."""
    return value.name if isinstance(value, Page) else value


def address(page: Page, world: World) -> str:
    return world.url + page.path.format(**world.names)


@pytest.mark.parametrize(("shown", "world"), EACH, ids=named)
def test_page_has_nothing_wrong(
    shown: Page,
    world: str,
    services: dict[str, World],
    page: BrowserPage,
    people: dict[str, BrowserPage],
    operator: BrowserPage,
) -> None:
    """
    The expected status, no axe violation, nothing that the content policy forbids, a quiet console, no sideways scroll.
    """
    own = people[world] if shown.signed_in else operator if shown.operator else page

    url = address(shown, services[world])

    found = looking.problems(own, url, status=shown.status, charts=world == "full")

    assert found == []


@pytest.mark.parametrize(("shown", "world"), PUBLIC, ids=named)
def test_page_reads_the_same_without_scripts(
    shown: Page, world: str, services: dict[str, World], page: BrowserPage, without_scripts: BrowserPage
) -> None:
    """
    Whoever has JavaScript off misses no word.
    """
    url = address(shown, services[world])
    page.set_viewport_size(looking.DESKTOP)
    page.goto(url)
    without_scripts.goto(url)

    said = without_scripts.locator("main").inner_text()

    assert without_scripts.locator("main h1").count() == 1
    assert said == page.locator("main").inner_text()
