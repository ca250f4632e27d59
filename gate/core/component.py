"""The parts of a repository that are judged apart: its components, and the rest that belongs to none.

Every file belongs to exactly one part. What a part is judged by stands here; nothing is compared or judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile

from gate.core.globs import Globs, compile_globs
from gate.core.policy import Component, Policy

REST = ""
"""Name of the part that is no component."""
_NOT_LITERAL = frozenset("*?[]\\!")


@dataclass(frozen=True, slots=True)
class Part:
    """A component, or the rest of the repository."""

    name: str
    """Empty for the rest."""
    policy: Policy
    """What its files are judged by: the repository's policy with the sections that the component gives itself."""
    suite: str = REST
    """Name of the part whose tests measure its files: its own, or the rest for the repository's one suite."""
    paths: tuple[str, ...] = ()
    """The component's globs."""

    @property
    def folder(self) -> str:
        """The longest folder that is common to all of its globs, without a slash at the end; empty for the root."""
        folders = [_literal_folders(glob) for glob in self.paths if not glob.startswith("!")]
        common = folders[0] if folders else []
        for each in folders[1:]:
            equal = takewhile(lambda pair: pair[0] == pair[1], zip(common, each, strict=False))
            common = [name for name, _ in equal]
        return "/".join(common)


class Parts:
    """The parts of a policy; `all` has the rest first, then the components in the order of the file."""

    def __init__(self, policy: Policy) -> None:
        self._globs: list[tuple[Globs, Part]] = [
            (compile_globs(component.paths), _part(policy, component)) for component in policy.components
        ]
        self.rest = Part(REST, policy)
        self.components = tuple(part for _, part in self._globs)
        self.all = (self.rest, *self.components)
        self.suites = (self.rest, *(part for part in self.components if part.suite == part.name))
        """Those with tests of their own, the repository's one suite first."""
        self._known: dict[str, Part] = {}

    def of(self, path: str) -> Part:
        """The part a file of that path belongs to: the first component one of whose globs matches it, else the rest."""
        known = self._known.get(path)
        if known is None:
            known = next((part for globs, part in self._globs if globs.match(path)), self.rest)
            self._known[path] = known
        return known

    def suite_of(self, part: Part) -> Part:
        """The part whose tests measure the files of this one."""
        return next(suite for suite in self.suites if suite.name == part.suite)

    def measured_by(self, suite: Part) -> tuple[Part, ...]:
        """The parts whose files a suite measures."""
        return tuple(part for part in self.all if part.suite == suite.name)


def topmost(paths: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    """The chosen ones of all paths in the fewest words: folders that hold nothing else (`a/b/`), then single files."""
    picked = frozenset(chosen)
    mixed: set[str] = {""}
    for path in paths:
        if path not in picked:
            mixed.update(_above(path))
    found = {next((f"{folder}/" for folder in _above(path) if folder not in mixed), path) for path in picked}
    return tuple(sorted(found))


def _above(path: str) -> list[str]:
    """The folders a path lies in, the topmost first, without the root."""
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _part(policy: Policy, component: Component) -> Part:
    own = replace(
        policy,
        tests=component.tests,
        coverage=component.coverage,
        complexity=component.complexity,
        security=component.security,
    )
    suite = component.name if "tests" in component.own else REST
    return Part(component.name, own, suite, component.paths)


def _literal_folders(glob: str) -> list[str]:
    """The folders at the beginning of a glob, before any wildcard; none of one that git would look for in every folder."""
    if "/" not in glob.rstrip("/"):
        return []
    *folders, last = glob.removeprefix("/").split("/")
    if last and "." not in last:
        folders.append(last)  # Without an ending it is rather a folder than a file.
    literal = next((i for i, name in enumerate(folders) if _NOT_LITERAL & {*name}), len(folders))
    return folders[:literal]
