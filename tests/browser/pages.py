"""The pages that are looked at in a browser: one line each. A new page gets a line here, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

EVERYWHERE = ("full", "empty", "hostile")
"""Worlds of `tests.browser.worlds` with a repository: half a year of it, nothing of it, and hostile names."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked for, and what it answers."""

    name: str
    path: str
    """With `{repository}` and other names of its world, see `World.names`."""
    worlds: tuple[str, ...] = EVERYWHERE
    status: int = 200
    signed_in: bool = False
    operator: bool = False
    """Asked for with the metrics token."""


PAGES = (
    Page("overview", "/", (*EVERYWHERE, "nothing")),
    Page("overview, signed in", "/", ("full", "hostile"), signed_in=True),
    Page("trends", "/r/{repository}"),
    Page("pull requests", "/r/{repository}/pulls"),
    Page("pull requests, page 2", "/r/{repository}/pulls?page=2", ("full",)),
    Page("hotspots", "/r/{repository}/hotspots"),
    Page("files", "/r/{repository}/files"),
    Page("files in a folder", "/r/{repository}/files?in=api/&sort=complexity", ("full",)),
    Page("file", "/r/{repository}/file/{path}", ("full", "hostile")),
    Page("no such file", "/r/{repository}/file/nothing.py", ("full",), status=404),
    Page("badges", "/r/{repository}/badges"),
    Page("reports", "/r/{repository}/reports"),
    Page("overview, searched", "/?q=web", ("full",)),
    Page("overview, nothing found", "/?q=nothing-like-it", ("full",)),
    Page("passed", "/runs/{passed}", ("full",)),
    Page("blocked", "/runs/{blocked}", ("full", "hostile")),
    Page("blocked, with everything", "/runs/{everything}", ("full",)),
    Page("waived", "/runs/{waived}", ("full",)),
    Page("could not measure", "/runs/{unmeasured}", ("full", "hostile")),
    Page("pull request", "/r/{repository}/pull/{number}", ("full",)),
    Page("pending", "/r/{repository}/pull/{pending}", ("full", "hostile")),
    Page("waive", "/runs/{blocked}/waive", ("full", "hostile"), signed_in=True),
    Page("refused", "/runs/{blocked}/waive", ("full",), status=403),
    Page("not found", "/r/nobody/nothing", ("full",), status=404),
    Page("confirm mail", "/mail/confirm/{confirm}", ("full", "hostile")),
    Page("stop mail", "/mail/stop/{stop}", ("full", "hostile")),
    Page("queue", "/queue", ("full", "nothing"), operator=True),
    Page("setup", "/setup?token={token}", ("unregistered",)),
    Page("installed", "/setup/installed", ("full",)),
)
"""Of the pages that only other people's answers lead to, `setup_done` is missing: GitHub sends the browser there."""
