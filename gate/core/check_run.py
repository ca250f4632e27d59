"""Check runs: what GitHub shows of a verdict, as values; `gate.github` sends them.

It decides nothing but the conclusion, which follows from outcome and mode by the table of `docs/policy.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gate.core import event
from gate.core.annotation import MOST, Annotation, AnnotationLevel, annotate
from gate.core.links import Links
from gate.core.markdown import clean, shorten
from gate.core.summary import (
    of_annotations,
    of_check,
    of_failure,
    of_installation,
    of_newer,
    of_output,
    of_stage,
    of_verdict,
    without_word,
    would,
)
from gate.core.verdict import (
    CheckVerdict,
    Components,
    Outcome,
    Provenance,
    Verdict,
    awaits_approval,
    joined,
)

__all__ = (
    "APPROVE",
    "OVERALL",
    "RERUN",
    "Action",
    "Annotation",
    "AnnotationLevel",
    "CheckRun",
    "Conclusion",
    "Links",
    "conclusion_of",
    "failed",
    "installed",
    "name_of",
    "render",
    "render_overall",
    "started",
    "superseded",
)

Status = Literal["queued", "in_progress", "completed"]
Conclusion = Literal["", "success", "failure", "neutral", "cancelled"]

OVERALL = "gate"
"""Name of the check run to require."""
TITLE_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class Action:
    """A button under a completed check run. GitHub: label and identifier at most 20 characters, description 40."""

    label: str
    description: str
    identifier: str


APPROVE = Action("Run the tests", "Allow them for this head, after a look", event.APPROVE)
RERUN = Action("Measure again", "Run this check again on the same head", event.RERUN)


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run in GitHub's terms."""

    name: str
    head_sha: str
    external_id: str
    """The run it belongs to; a repeated step finds its check run by it again."""
    status: Status
    conclusion: Conclusion
    """Empty unless completed."""
    title: str
    """A complete sentence without a full stop, at most 255 characters: what the merge box shows."""
    summary: str
    """Markdown, at most 60,000 bytes."""
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    details_url: str = ""
    actions: tuple[Action, ...] = ()


def name_of(check: str) -> str:
    """The name of a check's own check run: `gate / coverage`."""
    return f"{OVERALL} / {check}"


def started(stage: str, links: Links, *, late: str = "") -> CheckRun:
    """`gate` in progress; the stage is a sentence for people, e.g. `Running the tests of the head.`

    `late` is Markdown of ours that says that the verdict is, and why.
    """
    return _in_progress(OVERALL, links, stage.rstrip(".") or "Started", of_stage(stage, links, late))


def installed(links: Links) -> CheckRun:
    """The first `gate` of a repository, on its default branch: there to be chosen as required, it judges nothing."""
    title = "Gate is installed: pull requests are judged from now on"
    run = _in_progress(OVERALL, links, title, of_installation(links))
    return replace(run, status="completed", conclusion="neutral", details_url="")


def superseded(
    newer_sha: str, links: Links, *, name: str = OVERALL, ended: str = "The pull request was closed"
) -> CheckRun:
    """Closed, because a newer head of the pull request is judged instead; without one, because of how it `ended`."""
    title = f"Superseded by {newer_sha[:7]}, which is judged instead" if newer_sha else ended
    run = _in_progress(name, links, title, of_newer(newer_sha, links, ended))
    return replace(run, status="completed", conclusion="cancelled")


def failed(text: str, hint: str, links: Links, *, neutral: bool = False, output: str = "") -> CheckRun:
    """`gate` could not measure anything: the cause in `text`, the next step in `hint`, and the end of an output."""
    title = f"Could not measure: {text.rstrip('.')}"
    return replace(
        _in_progress(OVERALL, links, title, of_failure(text, hint, links, neutral=neutral)),
        status="completed",
        conclusion=_conclusion(Outcome.COULD_NOT_MEASURE, advise=False, neutral=neutral),
        text=of_output(output),
        actions=(RERUN,),
    )


def render(
    check: CheckVerdict,
    provenance: Provenance,
    links: Links,
    *,
    advise: bool = False,
    components: Components = (),
) -> CheckRun:
    """The completed check run of one check: the worst of what it says of the components and of the rest, `check`."""
    found = annotate(check, *(each for _, each in components), advise=advise)
    remark = of_annotations(MOST, len(found), links, check.check)
    summary = of_check(check, provenance, links, advise=advise, remark=remark, components=components)
    whole = joined(check, components) if components else check
    return replace(
        _in_progress(name_of(whole.check), links, _title(whole.outcome, whole.title, advise=advise), summary),
        status="completed",
        conclusion=_conclusion(whole.outcome, advise=advise, neutral=whole.neutral),
        text=of_output(whole.output),
        annotations=found[:MOST],
        details_url=links.run(whole.check),
        actions=_buttons(whole.outcome, (whole,)),
    )


def render_overall(verdict: Verdict, links: Links) -> CheckRun:
    """The completed check run `gate`, the one to require: one row a check, and what turns it green."""
    title = _title(verdict.outcome, verdict.title, advise=verdict.advise)
    conclusion = conclusion_of(verdict)
    if conclusion != "failure":
        verdict = replace(verdict, comment_problem="")  # nothing is missing below the pull request
    return replace(
        _in_progress(OVERALL, links, title, of_verdict(verdict, links)),
        status="completed",
        conclusion=conclusion,
        actions=_buttons(verdict.outcome, verdict.checks),
    )


def conclusion_of(verdict: Verdict) -> Conclusion:
    """What `gate` concludes."""
    return _conclusion(verdict.outcome, advise=verdict.advise, neutral=verdict.neutral)


def _conclusion(outcome: Outcome, *, advise: bool, neutral: bool) -> Conclusion:
    """Source: the table of outcomes in `docs/policy.md`. GitHub counts `neutral` as passing a required check."""
    if outcome is Outcome.SUPERSEDED:
        return "cancelled"
    if advise or (outcome is Outcome.COULD_NOT_MEASURE and neutral):
        return "neutral"
    return "success" if outcome in {Outcome.PASSED, Outcome.WAIVED} else "failure"


def _buttons(outcome: Outcome, checks: tuple[CheckVerdict, ...]) -> tuple[Action, ...]:
    if any(map(awaits_approval, checks)):
        return (APPROVE,)  # measured again without it, nothing would change
    return (RERUN,) if outcome is Outcome.COULD_NOT_MEASURE else ()


def _title(outcome: Outcome, title: str, *, advise: bool) -> str:
    return f"{would(outcome)} (advise mode): {without_word(outcome, title).lstrip(': ')}" if advise else title


def _in_progress(name: str, links: Links, title: str, summary: str) -> CheckRun:
    return CheckRun(
        name=name,
        head_sha=links.head_sha,
        external_id=links.run_id,
        status="in_progress",
        conclusion="",
        title=shorten(clean(title).strip(), TITLE_CHARACTERS) or "No more is known of it",
        summary=summary,
        details_url=links.run(),
    )
