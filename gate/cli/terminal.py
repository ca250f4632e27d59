"""The verdict in a terminal: what blocks, where, and the way to green. Colours respect NO_COLOR; the words never need them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from gate.core.explanation import Explanation
from gate.core.explanation.text import as_lines
from gate.core.verdict import CheckVerdict, Outcome, Reason, Verdict

REASONS = 20
NOTES = 5
OUTPUT_LINES = 15
"""Reasons and notes of a check that are printed; the JSON has them all."""

_MARKS = {
    Outcome.PASSED: ("✔", "green", "passed"),
    Outcome.BLOCKED: ("✘", "red", "blocked"),
    Outcome.WAIVED: ("✔", "yellow", "waived"),
    Outcome.COULD_NOT_MEASURE: ("▲", "yellow", "could not measure"),
    Outcome.SUPERSEDED: ("·", "dim", "superseded"),
}


def output() -> Console:
    """The console for results, on standard output; never wraps, so that paths can be copied."""
    return Console(soft_wrap=True, highlight=False)


def messages() -> Console:
    """The console for progress and errors, on standard error."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """A one-line progress display on standard error while it is a terminal; silent otherwise."""
    console = messages()
    if quiet or not console.is_terminal:
        yield Progress(None)
        return
    with console.status("starting") as status:
        yield Progress(status.update)


class Progress:
    """What is being done now, in a word or two."""

    def __init__(self, show: object) -> None:
        self._show = show if callable(show) else None

    def stage(self, text: str) -> None:
        """Shows `text` in place of what stood there."""
        if self._show is not None:
            self._show(escape(text))


def print_verdict(console: Console, verdict: Verdict) -> None:
    """Prints the checks with their reasons, the list "to pass", and what was compared."""
    for component, check in verdict.every_check:
        _print_check(console, check, of=f" of {component}" if component else "")
    mark, colour, _ = _MARKS[verdict.outcome]
    console.print(f"[{colour} bold]{mark} {escape(verdict.title)}[/]", end="")
    console.print(" [dim](advise: nothing is enforced)[/]" if verdict.advise else "")
    if verdict.to_pass:
        console.print("\n[bold]To pass[/]")
        for number, step in enumerate(verdict.to_pass, start=1):
            console.print(f"  {number}. {escape(step.text)}")
    if verdict.loosened:
        console.print(
            "\n[bold]Loosened by this change[/] [dim](reported; blocks where the policy says so)[/]"
        )
        _print_lines(console, [reason.text for reason in verdict.loosened], REASONS, "")
    if verdict.preview and not verdict.preview.mistakes:
        console.print("\n[bold]With the policy of this change[/] [dim](it counts once it is merged)[/]")
        _print_reasons(console, verdict.preview.sentences, NOTES, "")
    _print_provenance(console, verdict)


def print_explanation(console: Console, explanation: Explanation, *, bounded: bool) -> None:
    """Prints why things count or do not, file by file; `bounded` leaves out what is far down."""
    console.print("\n[bold]Why[/]")
    for line in as_lines(explanation, bounded=bounded):
        console.print(line, markup=False)


def _print_check(console: Console, check: CheckVerdict, of: str = "") -> None:
    mark, colour, word = _MARKS[check.outcome]
    console.print(f"[{colour}]{mark} {escape(check.check + of)}[/] [dim]{word}:[/] {escape(check.title)}")
    _print_reasons(console, check.reasons, REASONS, "")
    for waiver in check.waivers:
        console.print(f"    waived by {escape(waiver.person)} ({escape(waiver.role)}): {escape(waiver.why)}")
    _print_reasons(console, check.waived, REASONS, "dim")
    _print_reasons(console, check.notes, NOTES, "dim")
    for line in check.output.splitlines()[-OUTPUT_LINES:]:
        console.print(f"    | {line}", style="dim", markup=False)


def _print_reasons(console: Console, reasons: tuple[Reason, ...], most: int, style: str) -> None:
    _print_lines(console, [f"{_place(reason)}{reason.text}" for reason in reasons], most, style)


def _print_lines(console: Console, lines: list[str], most: int, style: str) -> None:
    for line in lines[:most]:
        console.print(f"    {escape(line)}", style=style)
    if len(lines) > most:
        console.print(f"    … and {len(lines) - most} more; --format json has them all", style=style)


def _place(reason: Reason) -> str:
    if not reason.path:
        return ""
    return f"{reason.path}:{reason.line}: " if reason.line else f"{reason.path}: "


def _print_provenance(console: Console, verdict: Verdict) -> None:
    compared = verdict.provenance
    head = compared.head if " " in compared.head else compared.head[:10]
    base = compared.base[:10] or "nothing (first commit)"
    console.print(
        f"\n[dim]{escape(head)} against {escape(base)}, judged by {escape(compared.policy_source)}[/]"
    )
    for check, sentence in compared.obtained:
        console.print(f"[dim]{escape(check)}: {escape(sentence)}[/]")
