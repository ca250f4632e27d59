"""One verdict of several checks, and what is said when there is no measurement or no policy to judge by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.core.policy import Policy
from gate.core.verdict.values import CheckVerdict, Outcome, Provenance, Reason, Verdict
from gate.core.verdict.wording import counted, title

CHECKS = ("coverage", "complexity", "security")
_WORST_FIRST = (
    Outcome.SUPERSEDED,
    Outcome.BLOCKED,
    Outcome.COULD_NOT_MEASURE,
    Outcome.WAIVED,
    Outcome.PASSED,
)
_WORDS = {
    Outcome.SUPERSEDED: "Superseded",
    Outcome.BLOCKED: "Blocked",
    Outcome.COULD_NOT_MEASURE: "Could not measure",
    Outcome.WAIVED: "Waived",
}

SubVerdict = tuple[str, Outcome, tuple[CheckVerdict, ...]]
"""(name, outcome, checks) of a component."""


def combine(
    checks: Iterable[CheckVerdict],
    provenance: Provenance,
    policy: Policy,
    *,
    loosened: tuple[Reason, ...] = (),
    components: tuple[SubVerdict, ...] = (),
) -> Verdict:
    """The worst of the checks and components.

    A check that is not armed is named and left out, unless nothing else was measured. `loosened` is what the change
    loosens; it blocks where `[guard] loosening` says so. Without any check nothing was measured.
    """
    ordered = tuple(sorted(checks, key=lambda check: CHECKS.index(check.check)))
    named = [(check.check, check) for check in ordered]
    named += [(f"{check.check} of {name}", check) for name, _, judged in components for check in judged]
    blocking = loosened if policy.guard.loosening == "block" else ()
    outcomes = counted_outcomes(check for _, check in named)
    if blocking:
        outcomes.append(Outcome.BLOCKED)
    outcome = worst(outcomes)
    return Verdict(
        outcome=outcome,
        title=_title(outcome, named, blocking),
        checks=ordered,
        provenance=provenance,
        advise=policy.gate.mode == "advise",
        neutral=bool(ordered) and not outcomes,
        to_pass=tuple(reason for _, check in named if not check.neutral for reason in check.to_pass)
        + blocking,
        components=components,
        loosened=loosened,
    )


def counted_outcomes(checks: Iterable[CheckVerdict]) -> list[Outcome]:
    """The outcomes that count: what is not armed, or has no file to judge, is left out."""
    return [check.outcome for check in checks if not check.neutral]


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome that counts: blocked, could not measure, waived, passed. Nothing at all could not be measured."""
    return min(outcomes, key=_WORST_FIRST.index, default=Outcome.COULD_NOT_MEASURE)


def could_not_measure(check: str, text: str, hint: str, *, neutral: bool, output: str = "") -> CheckVerdict:
    """A check without a measurement: the cause, and the next step if one is known; neutral while it is not armed.

    The first line of `text` is the title's; each line is a sentence or more.
    `output` are the last lines that something of the project printed.
    """
    cause = text.strip().splitlines()[0].rstrip(".:") if text.strip() else "the cause is not known"
    kind, word = ("not_armed", "Not armed") if neutral else ("could_not_measure", "Could not measure")
    remedy = _remedy(hint)
    sentences = " ".join(_sentence(line) for line in text.strip().splitlines())
    sentence = f"{word}: {sentences or _sentence(cause)} {remedy}".rstrip()
    return CheckVerdict(
        check=check,
        outcome=Outcome.COULD_NOT_MEASURE,
        title=title(f"{word}: {cause}"),
        reasons=(Reason(kind, sentence),),
        to_pass=(Reason(kind, remedy),) if remedy else (),
        neutral=neutral,
        output=output,
    )


def broken_policy(text: str, *, head: str) -> Verdict:
    """Blocked, because the policy cannot be read; every line of the text is one mistake to repair."""
    mistakes = tuple(Reason("policy", _sentence(line)) for line in text.splitlines() if line.strip())
    first = mistakes[0].text if mistakes else "the policy cannot be read"
    return Verdict(
        outcome=Outcome.BLOCKED,
        title=title(f"Blocked: {first}", more=max(0, len(mistakes) - 1)),
        checks=(),
        provenance=Provenance(
            head=head, base="", policy_sha="", policy_digest="", policy_source="a broken policy"
        ),
        to_pass=mistakes,
    )


def _remedy(hint: str) -> str:
    """The next step as a sentence; a hint that is a piece of `.gate.toml` becomes code in one line."""
    if not hint.lstrip().startswith("["):
        return _sentence(hint)
    section, *keys = (line.partition("  #")[0].strip() for line in hint.strip().splitlines())
    return f"Set in `.gate.toml`, below `{section}`: {', '.join(f'`{key}`' for key in keys)}."


def _sentence(text: str) -> str:
    """The text with a full stop, where it does not end with code or a sign of its own."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "`", "]", "'", '"', ":")) else f"{text}."


def _title(outcome: Outcome, checks: Sequence[tuple[str, CheckVerdict]], blocking: tuple[Reason, ...]) -> str:
    """`checks` by the name people read."""
    unarmed = [name for name, check in checks if check.unarmed]
    judged = [(name, check) for name, check in checks if not check.neutral]
    if outcome is not Outcome.PASSED:
        names = [name for name, check in judged if check.outcome is outcome]
        names += ["loosening"] if blocking else []
        if names:
            return title(f"{_WORDS[outcome]}: {', '.join(names)}")
        return title(f"Not armed: {', '.join(unarmed)}" if unarmed else "Nothing was measured")
    passed = (
        f"All {len(judged)} checks passed" if len(judged) > 1 else f"{counted(len(judged), 'check')} passed"
    )
    if not unarmed:
        return title(passed if len(judged) != 1 else f"{judged[0][0].capitalize()} passed")
    return title(f"{counted(len(judged), 'check')} passed, {' and '.join(unarmed)} not armed yet")
