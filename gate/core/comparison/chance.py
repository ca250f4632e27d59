"""What is known to flip from run to run, and how it is known again in later revisions: it is held against nobody.

A line is known by file, scope and syntax of its statement, so that it is forgotten when the statement changes. What is
kept, and for how long, is not its work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from checks.report import FileReport
from gate.core.comparison import BranchesOfFiles, CoverageFacts, LinesOfFiles, Ratio
from gate.core.comparison.branches import Line, by_path, weights
from gate.core.comparison.statements import statements_at


@dataclass(frozen=True, slots=True, order=True)
class UnstableLine:
    """A statement whose coverage flipped between two runs of the same code; equal statements of one scope are one."""

    path: str
    scope: str
    digest: str
    """Of its syntax."""

    @property
    def identity(self) -> str:
        """Digest of all three."""
        whole = json.dumps([self.path, self.scope, self.digest])
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Chance:
    """What flipped lately on the branch that a change wants to be merged into."""

    lines: frozenset[UnstableLine] = frozenset()
    tests: frozenset[str] = frozenset()


def unstable_lines(lines: LinesOfFiles, syntax: Mapping[str, FileReport]) -> dict[Line, UnstableLine]:
    """The lines by what they are known by; those of files whose syntax is not known are left out."""
    return {
        (path, line): UnstableLine(path, statement.scope, statement.digest)
        for path, numbers in lines
        if path in syntax
        for line, statement in statements_at(syntax[path].statements, numbers).items()
    }


def excused(
    facts: CoverageFacts, chance: Chance, syntax: Mapping[str, FileReport], old_paths: Mapping[str, str]
) -> CoverageFacts:
    """The facts with what is known to flip set apart: lost lines among the unstable ones, failing tests among the flaky.

    `syntax` is of the head, for the files that lost lines; `old_paths` are the base's paths of renamed files.
    """
    lost = weights(
        (*facts.lost, *facts.lost_elsewhere), (*facts.lost_branches, *facts.lost_branches_elsewhere)
    )
    known = unstable_lines(by_path(lost), syntax)
    flips = {line for line, found in known.items() if _is_known(found, chance.lines, old_paths)}
    failing = tuple(test for test in facts.failing if test.id not in chance.tests)
    flaky = {test.id for test in facts.failing} & chance.tests
    kept = facts.base_surviving
    return replace(
        facts,
        lost=_lines_without(facts.lost, flips),
        lost_elsewhere=_lines_without(facts.lost_elsewhere, flips),
        lost_branches=_branches_without(facts.lost_branches, flips),
        lost_branches_elsewhere=_branches_without(facts.lost_branches_elsewhere, flips),
        # The base's tests had covered them by chance.
        base_surviving=kept and Ratio(kept.covered - sum(lost[line] for line in flips), kept.executable),
        unstable=by_path({*flips, *weights(facts.unstable, ())}),
        failing=failing,
        flaky=tuple(sorted({*facts.flaky, *flaky})),
        head_suite="passed" if flaky and not failing else facts.head_suite,
    )


def _is_known(line: UnstableLine, known: Collection[UnstableLine], old_paths: Mapping[str, str]) -> bool:
    return line in known or replace(line, path=old_paths.get(line.path, line.path)) in known


def _lines_without(files: LinesOfFiles, flips: Collection[Line]) -> LinesOfFiles:
    left = [(path, tuple(line for line in lines if (path, line) not in flips)) for path, lines in files]
    return tuple((path, lines) for path, lines in left if lines)


def _branches_without(files: BranchesOfFiles, flips: Collection[Line]) -> BranchesOfFiles:
    left = [(path, tuple(way for way in ways if (path, way[0]) not in flips)) for path, ways in files]
    return tuple((path, ways) for path, ways in left if ways)
