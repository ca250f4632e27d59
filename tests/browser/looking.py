"""What is wrong with a page in a browser: accessibility, policy violations, complaints of the console, sideways scroll."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT as AXE
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright

WIDTHS = (1280, 390)
HEIGHT = 900
DESKTOP: ViewportSize = {"width": WIDTHS[0], "height": HEIGHT}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PATIENCE_MILLISECONDS = 60_000
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
_WATCH = """
window.violations = [];
document.addEventListener(
  "securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`)
);
"""
# A string would be evaluated, which the pages' content security policy forbids: functions are called.
_RUN_AXE = "async (options) => (await axe.run(document, options)).violations"
_REMOVE = "(which) => document.querySelectorAll(which).forEach((each) => each.remove())"
_CHARTS = ".plots svg, .chart tbody tr:nth-child(n+4)"
_ALIKE = f"{_CHARTS}, tbody tr:nth-child(n+7), li:nth-child(n+7)"
_CONTRAST = "color-contrast"
"""The one rule that takes longer than all others together, and the one that a theme makes a difference to."""
_VIOLATIONS = "() => window.violations"
_OPEN_DETAILS = "() => document.querySelectorAll('details').forEach((each) => { each.open = true; })"
_TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"
_WIDEST = """() => [...document.querySelectorAll('main *, header *, footer *')]
  .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1 && !each.closest('.scroll, .tabs'))
  .slice(0, 3).map((each) => `${each.tagName}.${each.getAttribute('class')}`)"""


def chromium_path() -> str:
    """Where Chromium is; empty where there is none."""
    return shutil.which("chromium") or ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        yield browser
        browser.close()


def context(browser: Browser, **options: Any) -> BrowserContext:
    """A profile of its own, whose pages note what their policy forbids."""
    made = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", **options)
    made.set_default_timeout(PATIENCE_MILLISECONDS)
    made.add_init_script(_WATCH)
    return made


class Complaints:
    """What a page's console says while it is listened to."""

    def __init__(self, page: Page, *, status: int) -> None:
        self.found: list[str] = []
        self._page, self._status = page, status
        page.on("console", self._console)
        page.on("pageerror", self._error)

    def stop(self) -> list[str]:
        """What was said."""
        self._page.remove_listener("console", self._console)
        self._page.remove_listener("pageerror", self._error)
        return self.found

    def _console(self, message: ConsoleMessage) -> None:
        of_page_itself = message.location.get("url") == self._page.url
        if message.type not in {"error", "warning"} or (self._status != 200 and of_page_itself):
            return  # Chromium reports every answer of 400 and above, the expected one too
        self.found.append(f"console: {message.text}")

    def _error(self, error: Exception) -> None:
        self.found.append(f"error: {error}")


def problems(page: Page, url: str, *, status: int = 200, charts: bool = True) -> list[str]:
    """Everything wrong with a page, in both themes and widths; empty for a good one.

    axe takes seconds for hundreds of marks, rows and items. Their structure is looked at once, of charts only where that
    is asked for; then, and for their colours, there are only some of each kind.
    """
    complaints = Complaints(page, status=status)
    _turn(page, WIDTHS[0], THEMES[0])
    answer = page.goto(url, wait_until="load")
    if answer is None or answer.status != status:
        return [*complaints.stop(), f"status {answer and answer.status}, expected {status}"]
    page.evaluate(_OPEN_DETAILS)
    found = [f"forbidden: {each}" for each in page.evaluate(_VIOLATIONS)]
    for width in reversed(WIDTHS):
        _turn(page, width, THEMES[0])
        if (excess := page.evaluate(_TOO_WIDE)) > 0:
            found.append(f"{width}: {excess} px too wide: {page.evaluate(_WIDEST)}")
    page.evaluate(AXE)
    if not charts:
        page.evaluate(_REMOVE, _CHARTS)
    structure = {"rules": {_CONTRAST: {"enabled": False}}}
    colours = {"runOnly": {"type": "rule", "values": [_CONTRAST]}}
    for width in WIDTHS:
        _turn(page, width, THEMES[0])
        found += [f"{width}: {each}" for each in _violations(page, structure)]
        page.evaluate(_REMOVE, _ALIKE)
        for theme in THEMES:
            _turn(page, width, theme)
            found += [f"{width} {theme}: {each}" for each in _violations(page, colours)]
    return [*found, *complaints.stop()]


def _turn(page: Page, width: int, theme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=theme)


def _violations(page: Page, options: Mapping[str, Any]) -> list[str]:
    # It loads nothing by itself, which the pages' policy would forbid.
    violations = page.evaluate(_RUN_AXE, {"resultTypes": ["violations"], "preload": False, **options})
    return [
        f"{violation['id']}: {node['html'][:200]} {'; '.join(one['message'] for one in node['any'])[:200]}"
        for violation in violations
        for node in violation["nodes"][:3]
    ]
