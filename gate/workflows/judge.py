"""From two revisions to verdicts, the same way for the worker and for `gate check`: measure both, compare, judge.

It publishes nothing and knows neither GitHub nor the engine. What decides is `gate.core`; what counts is `measure`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

from checks.report import FileReport
from gate.core import policy as policies
from gate.core.comparison import TreeReports
from gate.core.comparison.findings import compare_security
from gate.core.comparison.functions import compare_complexity
from gate.core.coverage_configuration import named_sources
from gate.core.diff import Diff, TreeEntry
from gate.core.guard import GUARDED_FILES, loosened
from gate.core.policy import Policy
from gate.core.source import Sources, left_out, moved_out, sources_of
from gate.core.tool_configuration import BANDIT_FILES, COVERAGE_FILES, bandit_options
from gate.core.verdict import CheckVerdict, Provenance, Reason, judge_complexity, judge_security
from gate.git import Repository
from gate.service import Service
from gate.workflows.measure import Code, Options, Progress, Reports, Tree, silent, static_reports, survey

POLICY_FILE = ".gate.toml"
WORKING_TREE = "working tree"
CHECKS = ("coverage", "complexity", "security")
OF_CHANGED_FILES = ("syntax", "escapes")
"""Checks that tell what a change means; unchanged files have nothing to say."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict of one check, and how its numbers were obtained, for people."""

    verdict: CheckVerdict
    obtained: str


@dataclass(frozen=True, slots=True)
class Question:
    """Two revisions and the rules to judge them by: everything a verdict is a function of."""

    base: str
    """Sha of the commit compared with; empty for nothing before a first commit."""
    head: str
    """A commit or tree id."""
    head_name: str
    """Full sha, or `working tree`."""
    rules: str
    """The revision whose policy and tool configuration count; empty for the defaults."""
    policy: Policy
    policy_source: str
    """For people: `.gate.toml at 1a2b3c4 (main)`."""
    base_age_days: int | None = None

    def provenance(self, judged: Iterable[Judged] = ()) -> Provenance:
        """What every check echoes; with how the numbers of these checks were obtained."""
        return Provenance(
            head=self.head_name,
            base=self.base,
            policy_sha=self.rules,
            policy_digest=policies.digest(self.policy),
            policy_source=self.policy_source,
            base_age_days=self.base_age_days,
            obtained=tuple((each.verdict.check, each.obtained) for each in judged),
        )


def policy_at(git: Repository, revision: str) -> Policy:
    """The policy of a revision; the defaults where it has no `.gate.toml`, or for an empty revision.

    Raises: PolicyError.
    """
    content = git.file(revision, POLICY_FILE) if revision else None
    return policies.DEFAULT if content is None else policies.parse(content)


def policy_source(git: Repository, revision: str, name: str) -> str:
    """Where the policy of a revision comes from, for people; `name` is the branch or what was asked for."""
    if not revision or git.file(revision, POLICY_FILE) is None:
        return (
            "the defaults" if not revision else f"the defaults (no {POLICY_FILE} at {revision[:7]}, {name})"
        )
    return f"{POLICY_FILE} at {revision[:7]} ({name})"


class Case:
    """One question with the code it is about; trees, diff and reports are read once, when first needed."""

    def __init__(
        self, service: Service, code: Code, question: Question, *, progress: Progress = silent
    ) -> None:
        self.service = service
        self.code = code
        self.question = question
        self.progress = progress
        self._reports: Reports | None = None

    @cached_property
    def sources(self) -> Sources:
        """Which files count, in both trees alike."""
        question = self.question
        marks = question.rules or question.base
        entries = self.code.git.entries(question.head)
        old = self.code.git.entries(question.base) if question.base else ()
        paths = {entry.path for entry in (*entries, *old)}
        attributes = self.code.git.attributes(marks, sorted(paths)) if marks else {}
        return sources_of(question.policy, attributes)

    @cached_property
    def base(self) -> Tree:
        """The files of the base; none before a first commit."""
        return survey(self.service, self.code, self.question.base, self.sources)

    @cached_property
    def head(self) -> Tree:
        """The files of the head."""
        return survey(self.service, self.code, self.question.head, self.sources)

    @cached_property
    def diff(self) -> Diff:
        """What the head changed."""
        return self.code.git.diff(self.question.base, self.question.head)

    @cached_property
    def options(self) -> Options:
        """The tools' configuration, as the policy's revision has it. Raises: PolicyError."""
        files = self.rule_files(BANDIT_FILES)
        options = bandit_options(files) if files else {}
        return {"security": options} if any(options.values()) else {}

    def rule_files(self, names: Iterable[str]) -> dict[str, bytes]:
        """Those of the named root files that the policy's revision has."""
        return self._files(self.question.rules, names)

    def coverage_paths(self, tree: Tree) -> tuple[str, ...]:
        """The files whose lines count for coverage, as the policy's revision has it."""
        return tree.selection.coverage_paths(named_sources(self.rule_files(COVERAGE_FILES)))

    def _files(self, revision: str, names: Iterable[str]) -> dict[str, bytes]:
        contents = {name: self.code.git.file(revision, name) for name in names} if revision else {}
        return {name: content for name, content in contents.items() if content is not None}

    def measure(self, names: Iterable[str]) -> None:
        """Has the reports of these checks ready, for both trees at once."""
        wanted = {
            name: _unique((*self._entries(name, self.base), *self._entries(name, self.head)))
            for name in names
        }
        self._reports = static_reports(
            self.service, self.code, wanted, options=self.options, progress=self.progress
        )

    def reports(self, check: str, tree: Tree) -> TreeReports:
        """What a check says of one of the two trees."""
        if self._reports is None:
            self.measure(("complexity", "security", "escapes", "syntax"))
        assert self._reports is not None  # noqa: S101  (measure has set it)
        return TreeReports(
            files=self._reports.of(check, self._entries(check, tree)), tests=tree.selection.test_paths
        )

    def syntax_of(self, tree: Tree, paths: Container[str]) -> dict[str, FileReport]:
        """What the lines of these files of a tree mean, whether they changed or not. Raises: SandboxError."""
        entries = [entry for entry in tree.selection.measured if entry.path in paths]
        if not entries:
            return {}
        reports = static_reports(self.service, self.code, {"syntax": entries}, options=self.options)
        return reports.of("syntax", entries)

    def _entries(self, check: str, tree: Tree) -> tuple[TreeEntry, ...]:
        """The files a check is asked of: all, or the changed ones where the others are not looked at."""
        measured = tree.selection.measured
        if check not in OF_CHANGED_FILES:
            return measured
        return tuple(entry for entry in measured if entry.path in self._changed)

    @cached_property
    def _changed(self) -> frozenset[str]:
        return frozenset(
            path for change in self.diff.changes for path in (change.old_path, change.new_path) if path
        )

    def complexity(self) -> Judged:
        """The verdict on complexity. Raises: SandboxError, PolicyError."""
        policy = self.question.policy
        facts = compare_complexity(
            self.reports("complexity", self.base),
            self.reports("complexity", self.head),
            self.diff,
            maximum=policy.complexity.maximum,
        )
        return self._judged(judge_complexity(policy, facts))

    def security(self) -> Judged:
        """The verdict on security. Raises: SandboxError, PolicyError."""
        policy = self.question.policy
        facts = compare_security(
            self.reports("security", self.base),
            self.reports("security", self.head),
            self.diff,
            severity=policy.security.severity,
            confidence=policy.security.confidence,
        )
        return self._judged(judge_security(policy, facts))

    def loosened(self) -> tuple[Reason, ...]:
        """What the change loosens of its own checks, to be listed."""
        return loosened(
            self.reports("escapes", self.base),
            self.reports("escapes", self.head),
            self.diff,
            base_files=self._files(self.question.base, GUARDED_FILES),
            head_files=self._files(self.question.head, GUARDED_FILES),
        )

    def _judged(self, verdict: CheckVerdict) -> Judged:
        assert self._reports is not None  # noqa: S101  (whoever judges has measured)
        told = left_out(self.head.selection, moved_out(self.base.selection, self.head.selection, self.diff))
        parts = (self._reports.obtained(verdict.check), told)
        return Judged(verdict, "; ".join(part for part in parts if part))


def _unique(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    return tuple({(entry.path, entry.blob): entry for entry in entries}.values())
