"""Waivers: which reasons one covers, and what a verdict says with them. Who may give one is decided in `gate.core.command`.

No waiver is stretched: a reason that cannot be shown to be one of those it covers is a new one, and blocks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from gate.core.comparison import ComplexityFacts, CoverageFacts
from gate.core.comparison.branches import weights
from gate.core.verdict import (
    CheckVerdict,
    Outcome,
    Provenance,
    Reason,
    Refusal,
    Verdict,
    WaivedReason,
    Waiver,
    concluded,
    outcome_of,
)
from gate.core.verdict.wording import by, places, short_name, title

LOOSENING = "loosening"
"""What a change loosens is waived under this name, as if it were a check."""

_SUMS = frozenset({"uncovered_lines", "lost_coverage"})
"""Reasons that sum up: covered when each of their parts is, wherever it stands."""
_NEVER = frozenset({"unmeasurable_file"})
"""What was not measured may hide anything, so nobody can waive it."""

_Key = tuple[str, ...]
_Parts = Mapping[_Key, Sequence[Fraction]]
"""What is alike, and how bad each of it is, the worst first."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reasons stand."""

    provenance: Provenance
    component: str = ""


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Reasons as the waivers have them, each in the order of the verdict."""

    left: tuple[Reason, ...]
    waived: tuple[Reason, ...]
    used: tuple[Waiver, ...]
    """Those that cover one of `waived`."""
    concerned: tuple[Waiver, ...]
    """Those that cover at least a part of one of them all."""
    allowed: _Parts


def snapshot(verdict: Verdict, check: str) -> tuple[WaivedReason, ...]:
    """Everything that blocks a check (or is `LOOSENING` that blocks), waived already or not: what a new waiver covers."""
    if check == LOOSENING:
        place = _Place(verdict.provenance)
        reasons = (*verdict.loosened, *verdict.loosened_waived) if verdict.loosening_blocks else ()
        return tuple(_as_waived(reason, None, place) for reason in reasons)
    return tuple(
        _as_waived(reason, each, _Place(verdict.provenance, component))
        for component, each in verdict.every_check
        if each.check == check and (each.outcome is Outcome.BLOCKED or each.waived)
        for reason in (*each.reasons, *each.waived)
        if reason.kind not in _NEVER
    )


def uncoverable(verdict: Verdict) -> tuple[Reason, ...]:
    """What blocks and no waiver covers."""
    return tuple(
        reason
        for _, each in verdict.every_check
        if each.outcome in {Outcome.BLOCKED, Outcome.COULD_NOT_MEASURE} and not each.neutral
        for reason in each.reasons
        if reason.kind in _NEVER or each.outcome is Outcome.COULD_NOT_MEASURE
    )


def with_waivers(verdict: Verdict, waivers: Iterable[Waiver], refusals: Iterable[Refusal] = ()) -> Verdict:
    """A verdict as it was judged, with the waivers of its pull request, or of all pull requests of its merge group."""
    given = sorted(waivers, key=lambda waiver: (waiver.given_at, waiver.person, waiver.check))
    checks = tuple(waive_check(check, given, verdict.provenance) for check in verdict.checks)
    components = tuple(_component(each, given, verdict.provenance) for each in verdict.components)
    changed = replace(verdict, checks=checks, components=components)
    if verdict.loosening_blocks:
        loosened = [
            (reason, _as_waived(reason, None, _Place(verdict.provenance))) for reason in verdict.loosened
        ]
        found = _covered(loosened, [waiver for waiver in given if waiver.check == LOOSENING])
        changed = replace(
            changed, loosened=found.left, loosened_waived=found.waived, loosening_waivers=found.used
        )
    answered = changed if changed == verdict else concluded(changed)
    return replace(answered, refusals=tuple(refusals))


def waive_check(
    check: CheckVerdict, waivers: Sequence[Waiver], provenance: Provenance, *, component: str = ""
) -> CheckVerdict:
    """One check with the waivers, given oldest first; only one that is blocked becomes another."""
    given = [waiver for waiver in waivers if waiver.check == check.check]
    if check.outcome is not Outcome.BLOCKED or not given:
        return check
    place = _Place(provenance, component)
    never = tuple(reason for reason in check.reasons if reason.kind in _NEVER)
    found = _covered(
        [(reason, _as_waived(reason, check, place)) for reason in check.reasons if reason.kind not in _NEVER],
        given,
    )
    if not found.concerned:
        return check
    left = (*(_with_news(reason, check, found.allowed, component) for reason in found.left), *never)
    settled = {_subject(reason) for reason in found.waived}
    return replace(
        check,
        outcome=Outcome.BLOCKED if found.left else Outcome.COULD_NOT_MEASURE if never else Outcome.WAIVED,
        title=_title(check, left, found.concerned),
        reasons=left,
        to_pass=tuple(step for step in check.to_pass if _subject(step) not in settled),
        waived=found.waived,
        waivers=found.used,
    )


def _component(
    component: tuple[str, Outcome, tuple[CheckVerdict, ...]],
    waivers: Sequence[Waiver],
    provenance: Provenance,
) -> tuple[str, Outcome, tuple[CheckVerdict, ...]]:
    name, _, checks = component
    changed = tuple(waive_check(check, waivers, provenance, component=name) for check in checks)
    if changed == checks:
        return component
    return name, outcome_of(changed), changed


def _subject(reason: Reason) -> tuple[str, str, int, str]:
    """What a reason and its remedy have in common."""
    return reason.kind, reason.path, reason.line, reason.name


def _as_waived(reason: Reason, check: CheckVerdict | None, place: _Place) -> WaivedReason:
    before = dict(place.provenance.renamed)
    amount, whole = _how_bad(reason, check)
    return WaivedReason(
        kind=reason.kind,
        path=before.get(reason.path, reason.path),
        name=reason.name,
        text=reason.text,
        component=place.component,
        # A suite that fails as a whole names no test: at another head, other ones may fail.
        identity=(place.provenance.head,) if reason.kind == "suite_failed" else reason.identity,
        amount=amount,
        whole=whole,
    )


def _how_bad(reason: Reason, check: CheckVerdict | None) -> tuple[int, int]:
    """(amount, whole) where a reason can become worse and stay the same in all else."""
    match check.facts if check else None:
        case ComplexityFacts() if isinstance(reason.after, int):
            return reason.after, 1
        case CoverageFacts() as coverage if reason.kind == "below_minimum":
            return coverage.head.executable - coverage.head.covered, max(1, coverage.head.executable)
    return 0, 1


def _covered(reasons: Sequence[tuple[Reason, WaivedReason]], waivers: Sequence[Waiver]) -> _Sorted:
    """Which of the reasons the waivers cover."""
    given = [_parts(waiver.reasons) for waiver in waivers]
    allowed = _together(given)
    left = {key: sorted(values) for key, values in allowed.items()}
    wanted = [_parts([waived]) for _, waived in reasons]
    covered = [False] * len(reasons)
    # The least bad first, so that of two alike one that grew does not take the place of the other.
    for index in sorted(range(len(reasons)), key=lambda index: _badness(reasons[index][1])):
        parts = wanted[index]
        covered[index] = bool(parts) and all(_take(left.get(key, []), each) for key, each in parts.items())
    used = {key for parts, yes in zip(wanted, covered, strict=True) if yes for key in parts}
    concerned = {key for parts in wanted for key in parts}
    both = list(zip((reason for reason, _ in reasons), covered, strict=True))
    return _Sorted(
        left=tuple(reason for reason, yes in both if not yes),
        waived=tuple(reason for reason, yes in both if yes),
        used=tuple(waiver for waiver, parts in zip(waivers, given, strict=True) if used & parts.keys()),
        concerned=tuple(
            waiver for waiver, parts in zip(waivers, given, strict=True) if concerned & parts.keys()
        ),
        allowed=allowed,
    )


def _with_news(reason: Reason, check: CheckVerdict, allowed: _Parts, component: str) -> Reason:
    """A sum of which a part was waived says first which lines were not."""
    if reason.kind not in _SUMS or not isinstance(check.facts, CoverageFacts):
        return reason
    facts = check.facts
    untested = weights(facts.uncovered, facts.uncovered_branches)
    found = untested if reason.kind == "uncovered_lines" else weights(facts.lost, facts.lost_branches)
    lines = [line for line, weight in found.items() for _ in range(weight)]
    if len(lines) != len(reason.identity):
        return reason
    seen: Counter[str] = Counter()
    news: defaultdict[str, list[int]] = defaultdict(list)
    for (path, line), part in zip(lines, reason.identity, strict=True):
        seen[part] += 1
        if seen[part] > len(allowed.get((component, reason.kind, part), ())):
            news[path].append(line)
    if sum(map(len, news.values())) == len(lines):
        return reason  # no part of it was waived
    told = places((path, tuple(numbers)) for path, numbers in news.items())
    return replace(reason, text=f"{told} was not waived. {reason.text}")


def _badness(reason: WaivedReason) -> Fraction:
    return Fraction(reason.amount, reason.whole)


def _take(left: list[Fraction], wanted: Sequence[Fraction]) -> bool:
    """Takes from what is left, the least bad first, enough for all that is wanted; whether there was enough."""
    for value in sorted(wanted):
        while left and left[0] < value:
            left.pop(0)
        if not left:
            return False
        left.pop(0)
    return True


def _parts(reasons: Iterable[WaivedReason]) -> dict[_Key, list[Fraction]]:
    """What the reasons are made of; nothing where a sum does not say of what."""
    found: defaultdict[_Key, list[Fraction]] = defaultdict(list)
    for reason in reasons:
        bad = _badness(reason)
        if reason.kind in _SUMS:
            for part in reason.identity:
                found[reason.component, reason.kind, part].append(bad)
        else:
            found[reason.component, reason.kind, reason.path, reason.name, *reason.identity].append(bad)
    return {key: sorted(values, reverse=True) for key, values in found.items()}


def _together(several: Iterable[_Parts]) -> dict[_Key, list[Fraction]]:
    """What several waivers allow together: each covers all that blocked at its time, so they are not added up."""
    found: dict[_Key, list[Fraction]] = {}
    for parts in several:
        for key, values in parts.items():
            pairs = zip_longest(found.get(key, []), values, fillvalue=Fraction(-1))
            found[key] = [max(pair) for pair in pairs]
    return found


def _title(check: CheckVerdict, left: Sequence[Reason], waivers: Sequence[Waiver]) -> str:
    if left:
        return title(f"New since the waiver {by(waivers)}: {left[0].text}", more=len(left) - 1)
    return title(f"Waived {by(waivers)}: {short_name(check.title)} ({waivers[0].why})")
