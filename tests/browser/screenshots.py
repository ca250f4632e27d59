"""The pictures of the documentation: `.venv/bin/python -m tests.browser.screenshots [FOLDER]`, by default docs/images.

They show the world "full" of `tests.browser.worlds`, whose numbers are made up. They are looked at by people; no test compares them.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import looking
from tests.browser.looking import THEMES
from tests.browser.worlds import World, worlds

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Picture:
    """What is on it."""

    name: str
    path: str
    width: int = 1280
    height: int = 900


PICTURES = (
    Picture("overview", "/"),
    Picture("trends", "/r/{repository}", height=1100),
    Picture("run", "/runs/{everything}", height=1100),
    Picture("hotspots", "/r/{repository}/hotspots"),
    Picture("phone", "/runs/{blocked}", width=390, height=844),
)


def main() -> None:
    """Writes each picture in both themes; those of pages that are not there are left out, and said."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        worlds(Path(temporary)) as found,
        looking.chromium() as browser,
    ):
        for picture in PICTURES:
            _take(browser, found["full"], picture, folder)


def _take(browser: Browser, world: World, picture: Picture, folder: Path) -> None:
    with browser.new_context(viewport={"width": picture.width, "height": picture.height}) as context:
        page = context.new_page()
        answer = page.goto(world.url + picture.path.format(**world.names))
        if answer is None or answer.status != 200:
            print(f"{picture.name}: {world.name} has no such page")
            return
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            path = folder / f"{picture.name}-{theme}.png"
            page.screenshot(path=path)
            size = path.stat().st_size
            print(f"{path.name}: {size // 1000} kB{', too large' if size > MOST_BYTES else ''}")


if __name__ == "__main__":
    main()
