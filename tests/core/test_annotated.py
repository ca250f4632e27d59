"""The changed lines of a run with what its verdict says of each."""

from __future__ import annotations

from dataclasses import replace

from gate.core.annotated import AnnotatedFile, Note, Part, anchor, annotated
from gate.core.change_text import ChangeMarks, ChangeText, FileText, TextHunk
from gate.core.comparison import ComplexityFacts, CoverageFacts, FunctionChange, SecurityFacts
from gate.core.file_state import LineStates
from gate.core.verdict import CheckVerdict
from tests import verdicts

PATH = "delivery/retry.py"


def text_of(path: str, *lines: int, old_path: str = "") -> FileText:
    """A file of which these lines of the head are added, in one hunk for each run of them."""
    hunks: list[list[tuple[int, int, str]]] = []
    for line in lines:
        if hunks and hunks[-1][-1][1] == line - 1:
            hunks[-1].append((0, line, f"line {line}"))
        else:
            hunks.append([(0, line, f"line {line}")])
    return FileText(path, old_path, tuple(TextHunk(tuple(hunk)) for hunk in hunks))


def only(*checks: CheckVerdict, text: FileText, marks: LineStates | None = None) -> AnnotatedFile:
    """The one file, with what these checks say of it."""
    known = ChangeMarks(((text.path, marks),)) if marks else ChangeMarks()
    (found,) = annotated(ChangeText((text,)), known, [("", check) for check in checks])
    return found


def coverage(**facts: object) -> CheckVerdict:
    assert isinstance(verdicts.COVERAGE.facts, CoverageFacts)
    nothing = replace(verdicts.COVERAGE.facts, uncovered=(), lost=(), uncovered_branches=())
    return replace(verdicts.COVERAGE, facts=replace(nothing, **facts))  # type: ignore[arg-type]  # fields of the facts


def complexity(*functions: FunctionChange) -> CheckVerdict:
    assert isinstance(verdicts.COMPLEXITY.facts, ComplexityFacts)
    return replace(verdicts.COMPLEXITY, facts=replace(verdicts.COMPLEXITY.facts, functions=functions))


def test_lines_are_told_by_the_verdict_and_the_others_by_the_run() -> None:
    """
    A line that does not run and is not new does not count; nothing is said of a line that does nothing.
    """
    check = coverage(
        uncovered=((PATH, (2,)),),
        lost=((PATH, (3,)),),
        uncovered_branches=((PATH, ((2, 9), (4, 7), (5, -1))),),
    )

    found = only(
        check,
        text=text_of(PATH, *range(1, 9)),
        marks=LineStates(covered=(1, 5), missing=(2, 6), partial=(4, 7)),
    )

    (part,) = found.parts
    assert [(row.new, row.state, row.title) for row in part.rows] == [
        (1, "covered", ""),
        (2, "missing", ""),
        (3, "missing", ""),
        (4, "partial", "no test goes on to line 7"),
        (5, "partial", "no test leaves from here"),
        (6, "idle", ""),
        (7, "covered", ""),
        (8, "", ""),
    ]
    assert (found.missing, found.partial, found.weight) == (2, 2, (4, 0, 0))


def test_functions_over_the_limit_have_a_note_at_their_line() -> None:
    """
    With value, limit, before and what adds most; one that does not block is told quietly, one within the limit not at all.
    """
    quiet = FunctionChange(PATH, "grown", 91, None, 16, "new")
    removed = FunctionChange(PATH, "gone", 92, 20, None, "removed")
    within = FunctionChange(PATH, "small", 92, 2, 3, "worse")
    unjudged = FunctionChange(PATH, "test_it", 92, 2, 30, "worse", judged=False)

    found = only(
        complexity(verdicts.PLAN, quiet, removed, within, unjudged), text=text_of(PATH, 89, 90, 91, 92)
    )

    notes = [note for row in found.parts[0].rows for note in (*row.above, *row.below)]
    assert notes == [
        Note(
            "complexity",
            "bad",
            "`RetryBudget.plan` has complexity 21, limit 15, 12 before. "
            "Largest parts: line 95 (+6), line 99 (+5), line 91 (+1).",
            89,
        ),
        Note("complexity", "quiet", "`grown` has complexity 16, limit 15, new.", 91),
    ]
    assert found.complex == 1
    assert found.elsewhere == ()


def test_findings_stand_below_their_line_or_above_all_where_it_is_not_shown() -> None:
    """
    One that is not judged says so and does not count.
    """
    judged = verdicts.finding("B602", 2, "high", "shell", path=PATH)
    unjudged = verdicts.finding("B101", 9, "low", "assert", path=PATH, judged=False)
    assert isinstance(verdicts.SECURITY.facts, SecurityFacts)
    check = replace(verdicts.SECURITY, facts=replace(verdicts.SECURITY.facts, introduced=(judged, unjudged)))

    found = only(check, text=text_of(PATH, 1, 2))

    assert found.parts[0].rows[1].below == (Note("security", "bad", "High: `B602` shell", 2),)
    assert found.elsewhere == (Note("security", "quiet", "Low: `B101` assert (not judged)", 9),)
    assert found.findings == 1


def test_unchanged_lines_between_hunks_are_named() -> None:
    """
    Those before the first hunk and between two; none where hunks follow each other.
    """
    removed = TextHunk(((7, 0, "gone"),))
    text = replace(text_of(PATH, 4, 5, 9), hunks=(*text_of(PATH, 4, 5, 9).hunks, removed))

    found = only(text=text)

    assert [(part.hidden_first, part.hidden_last) for part in found.parts] == [(1, 3), (6, 8), (0, 0)]
    assert isinstance(found.parts[0], Part)


def test_files_with_most_to_do_come_first() -> None:
    """
    By untested lines, then functions, then findings; others stay in their order. A check without facts says nothing.
    """
    check = coverage(uncovered=(("c.py", (1, 2)), ("b.py", (1,))))
    files = tuple(text_of(path, 1, old_path="x.py") for path in ("a.py", "b.py", "c.py", "z.py"))

    found = annotated(
        ChangeText(files), ChangeMarks(), [("", check), ("api", replace(verdicts.SECURITY, facts=None))]
    )

    assert [file.path for file in found] == ["c.py", "b.py", "a.py", "z.py"]
    assert found[0].old_path == "x.py"


def test_anchors_are_the_same_in_every_run_and_differ_by_path() -> None:
    """
    Undecodable names have one too.
    """
    assert anchor("a.py") == "f-f0de093a8c24"
    assert anchor("caf\udce9.py") != anchor("café.py")
