"""What goes into an environment, and what can be spared when the index cannot give all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gate.environments.interpreters import Interpreter

_NO_WHEEL = re.compile(r"Wheels are required for `([\w.-]{1,200})`")
"""How uv names a package that would have to be built."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The ingredients of an environment."""

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    """`name==version`, as the project has locked them."""
    interpreter: Interpreter
    index_urls: tuple[str, ...]
    build: tuple[str, ...] = ()
    """What the project's own build requires, kept apart from the rest; empty where it is not built."""
    sdists: bool = False
    """Whether source distributions are built where there is no wheel; that runs their code."""
    withheld: bool = False
    """Whether indexes with a password were left out, for what is tested comes from a fork."""
    left_out: tuple[str, ...] = ()
    """What was spared, a sentence each."""

    @property
    def without_index(self) -> bool:
        """Whether no index is left. uv's own default is none that the operator has chosen."""
        return self.withheld and not self.index_urls

    def without_wheelless(self, output: str) -> Recipe | None:
        """Without the requirements that the installer's output says have no wheel; None where it names none of them.

        A tool for documentation is often one. A test that needs it fails at the base and at the head.
        """
        named = {canonicalize_name(name) for name in _NO_WHEEL.findall(output)}
        gone = [text for text in self.requirements if canonicalize_name(Requirement(text).name) in named]
        if not gone:
            return None
        kept = tuple(text for text in self.requirements if text not in gone)
        sentences = tuple(f"{text} has no wheel" for text in gone)
        return replace(self, requirements=kept, left_out=(*self.left_out, *sentences))

    def unlocked(self) -> Recipe | None:
        """With the newest versions instead of the locked ones; None where none are locked."""
        if not self.constraints:
            return None
        sentence = "the lock file, whose versions cannot be met"
        return replace(self, constraints=(), left_out=(*self.left_out, sentence))
