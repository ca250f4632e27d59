"""Half a year of two repositories, as the weekly mail is told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from gate.core.branch_state import BranchChange
from gate.core.comparison import Ratio
from gate.core.digest import Given, Story
from gate.core.trend import WEEK, Change, Happening, JudgedHead, Revision, Trend, weekly
from gate.core.verdict import Outcome

WEEK_47 = date(2026, 11, 16)
FIRST = WEEK_47 - 25 * WEEK
PAGES = "https://gate.example"


def at(day: int, hour: int = 12) -> datetime:
    """A time in November 2026, in UTC."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def revisions(
    covered: list[int | None], *, over: tuple[int, int] = (5, 6), high: tuple[int, int] = (0, 0)
) -> list[Revision]:
    """A commit on the Wednesday of each week that ends with week 47; of 1,000 lines so many are covered."""
    found = []
    for index, lines in enumerate(covered):
        week = WEEK_47 - (len(covered) - 1 - index) * WEEK
        if lines is None:
            continue
        last = week == WEEK_47
        noon = datetime(week.year, week.month, week.day, 12, tzinfo=UTC) + timedelta(days=2)
        totals = {
            "covered": lines,
            "executable": 1000,
            "complexity_maximum": 10,
            "over": over[last],
            "findings_high": high[last],
            "findings_medium": 4,
            "findings_low": 9,
        }
        found.append(Revision(f"{index:040x}", noon, totals))
    return found


def change(
    number: int,
    title: str,
    *judged: tuple[int, Outcome, tuple[int, int] | None],
    merged: int | None = None,
) -> Change:
    """A pull request; each verdict by day of November, outcome, and covered of its changed lines."""
    heads = tuple(
        JudgedHead(f"evaluate:7:{number}:d{day}:1", at(day), outcome, Ratio(*lines) if lines else None)
        for day, outcome, lines in judged
    )
    return Change(number, title, "mira-k", at(merged, 15) if merged else None, heads)


CHANGES = (
    change(
        479,
        "Cache carrier labels <b>x</b>",
        (17, Outcome.BLOCKED, (30, 60)),
        (18, Outcome.PASSED, (47, 50)),
        merged=19,
    ),
    change(471, "Hotfix for DHL outage", (18, Outcome.BLOCKED, (31, 50)), merged=18),
    change(
        482,
        "Give every delivery job a retry budget",
        (7, Outcome.BLOCKED, (25, 35)),
        (19, Outcome.BLOCKED, (25, 35)),
    ),
    change(484, "Speak of parcels, not packages", (20, Outcome.PASSED, (12, 12)), merged=20),
)
COVERED: list[int | None] = [
    782, 779, 781, 778, 780, 780, 775, 776, 772, 773, 768, 732, 733, 738, 736, None, 735, 744, 746, 752,
    748, 754, 753, 790, 798, 804,
]  # fmt: skip


def history() -> tuple[Change, ...]:
    """A pull request of each week before week 47, merged green; of 100 changed lines 78 to 94 were tested."""
    found = []
    for index in range(25):
        noon = datetime(2026, 5, 26, 12, tzinfo=UTC) + index * WEEK
        judged = JudgedHead(f"h{index}", noon, Outcome.PASSED, Ratio(78 + index * 7 % 17, 100))
        found.append(Change(100 + index, "Earlier", "wes", noon, (judged,)))
    return tuple(found)


def trend(
    covered: list[int | None] = COVERED,
    changes: tuple[Change, ...] = CHANGES,
    happenings: tuple[Happening, ...] = (),
    **totals: tuple[int, int],
) -> Trend:
    """26 weeks up to week 47."""
    return weekly(
        revisions(covered, **totals),
        (*history(), *changes),
        happenings,
        timezone="Europe/Zurich",
        first=FIRST,
        last=WEEK_47,
    )


def story(name: str = "northwind/delivery-worker", **given: object) -> Story:
    """A repository in which something of every kind happened."""
    happened = (
        Happening("policy", at(17), "`coverage.minimum`: 70 \N{RIGHTWARDS ARROW} 75", "a" * 40),
        Happening("release", at(20), "v2.4.0", "b" * 40),
    )
    values: dict[str, object] = {
        "full_name": name,
        "default_branch": "main",
        "page_url": f"{PAGES}/r/{quote(name)}",
        "runs_url": f"{PAGES}/runs",
        "web_url": f"https://github.com/{quote(name)}",
        "trend": trend(happenings=happened),
        "changes": CHANGES,
        "open_numbers": frozenset({482}),
        "why": {471: "62.0 % of changed lines, gate 75 %", 482: "71.4 % of changed lines, gate 75 %"},
        "waivers": (Given(479, "complexity", "mira-k", "generated table, see #480"),),
        "confirmed_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "stop_url": f"{PAGES}/mail/stop/ONE",
    }
    return Story(**(values | given))  # type: ignore[arg-type]  # each test names the fields it means


def quiet_story(name: str = "northwind/docs", **given: object) -> Story:
    """A repository in which nothing happened in week 47."""
    values: dict[str, object] = {
        "trend": trend([*COVERED[:-1], None], ()),
        "changes": (),
        "open_numbers": frozenset(),
        "why": {},
        "waivers": (),
    }
    return story(name, **(values | given))


def red(name: str = "main") -> BranchChange:
    """The default branch, blocked on Friday."""
    return BranchChange(
        3, "well", "blocked", at(20), "c" * 40, "record:7:main:d:1", "coverage fell below 75 %"
    )
