"""What the lines of a reason are known by at later heads: file, scope and syntax of their statements. It judges nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gate.core.comparison import CoverageFacts
from gate.core.comparison.branches import Line, weights
from gate.core.comparison.statements import ChangedFile, Outline


def identified(facts: CoverageFacts, files: Iterable[ChangedFile]) -> CoverageFacts:
    """The facts with a digest for each new line that is not wholly tested, and for each lost one.

    They stand in the order of `weights`, each as often as its weight says.
    """
    changed = {file.new_path: file for file in files}
    return replace(
        facts,
        uncovered_identity=_identity(weights(facts.uncovered, facts.uncovered_branches), changed),
        lost_identity=_identity(weights(facts.lost, facts.lost_branches), changed),
    )


def _identity(lines: Mapping[Line, int], changed: Mapping[str, ChangedFile]) -> tuple[str, ...]:
    paths = {path for path, _ in lines}
    outlines = {path: Outline(changed[path].after) for path in sorted(paths & changed.keys())}
    digests: list[str] = []
    for (path, number), weight in lines.items():
        places = outlines[path].at(number) if path in outlines else ()
        # A line's number where nothing else is known of it.
        said = [f"{place.statement.scope}\0{place.statement.digest}" for place in places] or [str(number)]
        old_path = changed[path].old_path if path in changed else ""
        told = "\0".join((old_path or path, *said))
        digests += weight * [hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]]
    return tuple(digests)
