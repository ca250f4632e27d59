"""Measure one tree: which files count, and what the static checks say of each. Blobs measured before are not measured again.

It judges nothing and runs nothing of the tree; running tests is the work of `run_tests`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from checks.catalog import Check, installed
from checks.report import FileReport, Problem, Quantity
from gate.core.diff import TreeEntry
from gate.core.source import Selection, Sources, is_python_script, may_be_script
from gate.core.trend import SUMMED, Summand, numbers_of
from gate.git import Repository
from gate.sandbox import AnalysisRequest, never
from gate.service import Service

LARGEST_SOURCE_BYTES = 5 * 1024 * 1024
"""A larger file is "not analysed": parsing it would take more memory than a run has."""
LARGEST_SCRIPT_BYTES = 1024 * 1024
BATCH = 200
"""Reports are saved in batches of so many files, so that a crash loses little."""

Options = Mapping[str, Mapping[str, object]]
"""Check name -> its options."""
Progress = Callable[[str], None]


def silent(text: str) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code of one repository: its id in the store (0 for a checkout) and its git directory."""

    repository_id: int
    git: Repository


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one revision that count."""

    treeish: str
    """A commit or tree id; empty for the tree before a first commit."""
    entries: tuple[TreeEntry, ...]
    selection: Selection
    suite: str = ""
    """Name of the component whose own tests are run; empty for the repository's."""
    folder: str = ""
    """Where they are run; what is named here is relative to it. Empty for the root."""
    others: tuple[str, ...] = ()
    """Folders (`a/b/`) and files below it that other suites test."""
    borrowed: bool = False
    """Whether the manifests are the root's, for want of any in the folder."""


def survey(service: Service, code: Code, treeish: str, rule: Sources) -> Tree:
    """The files of a revision, each in its place by the rule."""
    return placed(service, code, treeish, code.git.entries(treeish) if treeish else (), rule)


def placed(service: Service, code: Code, treeish: str, entries: tuple[TreeEntry, ...], rule: Sources) -> Tree:
    """Some files of a revision, each in its place by the rule."""
    return Tree(treeish, entries, rule.select(entries, scripts(service, code, entries)))


def scripts(service: Service, code: Code, entries: Iterable[TreeEntry]) -> frozenset[str]:
    """Blobs of files without a `.py` ending that a `#!` line hands to Python; looked at once a blob."""
    candidates = {
        entry.blob for entry in entries if may_be_script(entry) and entry.size <= LARGEST_SCRIPT_BYTES
    }
    if not candidates:
        return frozenset()
    today = service.now().date()
    known = service.store.file_reports(code.repository_id, "script", "1", "", candidates, today=today)
    found = [
        (blob, FileReport("script", "1", quantities=(Quantity("script", int(is_python_script(line))),)))
        for blob, line in code.git.first_lines(sorted(candidates - known.keys()))
    ]
    service.store.save_file_reports(code.repository_id, "", found, today=today)
    known.update(found)
    return frozenset(
        blob for blob, report in known.items() if any(quantity.value for quantity in report.quantities)
    )


def static_reports(
    service: Service,
    code: Code,
    wanted: Mapping[str, Iterable[TreeEntry]],
    *,
    options: Options,
    progress: Progress = silent,
    stopped: Callable[[], bool] = never,
) -> Reports:
    """The reports that each check named in `wanted` gives of its files: from the store, or measured and stored.

    When it is stopped, what was measured until then is stored, and the rest is missing.
    Raises: SandboxError when no analyser can be started.
    """
    reports = Reports(service, code, wanted, options)
    reports.look_up()
    missing = reports.missing()
    if missing:
        with (
            service.sandbox.lent_analysers(code.repository_id) as analyser,
            closing(analyser.reports(_requests(code, missing, options))) as answers,
        ):
            for done, (request, answer) in enumerate(answers, start=1):
                reports.note(request.key, request.path, answer)
                progress(f"{done} of {len(missing)} files analysed")
                if stopped():
                    break
        reports.save()
    return reports


def configuration_digest(options: Mapping[str, object], path: str) -> str:
    """What of the configuration is part of a report's identity; empty for the defaults. `path` is empty unless it matters."""
    if not options:
        return ""
    return hashlib.sha256(json.dumps([options, path], sort_keys=True).encode()).hexdigest()[:16]


_Key = tuple[str, str, str]
"""Check, configuration, blob."""


class Reports:
    """File reports by check, configuration and blob: those known, and those still to be saved."""

    def __init__(
        self, service: Service, code: Code, wanted: Mapping[str, Iterable[TreeEntry]], options: Options
    ) -> None:
        self._service = service
        self._code = code
        self._options = options
        self._today = service.now().date()
        self._by_name = {check.name: check for check in installed() if check.name in wanted}
        self._wanted = {check: tuple(wanted[name]) for name, check in self._by_name.items()}
        self._digests: dict[tuple[str, str], str] = {}
        self._known: dict[_Key, FileReport] = {}
        self._measured: Counter[str] = Counter()
        self._unsaved: list[tuple[str, str, FileReport]] = []

    def look_up(self) -> None:
        """Reads what the store has of them."""
        for check, entries in self._wanted.items():
            by_configuration: dict[str, set[str]] = {}
            for entry in entries:
                by_configuration.setdefault(self._configuration(check, entry.path), set()).add(entry.blob)
            for configuration, blobs in by_configuration.items():
                stored = self._service.store.file_reports(
                    self._code.repository_id,
                    check.name,
                    check.version,
                    configuration,
                    blobs,
                    today=self._today,
                )
                self._count(check, "known", len(stored))
                self._known.update(
                    {(check.name, configuration, blob): report for blob, report in stored.items()}
                )

    def missing(self) -> list[tuple[TreeEntry, tuple[str, ...]]]:
        """(file, checks to run), every blob once for each configuration, so that a file is parsed once for all checks."""
        found: dict[TreeEntry, list[str]] = {}
        taken: set[_Key] = set()
        for check, entries in self._wanted.items():
            for entry in entries:
                key = self._key(check, entry)
                if key not in self._known and key not in taken and entry.size <= LARGEST_SOURCE_BYTES:
                    taken.add(key)
                    found.setdefault(entry, []).append(check.name)
        return [(entry, tuple(checks)) for entry, checks in found.items()]

    def note(self, blob: str, path: str, reports: Iterable[FileReport]) -> None:
        """Keeps what was measured, and what is beyond a limit; not saved is what may work another time."""
        for report in reports:
            configuration = self._configuration(self._by_name[report.check], path)
            self._known[report.check, configuration, blob] = report
            self._measured[report.check] += 1
            self._count(self._by_name[report.check], "measured", 1)
            if not (report.problem and report.problem.passing):
                self._unsaved.append((configuration, blob, report))
        if len(self._unsaved) >= BATCH:
            self.save()

    def save(self) -> None:
        """Writes what was noted since the last time."""
        by_configuration: dict[str, list[tuple[str, FileReport]]] = {}
        for configuration, blob, report in self._unsaved:
            by_configuration.setdefault(configuration, []).append((blob, report))
        for configuration, reports in by_configuration.items():
            self._service.store.save_file_reports(
                self._code.repository_id, configuration, reports, today=self._today
            )
        self._unsaved.clear()

    def of(self, name: str, entries: Iterable[TreeEntry]) -> dict[str, FileReport]:
        """{path: report} of one check; a file that was too large has a problem that says so."""
        check = self._by_name[name]
        return {entry.path: self._of(check, entry) for entry in entries}

    def numbers(self, entry: TreeEntry, maximum: int) -> Summand:
        """What a file adds to the totals of its tree; see `numbers_of`."""
        return numbers_of({name: self._of(self._by_name[name], entry) for name in SUMMED}, maximum)

    def measured_now(self, name: str) -> int:
        """How many contents a check measured that were not known."""
        return self._measured[name]

    def _count(self, check: Check, result: str, number: int) -> None:
        if self._service.counting is not None:
            self._service.counting.file_reports.labels(check.name, result).inc(number)

    def _of(self, check: Check, entry: TreeEntry) -> FileReport:
        known = self._known.get(self._key(check, entry))
        if known is not None:
            return known
        if entry.size <= LARGEST_SOURCE_BYTES:
            raise KeyError(f"nobody asked for the {check.name} of {entry.path}")
        limit = LARGEST_SOURCE_BYTES // 1024**2
        text = f"not analysed: {entry.size / 1024**2:.1f} MB, the limit is {limit} MB"
        return FileReport(check.name, check.version, problem=Problem(text, ours=True))

    def _key(self, check: Check, entry: TreeEntry) -> _Key:
        return check.name, self._configuration(check, entry.path), entry.blob

    def _configuration(self, check: Check, path: str) -> str:
        options = self._options.get(check.name, {})
        if not check.path_matters(options):
            path = ""
        known = self._digests.get((check.name, path))
        if known is None:
            known = self._digests[check.name, path] = configuration_digest(options, path)
        return known


def _requests(
    code: Code, missing: list[tuple[TreeEntry, tuple[str, ...]]], options: Options
) -> Iterator[AnalysisRequest]:
    """Requests with their sources, read one after the other as the analysers take them."""
    waiting: dict[str, list[tuple[TreeEntry, tuple[str, ...]]]] = {}
    for entry, checks in missing:
        waiting.setdefault(entry.blob, []).append((entry, checks))
    for blob, source in code.git.blobs(waiting):
        for entry, checks in waiting[blob]:
            wanted = {check: dict(options.get(check, {})) for check in checks}
            yield AnalysisRequest(key=blob, path=entry.path, source=source, checks=checks, options=wanted)
