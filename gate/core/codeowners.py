"""Mail addresses that a CODEOWNERS file names for paths. Logins and teams are left out: Gate knows no address of theirs."""

from __future__ import annotations

from collections.abc import Iterable

from gate.core.globs import compile_globs
from gate.core.subscription import normalise

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The first one that exists counts. Source: docs.github.com, "About code owners"."""
_MOST_RULES = 2000


def addresses(text: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The normalised addresses of the owners of these paths, sorted; of each path the last rule that fits decides."""
    rules = []
    for line in text.splitlines()[:_MOST_RULES]:
        pattern, *owners = line.partition("#")[0].split() or [""]
        if pattern and not pattern.startswith("!"):
            try:
                rules.append((compile_globs([pattern]), owners))
            except ValueError:
                continue  # as GitHub does with a line it cannot read
    found: set[str] = set()
    for path in set(paths):
        owners = next((owners for glob, owners in reversed(rules) if glob.match(path)), [])
        found.update(address for owner in owners if (address := normalise(owner)))
    return tuple(sorted(found))
