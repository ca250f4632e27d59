"""Changes that never were, with the verdicts the gate gives them: facts are invented, judged as real ones are."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from checks.report import Finding, Level
from gate.core.comparison import (
    ComplexityFacts,
    ComplexityTotals,
    CoverageFacts,
    FindingChange,
    FunctionChange,
    Ratio,
    SecurityFacts,
)
from gate.core.policy import DEFAULT, Coverage, Policy, digest
from gate.core.verdict import (
    CheckVerdict,
    Provenance,
    Verdict,
    combine,
    could_not_measure,
    judge_complexity,
    judge_coverage,
    judge_security,
)

Fault = Literal["", "coverage", "complexity", "security", "unmeasured"]
"""What is wrong with a head; nothing when it is empty."""

POLICIES = tuple(
    replace(DEFAULT, coverage=Coverage(patch=patch, minimum=minimum))
    for patch, minimum in ((70, 0), (80, 0), (80, 75))
)
"""Of the default branch, one after the other."""
AREAS = ("api", "billing", "catalogue", "delivery", "orders", "search", "stock", "users")
NOUNS = ("address", "basket", "client", "export", "invoice", "label", "parcel", "price", "report", "retry")
VERBS = ("apply", "build", "collect", "find", "merge", "parse", "plan", "send", "split", "validate")
_FINDINGS: tuple[tuple[str, Level, str], ...] = (
    ("B602", "high", "subprocess call with shell=True identified, security issue."),
    ("B324", "high", "Use of weak MD5 hash for security. Consider usedforsecurity=False."),
    ("B608", "medium", "Possible SQL injection vector through string-based query construction."),
    ("B506", "medium", "Use of unsafe yaml load. Allows instantiation of arbitrary objects."),
)
_HARMLESS = ("B311", "Standard pseudo-random generators are not suitable for security purposes.")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a change is judged in."""

    paths: Sequence[str]
    """Of the files it changes."""
    totals: Mapping[str, int]
    """Of its base."""
    policy: Policy
    base_sha: str


def path_of(number: int) -> str:
    """The path of a source file; every number has another one."""
    area, noun = AREAS[number % len(AREAS)], NOUNS[number // len(AREAS) % len(NOUNS)]
    part = number // (len(AREAS) * len(NOUNS))
    return f"{area}/part{part}/{noun}.py" if part else f"{area}/{noun}.py"


def judged(chance: random.Random, setting: Setting, head_sha: str, fault: Fault) -> Verdict:
    """The verdict on a head that has this fault."""
    provenance = Provenance(
        head=head_sha,
        base=setting.base_sha,
        policy_sha=setting.base_sha,
        policy_digest=digest(setting.policy),
        policy_source=f".gate.toml at {setting.base_sha[:7]} (main)",
        base_age_days=chance.randrange(6),
        obtained=(
            (
                "coverage",
                f"Tests run on CPython 3.12.8 with coverage.py 7.17.3 in {chance.randint(20, 70)} s.",
            ),
            ("complexity", f"radon 6.0.1 on CPython 3.12; {len(setting.paths)} files measured."),
            ("security", f"bandit 1.9.1 on CPython 3.12; {len(setting.paths)} files measured."),
        ),
    )
    checks = (
        _coverage(chance, setting, fault),
        judge_complexity(setting.policy, _complexity(chance, setting, tangled=fault == "complexity")),
        judge_security(setting.policy, _security(chance, setting, unsafe=fault == "security")),
    )
    return combine(checks, provenance, setting.policy)


def _coverage(chance: random.Random, setting: Setting, fault: Fault) -> CheckVerdict:
    if fault == "unmeasured":
        return could_not_measure(
            "coverage",
            "the tests were not done within 15 minutes",
            "Raise `timeout_minutes` below `[tests]`, or find the test that hangs",
            neutral=False,
            output="tests/test_export.py::test_large_export\n",
        )
    base = Ratio(setting.totals["covered"], setting.totals["executable"])
    new = chance.randint(6, 90)
    # Two lines are free, and one more is not enough to block.
    missing = (
        max(5, new * chance.randint(30, 60) // 100)
        if fault == "coverage"
        else new * chance.randrange(16) // 100
    )
    missing = min(missing, new)
    uncovered = _spread(chance, setting.paths, missing)
    facts = CoverageFacts(
        base=base,
        head=Ratio(base.covered + new - missing, base.executable + new),
        patch=Ratio(new - missing, new),
        uncovered=uncovered,
        lost=(),
        measured_files=len(setting.paths),
        changed_files=len(setting.paths),
        files=tuple(_file(chance, path, len(dict(uncovered).get(path, ()))) for path in setting.paths),
        base_surviving=base,
        base_suite="passed",
    )
    return judge_coverage(setting.policy, facts)


def _spread(
    chance: random.Random, paths: Sequence[str], count: int
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """So many lines of these files, in a few blocks."""
    lines: dict[str, set[int]] = {}
    while sum(map(len, lines.values())) < count:
        start = chance.randint(10, 160)
        block = lines.setdefault(chance.choice(paths), set())
        left = count - sum(map(len, lines.values()))
        block.update(range(start, start + min(left, chance.randint(1, 8))))
    return tuple((path, tuple(sorted(found))) for path, found in sorted(lines.items()) if found)


def _file(chance: random.Random, path: str, missing: int) -> tuple[str, Ratio | None, Ratio | None]:
    executable = chance.randint(40, 140)
    covered = executable * chance.randint(60, 100) // 100
    added = chance.randint(missing, missing + 20)
    return path, Ratio(covered, executable), Ratio(covered + added - missing, executable + added)


def _complexity(chance: random.Random, setting: Setting, *, tangled: bool) -> ComplexityFacts:
    functions = [_function(chance, path) for path in setting.paths]
    if tangled:
        path, before = chance.choice(setting.paths), chance.randint(5, 10)
        functions.append(
            FunctionChange(
                path,
                f"{chance.choice(VERBS)}_every_{_noun(path)}",
                chance.randint(161, 200),
                before,
                chance.randint(12, 24),
                "worse",
                contributors=((171, 3), (178, 6), (190, 4)),
            )
        )
    base = ComplexityTotals(
        setting.totals["functions"], setting.totals["complexity"], setting.totals["worst"]
    )
    grown = sum((one.after or 0) - (one.before or 0) for one in functions)
    head = replace(base, sum=base.sum + grown)
    return ComplexityFacts(
        tuple(sorted(functions, key=lambda one: (one.path, one.line))),
        base,
        head,
        files=setting.totals["files"],
    )


def _function(chance: random.Random, path: str) -> FunctionChange:
    before, after = chance.randint(2, 8), chance.randint(2, 9)
    status: Literal["worse", "better", "new"] = "worse" if after > before else "better"
    name = f"{chance.choice(VERBS)}_{_noun(path)}"
    if before == after:
        return FunctionChange(path, name, chance.randint(8, 160), None, after, "new")
    return FunctionChange(path, name, chance.randint(8, 160), before, after, status)


def _noun(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _security(chance: random.Random, setting: Setting, *, unsafe: bool) -> SecurityFacts:
    introduced: list[FindingChange] = []
    if unsafe:
        rule, severity, text = chance.choice(_FINDINGS)
        introduced.append(_finding(chance, setting, rule, severity, text))
    fixed = [_finding(chance, setting, *chance.choice(_FINDINGS))] if chance.random() < 0.08 else []
    persisting = [replace(_finding(chance, setting, _HARMLESS[0], "low", _HARMLESS[1]), judged=False)]
    return SecurityFacts(tuple(introduced), tuple(fixed), tuple(persisting), files=setting.totals["files"])


def _finding(chance: random.Random, setting: Setting, rule: str, severity: Level, text: str) -> FindingChange:
    line = chance.randint(10, 160)
    return FindingChange(
        chance.choice(setting.paths), Finding(rule, line, line, 4, severity, "high", text), judged=True
    )
