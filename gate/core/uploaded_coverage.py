"""The coverage of a tree by the reports that were sent for it: merged line by line, in the form that own runs have.

A line is covered that any report has as executed, and a branch is taken that any has as taken. What a report has as
executable counts for the files that it names; for all others it is what their source allows. It judges nothing, and
says what of the reports cannot be believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from checks.branch_steps import Branch
from checks.line_set import LineSet
from checks.possible_lines import PossibleLines, SourceAnalysis, can_run
from checks.report import CoverageReport, FileCoverage, Suite
from checks.reported_lines import ReportedFile, ReportHead, UploadedReport
from gate.core.path_mapping import Mapping, RepositoryPaths, Unmatched, map_paths
from gate.core.told_branches import bounded, of_steps, resolve

_NONE = LineSet()

REVISION = 1
"""Of the merge; part of a report's version."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A report that was sent, and what its paths mean."""

    name: str
    """As people called it."""
    report: UploadedReport
    mapping: Mapping

    @classmethod
    def of(cls, name: str, report: UploadedReport, repository: RepositoryPaths) -> Upload:
        """With its paths mapped to those of the repository. Raises: DecodeError for a report that is not possible."""
        return cls(name, report, map_paths(report.paths, repository, report.head.roots))


@dataclass(frozen=True, slots=True)
class Disbelief:
    """What cannot be believed of a report."""

    name: str
    """Of the report."""
    why: Literal["unknown", "ambiguous", "stale", "no_branches"]
    """A path that is not matched, a file that has fewer lines, or no branches where they are asked for."""
    text: str
    """For people: what it is and how it is put right."""
    path: str = ""
    """As the report has it, where it is about a file."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The coverage of a tree, and what of its reports is not in there."""

    report: CoverageReport
    disbelieved: tuple[Disbelief, ...]
    """In the order of the reports; only without any of these the report is whole."""


@dataclass(slots=True)
class _Told:
    """What the reports together say of a file."""

    executed: LineSet = _NONE
    statements: LineSet = _NONE
    excluded: LineSet = _NONE
    branches: tuple[Branch, ...] = ()

    def add_branches(
        self, found: Iterable[Branch], possible: PossibleLines | None, shared: dict[Branch, Branch]
    ) -> None:
        """A branch that was taken once is; many files have equal ones, which are kept once."""
        ways = {(here, there): taken for here, there, taken in self.branches}
        for here, there, taken in found:
            ways[here, there] = taken or ways.get((here, there), False)
        self.branches = tuple(shared.setdefault(branch, branch) for branch in bounded(ways, possible))

    def coverage(self) -> FileCoverage:
        return FileCoverage(
            covered=self.executed,
            missing=self.statements - self.executed,
            excluded=self.excluded - self.statements,
            branches=self.branches,
        )


def merge(
    uploads: Sequence[Upload],
    analysis: SourceAnalysis,
    *,
    branches: bool,
    suite: Suite,
    own_exclusions: bool = True,
) -> Merged:
    """The coverage of the analysed sources by these reports, with what `suite` says of their tests.

    `branches`: whether they count; `analysis` has them then. Without `own_exclusions` a line that a report leaves out, and
    that counts by the analysis, is not covered. Raises: DecodeError for a report that is not possible.
    """
    possible = dict(analysis.files)
    counted = possible.keys() | dict(analysis.unparsable).keys()
    told: dict[str, _Told] = {}
    shared: dict[Branch, Branch] = {}
    disbelieved: list[Disbelief] = []
    for upload in uploads:
        disbelieved += (_unmatched(upload, each) for each in upload.mapping.unmatched)
        for file in upload.report.files:
            path = upload.mapping.files.get(file.path, "")
            lines = possible.get(path)
            if lines is not None and file.last > lines.length + 1:
                disbelieved.append(_stale(upload, file, path, lines))
            elif path in counted:
                found = _read(file, upload.report.head, lines, branches=branches)
                if found is not None and lines is not None and not own_exclusions:
                    found = _by_analysis(found[0], lines), found[1]
                _add(told, path, found, lines, shared)
        if branches and _lacks_branches(upload, possible):
            disbelieved.append(_without_branches(upload))
    unparsable = tuple(each for each in analysis.unparsable if each[0] not in told)
    return Merged(
        CoverageReport(
            version=_version(uploads, analysis),
            files=tuple(
                (path, _complete(told.pop(path, None), possible.get(path), branches=branches))
                for path in sorted(possible.keys() | told.keys())
            ),
            suite=suite,
            unparsable=unparsable,
        ),
        tuple(disbelieved),
    )


def _read(
    file: ReportedFile, head: ReportHead, possible: PossibleLines | None, *, branches: bool
) -> tuple[_Told, Iterable[Branch]] | None:
    """(lines, branches) that a report says of a file; None where that is nothing without knowing its source."""
    branches = branches and head.branches
    if head.format != "data":
        statements = file.executed | (file.missing or _NONE)
        excluded = file.excluded if file.excluded is not None else possible.excluded if possible else _NONE
        return _Told(file.executed, statements, excluded), resolve(
            (file.branches or ()) if branches else (), possible, file.executed
        )
    if possible is None:
        return None
    first = possible.first_lines()
    executed = LineSet.of({first.get(line, line) for line in file.executed}) & possible.statements
    steps = of_steps(file.branches or (), possible) if branches else ()
    return _Told(executed, possible.statements, possible.excluded), steps


def _by_analysis(told: _Told, possible: PossibleLines) -> _Told:
    """The lines with those alone as executable that the analysis has."""
    return _Told(told.executed & possible.statements, possible.statements, possible.excluded)


def _add(
    told: dict[str, _Told],
    path: str,
    found: tuple[_Told, Iterable[Branch]] | None,
    possible: PossibleLines | None,
    shared: dict[Branch, Branch],
) -> None:
    """Add what a report says of a file to what others say of it."""
    if found is None:
        return
    lines, branches = found
    known = told.setdefault(path, lines)
    known.executed |= lines.executed
    known.statements |= lines.statements
    known.excluded |= lines.excluded
    known.add_branches(branches, possible, shared)


def _complete(told: _Told | None, possible: PossibleLines | None, *, branches: bool) -> FileCoverage:
    """The lines of a file in the end; of one that no report names, all that is possible in its source."""
    if told is not None:
        coverage = told.coverage()
    else:
        assert possible is not None  # noqa: S101  (a file is told of, or analysed)
        untaken = tuple(
            (here, there, False) for here, there, counts in possible.branches if counts and branches
        )
        coverage = FileCoverage((), possible.statements, possible.excluded, untaken)
    return can_run(coverage, possible.conditions, possible.dead) if possible else coverage


def _lacks_branches(upload: Upload, possible: dict[str, PossibleLines]) -> bool:
    """Whether it was made without branches that its files have."""
    if upload.report.head.branches:
        return False
    named = (possible.get(path) for path in upload.mapping.files.values())
    return any(counts for lines in named if lines for _, _, counts in lines.branches)


def _version(uploads: Sequence[Upload], analysis: SourceAnalysis) -> str:
    return " ".join((f"{REVISION}", *sorted(_producers(uploads)), f"analysed by {analysis.version}"))


def _producers(uploads: Sequence[Upload]) -> Iterator[str]:
    for head in {upload.report.head for upload in uploads}:
        yield "-".join(part for part in (head.producer or head.format, head.version) if part)


def _unmatched(upload: Upload, each: Unmatched) -> Disbelief:
    remedy = "Report sources of the repository only, or name them from its root (`relative_files = true`)."
    return Disbelief(upload.name, each.why, f"{upload.name}: {each.text} {remedy}", each.path)


def _stale(upload: Upload, file: ReportedFile, path: str, possible: PossibleLines) -> Disbelief:
    text = (
        f"{upload.name}: {file.path} has a line {file.last:,}, but {path} has {possible.length:,} lines."
        " Measure the commit that the report is sent for."
    )
    return Disbelief(upload.name, "stale", text, file.path)


def _without_branches(upload: Upload) -> Disbelief:
    text = (
        f"{upload.name}: it was made without branches, which count here. Run `coverage run --branch` or `pytest"
        " --cov-branch`."
    )
    return Disbelief(upload.name, "no_branches", text)
