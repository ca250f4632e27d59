"""From two revisions to verdicts, the same way for the worker and for `gate check`: measure both, compare, judge.

It publishes nothing and knows neither GitHub nor the engine. What decides is `gate.core`; what counts is `measure`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable
from functools import cached_property
from itertools import chain

from checks.catalog import installed
from checks.report import FileReport
from gate.core.comparison import TreeReports
from gate.core.comparison.findings import Levels, compare_security
from gate.core.comparison.functions import compare_complexity
from gate.core.comparison.lines import Followed, follow
from gate.core.comparison.parts import complexity_of, security_of
from gate.core.comparison.share import Share, share_of
from gate.core.component import Part, Parts
from gate.core.coverage_configuration import named_sources
from gate.core.diff import Diff, TreeEntry
from gate.core.guard import GUARDED_FILES, Loosening, author_name, baselines, loosened, with_authors
from gate.core.source import Sources, left_out, moved_out
from gate.core.tool_configuration import BANDIT_FILES, COVERAGE_FILES, bandit_options
from gate.core.tree_sums import NONE
from gate.core.verdict import (
    CheckVerdict,
    Components,
    Reason,
    judge_complexity,
    judge_security,
    of_component,
    without_files,
)
from gate.service import Service
from gate.workflows.measure import (
    Code,
    Options,
    Progress,
    Reports,
    Tree,
    placed,
    silent,
    static_reports,
    survey,
)
from gate.workflows.question import Judged, Question
from gate.workflows.settings_of import files_at
from gate.workflows.sum_tree import Counting, Summing, Sums, attribute_files, counting

WORKING_TREE = "working tree"
CHECKS = ("coverage", "complexity", "security")
USUAL = ("complexity", "security", "escapes")
"""The checks that the first verdicts need."""
SUMMED = frozenset({"complexity", "security"})
"""Those of which the files that do not change count, too: as sums."""


class Case:
    """One question with the code it is about; trees, diff and reports are read once, when first needed.

    Complexity and security look at the files that the change touches, and at the sums of the others.
    """

    def __init__(
        self,
        service: Service,
        code: Code,
        question: Question,
        *,
        progress: Progress = silent,
        compares_all: bool = False,
    ) -> None:
        """With `compares_all` the findings of files that the change does not touch are listed too, and not only counted."""
        self.service = service
        self.code = code
        self.question = question
        self.progress = progress
        self._reports: Reports | None = None
        self._measured: frozenset[str] = frozenset()
        self._measured_now: Counter[str] = Counter()
        self._sums: dict[frozenset[str], Sums] = {}
        self._compares_all = compares_all
        self._rule_files: dict[tuple[tuple[str, ...], str], dict[str, bytes]] = {}

    @cached_property
    def sources(self) -> Sources:
        """Which files count, in both trees alike."""
        return self.counting.sources

    @cached_property
    def counting(self) -> Counting:
        """How the files of a tree are counted. Raises: PolicyError."""
        marks = attribute_files(self.service, self.code, self.question.rules or self.question.base)
        return counting(self.code, self.parts, marks, self.options)

    @cached_property
    def base(self) -> Tree:
        """The files of the base; none before a first commit."""
        return survey(self.service, self.code, self.question.base, self.sources)

    @cached_property
    def head(self) -> Tree:
        """The files of the head."""
        return survey(self.service, self.code, self.question.head, self.sources)

    @cached_property
    def changed(self) -> tuple[Tree, Tree]:
        """The files of base and head that the change touches. Raises: PolicyError."""
        question = self.question
        before, after = self.code.git.entries_of(self.diff)
        return (
            placed(self.service, self.code, question.base, before, self.sources),
            placed(self.service, self.code, question.head, after, self.sources),
        )

    @property
    def compared(self) -> tuple[Tree, Tree]:
        """The files of base and head whose functions and findings are compared one by one."""
        return (self.base, self.head) if self._compares_all else self.changed

    @property
    def others(self) -> Sums:
        """The sums of all other files, by check, of what was measured. Raises: SandboxError, PolicyError."""
        checks = self._measured & SUMMED
        if checks not in self._sums:
            self._sums[checks] = self._sum_others(checks)
        return self._sums[checks]

    def _sum_others(self, checks: frozenset[str]) -> Sums:
        if self._compares_all or not (checks and self.question.base):
            return dict.fromkeys(checks, NONE)
        summing = Summing(self.service, self.code, checks, self.counting, progress=self.progress)
        before = self.changed[0]
        reports = {check: self.reports(check, before).files for check in checks}
        sums = summing.without(self.question.base, before, reports)
        self._measured_now.update(summing.measured_now)
        return sums

    @cached_property
    def diff(self) -> Diff:
        """What the head changed."""
        return self.code.git.diff(self.question.base, self.question.head)

    @cached_property
    def followed(self) -> Followed:
        """What became of the statements of changed files. Raises: SandboxError, PolicyError."""
        entries = [tree.selection.measured for tree in self.changed]
        reports = static_reports(
            self.service,
            self.code,
            {"syntax": _unique(chain.from_iterable(entries))},
            options=self.options,
            progress=self.progress,
        )
        return follow(self.diff, *(reports.of("syntax", files) for files in entries))

    @cached_property
    def parts(self) -> Parts:
        """What is judged apart: the components, and the rest."""
        return Parts(self.question.policy)

    def share(self, part: Part) -> Share:
        """The files of a part, on both sides."""
        return share_of(part.name, lambda path: self.parts.of(path) is part, self.diff)

    @cached_property
    def options(self) -> Options:
        """The tools' configuration, as the policy's revision has it. Raises: PolicyError."""
        files = self.rule_files(BANDIT_FILES)
        options = bandit_options(files) if files else {}
        return {"security": options} if any(options.values()) else {}

    def rule_files(self, names: Iterable[str], folder: str = "") -> dict[str, bytes]:
        """Those of the named files of a folder, the root's without one, that the policy's revision has; by name."""
        asked = (tuple(names), folder)
        if asked not in self._rule_files:
            self._rule_files[asked] = files_at(self.code.git, self.question.rules, *asked)
        return dict(self._rule_files[asked])

    def roles(self) -> dict[str, str]:
        """What files of either tree are that are no source: `a test file`, or left out and why."""
        roles: dict[str, str] = {}
        for selection in (self.base.selection, self.head.selection):
            roles |= dict.fromkeys(selection.test_paths, "a test file")
            roles |= {each.path: f"left out: {each.cause}" for each in selection.excluded}
        return roles

    def coverage_paths(self, tree: Tree) -> tuple[str, ...]:
        """The files whose lines count for coverage, as the policy's revision has it; relative to the tree's folder."""
        return tree.selection.coverage_paths(named_sources(self.rule_files(COVERAGE_FILES, tree.folder)))

    def _small_files(self, tree: Tree, names: Iterable[str]) -> dict[str, bytes]:
        """Those of the named files that the tree has and that can be read as a whole."""
        return self.code.git.files(tree.treeish, names, large=False) if tree.treeish else {}

    def measure(self, names: Iterable[str] = USUAL, *, whole: Iterable[str] = ()) -> None:
        """Has the reports of these checks ready for the files that change, and of some for both trees as a whole.

        Raises: SandboxError, PolicyError.
        """
        everywhere = frozenset(whole)
        self._measured = everywhere | {*names}
        trees = dict.fromkeys(self._measured, self.changed)
        if self._compares_all:
            trees |= dict.fromkeys(SUMMED & self._measured, self.compared)
        if everywhere:
            trees |= dict.fromkeys(everywhere, (self.base, self.head))
        wanted = {
            name: _unique(entry for tree in trees[name] for entry in tree.selection.measured)
            for name in sorted(self._measured)
        }
        self._reports = static_reports(
            self.service, self.code, wanted, options=self.options, progress=self.progress
        )
        self._measured_now = Counter({name: self._reports.measured_now(name) for name in self._measured})

    def reports(self, check: str, tree: Tree) -> TreeReports:
        """What a check says of the files of a tree that were measured: of `changed`, or where it was asked for, of all."""
        if self._reports is None:
            self.measure()
        assert self._reports is not None  # noqa: S101  (measure has set it)
        return TreeReports(
            files=self._reports.of(check, tree.selection.measured), tests=tree.selection.test_paths
        )

    def syntax_of(self, tree: Tree, paths: Container[str]) -> dict[str, FileReport]:
        """What the lines of these files of a tree mean, whether they changed or not. Raises: SandboxError."""
        entries = [entry for entry in tree.selection.measured if entry.path in paths]
        if not entries:
            return {}
        reports = static_reports(self.service, self.code, {"syntax": entries}, options=self.options)
        return reports.of("syntax", entries)

    def complexity(self) -> Judged:
        """The verdict on complexity. Raises: SandboxError, PolicyError."""
        base, head = (self.reports("complexity", tree) for tree in self.compared)
        others = self.others["complexity"]
        facts = compare_complexity(
            base, head, self.diff, maximum=lambda path: self.parts.of(path).policy.complexity.maximum
        )
        return self._judged(
            "complexity",
            lambda part: judge_complexity(
                part.policy, complexity_of(facts, base, head, self.share(part), others)
            ),
        )

    def security(self) -> Judged:
        """The verdict on security. Raises: SandboxError, PolicyError."""
        base, head = (self.reports("security", tree) for tree in self.compared)
        others = self.others["security"]

        def levels(path: str) -> Levels:
            security = self.parts.of(path).policy.security
            return security.severity, security.confidence

        facts = compare_security(base, head, self.diff, levels=levels)
        authors = self._authors({(change.path, change.finding.line) for change in facts.hidden})
        return self._judged(
            "security",
            lambda part: judge_security(
                part.policy, security_of(facts, head, self.share(part), others), authors
            ),
        )

    def renamed(self) -> tuple[tuple[str, str], ...]:
        """(path at the head, at the base) of every renamed file."""
        return tuple(self.diff.base_paths().items())

    def loosened(self) -> tuple[Reason, ...]:
        """What the change loosens of its own checks, with its author, to be listed."""
        found = self.loosenings
        return with_authors(found, self._authors({each.place for each in found if each.written}))

    @cached_property
    def loosenings(self) -> tuple[Loosening, ...]:
        """What the change loosens of its own checks; nobody is asked who did it."""
        base, head = self.changed
        before, after = (self._small_files(tree, self._guarded()) for tree in self.changed)
        listed = baselines(self.diff, before, after)
        return loosened(
            self.reports("escapes", base),
            self.reports("escapes", head),
            self.diff,
            base_files=before | self._small_files(base, listed),
            head_files=after | self._small_files(head, listed),
            findings=self.reports("security", head).files if "security" in self._measured else {},
        )

    def _guarded(self) -> tuple[str, ...]:
        """Files that say how this repository is measured, those of components with tests of their own among them."""
        folders = [suite.folder for suite in self.parts.suites if suite.folder]
        return (*GUARDED_FILES, *(f"{folder}/{name}" for folder in folders for name in COVERAGE_FILES))

    def _authors(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Who wrote these lines of the head, by path and line; of a line that was there before nobody."""
        lines: dict[str, set[int]] = {}
        for path, line in places:
            lines.setdefault(path, set()).add(line)
        found = self.code.git.authors(self.question.base, self.question.head, lines) if lines else {}
        return {place: author_name(name) for place, name in found.items()}

    def of_components(self, check: str, judge: Callable[[Part], CheckVerdict]) -> Components:
        """What a judge says of each component; one without any file is not judged, and that is said."""
        there = self._parts_with_files()
        return tuple(
            (
                part.name,
                of_component(part.name, judge(part))
                if part.name in there
                else without_files(check, part.name, part.paths),
            )
            for part in self.parts.components
        )

    def _parts_with_files(self) -> frozenset[str]:
        if not self.parts.components:
            return frozenset()
        sums = next(iter(self.others.values()), None)
        trees = (self.base, self.head) if sums is None else self.compared
        names = {self.parts.of(entry.path).name for tree in trees for entry in tree.selection.measured}
        if sums is not None:
            names |= {part.name for part in self.parts.components if sums.files(part.name)}
        return frozenset(names)

    def _judged(self, check: str, judge: Callable[[Part], CheckVerdict]) -> Judged:
        base, head = (tree.selection for tree in self.compared)
        others = self.others[check]
        counts = Counter(head.left_out()) + Counter(others.left_out())
        sentences = (
            self._obtained(check, others.files() + len(head.measured)),
            left_out(counts, moved_out(base, head, self.diff)),
        )
        return Judged(
            judge(self.parts.rest),
            "; ".join(sentence for sentence in sentences if sentence),
            self.of_components(check, judge),
        )

    def _obtained(self, check: str, files: int) -> str:
        """How the reports of a check were obtained, for people."""
        version = next(each.version for each in installed() if each.name == check)
        measured = self._measured_now[check]
        return f"{', '.join(version.split()[1:])}: {measured} of {files} files measured now, the others known from before"


def _unique(entries: Iterable[TreeEntry]) -> tuple[TreeEntry, ...]:
    return tuple({(entry.path, entry.blob): entry for entry in entries}.values())
