"""One sha has one `gate`: what it says where several open pull requests have the same head.

GitHub shows check runs on a commit, whatever pull request they were made for, so the worst verdict counts for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gate.core.check_run import TITLE_CHARACTERS, CheckRun, failed
from gate.core.links import Links
from gate.core.markdown import shorten

_WORST_FIRST = ("failure", "cancelled", "neutral", "success")


def waiting(number: int, links: Links) -> CheckRun:
    """Not green yet, for another pull request with this head is still being judged; its verdict completes this one too."""
    return failed(
        f"pull request #{number} has the same head and is still being judged",
        "A commit has one gate: it shows the worst verdict as soon as that one is known.",
        links,
    )


def worst(runs: Mapping[int, CheckRun]) -> dict[int, CheckRun]:
    """By number of the pull request, the completed `gate` it gets: its own, or one that says whose verdict is worse."""
    number = min(runs, key=lambda each: (_WORST_FIRST.index(runs[each].conclusion), each))
    worse = runs[number]
    return {
        each: run if run.conclusion == worse.conclusion else _instead(run, worse, number)
        for each, run in runs.items()
    }


def _instead(own: CheckRun, worse: CheckRun, number: int) -> CheckRun:
    """`worse`, in the place of a pull request's own."""
    why = f"Pull request #{number} has the same head. A commit has one `{own.name}`, and that one's verdict is worse"
    return replace(
        worse,
        external_id=own.external_id,
        title=shorten(f"{worse.title} (#{number}, which has the same head)", TITLE_CHARACTERS),
        summary=f"{why}:\n\n{worse.summary}",
    )
