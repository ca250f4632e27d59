"""`gate check` and `gate measure`: the server's verdict and the reports behind it, in any git checkout, without settings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from gate.cli.local import Wanted, checkout_at, code_of, local_service, question_of, revision
from gate.cli.terminal import Progress, output, print_explanation, print_verdict, progress
from gate.core.explanation import Explanation, explain, explain_files
from gate.core.failure import PolicyError
from gate.core.verdict import Outcome, Verdict, broken_policy, combine, sub_verdicts
from gate.core.verdict_json import as_json
from gate.workflows.cover import cover
from gate.workflows.judge import CHECKS, WORKING_TREE, Case
from gate.workflows.measure_coverage import Running
from gate.workflows.preview import preview
from gate.workflows.question import Judged
from gate.workflows.raw import raw_report

path_argument = click.argument("path", type=click.Path(exists=True, path_type=Path), default=Path())
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
defaults_option = click.option(
    "--defaults",
    "defaults_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A copy of the `.gate.toml` of the organisation's `.github` repository: what it gives holds where the policy says nothing.",
)
no_cache_option = click.option("--no-cache", is_flag=True, help="Measure afresh and keep nothing.")
here_option = click.option(
    "--here",
    is_flag=True,
    help="Run the tests with the active interpreter and no box: your own code, your own machine.",
)


@click.command()
@path_argument
@click.option(
    "--base",
    default="",
    metavar="REV",
    help="Compare with REV. [default: merge base with the default branch]",
)
@click.option("--head", default="", metavar="REV", help="Judge REV. [default: the files as they are]")
@click.option(
    "--only", multiple=True, type=click.Choice(CHECKS), help="Judge this check alone; may be repeated."
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Judge by this policy. [default: the default branch's, or that of --base]",
)
@defaults_option
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Say of each line, function and finding why it counts or not.",
)
@click.option(
    "--explain-file",
    "explained_files",
    multiple=True,
    metavar="PATH",
    help="Explain this changed file alone, in full; may be repeated.",
)
@format_option
@here_option
@no_cache_option
@click.pass_context
def check(  # noqa: PLR0913, PLR0917  (one parameter an option)
    context: click.Context,
    path: Path,
    base: str,
    head: str,
    only: tuple[str, ...],
    policy_file: Path | None,
    defaults_file: Path | None,
    explained: bool,
    explained_files: tuple[str, ...],
    form: str,
    here: bool,
    no_cache: bool,
) -> None:
    """The verdict on the checkout at PATH, as the server would give it.

    Exit status: 0 passed, 1 blocked, 2 could not measure or bad usage.
    """
    explains = explained or bool(explained_files)
    with progress() as shown, local_service(cache=not no_cache) as service, checkout_at(path) as checkout:
        shown.stage("looking at the revisions")
        wanted = Wanted(base, head, policy_file, defaults_file)
        explanation = None
        try:
            question = question_of(checkout, wanted)
            code, every = code_of(service, checkout), explains or form == "json"
            case = Case(service, code, question, progress=shown.stage, compares_all=every)
            judged = _judged(case, only or CHECKS, shown, here=here, explain=explains)
            loosened = case.loosened()
            verdict = combine(
                (each.verdict for each in judged),
                question.provenance(judged),
                question.policy,
                loosened=loosened,
                components=sub_verdicts(each.components for each in judged),
                preview=preview(case, judged, loosened),
            )
            if explains:
                explanation = explain_files(_explanation(case, verdict, judged), explained_files)
        except PolicyError as error:
            verdict = broken_policy(str(error), head=wanted.head or WORKING_TREE)
    if form == "json":
        click.echo(json.dumps(as_json(verdict, explanation), indent=2))
    else:
        print_verdict(output(), verdict)
        if explanation is not None:
            print_explanation(output(), explanation, bounded=not explained_files)
    context.exit(exit_status(verdict))


@click.command()
@click.argument("rev")
@path_argument
@click.option("--check", "name", required=True, type=click.Choice(CHECKS))
@format_option
@here_option
@no_cache_option
def measure(rev: str, path: Path, name: str, form: str, here: bool, no_cache: bool) -> None:
    """The raw report of one check on revision REV of the checkout at PATH, as JSON."""
    with progress() as shown, local_service(cache=not no_cache) as service, checkout_at(path) as checkout:
        sha = revision(checkout, rev)
        question = question_of(checkout, Wanted(base=sha, head=sha))
        case = Case(service, code_of(service, checkout), question, progress=shown.stage)
        report = raw_report(case, name, Running(f"measure-{os.getpid()}", here=here, local=True))
    click.echo(json.dumps(report, indent=None if form == "json" else 2))


def exit_status(verdict: Verdict) -> int:
    """0 passed, waived or advise; 1 blocked; 2 could not measure, unless neutral and the rest passes."""
    if verdict.advise or verdict.outcome in {Outcome.PASSED, Outcome.WAIVED}:
        return 0
    return 1 if verdict.outcome is Outcome.BLOCKED else 2


def _explanation(case: Case, verdict: Verdict, judged: tuple[Judged, ...]) -> Explanation:
    lines = [compared for each in judged for compared in each.lines]
    return explain(verdict, lines, case.diff, case.roles())


def _judged(
    case: Case, only: tuple[str, ...], shown: Progress, *, here: bool, explain: bool
) -> tuple[Judged, ...]:
    """The verdicts asked for; what the static checks say is measured in one pass."""
    judges = {"complexity": case.complexity, "security": case.security}
    case.measure([*(name for name in judges if name in only), "escapes"])
    verdicts = {name: judge() for name, judge in judges.items() if name in only}
    if "coverage" in only:
        shown.stage("running the tests of both revisions")
        running = Running(f"check-{os.getpid()}", here=here, local=True)
        verdicts["coverage"] = cover(case, running, armed=False, assume_armed=True, explain=explain)
    return tuple(verdicts[name] for name in CHECKS if name in verdicts)
