"""The sticky comment below a pull request: what failed and what turns it green, or one line when nothing is blocked.

It says what `gate.core.summary` says, and decides whether there is to be a comment; it sends none.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.core.changed_files import ChangedFile, changed_files
from gate.core.check_run import conclusion_of
from gate.core.details import file_share, linked_ranges, named, section
from gate.core.gate_table import NOTHING
from gate.core.links import Links
from gate.core.markdown import Section, fit, link
from gate.core.summary import (
    LIMIT_BYTES,
    NOT_ARMED,
    checks_table,
    compared,
    demands_of,
    footer,
    full_report,
    sentence,
    waivers_of,
)
from gate.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Thread:
    """The pull request it stands below."""

    repository_id: int
    number: int
    base_ref: str
    """Name of the base branch."""


def marker(repository_id: int, number: int) -> str:
    """What the comment begins with; nobody sees it, and it is found again by it."""
    return f"<!-- gate:sticky repo={repository_id} pr={number} -->"


def is_due(verdict: Verdict) -> bool:
    """Whether a pull request without a comment gets one."""
    return verdict.comment and conclusion_of(verdict) == "failure"


def render(verdict: Verdict, links: Links, thread: Thread) -> str:
    """The whole comment where it is due; else one line below the marker, for one that stands from before."""
    mark = marker(thread.repository_id, thread.number)
    said = sentence(verdict.outcome, verdict.title, advise=verdict.advise)
    if not is_due(verdict):
        compare = f"{compared(verdict.provenance.head, verdict.provenance.base)}{full_report(links)}"
        armed = [NOT_ARMED] if verdict.neutral else []
        return f"{mark}\n{' '.join([said, *armed, f'<sub>{compare}</sub>'])}\n"
    head = [f"{mark}\n### {said.removesuffix('.')}"]
    if verdict.every_check:
        head.append(checks_table(verdict, links, change="This pull request", base=_base(thread)))
    head += waivers_of(verdict)
    to_pass, why = demands_of(verdict, links)
    sections = [to_pass if to_pass.rows else why, _files(verdict, links)]
    return fit("\n\n".join(head), sections, footer(verdict.provenance, links), limit_bytes=LIMIT_BYTES)


def _base(thread: Thread) -> str:
    return named(thread.base_ref) if thread.base_ref else "Base"


def _files(verdict: Verdict, links: Links) -> Section:
    header = ("File", "Changed lines not tested", "File:", "Most complex function:", "New findings:")
    return section(
        "All changed files", header, [_row(file, links) for file in changed_files(verdict.every_check)]
    )


def _row(file: ChangedFile, links: Links) -> tuple[str, ...]:
    function, coverage = file.function, file.coverage
    complexity = NOTHING
    if function is not None:
        name = link(named(function.name), links.blob(file.path, function.line))
        complexity = f"{name} {function.after}{' ❌ blocks' if file.too_complex else ''}"
    return (
        link(named(file.path), links.blob(file.path)),
        linked_ranges(file.path, coverage.uncovered, links) if coverage else NOTHING,
        file_share(coverage.base, coverage.head) if coverage else NOTHING,
        complexity,
        str(file.findings),
    )
