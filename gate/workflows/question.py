"""What is asked of a change, and what one check answers: values that go from step to step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core import policy as policies
from gate.core.comparison.decisions import LineComparison
from gate.core.policy import Policy
from gate.core.verdict import CheckVerdict, Components, Provenance


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict of one check, and how its numbers were obtained, for people."""

    verdict: CheckVerdict
    obtained: str
    components: Components = ()
    """The verdicts of the components; the first one is then of the rest of the repository."""
    obtained_of: tuple[str, ...] = ()
    """How numbers of components were obtained that have tests of their own, a sentence each."""
    lines: tuple[LineComparison, ...] = ()
    """What coverage was counted from, of each part, where somebody wants it explained; too much to be kept."""
    reports: str = ""
    """Digest of which reports of CI were there; empty where none is asked for."""


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
    renamed: tuple[tuple[str, str], ...] = ()
    """(path at the head, at the base) of every renamed file; known once the two were compared."""
    defaults: Policy = policies.DEFAULT
    """What holds where a `.gate.toml` says nothing: the organisation's, below `[tests]` of the head too."""

    def provenance(self, judged: Iterable[Judged] = ()) -> Provenance:
        """What every check echoes; with how the numbers of these checks were obtained."""
        judged = tuple(judged)
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
            renamed=self.renamed,
            reports=next((each.reports for each in judged if each.reports), ""),
        )
