"""The loop of the child process: frames in, frames out."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks import analyser, catalog
from checks import source as source_module
from checks.catalog import Check
from checks.codec import decode
from checks.report import FileReport, Problem

ROOT = Path(__file__).parent.parent.parent


def request(number: int, source: bytes, *checks: str, seconds: float = 60, **options: object) -> bytes:
    header = {
        "id": number,
        "path": "a.py",
        "checks": checks,
        "options": options,
        "size": len(source),
        "seconds": seconds,
    }
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(4) + encoded + source


def answers(written: bytes) -> Iterator[tuple[int, list[FileReport]]]:
    stream = io.BytesIO(written)
    while length := stream.read(4):
        answer: dict[str, Any] = json.loads(stream.read(int.from_bytes(length)))
        yield answer["id"], [decode(FileReport, report) for report in answer["reports"]]


def served(*requests: bytes) -> list[tuple[int, list[FileReport]]]:
    written = io.BytesIO()
    analyser.serve(io.BytesIO(b"".join(requests)), written)
    return list(answers(written.getvalue()))


def process(*requests: bytes, before: str = "pass", path: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """How the process ended after these requests; it ran the code `before` it began."""
    program = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(path)!r}]; {before or 'pass'}; from checks.analyser import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-I", "-c", program], input=b"".join(requests), capture_output=True, check=False
    )


def test_each_request_is_answered_in_order() -> None:
    """
    One report for each check asked for, as the check itself gives it.
    """
    source = b"def f(): pass\n"

    (first, reports), (second, none) = served(
        request(7, source, "complexity", "size"), request(8, b"x = (", "syntax")
    )

    assert (first, second) == (7, 8)
    assert reports == [
        catalog.load(check)("a.py", source, {}) for check in (catalog.COMPLEXITY, catalog.SIZE)
    ]
    assert none[0].problem == Problem("line 1: '(' was never closed", line=1)


def test_a_check_is_loaded_once() -> None:
    """
    The same check for the same bytes gives the same report again.
    """
    (_, first), (_, second) = served(request(1, b"x = 1\n", "syntax"), request(2, b"x = 1\n", "syntax"))

    assert first == second


def test_options_reach_their_check() -> None:
    """
    Options are by check; a check without any gets none.
    """
    ((_, (report,)),) = served(request(1, b"eval(x)\n", "security", security={"skips": ["B307"]}))

    assert (report.problem, report.findings) == (None, ())


def test_an_unknown_check_is_a_problem_of_ours() -> None:
    """
    The other checks of the file are answered all the same.
    """
    ((_, (unknown, known)),) = served(request(1, b"", "astrology", "syntax"))

    assert unknown.problem == Problem("the check 'astrology' is not installed", ours=True, passing=True)
    assert known.problem is None


def test_a_check_that_breaks_is_a_problem_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The report names the error, standard error has the traceback, and the other checks are answered.
    """
    (tmp_path / "broken_check.py").write_text("def measure(path, source, options): return 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = Check("broken", "broken_check:measure", (), 3, ())
    monkeypatch.setattr(catalog, "OWN", (*catalog.OWN, broken))

    ((_, (report, other)),) = served(request(1, b"", "broken", "syntax"))

    text = "broken failed: ZeroDivisionError: division by zero"
    assert report.problem == Problem(text, ours=True, passing=True)
    assert (report.version, other.problem) == (broken.version, None)
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("cut", [1, 3, 10, -1])
def test_an_input_that_ends_inside_a_frame_is_an_error(cut: int) -> None:
    """
    Whoever sent it died or lost count: nothing is guessed.
    """
    whole = request(1, b"x = 1\n", "syntax")

    with pytest.raises(EOFError, match="the input ends inside a frame"):
        served(whole[:cut])


def test_the_process_writes_nothing_but_answers(tmp_path: Path) -> None:
    """
    What a check prints goes to standard error; the end of the input ends the process with status 0.
    """
    (tmp_path / "loud-1.dist-info").mkdir()
    (tmp_path / "loud-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1\n")
    (tmp_path / "loud-1.dist-info" / "entry_points.txt").write_text("[gate.checks]\nloud = loud_check:LOUD\n")
    (tmp_path / "loud_check.py").write_text(
        "import os\n"
        "from checks.catalog import Check\nfrom checks.report import FileReport\n"
        "LOUD = Check('loud', 'loud_check:measure', (), 1, ())\n"
        "def measure(path, source, options):\n"
        "    print('noise')\n"
        "    os.write(1, b'more noise')\n"
        "    return FileReport('loud', LOUD.version)\n"
    )

    child = process(request(1, b"", "loud"), request(2, b"", "syntax"), path=tmp_path)

    assert child.returncode == 0
    assert [number for number, _ in answers(child.stdout)] == [1, 2]
    assert b"noise" in child.stderr


def test_a_file_that_takes_too_long_ends_the_process() -> None:
    """
    In the middle of whatever it does; how many seconds it may take is processor time, and each file's own.
    """
    slow = b"".join(b"def f%d(a): return a\n" % number for number in range(3000))
    # However its parent treats the signal: what is ignored or blocked stays so in a child.
    unheard = (
        "import signal as s; s.signal(s.SIGPROF, s.SIG_IGN); s.pthread_sigmask(s.SIG_BLOCK, [s.SIGPROF])"
    )

    ended = process(
        request(1, b"x = 1\n", "syntax"), request(2, slow, "syntax", seconds=0.004), before=unheard
    )

    assert ended.returncode == -signal.SIGPROF
    assert [number for number, _ in answers(ended.stdout)] == [1]


def test_memory_that_does_not_suffice_is_told() -> None:
    """
    By the process itself, which knows best; nothing of the file is reported, and the next one is.
    """
    dense = b"x = [" + b"1," * 500_000 + b"]\n"
    bounded = "import resource as r; r.setrlimit(r.RLIMIT_DATA, (100 << 20, 100 << 20))"

    ended = process(request(1, dense, "complexity"), request(2, b"x = 1\n", "complexity"), before=bounded)

    length = int.from_bytes(ended.stdout[:4])
    assert json.loads(ended.stdout[4 : 4 + length]) == {"id": 1, "out_of_memory": True}
    assert [number for number, _ in answers(ended.stdout[4 + length :])] == [2]


def test_a_check_without_memory_is_not_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    What it lacked it lacks for this file: another time, too.
    """
    (tmp_path / "greedy_check.py").write_text("def measure(path, source, options): raise MemoryError\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(catalog, "OWN", (*catalog.OWN, Check("greedy", "greedy_check:measure", (), 1, ())))
    written = io.BytesIO()

    analyser.serve(io.BytesIO(request(1, b"", "greedy", "syntax")), written)

    assert json.loads(written.getvalue()[4:]) == {"id": 1, "out_of_memory": True}


def test_nothing_of_a_file_is_held_once_it_is_answered() -> None:
    """
    The next tree does not grow beside the last one.
    """
    served(request(1, b"x = 1  # nosec\n", "syntax", "security"))

    assert source_module.read.cache_info().currsize == 0
    assert source_module.tokens.cache_info().currsize == 0


def test_the_process_can_be_started_as_a_module() -> None:
    """
    Without any request it ends at once, with status 0 and no answer.
    """
    child = subprocess.run(
        [sys.executable, "-m", "checks.analyser"], cwd=ROOT, input=b"", capture_output=True, check=True
    )

    assert child.stdout == b""
