"""One browser and one set of services for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from tests.browser import looking
from tests.browser.pages import PAGES
from tests.browser.worlds import METRICS_TOKEN, World, worlds

BEARER = {"Authorization": f"Bearer {METRICS_TOKEN}"}


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not looking.chromium_path():
        pytest.skip("there is no Chromium on the PATH (Debian's package is `chromium`)")
    with looking.chromium() as found:
        yield found


@pytest.fixture(scope="package")
def services(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    with worlds(tmp_path_factory.mktemp("worlds")) as found:
        yield found


@pytest.fixture(scope="package")
def page(browser: Browser) -> Iterator[BrowserPage]:
    """Nobody's."""
    with looking.context(browser) as context:
        yield context.new_page()


@pytest.fixture(scope="package")
def people(browser: Browser, services: dict[str, World]) -> Iterator[dict[str, BrowserPage]]:
    """By world, somebody's who is signed in there; cookies know no ports."""
    with ExitStack() as stack:
        found = {}
        for name in sorted({world for page in PAGES if page.signed_in for world in page.worlds}):
            found[name] = stack.enter_context(looking.context(browser)).new_page()
            found[name].goto(f"{services[name].url}/sign-in")
        yield found


@pytest.fixture(scope="package")
def operator(browser: Browser) -> Iterator[BrowserPage]:
    """Of whoever has the metrics token."""
    with looking.context(browser, extra_http_headers=BEARER) as context:
        yield context.new_page()


@pytest.fixture(scope="package")
def without_scripts(browser: Browser) -> Iterator[BrowserPage]:
    with browser.new_context(java_script_enabled=False, viewport=looking.DESKTOP) as context:
        yield context.new_page()
