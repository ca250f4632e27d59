"""What the reports that CI sent say of a tree, in the form that own runs have; and which of them are still to come.

A report of the merge commit that GitHub makes of a pull request is said of its head, and one of an earlier commit of the base: lines
are carried through the diff. It neither waits nor judges. How reports are merged is decided in `gate.core.uploaded_coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checks.codec import DecodeError
from checks.possible_lines import SourceAnalysis
from checks.report import CoverageReport, FileCoverage, Suite
from gate.core.awaited_reports import Awaited, awaited
from gate.core.carried_coverage import carry, either
from gate.core.component import Part
from gate.core.failure import Transient
from gate.core.path_mapping import RepositoryPaths
from gate.core.relevance import matters_to_tests
from gate.core.tool_configuration import COVERAGE_FILES
from gate.core.uploaded_coverage import Disbelief, Upload, merge
from gate.core.verdict.wording import counted
from gate.git import Mirror, Repository
from gate.sandbox import SandboxError
from gate.store import UploadRecord
from gate.workflows.analyse_tree import analysis_of
from gate.workflows.carry_reports import MOST_COMMITS, Carried, carried
from gate.workflows.components import seen_by
from gate.workflows.judge import Case
from gate.workflows.measure import Tree, survey
from gate.workflows.measure_coverage import Measured, Running
from gate.workflows.read_report import AnalysisError
from gate.workflows.run_tests import Unmeasurable
from gate.workflows.settings_of import files_at

MOST_SILENT = 2
"""Pushes to the default branch in a row that may have no usable report; with one more it is told."""
MOST_LOOKED = 5
"""Commits with reports, among which one is looked for that has all of them."""
_NOT_SEEN = Suite("passed", 0, 0.0, "")
"""Reports tell nothing of single tests; whether they passed, the project's CI says."""
_SHOWN = 5
_WITHOUT = """[coverage]
source = "either"  # runs the tests here where no report comes"""


@dataclass(frozen=True, slots=True)
class Sent:
    """The newest reports that speak of a commit."""

    sha: str
    """The commit that was asked for, or the one before it that has reports."""
    records: tuple[UploadRecord, ...]
    """By name; refused ones too. Each is of its own commit: of this one, or of a merge of it."""
    distance: int = 0
    """How many commits it lies before the one that was asked for."""
    carried: tuple[Carried, ...] = ()
    """Of components that were not built this time."""
    lacking: tuple[str, ...] = ()
    """Names, and globs, of what other commits have and this one has not."""

    @property
    def read(self) -> tuple[UploadRecord, ...]:
        """Those that say something."""
        return tuple(record for record in self.records if record.state == "read")

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that say something."""
        return tuple(record.name for record in self.read)

    @property
    def by_commit(self) -> dict[str, tuple[UploadRecord, ...]]:
        """Those that say something, by the commit that was tested; this one first, and there in any case."""
        found: dict[str, tuple[UploadRecord, ...]] = {}
        for record in sorted(self.read, key=lambda each: (each.sha != self.sha, each.id)):
            found[record.sha] = (*found.get(record.sha, ()), record)
        return found or {self.sha: ()}


def sent_for_head(case: Case, number: int) -> Sent:
    """The reports of the head, and of the merge commits that GitHub made of it; of one name the newest.

    With those of components that the change does not touch and that CI did not build.
    """
    store, repository_id, head = case.service.store, case.code.repository_id, case.question.head
    merges = [
        sha
        for sha in (store.uploaded_merges(repository_id, number) if number else ())
        if sha != head and is_merge_of(case.code.git, head, sha, number)
    ]
    newest: dict[str, UploadRecord] = {}
    for sha in (head, *merges):
        for record in store.uploads_at(repository_id, sha, number):
            if record.name not in newest or record.id > newest[record.name].id:
                newest[record.name] = record
    held = carried(case, head, [each.sha for each in _reported(case)], newest)
    return Sent(head, tuple(newest[name] for name in sorted(newest)), carried=held)


def sent_for_base(case: Case) -> Sent | None:
    """The reports of the nearest commit up to the base that has all of them, or where none has, some; None where none is known."""
    line = _reported(case)
    if not line:
        return None
    lacking, place = _lacking(case, line, 0), 0
    if lacking:
        looked = range(1, min(len(line), MOST_LOOKED))
        place = next((place for place in looked if not _lacking(case, line, place)), 0)
    sha, older = line[place].sha, [each.sha for each in line[place + 1 :]]
    records = case.service.store.uploads_at(case.code.repository_id, sha)
    sent = Sent(sha, records, line[place].distance, lacking=() if place else lacking)
    return replace(sent, carried=carried(case, case.question.base, older, sent.names))


@dataclass(frozen=True, slots=True)
class _Reported:
    """A commit that has reports."""

    sha: str
    distance: int
    """Before the base."""
    names: frozenset[str]


def _reported(case: Case) -> tuple[_Reported, ...]:
    """Those up to the base, the nearest first."""
    if not case.question.base:
        return ()
    line = [commit.sha for commit in case.code.git.first_parents(case.question.base)[:MOST_COMMITS]]
    names = case.service.store.uploaded_names(case.code.repository_id, line)
    return tuple(_Reported(sha, at, names[sha]) for at, sha in enumerate(line) if sha in names)


def _lacking(case: Case, line: Sequence[_Reported], place: int) -> tuple[str, ...]:
    """What of a commit is missing: what is declared, and what came for the commit before it, as long as that may be on its way."""
    this, older = line[place], line[place + 1 :]
    declared = case.question.policy.coverage.reports
    learnt = older[0].names if older and _is_young(case, this.sha) else ()
    missing = awaited(declared, learnt, this.names).missing
    if not missing or not case.parts.components:
        return missing
    held = carried(case, this.sha, [each.sha for each in older], this.names)
    return awaited(declared, learnt, {*this.names, *(each.record.name for each in held)}).missing


def _is_young(case: Case, sha: str) -> bool:
    """Whether the first report of a commit came less than a wait ago."""
    records = case.service.store.uploads_at(case.code.repository_id, sha)
    first = min((each.received_at for each in records if each.state == "read"), default=None)
    return first is not None and first > case.service.now() - _wait(case)


def _wait(case: Case) -> timedelta:
    return timedelta(minutes=case.question.policy.coverage.wait_minutes)


def still_to_come(case: Case, number: int) -> Awaited:
    """Which reports of the head are there, by what is declared and by what came for the base."""
    return _still_to_come(case, sent_for_head(case, number), sent_for_base(case))


def _still_to_come(case: Case, head: Sent, base: Sent | None) -> Awaited:
    declared = case.question.policy.coverage.reports
    held = {each.record.name for each in head.carried}
    learnt = [*base.names, *(each.record.name for each in base.carried)] if base else []
    return awaited(declared, learnt, {*head.names, *held})


def of_head(case: Case, suite: Part, running: Running) -> Measured:
    """What the head's reports say of the files of a suite; what is missing is said, too."""
    sent = sent_for_head(case, running.number)
    missing = _still_to_come(case, sent, sent_for_base(case))
    if not missing.complete:
        return Measured(_incomplete(case, sent, missing), "not measured (reports)")
    return _measured(case, suite, sent, case.question.head, running)


def of_base(case: Case, suite: Part, running: Running) -> Measured | None:
    """What the base's reports say, or those of the nearest commit before it; None where there are none."""
    sent = sent_for_base(case)
    return _measured(case, suite, sent, case.question.base, running) if sent and sent.read else None


def prepare(case: Case, running: Running) -> None:
    """Finds out what can run in the head's sources, while its reports are on their way. Raises: SandboxError, AnalysisError."""
    for suite in case.parts.suites:
        tree = seen_by(suite, case.head, case.parts)
        if tree is not None and suite.policy.coverage.source != "run":
            branches = any(part.policy.coverage.branches for part in case.parts.measured_by(suite))
            analysis_of(case, tree, running, branches=branches)


def waits_for_reports(case: Case) -> bool:
    """Whether a commit of a followed branch has no measurement of its own before CI sends it.

    Not where CI sent nothing usable for so many commits before it: then nobody knows how the branch stands, which is to be told.
    """
    source = case.question.policy.coverage.source
    if source == "run":
        return False
    before = sent_for_base(case)
    if source == "either" and before is None:
        return False
    if _still_to_come(case, sent_for_head(case, 0), before).complete:
        return False
    if before is not None and not matters_to_tests(case.diff):
        return False
    return silence(case) <= MOST_SILENT


def silence(case: Case) -> int:
    """How many pushes to the default branch before the head have no report in a row, the base's among them; 0 where none ever came.

    CI tests what is pushed last, and takes its time: neither the commits below nor a push just now count.
    """
    line = _reported(case)
    if not line:
        return 0
    since = {each.sha for each in case.code.git.first_parents(case.question.base)[: line[0].distance]}
    pushes = case.service.store.revisions(case.code.repository_id, limit=MOST_COMMITS, filled=False)
    late = case.service.now() - _wait(case)
    return sum(each.sha in since and each.committed_at <= late for each in pushes)


def is_merge_of(git: Repository, head: str, sha: str, number: int) -> bool:
    """Whether a commit is GitHub's merge of a pull request's head into its base; one that GitHub does not show is not."""
    if isinstance(git, Mirror):
        with suppress(Transient):
            git.fetch({sha: f"refs/pull/{number}/merge"})
    return git.resolve(sha) is not None and git.parents(sha)[1:] == (head,)


def _measured(case: Case, suite: Part, sent: Sent, wanted: str, running: Running) -> Measured:
    try:
        found = _together(case, suite, sent, wanted, running)
    except SandboxError as error:
        return Measured(
            Unmeasurable("sandbox", f"The reports were not read: {error}.", ours=True), "not measured"
        )
    except (AnalysisError, DecodeError) as error:
        return Measured(Unmeasurable("reports", f"{error}.", ours=True), "not measured (reports)")
    if isinstance(found, Unmeasurable):
        return Measured(found, "not measured (reports)")
    ran = Suite("passed", 0, 0.0, f"CI: {', '.join(sent.names)}")
    return Measured(replace(found, suite=ran), _sentence(sent, wanted, case.service.now()), sent=True)


def _together(
    case: Case, suite: Part, sent: Sent, wanted: str, running: Running
) -> CoverageReport | Unmeasurable:
    """What all reports say of the wanted commit: those of each commit that was tested, and those that are carried."""
    whole: CoverageReport | None = None
    for sha, records in sent.by_commit.items():
        found = _report(case, suite, sha, records, running)
        if isinstance(found, Unmeasurable):
            return found
        said = _said_of(case, found, sha, wanted)
        whole = said if whole is None else _with(whole, dict(said.files))
    assert whole is not None  # noqa: S101  (there is a commit in any case)
    for each in sent.carried:
        found = _report(case, suite, each.record.sha, (each.record,), running)
        if isinstance(found, CoverageReport):
            said = _said_of(case, found, each.record.sha, wanted)
            whole = _with(
                whole, {path: lines for path, lines in said.files if case.parts.of(path).name in each.parts}
            )
    return whole


def _said_of(case: Case, report: CoverageReport, sha: str, wanted: str) -> CoverageReport:
    return report if sha == wanted else carry(report, case.code.git.diff(sha, wanted))


def _with(report: CoverageReport, more: Mapping[str, FileCoverage]) -> CoverageReport:
    """The report with what another one says of its files."""
    files = tuple(
        (path, either(lines, more[path]) if path in more else lines) for path, lines in report.files
    )
    return replace(report, files=files)


def _report(
    case: Case, suite: Part, sha: str, records: Iterable[UploadRecord], running: Running
) -> CoverageReport | Unmeasurable:
    """What reports of a commit say of its own tree."""
    store, repository_id = case.service.store, case.code.repository_id
    whole = survey(case.service, case.code, sha, case.sources)
    tree = seen_by(suite, whole, case.parts)
    paths = RepositoryPaths(entry.path for entry in whole.entries)
    uploads = [
        Upload.of(record.name, report, paths)
        for record in records
        if (report := store.uploaded_report(repository_id, record.id)) is not None
    ]
    if tree is None:
        return Unmeasurable("reports", "No file of this suite is in the commit that the reports are of.")
    branches = any(part.policy.coverage.branches for part in case.parts.measured_by(suite))
    merged = merge(
        uploads,
        _analysis(case, tree, running, branches=branches),
        branches=branches,
        suite=_NOT_SEEN,
        own_exclusions=_has_the_rules(case, sha, tree),
    )
    # A report may be of all suites: what it says of other files is theirs.
    return _disbelieved(merged.disbelieved) if merged.disbelieved else merged.report


def _has_the_rules(case: Case, sha: str, tree: Tree) -> bool:
    """Whether a commit configures coverage.py as the policy's revision does: else what its reports leave out counts all the same."""
    return files_at(case.code.git, sha, COVERAGE_FILES, tree.folder) == case.rule_files(
        COVERAGE_FILES, tree.folder
    )


def _analysis(case: Case, tree: Tree, running: Running, *, branches: bool) -> SourceAnalysis:
    """What can run in the tree's sources, by paths of the repository. Raises: SandboxError, AnalysisError."""
    start = f"{tree.folder}/" if tree.folder else ""
    found = analysis_of(case, tree, running, branches=branches)
    return replace(
        found,
        files=tuple((start + path, lines) for path, lines in found.files),
        unparsable=tuple((start + path, text) for path, text in found.unparsable),
    )


def _incomplete(case: Case, sent: Sent, missing: Awaited) -> Unmeasurable:
    refused = [
        f"{record.name} was refused: {record.detail}" for record in sent.records if record.state == "refused"
    ]
    text, minutes = (
        f"Of the reports that CI sends, {missing.text}",
        case.question.policy.coverage.wait_minutes,
    )
    if (silent := silence(case)) > MOST_SILENT:  # nobody waited then
        told = [f"{text}.", f"The last {silent} pushes before it had no usable report either."]
    else:
        told = [f"{text}: within {counted(minutes, 'minute')} no more came."]
    return Unmeasurable("reports", "\n".join([*told, *refused[:_SHOWN]]), _WITHOUT)


def _disbelieved(found: Iterable[Disbelief]) -> Unmeasurable:
    """What of the reports cannot be believed; nothing of them counts until it is put right."""
    texts = [each.text for each in found]
    more = len(texts) - _SHOWN
    told = [*texts[:_SHOWN], *([f"{more:,} more are like these."] if more > 0 else [])]
    return Unmeasurable("reports", "\n".join(told))


def _sentence(sent: Sent, wanted: str, now: datetime) -> str:
    return ", ".join(_said(sent, wanted, now))


def _said(sent: Sent, wanted: str, now: datetime) -> Iterator[str]:
    names = sent.names
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    yield f"from {counted(len(names), 'report')} of CI ({', '.join(names[:_SHOWN])}{more})"
    if sent.distance:
        yield f"of {sent.sha[:7]}, {counted(sent.distance, 'commit')} before it"
    if sent.lacking:
        yield f"without {', '.join(sent.lacking[:_SHOWN])}"
    merges = [sha[:7] for sha in sent.by_commit if sha not in {sent.sha, wanted}]
    if merges:
        yield f"of the merge commit {' and '.join(merges)}"
    age = (now - max((record.received_at for record in sent.read), default=now)).days
    if age:
        yield f"{counted(age, 'day')} old"
    for each in sent.carried:
        days = (now - each.record.received_at).days
        yield f"{each.record.name} not built this time: that of {each.record.sha[:7]}, {counted(days, 'day')} old"
