"""What is possible in a source, counted by hand, and as `coverage json` has it of files that nothing runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import source_analysis
from checks.codec import DecodeError, decode, encode
from checks.line_set import LineSet
from checks.possible_lines import AnalysisJob, PossibleLines, SourceAnalysis
from gate.core.coverage_configuration import rcfile
from tests.sample_projects import FLOW

SOURCE = """\
import sys
from typing import TYPE_CHECKING


def f(x):
    \"\"\"No statement.\"\"\"
    if x:  # pragma: no branch
        print(
            x
        )
    for each in x:
        with open(each) as file:
            file.read()
    if x: return 1


if sys.version_info < (3,):
    x = 2
"""
# Counted by hand: the call over lines 8 to 10 is one statement; line 7 has two ways, of which none is asked for, 11 has two,
# both of 14 leave the function, which is one; what follows the `with` is the loop, which it gets back to by its own line 12; 18 cannot run.
POSSIBLE = PossibleLines(
    length=18,
    statements=LineSet.of([1, 2, 5, 7, 8, 11, 12, 13, 14, 17, 18]),
    excluded=LineSet(),
    branches=(
        (7, 8, False),
        (7, 11, False),
        (11, 12, True),
        (11, 14, True),
        (17, -1, True),
        (17, 18, True),
    ),
    continued=((8, 10),),
    jumps=((12, 11, 0, 0), (13, 12, 13, 11)),
    conditions=LineSet.of([17]),
    dead=LineSet.of([18]),
)

NUMBERS = st.frozensets(st.integers(1, 400), max_size=20).map(LineSet.of)
PAIRS = st.tuples(st.integers(1, 400), st.integers(1, 400))


def analyse(
    root: Path, *sources: str, configuration: dict[str, bytes] | None = None, branches: bool = True
) -> SourceAnalysis:
    text = rcfile(configuration or {}, branches=branches, root=str(root))
    return source_analysis.analyse(AnalysisJob(sources, text, scratch=str(root / "scratch")), root)


def test_a_file_is_what_was_counted_by_hand(tmp_path: Path) -> None:
    """Statements, branches, what stands for what, and what never runs here."""
    (tmp_path / "a.py").write_text(SOURCE)

    analysis = analyse(tmp_path, "a.py")

    assert analysis.files == (("a.py", POSSIBLE),)
    assert analysis.unparsable == ()
    assert analysis.version.startswith("1 coverage-7.17")


def test_without_branches_there_are_none(tmp_path: Path) -> None:
    """Nobody asks, so nobody waits for them."""
    (tmp_path / "a.py").write_text(SOURCE)

    ((_, possible),) = analyse(tmp_path, "a.py", branches=False).files

    assert (possible.statements, possible.branches, possible.jumps) == (POSSIBLE.statements, (), ())


def test_the_projects_python_decides_what_never_runs(tmp_path: Path) -> None:
    """Not the one that analyses."""
    (tmp_path / "a.py").write_text(
        "import sys\nif sys.version_info >= (3, 99):\n    x = 1\nelse:\n    x = 2\n"
    )
    job = AnalysisJob(("a.py",), "", python_version="3.99.1", scratch=str(tmp_path / "scratch"))

    ((_, possible),) = source_analysis.analyse(job, tmp_path).files

    assert ([*possible.conditions], [*possible.dead]) == ([2], [5])


def test_files_are_omitted_or_told_to_be_broken(tmp_path: Path) -> None:
    """As the configuration says, from the root; and what is no Python has its reason."""
    contents = {
        "a.py": b"x = 1\n",
        "made/b.py": b"x = 1\n",
        "made/broken.py": b"def f(:\n",
        "broken.py": b"x = 1\ndef f(:\n",
        "nul.py": b"x = 1\0\n",
        "deep.py": b"x = " + b"(" * 5000,
        "empty.py": b"",
        "latin.py": b"# -*- coding: latin-1 -*-\nx = '\xe4'\n",
        "windows.py": b"x = 1\r\ny = 2\r\n",
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    analysis = analyse(
        tmp_path, *contents, "gone.py", configuration={".coveragerc": b"[run]\nomit = made/b.py\n"}
    )

    files = dict(analysis.files)
    assert {path: [*lines.statements] for path, lines in files.items()} == {
        "a.py": [1],
        "empty.py": [],
        "latin.py": [2],
        "windows.py": [1, 2],
    }
    assert {path: lines.length for path, lines in files.items() if path != "a.py"} == {
        "empty.py": 0,
        "latin.py": 2,
        "windows.py": 2,
    }
    reasons = dict(analysis.unparsable)
    assert reasons.keys() == {"broken.py", "deep.py", "gone.py", "made/broken.py", "nul.py"}
    assert reasons["broken.py"] == "line 2: invalid syntax"
    assert "No such file" in reasons["gone.py"]


def test_the_job_reads_and_writes_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of the tree, to the descriptor it is given."""
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.py").write_text(FLOW)
    job = AnalysisJob(("a.py",), "", folder="part", scratch=str(tmp_path / "scratch"))
    (tmp_path / "job.json").write_text(json.dumps(encode(job)))
    result = os.open(tmp_path / "result", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setenv("GATE_JOB", str(tmp_path / "job.json"))
    monkeypatch.setenv("GATE_RESULT_FD", str(result))
    monkeypatch.chdir(tmp_path)

    source_analysis.main()

    written = decode(SourceAnalysis, json.loads((tmp_path / "result").read_text()))
    assert written == source_analysis.analyse(job, tmp_path / "part")


@given(
    st.integers(0, 400),
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.dictionaries(st.tuples(st.integers(1, 400), st.integers(-400, 400)), st.booleans(), max_size=9).map(
        lambda found: tuple((*way, counts) for way, counts in sorted(found.items()))
    ),
    st.lists(PAIRS, max_size=4).map(tuple),
    st.lists(st.tuples(PAIRS, PAIRS).map(lambda pairs: (*pairs[0], *pairs[1])), max_size=4).map(tuple),
)
def test_it_survives_json(
    length: int,
    sets: list[LineSet],
    branches: tuple[tuple[int, int, bool], ...],
    continued: tuple[tuple[int, int], ...],
    jumps: tuple[tuple[int, int, int, int], ...],
) -> None:
    """It comes back equal."""
    possible = PossibleLines(length, sets[0], sets[1] - sets[0], branches, continued, jumps, sets[2], sets[3])

    assert decode(PossibleLines, json.loads(json.dumps(encode(possible)))) == possible


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        [1, "0", "0", "0"],
        [1, "0", "0", "0", "0"],
        [1, "0", "0", "0", "0", [], []],
        [1, "0", "0", "0", "0", [], [], [], []],
        [1, "0", "0", "0", "0", [1], [], []],
        [1, "0", "0", "0", "0", [], [1], []],
        [1, "2", "2", "0", "0", [], [], []],
        [1, "1", "0", "0", "0", [], [], []],
        [1, "2", "0", "0", "0", [1, 1, 1, 0, 1, 1], [], []],
        [1, "2", "0", "0", "0", [2, 1, 1, -1, 1, 1], [], []],
        [1, "0", "0", "0", "0", [], [], [1, 2, 3]],
        [1, "0", "0", "0", "0", [], [1, True], []],
        [1, "0", "0", "0", "0", [], ["1", "2"], []],
        [1, "0", "0", "0", "-1", [], [], []],
        ["1", "0", "0", "0", "0", [], [], []],
    ],
)
def test_nothing_else_is_read(value: object) -> None:
    """It comes out of the box."""
    with pytest.raises(DecodeError, match=r"^\$: expected "):
        decode(PossibleLines, value)
