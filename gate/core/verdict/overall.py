"""One verdict of several checks, and what is said when there is no measurement or no policy to judge by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from gate.core.policy import Policy
from gate.core.verdict.values import CheckVerdict, Outcome, Preview, Provenance, Reason, Verdict
from gate.core.verdict.wording import by, counted, title

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

NEEDS_APPROVAL = "needs_approval"
"""Kind of the reason why tests did not run that somebody has to allow."""

SubVerdict = tuple[str, Outcome, tuple[CheckVerdict, ...]]
"""(name, outcome, checks) of a component."""


def combine(
    checks: Iterable[CheckVerdict],
    provenance: Provenance,
    policy: Policy,
    *,
    loosened: tuple[Reason, ...] = (),
    components: tuple[SubVerdict, ...] = (),
    preview: Preview | None = None,
) -> Verdict:
    """The worst of the checks and components.

    A check that is not armed is named and left out, unless nothing else was measured. `loosened` is what the change
    loosens; it blocks where `[guard] loosening` says so. A `preview` of a policy that cannot be read blocks.
    Without any check nothing was measured.
    """
    ordered = tuple(sorted(checks, key=lambda check: CHECKS.index(check.check)))
    return concluded(
        Verdict(
            outcome=Outcome.COULD_NOT_MEASURE,
            title="",
            checks=ordered,
            provenance=provenance,
            advise=policy.gate.mode == "advise",
            components=components,
            loosened=loosened,
            loosening_blocks=policy.guard.loosening == "block",
            waiver_roles=policy.waivers.roles,
            preview=preview,
            comment=policy.gate.comment == "failure",
        )
    )


def concluded(verdict: Verdict) -> Verdict:
    """The verdict with the outcome, the title and the list "to pass" that its checks, components and loosening make."""
    checks = [check for _, check in verdict.every_check]
    blocking = verdict.loosened if verdict.loosening_blocks else ()
    mistakes = verdict.preview.mistakes if verdict.preview else ()
    outcomes = counted_outcomes(checks)
    if blocking or mistakes:
        outcomes.append(Outcome.BLOCKED)
    elif verdict.loosened_waived:
        outcomes.append(Outcome.WAIVED)
    outcome = worst(outcomes)
    return replace(
        verdict,
        outcome=outcome,
        title=_title(outcome, verdict, blocking, mistakes),
        neutral=bool(verdict.checks) and not outcomes,
        to_pass=tuple(reason for check in checks if not check.neutral for reason in check.to_pass)
        + tuple(replace(reason, text=reason.remedy or reason.text) for reason in blocking)
        + mistakes,
    )


def counted_outcomes(checks: Iterable[CheckVerdict]) -> list[Outcome]:
    """The outcomes that count: what is not armed, or has no file to judge, is left out."""
    return [check.outcome for check in checks if not check.neutral]


def named_checks(
    checks: Iterable[CheckVerdict], components: Iterable[SubVerdict] = ()
) -> Iterator[tuple[str, CheckVerdict]]:
    """Every check by the name people read: `complexity`, `complexity of api`."""
    yield from ((check.check, check) for check in checks)
    for name, _, own in components:
        yield from ((f"{check.check} of {name}", check) for check in own)


def outcome_of(checks: Collection[CheckVerdict]) -> Outcome:
    """The outcome of one component: the worst of what counts of its checks, or of all where nothing does."""
    return worst(counted_outcomes(checks) or [check.outcome for check in checks])


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


def needs_approval(author: str, *, neutral: bool) -> CheckVerdict:
    """Coverage of a first-time contributor's change whose tests nobody has allowed to run yet."""
    text = f"{author} has not contributed here before, so the tests wait for a maintainer"
    hint = "Look at the change; then press “Run the tests” on this check, which holds for this head alone"
    waiting = could_not_measure("coverage", text, hint, neutral=neutral)
    return replace(waiting, reasons=tuple(replace(each, kind=NEEDS_APPROVAL) for each in waiting.reasons))


def awaits_approval(check: CheckVerdict) -> bool:
    """Whether somebody has to allow the tests to run."""
    return any(reason.kind == NEEDS_APPROVAL for reason in check.reasons)


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


def _title(
    outcome: Outcome, verdict: Verdict, blocking: tuple[Reason, ...], mistakes: tuple[Reason, ...]
) -> str:
    checks = list(named_checks(verdict.checks, verdict.components))
    unarmed = [name for name, check in checks if check.unarmed]
    judged = [(name, check) for name, check in checks if not check.neutral]
    if outcome is not Outcome.PASSED:
        names = [name for name, check in judged if check.outcome is outcome]
        if blocking or (outcome is Outcome.WAIVED and verdict.loosened_waived):
            names.append("loosening")
        if mistakes:
            names.append("policy")
        if names:
            given = _given(verdict) if outcome is Outcome.WAIVED else ""
            return title(f"{_WORDS[outcome]}: {', '.join(names)}{given}")
        return title(f"Not armed: {', '.join(unarmed)}" if unarmed else "Nothing was measured")
    passed = (
        f"All {len(judged)} checks passed" if len(judged) > 1 else f"{counted(len(judged), 'check')} passed"
    )
    if not unarmed:
        return title(passed if len(judged) != 1 else f"{judged[0][0].capitalize()} passed")
    return title(f"{counted(len(judged), 'check')} passed, {' and '.join(unarmed)} not armed yet")


def _given(verdict: Verdict) -> str:
    """Who waived, and the first of their words why: `, by ada: the rewrite is planned`."""
    given = [waiver for _, check in verdict.every_check for waiver in check.waivers]
    found = (*given, *verdict.loosening_waivers)
    return f", {by(found)}: {found[0].why}" if found else ""
