"""What the parts of a repository make of a check together, and each component's own sub-verdict. No part is judged here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gate.core.verdict.overall import CHECKS, SubVerdict, counted_outcomes, outcome_of, worst
from gate.core.verdict.values import CheckVerdict, Outcome, Reason, Verdict
from gate.core.verdict.wording import title

Components = tuple[tuple[str, CheckVerdict], ...]
"""(name, verdict) of each component, of one and the same check."""


def sub_verdicts(checks: Iterable[Components]) -> tuple[SubVerdict, ...]:
    """The components with their checks, in the order in which components are first named."""
    found: dict[str, list[CheckVerdict]] = {}
    for components in checks:
        for name, check in components:
            found.setdefault(name, []).append(check)
    return tuple(
        (
            name,
            outcome_of(judged),
            tuple(sorted(judged, key=lambda check: CHECKS.index(check.check))),
        )
        for name, judged in found.items()
    )


def components_of(verdict: Verdict, check: str) -> Components:
    """What a verdict says of the components by that check."""
    return tuple((name, each) for name, each in verdict.every_check if name and each.check == check)


def of_component(name: str, check: CheckVerdict) -> CheckVerdict:
    """The verdict on a component's files, its name in every sentence that names no file."""

    def named(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
        return tuple(
            reason if reason.path else replace(reason, text=f"{name}: {reason.text}") for reason in reasons
        )

    return replace(
        check, reasons=named(check.reasons), notes=named(check.notes), to_pass=named(check.to_pass)
    )


def without_files(check: str, name: str, paths: Sequence[str]) -> CheckVerdict:
    """Said of a component that no Python file of either side belongs to: most likely its paths are mistaken."""
    globs = ", ".join(f"`{glob}`" for glob in paths)
    text = (
        f"No Python file belongs to the component {name}: none matches its paths {globs}, or an earlier component has"
        " them. Mend the paths in `.gate.toml`, or remove the component."
    )
    return CheckVerdict(
        check,
        Outcome.PASSED,
        title(f"No Python file belongs to {name}"),
        notes=(Reason("component_without_files", text, name=name),),
        neutral=True,
    )


def no_files_to_cover(name: str) -> CheckVerdict:
    """Said of a part whose suite has nothing to run and nothing to cover at the head."""
    text = (
        f"No file of {name} is left to be covered"
        if name
        else "Every file belongs to a component with its own tests"
    )
    return CheckVerdict("coverage", Outcome.PASSED, title(text), neutral=True)


def joined(rest: CheckVerdict, components: Components) -> CheckVerdict:
    """One verdict for the check run of a check: the worst of the rest and the components; it has no facts.

    What is not armed is named and left out, unless nothing else was measured; what has no files is left out.
    """
    parts: Mapping[str, CheckVerdict] = {"": rest, **dict(components)}
    counted = counted_outcomes(parts.values())
    outcome, neutral = worst(counted or [check.outcome for check in parts.values()]), not counted
    decisive = [name for name, check in parts.items() if (check.outcome, check.neutral) == (outcome, neutral)]
    return CheckVerdict(
        rest.check,
        outcome,
        _title(outcome, parts, decisive),
        reasons=tuple(reason for check in parts.values() for reason in check.reasons),
        to_pass=tuple(reason for check in parts.values() if not check.neutral for reason in check.to_pass),
        neutral=neutral,
        waived=tuple(reason for check in parts.values() for reason in check.waived),
        waivers=tuple(dict.fromkeys(waiver for check in parts.values() for waiver in check.waivers)),
        output=next((parts[name].output for name in decisive if parts[name].output), ""),
    )


def _title(outcome: Outcome, parts: Mapping[str, CheckVerdict], decisive: Sequence[str]) -> str:
    if outcome is Outcome.PASSED:
        unarmed = [name for name, check in parts.items() if check.unarmed]
        return title(f"Passed: {_names(decisive)}" + (f"; not armed: {_names(unarmed)}" if unarmed else ""))
    first, *others = decisive
    said = f"{first}: {parts[first].title}" if first else parts[first].title
    return title(f"{said}; also {_names(others)}" if others else said)


def _names(names: Sequence[str]) -> str:
    """`api, web and the rest`."""
    told = [*(name for name in names if name), *("the rest" for name in names if not name)]
    return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))
