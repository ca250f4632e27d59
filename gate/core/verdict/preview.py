"""What the policy a head brings would make of it: for people to see before it counts. It judges by no rule of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gate.core.verdict.overall import SubVerdict, named_checks
from gate.core.verdict.values import CheckVerdict, Outcome, Preview, Previewed, Reason, Verdict

_MISTAKE = re.compile(r"(?P<path>\S+)(?: line (?P<line>\d+))?: ")
_WORDS = {
    Outcome.PASSED: "would pass",
    Outcome.WAIVED: "would be waived",
    Outcome.BLOCKED: "would be blocked",
    Outcome.COULD_NOT_MEASURE: "could not be measured",
    Outcome.SUPERSEDED: "would be superseded",
}


def previewed(
    now: Sequence[CheckVerdict],
    then: Verdict,
    *,
    components: tuple[SubVerdict, ...] = (),
    unknown: Iterable[tuple[str, str]] = (),
) -> Preview:
    """How `then`, the verdict by the head's policy, differs from the checks by the policy that counts.

    `components` are those of now; one that only the head's policy has differs. `unknown` are checks that would have to be measured again, each with why.
    """
    by_name = dict(named_checks(now, components))
    differing = [
        Previewed(name, check.outcome, check.title)
        for name, check in named_checks(then.checks, then.components)
        if _said(check) != _said(by_name.get(name))
    ]
    differing += [Previewed(check, None, why) for check, why in unknown]
    sentences = [_sentence(each) for each in differing]
    return Preview(
        outcome=then.outcome,
        advise=then.advise,
        checks=tuple(differing),
        sentences=tuple(Reason("preview", text) for text in (*sentences, _overall(then, differing))),
    )


def broken_preview(text: str) -> Preview:
    """The head's policy cannot be read; every line of `text` is one mistake, which blocks: merged, it would block everybody."""
    mistakes = tuple(_mistake(line) for line in text.splitlines() if line.strip())
    return Preview(outcome=Outcome.BLOCKED, mistakes=mistakes)


def _said(check: CheckVerdict | None) -> tuple[object, ...]:
    return (check.outcome, check.title, check.neutral) if check else ()


def _sentence(check: Previewed) -> str:
    name = check.check[:1].upper() + check.check[1:]
    if check.outcome is None:
        return f"{name} is not known before it is measured again: {check.title}."
    # A title of what could not be measured says so itself.
    told = "" if check.outcome is Outcome.COULD_NOT_MEASURE else f" {_WORDS[check.outcome]}"
    return f"{name}{told}: {check.title.rstrip('.')}."


def _overall(then: Verdict, differing: Sequence[Previewed]) -> str:
    rest = " Its mode is advise: nothing would be enforced." if then.advise else ""
    without = [each.check for each in differing if each.outcome is None]
    left_out = f", {' and '.join(without)} left out" if without else ""
    same = "" if differing else " Nothing else is said of the checks."
    return f"The gate {_WORDS[then.outcome]}{left_out}.{same}{rest}"


def _mistake(line: str) -> Reason:
    found = _MISTAKE.match(line)
    path, number = (found["path"], int(found["line"] or 0)) if found else ("", 0)
    text = f"This change breaks the policy: {line.strip()}"
    return Reason("policy", text if text.endswith((".", "`", "?")) else f"{text}.", path=path, line=number)
