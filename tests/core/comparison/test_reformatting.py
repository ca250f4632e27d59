"""Real files, written in another way or edited: formatting is no change, and blame does not depend on the direction.

The same examples every time, for the choice is large; benchmarks/fairness.py looks at whole repositories.
"""

from __future__ import annotations

import ast
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.comparison import ComplexityFacts, FindingChange, Ratio
from tests.rewriting import edited, imagined_run, modules, renamed, rewrapped, source_of, unparsed
from tests.two_trees import complexities, coverages, findings, run

SEEDS = st.integers(0, 1_000_000)
FILES = st.sampled_from(modules())


def written_anew(text: str, seed: int) -> str:
    """Wrapped otherwise, written by `ast.unparse`, or both."""
    random = Random(seed)
    if seed % 3:
        text = unparsed(text)
    return text if seed % 3 == 1 else rewrapped(text, random)


@settings(max_examples=15, derandomize=True)
@given(FILES, SEEDS)
def test_the_tests_rewrite_a_file_without_changing_its_meaning(path: Path, seed: int) -> None:
    """
    Its syntax stays what it was.
    """
    text = source_of(path)

    assert ast.dump(ast.parse(rewrapped(text, Random(seed)))) == ast.dump(ast.parse(text))


@settings(max_examples=15, derandomize=True)
@given(FILES, SEEDS, st.booleans())
def test_no_line_of_a_reformatted_file_is_new_or_lost(path: Path, seed: int, edit: bool) -> None:
    """
    Whatever ran: with the same statements run on both sides not one line changes its standing.
    """
    base = edited(source_of(path), Random(seed)) if edit else source_of(path)
    head = written_anew(base, seed)
    for random in (None, seed):
        before, after = (
            imagined_run(text, None if random is None else Random(random)) for text in (base, head)
        )

        facts = coverages(
            {"a.py": base},
            {"a.py": head},
            run({"a.py": (before.covered, before.missing)}),
            run({"a.py": (after.covered, after.missing)}),
        )

        assert (facts.lost, facts.patch) == ((), Ratio(0, 0))
        assert facts.removed_covered == 0


@settings(max_examples=15, derandomize=True)
@given(FILES, SEEDS)
def test_no_line_is_new_where_something_is_only_called_otherwise(path: Path, seed: int) -> None:
    """
    A function, class, method or constant renamed everywhere in a file.
    """
    base = source_of(path)
    head = renamed(base, Random(seed))
    before, after = imagined_run(base, Random(seed)), imagined_run(head, Random(seed))

    facts = coverages(
        {"a.py": base},
        {"a.py": head},
        run({"a.py": (before.covered, before.missing)}),
        run({"a.py": (after.covered, after.missing)}),
    )

    assert (facts.lost, facts.patch) == ((), Ratio(0, 0))


@settings(max_examples=15, derandomize=True)
@given(FILES, SEEDS, st.booleans())
def test_no_function_and_no_finding_of_a_reformatted_file_has_changed(
    path: Path, seed: int, edit: bool
) -> None:
    """
    Nothing is new, worse, moved, introduced or fixed.
    """
    base = edited(source_of(path), Random(seed)) if edit else source_of(path)
    head = written_anew(base, seed)

    security = findings({"a.py": base}, {"a.py": head})

    assert complexities({"a.py": base}, {"a.py": head}).functions == ()
    if "nosec" not in base:  # ast.unparse drops comments
        assert (security.introduced, security.fixed) == ((), ())


OPPOSITE = {"new": "removed", "removed": "new", "worse": "better", "better": "worse", "moved": "moved"}


@settings(max_examples=15, derandomize=True)
@given(FILES, FILES, SEEDS)
def test_blame_is_reversed_with_base_and_head(one: Path, other: Path, seed: int) -> None:
    """
    New becomes removed, worse becomes better with before and after exchanged, introduced becomes fixed; nothing else.
    """
    random = Random(seed)
    base = {"a.py": source_of(one), "b.py": source_of(other)}
    head = {path: edited(text, random) for path, text in base.items()}

    def changed(facts: ComplexityFacts) -> list[tuple[str, str, int | None, int | None]]:
        return sorted(
            ((c.status, c.name.rpartition(".")[2], c.before, c.after) for c in facts.functions), key=str
        )

    def found(changes: tuple[FindingChange, ...]) -> list[tuple[str, str, str]]:
        return sorted((change.path, change.finding.rule, change.finding.source) for change in changes)

    forward, backward = complexities(base, head), complexities(head, base)
    reverse = sorted(
        ((OPPOSITE[status], after, before) for status, _, before, after in changed(backward)), key=str
    )
    assert sorted(((status, b, a) for status, _, b, a in changed(forward)), key=str) == reverse
    there, back = findings(base, head), findings(head, base)
    assert (found(there.introduced), found(there.fixed)) == (found(back.fixed), found(back.introduced))


def test_a_decorator_that_the_diff_took_for_another_is_not_removed() -> None:
    """
    Where lines repeat, a diff may take one away before a statement and add it within: what was only rewritten stays.
    """
    base = """\
@tagged
@dataclass(frozen=True, slots=True)
class Recording:
    repository: str
    branch: str


@tagged
@dataclass(frozen=True, slots=True)
class Judging:
    repository: str
    before: str = ""


@tagged
@dataclass(frozen=True, slots=True)
class Sync:
    repository: str
"""
    head = """\
@tagged
@dataclass(
     frozen=True, slots=True)
class Recording:
    repository: str
    branch: str

@tagged
@dataclass(frozen=True,
    slots=True)
class Judging:
    repository: str
    before: str = ''

@tagged

@dataclass(frozen=True, slots=True)
class Sync:
    repository: str
"""
    before, after = imagined_run(base, None), imagined_run(head, None)

    facts = coverages(
        {"a.py": base},
        {"a.py": head},
        run({"a.py": (before.covered, before.missing)}),
        run({"a.py": (after.covered, after.missing)}),
    )

    assert (facts.removed_covered, facts.lost, facts.patch) == (0, (), Ratio(0, 0))
