"""The sums of a tree, from those of another one that is known: what differs is taken out and put in. See `TreeSums`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.catalog import installed
from gate.core.component import Parts
from gate.core.diff import TreeEntry
from gate.core.source import Selection, Sources, sources_of
from gate.core.tree_sums import NONE, Reports, TreeSums
from gate.service import Service
from gate.workflows.measure import Code, Options, Progress, Tree, placed, silent, static_reports

ATTRIBUTES = "attributes"
"""The kind of fact that says where a tree has its `.gitattributes`."""
CANDIDATES = 3
"""So many known trees are looked at to find one that differs little."""
FEW = 100
"""Files; of a tree that differs in no more nobody looks for a nearer one."""
_REVISION = 1
"""Of how files are counted; with another one all sums are made anew."""


@dataclass(frozen=True, slots=True)
class AttributeFiles:
    """Where a tree has its `.gitattributes`."""

    files: tuple[tuple[str, str], ...] = ()
    """(path, blob), sorted."""


Sums = Mapping[str, TreeSums]
"""By check."""


@dataclass(frozen=True, slots=True)
class _Fact:
    """Sums as they are kept."""

    sums: tuple[tuple[str, TreeSums], ...]


@dataclass(frozen=True, slots=True)
class Counting:
    """By which rules the files of a tree are counted."""

    sources: Sources
    parts: Parts
    options: Options
    digest: str
    """Of the rules: by equal ones equal trees have equal sums."""

    def name_of(self, path: str) -> str:
        """The part that a path belongs to."""
        return self.parts.of(path).name


def counting(code: Code, parts: Parts, attributes: AttributeFiles, options: Options) -> Counting:
    """By a policy, and the attributes and options that go with it."""
    gate = parts.rest.policy.gate
    components = [(part.name, part.paths) for part in parts.components]
    told = [_REVISION, gate.exclude, gate.tests, components, attributes.files, dict(options)]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
    sources = sources_of(parts.rest.policy, code.git.attributes(attributes.files))
    return Counting(sources, parts, options, digest[:16])


def attribute_files(service: Service, code: Code, treeish: str) -> AttributeFiles:
    """Where a revision has its `.gitattributes`; looked for once a tree, and nowhere without a revision."""
    if not treeish:
        return AttributeFiles()
    tree, now = code.git.tree(treeish), service.now()
    known = service.store.tree_fact(AttributeFiles, code.repository_id, ATTRIBUTES, tree, now=now)
    if known is None:
        known = AttributeFiles(code.git.attribute_files(tree))
        service.store.save_tree_fact(code.repository_id, ATTRIBUTES, tree, known, now=now)
    return known


class Summing:
    """What some checks say of trees, summed by one set of rules; files that were not measured before are."""

    def __init__(
        self,
        service: Service,
        code: Code,
        checks: Iterable[str],
        rules: Counting,
        *,
        progress: Progress = silent,
    ) -> None:
        self._service = service
        self._code = code
        self._rules = rules
        self._progress = progress
        versions = {check.name: check.version for check in installed()}
        self._checks = tuple(sorted(checks))
        told = f"{rules.digest} {[(check, versions[check]) for check in self._checks]}"
        self._kind = f"sums {hashlib.sha256(told.encode()).hexdigest()[:16]}"
        self.measured_now: Counter[str] = Counter()
        """How many contents each check measured that were not known."""

    def of(self, treeish: str) -> Sums:
        """The sums of a revision. Raises: SandboxError."""
        service, repository_id = self._service, self._code.repository_id
        tree, now = self._code.git.tree(treeish), service.now()
        known = service.store.tree_fact(_Fact, repository_id, self._kind, tree, now=now)
        if known is not None:
            return dict(known.sums)
        found = self._from_near(tree) or self._from_nothing(self._code.git.entries(tree))
        if not any(file.problem.passing for sums in found.values() for file in sums.unmeasured):
            service.store.save_tree_fact(repository_id, self._kind, tree, _Fact((*found.items(),)), now=now)
        return found

    def without(self, treeish: str, touched: Tree, reports: Mapping[str, Reports]) -> Sums:
        """The sums of a revision without some of its files, of which the reports are known. Raises: SandboxError."""
        try:
            return self._taken_out(self.of(treeish), touched.selection, reports)
        except ValueError as error:
            self._say(treeish, error)
            paths = {entry.path for entry in touched.entries}
            return self._from_nothing(
                entry for entry in self._code.git.entries(treeish) if entry.path not in paths
            )

    def _from_near(self, tree: str) -> Sums | None:
        """From the known tree that differs least among the newest; None without one, or where its sums do not hold."""
        git, store = self._code.git, self._service.store
        best: tuple[_Fact, tuple[TreeEntry, ...], tuple[TreeEntry, ...]] | None = None
        for near, fact in store.newest_tree_facts(_Fact, self._code.repository_id, self._kind, CANDIDATES):
            if not git.has_tree(near):
                continue  # the mirror was made anew since
            gone, come = git.entries_between(near, tree)
            if best is None or len(gone) + len(come) < len(best[1]) + len(best[2]):
                best = fact, gone, come
            if len(best[1]) + len(best[2]) <= FEW:
                break
        if best is None:
            return None
        fact, gone, come = best
        try:
            return self._added(self._removed(dict(fact.sums), gone), come)
        except ValueError as error:
            self._say(tree, error)
            return None

    def _from_nothing(self, entries: Iterable[TreeEntry]) -> Sums:
        return self._added(dict.fromkeys(self._checks, NONE), entries)

    def _added(self, sums: Sums, entries: Iterable[TreeEntry]) -> Sums:
        selection, reports = self._measured(entries)
        name_of = self._rules.name_of
        return {check: of.with_files(selection, reports[check], name_of) for check, of in sums.items()}

    def _removed(self, sums: Sums, entries: Iterable[TreeEntry]) -> Sums:
        return self._taken_out(sums, *self._measured(entries))

    def _taken_out(self, sums: Sums, selection: Selection, reports: Mapping[str, Reports]) -> Sums:
        name_of = self._rules.name_of
        return {check: of.without_files(selection, reports[check], name_of) for check, of in sums.items()}

    def _measured(self, entries: Iterable[TreeEntry]) -> tuple[Selection, Mapping[str, Reports]]:
        selection = placed(self._service, self._code, "", tuple(entries), self._rules.sources).selection
        files = selection.measured
        found = static_reports(
            self._service,
            self._code,
            dict.fromkeys(self._checks, files),
            options=self._rules.options,
            progress=self._progress,
        )
        self.measured_now.update({check: found.measured_now(check) for check in self._checks})
        return selection, {check: found.of(check, files) for check in self._checks}

    def _say(self, treeish: str, error: ValueError) -> None:
        self._service.telemetry.log.warning("a tree is summed anew", tree=treeish, cause=str(error))
