"""Months of a repository that never were: for the demo, for pictures, and for tests that need something to look at.

The same arguments give the same history to the byte. It is written through the store's public methods, as the service writes.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gate.core.event import RepositoryRef
from gate.core.policy import Policy, differences
from gate.core.trend import WEEK, Happening, beginning, monday, zone_of
from gate.core.verdict import Outcome, Verdict, Waiver
from gate.core.waiver import snapshot
from gate.store import Store
from tests.made_changes import AREAS, NOUNS, POLICIES, Fault, Setting, judged, path_of

AUTHORS = ("ada-w", "jun-k", "mira-s", "noor-h", "sam-o", "tomas-l")
MAINTAINER = "mona"
DRIFT_WEEKS = 7
"""At the end coverage falls a little every week."""
_TITLES = (
    "Add an export of {}", "Cache {} for an hour", "Fix rounding in {}", "Let customers edit {}", "Move {} to the new API",
    "Retry {} when the carrier is down", "Show {} in the app", "Speed up {}", "Split {} by country", "Validate {} before saving",
)  # fmt: skip
_ENDS: tuple[tuple[str, int], ...] = (
    ("passed", 62), ("fixed", 15), ("waived", 6), ("merged_red", 5), ("measured_later", 6), ("abandoned", 5), ("twice_red", 4),
)  # fmt: skip
"""How pull requests went, with weights."""
_NOT_GROWING = {"worst", "maintainability", "complexity_maximum", "coverage_minimum"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much happened."""

    weeks: int = 26
    pull_requests: int = 120
    """Closed ones."""
    open_pull_requests: int = 4
    files: int = 80
    drifts: bool = True
    """Whether coverage falls at the end; else it stays."""
    at_tip: Fault = ""
    """What is wrong with the newest commit of the default branch."""
    ends_at: Mapping[str, int] = field(default_factory=dict)
    """Totals that the newest commit has, where they are known: a real one follows."""


class BulkStore(Store):
    """A store whose calls may be one transaction: thousands of them would wait for the disk for minutes."""

    _open: sa.Connection | None = None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is written in the block is written at its end."""
        with self._writing() as connection:
            self._open = connection
            try:
                yield
            finally:
                self._open = None

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        if self._open is not None:
            yield self._open
            return
        with super()._transaction(engine) as connection:
            yield connection


def write(
    store: Store, repository: RepositoryRef, *, now: datetime, size: Size | None = None, seed: int = 6
) -> None:
    """Adds a history that ends now to a migrated store; pull requests are numbered from 1, those still open last."""
    if isinstance(store, BulkStore) and store._open is None:
        with store.at_once():
            _History(store, repository, now, size or Size(), seed).write()
    else:
        _History(store, repository, now, size or Size(), seed).write()


class _History:
    """One history while it is written."""

    def __init__(self, store: Store, repository: RepositoryRef, now: datetime, size: Size, seed: int) -> None:
        self.store, self.repository, self.now, self.size = store, repository, now, size
        self.seed, self.chance = seed, random.Random(seed)
        last = monday(now, zone_of("UTC"))
        self.weeks = [last - WEEK * back for back in reversed(range(size.weeks))]
        self.gap = size.weeks // 2 - 2
        """The week in which nothing was measured: everybody was away."""
        self.last_sha = self.sha("begin")

    def write(self) -> None:
        store, repository = self.store, self.repository
        store.save_repository(repository)
        store.arm(repository.id, self.at(0, 0.1))
        numbers = iter(range(1, self.size.pull_requests + 1))
        busy = [week for week in range(self.size.weeks) if week != self.gap]
        for place, week in enumerate(busy):
            upto = (place + 1) * self.size.pull_requests // len(busy)
            count = upto - place * self.size.pull_requests // len(busy)
            self.week(week, [next(numbers) for _ in range(count)])
        self.happen()
        for place in range(self.size.open_pull_requests):
            self.open_pull_request(self.size.pull_requests + 1 + place, place)

    def week(self, week: int, numbers: list[int]) -> None:
        """Its pull requests, each merged one a commit of the default branch, and one more commit in the end."""
        for place, number in enumerate(numbers):
            done = self.at(week, (place + 1) / (len(numbers) + 1))
            self.pull_request(number, week, done)
        base, at = self.setting(week), self.at(week, 1)
        self.commit(f"end of {week}", week, at)
        fault: Fault = self.size.at_tip if week == self.size.weeks - 1 else ""
        self.store.save_verdict(
            self.repository.id,
            0,
            judged(self.chance, base, self.last_sha, fault),
            run_id=f"made-up-{self.repository.id}-tip-{week}:0",
            now=at,
            branch=self.repository.default_branch,
        )

    def at(self, week: int, share: float) -> datetime:
        """A moment of the week, from Monday at 7 to Friday at 17, of the present one until now."""
        start = beginning(self.weeks[week], zone_of("UTC")) + timedelta(hours=7)
        end = start + timedelta(days=4, hours=10)
        if end > self.now:
            start, end = min(start, self.now - timedelta(hours=3)), self.now - timedelta(minutes=20)
        return start + (end - start) * share

    def sha(self, what: str) -> str:
        return hashlib.sha1(f"{self.repository.full_name} {what}".encode()).hexdigest()

    def commit(self, what: str, week: int, at: datetime) -> None:
        self.last_sha = self.sha(what)
        self.store.note_revision(self.repository.id, self.last_sha, committed_at=at, totals=self.totals(week))

    def totals(self, week: int) -> dict[str, int]:
        """Of the default branch in that week, every metric of `gate.workflows.totals`."""
        policy = self.policy(week)
        limits = {
            "complexity_maximum": policy.complexity.maximum,
            "coverage_minimum": policy.coverage.minimum,
        }
        return totals(week, self.size, self.seed) | limits

    def policy(self, week: int) -> Policy:
        return POLICIES[min(2, 3 * week // self.size.weeks)]

    def pull_request(self, number: int, week: int, done: datetime) -> None:
        end = self.chance.choices([name for name, _ in _ENDS], [weight for _, weight in _ENDS])[0]
        if number <= len(_ENDS):
            end = _ENDS[number - 1][0]  # even a short history has one of each
        fault: Fault = self.chance.choice(("coverage", "coverage", "complexity", "security"))
        faults: dict[str, tuple[Fault, ...]] = {
            "passed": ("",),
            "fixed": (fault, ""),
            "waived": ("complexity",),
            "merged_red": (fault,),
            "measured_later": ("unmeasured", ""),
            "abandoned": (fault,),
            "twice_red": ("complexity", "coverage", ""),
        }
        heads = faults[end]
        setting = self.setting(week)
        for place, each in enumerate(heads):
            at = done - timedelta(hours=(len(heads) - place) * self.chance.randint(1, 20) + 0.5)
            verdict = self.judge(number, place, setting, each, at)
            if end == "waived" and verdict.outcome is Outcome.BLOCKED:
                self.waive(number, verdict, at + timedelta(minutes=25))
        merged = end != "abandoned"
        self.note(number, place, done, merged_at=done if merged else None)
        if merged:
            self.commit(f"merge {number}", week, done)

    def open_pull_request(self, number: int, place: int) -> None:
        """The first one passes, then one is blocked, one could not be measured, and one waits for its verdict."""
        at = self.now - timedelta(minutes=14 + 190 * place)
        faults: tuple[Fault, ...] = ("", "coverage", "unmeasured")
        if place < len(faults):
            self.judge(number, 0, self.setting(self.size.weeks - 1), faults[place], at)
        self.note(number, 0, at)

    def setting(self, week: int) -> Setting:
        files = self.size.files
        # A few files are changed again and again, as everywhere.
        numbers = {int(files * self.chance.random() ** 2) for _ in range(self.chance.randint(1, 5))}
        return Setting(
            [path_of(number) for number in sorted(numbers)],
            self.totals(week),
            self.policy(week),
            self.last_sha,
        )

    def judge(self, number: int, place: int, setting: Setting, fault: Fault, at: datetime) -> Verdict:
        verdict = judged(self.chance, setting, self.sha(f"head {number} {place}"), fault)
        self.store.save_verdict(
            self.repository.id,
            number,
            verdict,
            run_id=f"made-up-{self.repository.id}-{number}:{place}",
            now=at,
        )
        return verdict

    def waive(self, number: int, verdict: Verdict, at: datetime) -> None:
        for check in verdict.checks:
            if check.outcome is Outcome.BLOCKED:
                waiver = Waiver(
                    check=check.check,
                    reasons=snapshot(verdict, check.check),
                    why="customers wait for this; the rewrite is planned",
                    person=MAINTAINER,
                    role="maintain",
                    given_at=at,
                    head_sha=verdict.provenance.head,
                )
                origin = f"made-up:{number}:{check.check}"
                self.store.save_waiver(self.repository.id, number, waiver, origin=origin)

    def note(self, number: int, place: int, at: datetime, **more: Any) -> None:
        noun, area = self.chance.choice(NOUNS), self.chance.choice(AREAS)
        self.store.note_pull_request(
            self.repository.id,
            number,
            head_sha=self.sha(f"head {number} {place}"),
            base_ref=self.repository.default_branch,
            updated_at=at,
            state="closed" if more else "open",
            title=self.chance.choice(_TITLES).format(f"the {noun} of {area}"),
            author=self.chance.choice(AUTHORS),
            **more,
        )

    def happen(self) -> None:
        """The policy changed twice, and there were three releases."""
        third = self.size.weeks // 3
        events = [
            Happening("policy", self.at(third * place, 0.4), text, self.sha(f"policy {place}"))
            for place in (1, 2)
            for text in ("; ".join(differences(POLICIES[place - 1], POLICIES[place])),)
        ]
        for place, name in enumerate(("v1.3.0", "v1.4.0", "v2.0.0"), 1):
            week = place * self.size.weeks // 4
            events.append(Happening("release", self.at(week, 0.7), name, self.sha(name)))
        for event in events:
            self.store.note_happening(self.repository.id, event)


def totals(week: int, size: Size, seed: int = 6) -> dict[str, int]:
    """Of the default branch in a week of a history, by metric.

    Functions over the limit rise and then fall; coverage rises until it drifts; tests take ever longer.
    """
    grown = 0.75 + 0.25 * (week + 1) / size.weeks
    ends = {**_mid_sized(size.files), **size.ends_at}
    found = {name: value if name in _NOT_GROWING else round(value * grown) for name, value in ends.items()}
    left = size.weeks - 1 - week
    wobble = random.Random(f"{seed} {week}").uniform(-1, 1)
    top = ends["covered"] / ends["executable"] + 0.0024 * DRIFT_WEEKS
    if not size.drifts:
        share = top - 0.0024 * DRIFT_WEEKS - 0.04 * left / size.weeks - 0.004 * wobble * (left > 0)
    elif left <= DRIFT_WEEKS:
        share = top - 0.0024 * (DRIFT_WEEKS - left)
    else:
        share = top - 0.05 * (left - DRIFT_WEEKS) / size.weeks - 0.006 - 0.005 * wobble
    hump = min(week / (0.6 * size.weeks), left / (0.4 * size.weeks))
    return found | {
        "covered": min(found["executable"], round(found["executable"] * share)),
        "over": ends["over"] + round((4 + ends["functions"] // 150) * hump),
        "worst": ends["worst"] + (5 if 0.2 < week / size.weeks < 0.8 else 0),
        "maintainability": round(
            found["files"] * (ends["maintainability"] / ends["files"] + (4 * left + 40 * wobble) * (left > 0))
        ),
        "findings_high": ends["findings_high"] + (2 if 2 * left > size.weeks else left % 2),
        "findings_medium": ends["findings_medium"] + max(0, 5 - week // 4),
        "suite_milliseconds": round(found["suite_milliseconds"] * (0.8 + 0.2 * grown))
        + round(900 * wobble) * (left > 0),
        "flaky_tests": 2 if left % 5 == 3 else ends["flaky_tests"],
    }


def _mid_sized(files: int) -> dict[str, int]:
    """Totals of so many ordinary files."""
    executable = 62 * files
    return {
        "files": files,
        "sloc": 88 * files, "loc": 121 * files, "lloc": 70 * files, "comments": 9 * files, "multi": 7 * files,
        "blank": 24 * files, "single_comments": 9 * files,
        "complexity_maximum": 10, "coverage_minimum": 75,
        "executable": executable, "covered": round(0.812 * executable),
        "functions": 9 * files, "complexity": 29 * files, "worst": 19, "over": 3 + files // 12,
        "maintainability": 6150 * files,
        "findings": 12, "findings_high": 1, "findings_medium": 3, "findings_low": 8,
        "suppressed": 4, "escapes": 9,
        "flaky_tests": 0, "unstable_lines": 3, "suite_milliseconds": 9000 + 460 * files, "tests": 7 * files,
    }  # fmt: skip
