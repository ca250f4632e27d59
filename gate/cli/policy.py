"""`gate policy check|show|schema` and `gate init`: the policy before anybody is judged by it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gate.cli.check import defaults_option, path_argument
from gate.cli.local import Wanted, checkout_at, code_of, defaults_in, local_service, question_of
from gate.cli.terminal import messages, progress
from gate.core.policy import json_schema, origins, parse, show, starter
from gate.workflows.judge import Case
from gate.workflows.settings_of import POLICY_FILE


@click.group()
def policy() -> None:
    """Look at a `.gate.toml`."""


@policy.command("check")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path(POLICY_FILE)
)
def check_policy(file: Path) -> None:
    """Says whether FILE is a valid policy, or every mistake in it (exit status 2)."""
    parse(file.read_bytes(), source=str(file))
    click.echo(f"{file}: valid")


@policy.command("show")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path(POLICY_FILE))
@defaults_option
def show_policy(file: Path, defaults_file: Path | None) -> None:
    """Prints the effective policy of FILE, each key with where it comes from; the defaults where there is no FILE."""
    effective, given = defaults_in(defaults_file).policy, {}
    if defaults_file is not None:
        given = origins(defaults_file.read_bytes(), source=str(defaults_file))
    if file.exists():
        content = file.read_bytes()
        effective = parse(content, source=str(file), over=effective)
        given |= origins(content, source=str(file))
    click.echo(show(effective, given))


@policy.command("schema")
def print_schema() -> None:
    """Prints the JSON Schema of a `.gate.toml`, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))


@click.command()
@path_argument
def init(path: Path) -> None:
    """Writes a `.gate.toml` that fits the present numbers of the checkout at PATH; never overwrites one."""
    with progress() as shown, local_service(cache=True) as service, checkout_at(path) as checkout:
        target = checkout.root / POLICY_FILE
        if target.exists():
            raise click.UsageError(f"{target} exists; `gate policy check` says whether it is valid")
        case = Case(
            service, code_of(service, checkout), question_of(checkout, Wanted()), progress=shown.stage
        )
        case.measure((), whole=("complexity", "security"))
        complexity = case.reports("complexity", case.head)
        security = case.reports("security", case.head)
        sources = [entry.path for entry in case.head.selection.sources]
    values = [
        block.complexity
        for path_ in sources
        for block in complexity.files[path_].blocks
        if block.kind != "class"
    ]
    findings = sum(
        finding.severity in {"medium", "high"} and finding.confidence in {"medium", "high"}
        for path_ in sources
        for finding in security.files[path_].findings
    )
    target.write_text(starter(coverage=None, most_complex=max(values, default=None), findings=findings))
    messages().print(f"wrote {target}; commit it to the default branch, from where it counts", markup=False)
