"""From two revisions to verdicts, the same way for the worker and for `gate check`: measure both, compare, judge.

It publishes nothing and knows neither GitHub nor the engine. What decides is `gate.core`; what counts is `measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from checks.report import Finding
from gate.core import policy as policies
from gate.core.comparison import TreeReports
from gate.core.comparison.findings import compare_security, reaches
from gate.core.comparison.functions import compare_complexity
from gate.core.comparison.lines import Followed, follow
from gate.core.comparison.parts import complexity_of, security_of
from gate.core.comparison.share import Share, share_of
from gate.core.component import Part, Parts
from gate.core.diff import Diff, TreeEntry
from gate.core.guard import GUARDED_FILES, loosened
from gate.core.policy import Policy
from gate.core.source import Sources, left_out, moved_out, sources_of
from gate.core.tool_configuration import BANDIT_FILES, COVERAGE_FILES, bandit_options
from gate.core.verdict import (
    CheckVerdict,
    Components,
    Provenance,
    Reason,
    judge_complexity,
    judge_security,
    of_component,
    without_files,
)
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
    components: Components = ()
    """The verdicts of the components; the first one is then of the rest of the repository."""
    obtained_of: tuple[str, ...] = ()
    """How numbers of components were obtained that have tests of their own, a sentence each."""


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
            obtained=tuple(
                (each.verdict.check, sentence)
                for each in judged
                for sentence in (each.obtained, *each.obtained_of)
            ),
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
    def followed(self) -> Followed:
        """What became of the statements of changed files. Raises: SandboxError, PolicyError."""
        return follow(
            self.diff, self.reports("syntax", self.base).files, self.reports("syntax", self.head).files
        )

    @cached_property
    def parts(self) -> Parts:
        """What is judged apart: the components, and the rest."""
        return Parts(self.question.policy)

    def share(self, part: Part) -> Share:
        """The files of a part, on both sides."""
        return share_of(lambda path: self.parts.of(path) is part, self.diff)

    @cached_property
    def options(self) -> Options:
        """The tools' configuration, as the policy's revision has it. Raises: PolicyError."""
        files = self.rule_files(BANDIT_FILES)
        options = bandit_options(files) if files else {}
        return {"security": options} if any(options.values()) else {}

    def rule_files(self, names: Iterable[str], folder: str = "") -> dict[str, bytes]:
        """Those of the named files of a folder that the policy's revision has, by name."""
        return self._files(self.question.rules, names, folder)

    def _files(self, revision: str, names: Iterable[str], folder: str = "") -> dict[str, bytes]:
        start = f"{folder}/" if folder else ""
        contents = {name: self.code.git.file(revision, start + name) for name in names} if revision else {}
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
        base, head = self.reports("complexity", self.base), self.reports("complexity", self.head)
        facts = compare_complexity(
            base, head, self.diff, maximum=lambda path: self.parts.of(path).policy.complexity.maximum
        )
        return self._judged(
            "complexity",
            lambda part: judge_complexity(part.policy, complexity_of(facts, base, head, self.share(part))),
        )

    def security(self) -> Judged:
        """The verdict on security. Raises: SandboxError, PolicyError."""
        base, head = self.reports("security", self.base), self.reports("security", self.head)

        def counts(path: str, finding: Finding) -> bool:
            levels = self.parts.of(path).policy.security
            return reaches(finding, severity=levels.severity, confidence=levels.confidence)

        facts = compare_security(base, head, self.diff, counts=counts)
        return self._judged(
            "security", lambda part: judge_security(part.policy, security_of(facts, head, self.share(part)))
        )

    def loosened(self) -> tuple[Reason, ...]:
        """What the change loosens of its own checks, to be listed."""
        return loosened(
            self.reports("escapes", self.base),
            self.reports("escapes", self.head),
            self.diff,
            base_files=self._guarded(self.question.base),
            head_files=self._guarded(self.question.head),
        )

    def _guarded(self, revision: str) -> dict[str, bytes]:
        files = self._files(revision, GUARDED_FILES)
        for folder in filter(None, (suite.folder for suite in self.parts.suites)):
            found = self._files(revision, COVERAGE_FILES, folder)
            files |= {f"{folder}/{name}": content for name, content in found.items()}
        return files

    def of_components(self, check: str, judge: Callable[[Part], CheckVerdict]) -> Components:
        """What a judge says of each component; one without any file is not judged, and that is said."""
        entries = (*self.base.selection.measured, *self.head.selection.measured)
        there = {self.parts.of(entry.path).name for entry in entries} if self.parts.components else set()
        return tuple(
            (
                part.name,
                of_component(part.name, judge(part))
                if part.name in there
                else without_files(check, part.name, part.paths),
            )
            for part in self.parts.components
        )

    def _judged(self, check: str, judge: Callable[[Part], CheckVerdict]) -> Judged:
        assert self._reports is not None  # noqa: S101  (whoever judges has measured)
        told = left_out(self.head.selection, moved_out(self.base.selection, self.head.selection, self.diff))
        sentences = (self._reports.obtained(check), told)
        return Judged(
            judge(self.parts.rest),
            "; ".join(sentence for sentence in sentences if sentence),
            self.of_components(check, judge),
        )


def _unique(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    return tuple({(entry.path, entry.blob): entry for entry in entries}.values())
