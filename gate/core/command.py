"""`/gate` commands in comments: what one asks for, and whether the person may have it. It carries none out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gate.core.markdown import clean, shorten
from gate.core.verdict import Outcome, Refusal, Verdict, WaivedReason, Waiver
from gate.core.verdict.overall import CHECKS
from gate.core.waiver import LOOSENING, snapshot

WAIVABLE = (*CHECKS, LOOSENING)
WHY_CHARACTERS = 500
"""Longer ones are refused: half a reason is none."""
MOST_COMMANDS = 5
"""Of one comment; the rest is not read."""
LINE_CHARACTERS = 1000
"""Of one command."""

_USAGE = "Write `/gate waive CHECK WHY`"
_SHOWN = 80
_FENCES = ("```", "~~~")


class MisusedError(ValueError):
    """A command cannot be understood; the text is a complete sentence that says how to write it."""


@dataclass(frozen=True, slots=True)
class Command:
    """`/gate waive CHECK WHY`, the only one there is."""

    check: str
    why: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever wrote a command, as GitHub knows the person at this moment."""

    person: str
    """Login."""
    role: str
    """`admin`, `maintain`, `write`, `triage`, `read`, `none`, or one that an organisation made up."""
    author: bool
    """Whether the pull request is theirs."""
    alone: bool | None = None
    """Of an author: whether nobody else has a role that may waive; None when GitHub does not tell."""


def commands_in(body: str) -> tuple[str, ...]:
    """The lines of a comment that begin with `/gate`, outside of code blocks."""
    return tuple(line for line, _ in zip(_commands(body), range(MOST_COMMANDS), strict=False))


def _commands(body: str) -> Iterator[str]:
    fence = ""
    for line in body.splitlines():
        marker = line.strip()[:3]
        if marker in _FENCES and fence in {"", marker}:
            fence = "" if fence else marker
        elif not fence and (line == "/gate" or line.startswith("/gate ")):
            yield shorten(clean(line).strip(), LINE_CHARACTERS)


def parse(line: str) -> Command:
    """What a line asks for.

    Raises: MisusedError.
    """
    words = line.split(maxsplit=3)
    verb = words[1] if len(words) > 1 else ""
    if verb != "waive":
        raise MisusedError(
            f"Gate knows no command `{verb}`. {_USAGE}." if verb else f"A command is missing. {_USAGE}."
        )
    check = words[2] if len(words) > 2 else ""
    if check not in WAIVABLE:
        raise MisusedError(f"CHECK is one of {_listed(WAIVABLE, 'or')}, not `{check}`. {_USAGE}.")
    why = words[3].strip() if len(words) > 3 else ""
    if not any(character.isalnum() for character in why):
        raise MisusedError(f"The reason is missing: say why {check} may be as it is. {_USAGE}.")
    if len(why) > WHY_CHARACTERS:
        raise MisusedError(f"The reason has {len(why)} characters, and at most {WHY_CHARACTERS} are kept.")
    return Command(check, why)


def written(check: str, why: str) -> str:
    """The line that asks to waive a check, as somebody would write it who was shown a form instead."""
    return f"/gate waive {check} {clean(why).strip()}"


def waivable(verdict: Verdict) -> tuple[tuple[str, tuple[WaivedReason, ...]], ...]:
    """Each check that blocks, `loosening` among them, with all that a waiver given now would cover."""
    blocked = {each.check for _, each in verdict.every_check if each.outcome is Outcome.BLOCKED}
    if verdict.loosening_blocks and verdict.loosened:
        blocked.add(LOOSENING)
    covered = ((check, snapshot(verdict, check)) for check in WAIVABLE if check in blocked)
    return tuple((check, reasons) for check, reasons in covered if reasons)


def decide(line: str, asker: Asker, verdict: Verdict | None, now: datetime) -> Waiver | Refusal:
    """The waiver that the line asks for, of all that blocks the check in this verdict, or why there is none."""
    try:
        command = parse(line)
    except MisusedError as error:
        return refused(line, asker.person, str(error), now)
    if verdict is None:
        return refused(
            line, asker.person, "Nothing is judged yet: write it again when the verdict is there.", now
        )
    if problem := _not_blocked(command, verdict) or _not_allowed(asker, verdict.waiver_roles):
        return refused(line, asker.person, problem, now)
    return Waiver(
        check=command.check,
        reasons=snapshot(verdict, command.check),
        why=command.why,
        person=asker.person,
        role=asker.role,
        given_at=now,
        head_sha=verdict.provenance.head,
        own=asker.author,
    )


def refused(line: str, person: str, text: str, now: datetime) -> Refusal:
    """The answer to a command that is not carried out; the text is a complete sentence."""
    return Refusal(command=shorten(clean(line), _SHOWN), text=text, person=person, given_at=now)


def _not_allowed(asker: Asker, roles: Sequence[str]) -> str:
    if asker.role not in roles:
        return f"A waiver needs the role {_listed(roles, 'or')} here, and {asker.person} has {asker.role}."
    if not asker.author or asker.alone:
        return ""
    if asker.alone is None:
        why = "GitHub does not tell whether somebody else has such a role"
    else:
        why = f"somebody else with the role {_listed(roles, 'or')} can give it"
    return f"{asker.person} is the author, and authors give no waiver for what is their own: {why}."


def _not_blocked(command: Command, verdict: Verdict) -> str:
    if not verdict.waiver_roles:
        return (
            "This verdict cannot be waived: measure again, or repair the policy where that is what is broken."
        )
    if snapshot(verdict, command.check):
        return ""
    found = [check for check in verdict.checks if check.check == command.check]
    if any(check.outcome is Outcome.COULD_NOT_MEASURE for check in found):
        return f"{command.check} could not be measured, and only what was measured can be waived."
    return f"{command.check} does not block, so there is nothing to waive."


def _listed(words: Sequence[str], last: str) -> str:
    """`admin or maintain`; `coverage, complexity or security`."""
    *most, final = words or ("nobody",)
    return f"{', '.join(most)} {last} {final}" if most else final
