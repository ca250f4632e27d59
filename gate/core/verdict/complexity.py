"""Whether a change makes functions too complex, and by how much they would have to shrink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.core.comparison import ComplexityFacts, FunctionChange
from gate.core.policy import Policy
from gate.core.verdict.unmeasured import outcome_of, title_of_unmeasured, unmeasured_reasons
from gate.core.verdict.values import CheckVerdict, Reason
from gate.core.verdict.wording import short_name, title

_SHOWN_CONTRIBUTORS = 3
_WHY = {
    "new_above_maximum": "It is new and above the limit of {}.",
    "crossed_maximum": "It crossed the limit of {}.",
    "grew_above_maximum": "It was above the limit of {} and grew.",
}


@dataclass(frozen=True, slots=True)
class _Excess:
    """What the functions of some files have above the maximum, summed up, at the base and at the head."""

    paths: frozenset[str]
    before: int
    after: int

    @property
    def falls(self) -> bool:
        return self.after < self.before


@dataclass(frozen=True, slots=True)
class FunctionRuling:
    """What is made of one function that changed."""

    change: FunctionChange
    kind: str
    """The kind of reason it is; empty for a harmless one."""
    blocks: bool
    why: str
    """A sentence: why it blocks, or why it does not."""


def rule_on_functions(facts: ComplexityFacts, maximum: int) -> tuple[FunctionRuling, ...]:
    """Each changed function with whether it blocks, in the order of the facts."""
    excesses = _excesses([change for change in facts.functions if change.judged], maximum)
    by_path = {path: excess for excess in excesses for path in excess.paths}
    return tuple(_ruling(change, maximum, by_path.get(change.path)) for change in facts.functions)


def judge_complexity(policy: Policy, facts: ComplexityFacts) -> CheckVerdict:
    """Blocked by functions that are new above the maximum, crossed it, or were above and grew.

    Not by those in files whose total excess over the maximum falls: a tangle split into smaller ones is progress.
    """
    maximum = policy.complexity.maximum
    excesses = _excesses([change for change in facts.functions if change.judged], maximum)
    worse = sorted(
        (ruling for ruling in rule_on_functions(facts, maximum) if ruling.kind),
        key=lambda ruling: (
            -_overshoot(ruling.change, maximum),
            ruling.change.path,
            ruling.change.line,
            ruling.change.name,
        ),
    )
    blocking = [ruling.change for ruling in worse if ruling.blocks]
    unreadable, listed = unmeasured_reasons(facts.unmeasured)
    return CheckVerdict(
        check="complexity",
        outcome=outcome_of(blocked=bool(blocking), unmeasured=bool(unreadable)),
        title=_title(facts, maximum, blocking, falling=[excess for excess in excesses if excess.falls]),
        reasons=(*(_reason(change, maximum) for change in blocking), *unreadable),
        notes=(*(_note(ruling, maximum) for ruling in worse if not ruling.blocks), *listed),
        to_pass=(*_to_pass(blocking, excesses, maximum), *unreadable),
        facts=facts,
        limits=(("maximum", maximum),),
    )


def _ruling(change: FunctionChange, maximum: int, excess: _Excess | None) -> FunctionRuling:
    kind = _kind(change, maximum)
    if not kind:
        return FunctionRuling(change, "", blocks=False, why=_harmless(change, maximum))
    if not change.judged or excess is None:
        why = "It is in a test file, or its file could not be measured at the base: not judged."
        return FunctionRuling(change, kind, blocks=False, why=why)
    if excess.falls:
        files = " and ".join(sorted(excess.paths))
        why = f"The complexity above {maximum} in {files} falls from {excess.before} to {excess.after}: no block."
        return FunctionRuling(change, kind, blocks=False, why=why)
    return FunctionRuling(change, kind, blocks=True, why=_WHY[kind].format(maximum))


def _harmless(change: FunctionChange, maximum: int) -> str:
    if change.after is None:
        return "It is gone."
    if change.after <= maximum:
        return f"It is within the limit of {maximum}."
    return f"It was above the limit of {maximum} before, and did not grow."


def _kind(change: FunctionChange, maximum: int) -> str:
    """The kind of reason the change is; empty for a harmless one."""
    before, after = change.before, change.after
    if after is None or after <= maximum:
        return ""
    if before is None:
        return "new_above_maximum"
    if before <= maximum:
        return "crossed_maximum"
    return "grew_above_maximum" if after > before else ""


def _target(change: FunctionChange, maximum: int) -> int:
    """The complexity the function may have: what it had when it was above the maximum already."""
    return max(maximum, change.before or 0)


def _overshoot(change: FunctionChange, maximum: int) -> int:
    return (change.after or 0) - _target(change, maximum)


def _excesses(changes: Iterable[FunctionChange], maximum: int) -> list[_Excess]:
    """The excess of all changed functions, summed over files; files that functions moved between go together."""
    found: dict[str, _Excess] = {}
    for change in changes:
        paths = {change.path, change.old_path} - {""}
        parts = {id(found[path]): found[path] for path in paths if path in found}.values()
        joined = _Excess(
            frozenset(paths).union(*(part.paths for part in parts)),
            sum(part.before for part in parts) + max(0, (change.before or 0) - maximum),
            sum(part.after for part in parts) + max(0, (change.after or 0) - maximum),
        )
        found.update(dict.fromkeys(joined.paths, joined))
    unique = {id(excess): excess for excess in found.values()}.values()
    return sorted(unique, key=lambda excess: sorted(excess.paths))


def _reason(change: FunctionChange, maximum: int) -> Reason:
    target = _target(change, maximum)
    back = "back to" if target > maximum else "to"
    text = f"{_history(change, maximum)} {_contributors(change)}Bring it {back} {target} or less."
    return _about(change, maximum, text)


def _note(ruling: FunctionRuling, maximum: int) -> Reason:
    return _about(ruling.change, maximum, f"{_history(ruling.change, maximum)} {ruling.why}")


def _about(change: FunctionChange, maximum: int, text: str) -> Reason:
    return Reason(
        _kind(change, maximum),
        text,
        path=change.path,
        line=change.line,
        name=change.name,
        before=change.before,
        after=change.after,
        limit=maximum,
    )


def _history(change: FunctionChange, maximum: int) -> str:
    """What happened to a function that is above the maximum."""
    if change.before is None:
        return f"{change.name} is new with a complexity of {change.after}; the limit is {maximum}."
    if change.before <= maximum:
        return f"{change.name} grew from {change.before} to {change.after}; the limit is {maximum}."
    return f"{change.name} was above the limit of {maximum} and grew from {change.before} to {change.after}."


def _contributors(change: FunctionChange) -> str:
    largest = sorted(change.contributors, key=lambda pair: (-pair[1], pair[0]))[:_SHOWN_CONTRIBUTORS]
    if not largest:
        return ""
    return f"Most comes from {' and '.join(f'line {line} (+{points})' for line, points in largest)}. "


def _to_pass(blocking: list[FunctionChange], excesses: list[_Excess], maximum: int) -> Iterator[Reason]:
    """Each function back to what it may have; or less than that, where it makes the total excess of its files fall."""
    for excess in excesses:
        # A total can only fall where there was one.
        enough = excess.after - excess.before + 1 if excess.before else None
        for change in (change for change in blocking if change.path in excess.paths):
            cut = _overshoot(change, maximum)
            if enough is not None:
                cut = min(cut, enough)
                enough -= cut
            if cut > 0:
                text = f"Bring {change.name} from {change.after} to {(change.after or 0) - cut} or less."
                yield _about(change, maximum, text)


def _title(
    facts: ComplexityFacts, maximum: int, blocking: list[FunctionChange], *, falling: list[_Excess]
) -> str:
    if blocking:
        worst = blocking[0]
        unmeasured = sum(file.judged for file in facts.unmeasured)
        more = len(blocking) - 1 + unmeasured
        return title(f"{short_name(worst.name)} is {worst.after}, limit {maximum}", more=more)
    if any(file.judged for file in facts.unmeasured):
        return title_of_unmeasured(facts.unmeasured)
    highest = max((change.after or 0 for change in facts.functions if change.judged), default=0)
    if not highest:
        return title(f"No function changed its complexity, limit {maximum}")
    if highest <= maximum:
        return title(f"No changed function over {maximum} (highest {highest})")
    if falling:
        before, after = sum(each.before for each in falling), sum(each.after for each in falling)
        return title(f"Complexity over {maximum} falls from {before} to {after}")
    return title(f"No function over {maximum} is new or grew (highest changed {highest})")
