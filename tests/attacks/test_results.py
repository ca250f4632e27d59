"""What comes out of a box: a result that lies, breaks or never ends, and output that is more than text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from checks.codec import decode, encode
from checks.report import CoverageReport, FileCoverage, Suite
from gate.environments import Environment
from gate.sandbox import Sandbox
from gate.workflows.run_tests import Unmeasurable, _understood, last_lines
from tests.attacks.attack import attacked
from tests.attacks.suite import TESTS, measured, suite_run
from tests.boxes import LIMITS

pytestmark = pytest.mark.box

WRITE = """
import os, sys
result = int(os.environ['GATE_RESULT_FD'])
def put(data):
    while data: data = data[os.write(result, data):]
"""
LINES = FileCoverage(covered=(1, 2), missing=(3,))
RUN = suite_run(Environment("", (), "/venv/bin/python", "3.11.7", (), ""), {})


def report(*files: tuple[str, FileCoverage]) -> str:
    """A report as the driver writes it."""
    return json.dumps(encode(CoverageReport("1", files, Suite("passed", 0, 1.0, "pytest"))))


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(report(("/etc/passwd", LINES)), id="an absolute path"),
        pytest.param(report(("../../app.py", LINES)), id="a path that leads out"),
        pytest.param(report(("app.py", LINES), ("app.py", LINES)), id="a file twice"),
        pytest.param(report(("app.py", FileCoverage((1, 2), (2,)))), id="a line in two sets"),
        pytest.param(report(("app.py", FileCoverage((0,), ()))), id="lines that are none"),
        pytest.param(
            report(("app.py", FileCoverage((1,), (), branches=((1, 10**12, True),)))),
            id="a line beyond any file",
        ),
    ],
)
def test_a_report_that_lies_is_refused(sandbox: Sandbox, result: str) -> None:
    """A reader that only parses would believe it; ours knows what a report of this tree can say."""
    assert isinstance(decode(CoverageReport, json.loads(result)), CoverageReport)

    ended = attacked(sandbox, WRITE + "put(sys.argv[1].encode())", result)

    assert ended.result == result.encode()
    outcome = _understood(ended, RUN)
    assert isinstance(outcome, Unmeasurable)
    assert outcome.step == "result"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("put(sys.argv[1].replace('1.0', 'NaN').encode())", id="not a number"),
        pytest.param("put(sys.argv[1].replace('1.0', '1e999').encode())", id="infinite"),
        pytest.param("put(sys.argv[1].replace('\"version\"', '\"verdict\"').encode())", id="an unknown key"),
        pytest.param("put(sys.argv[1].encode()[:-20])", id="truncated"),
        pytest.param("put(sys.argv[1].encode() * 2)", id="twice"),
        pytest.param("put(b'[' * 1000000)", id="deep"),
        pytest.param("put(b'{\"version\": ' + b'9' * 100000 + b'}')", id="a huge number"),
        pytest.param("put(os.urandom(1 << 20))", id="noise"),
        pytest.param("put(b'[' + b'[],' * 10000000 + b'[]]')", id="more values than memory has room for"),
        pytest.param("for _ in range(200000): os.write(result, b'[')", id="very many small writes"),
        pytest.param("os.write(result, b'{}'); os.ftruncate(result, 0)", id="an empty file"),
        pytest.param("import fcntl; fcntl.fcntl(result, 1031, 4096); put(b'[' * 100000)", id="a narrow pipe"),
        pytest.param("r, w = os.pipe(); os.write(w, b'x' * 999); os.splice(r, result, 999)", id="spliced"),
    ],
)
def test_a_result_that_is_none_is_refused(sandbox: Sandbox, code: str) -> None:
    """What cannot be decoded strictly is no report, and reading it takes bounded time and memory."""
    ended = attacked(sandbox, WRITE + code, report(("app.py", LINES)))

    outcome = _understood(ended, RUN)

    assert isinstance(outcome, Unmeasurable)


def test_a_daemon_that_keeps_the_result_open_is_not_waited_for(sandbox: Sandbox) -> None:
    """The result is what was written when the program ended; whoever holds the descriptor dies with the box."""
    code = WRITE + "put(b'whole')\nif os.fork() == 0:\n  os.setsid()\n  import time; time.sleep(600)\n"

    ended = attacked(sandbox, code)

    assert (ended.status, ended.result) == (0, b"whole")
    assert ended.seconds < LIMITS.seconds


def test_an_endless_result_ends_the_run(sandbox: Sandbox) -> None:
    """Nothing of a result past its limit is kept."""
    ended = attacked(sandbox, WRITE + "while True: put(bytes(1 << 20))", limits=replace(LIMITS, result_mb=2))

    assert (ended.ended_by, ended.result) == ("result", b"")


@pytest.mark.parametrize("word", [b"refused nothing", b"ready", b"No space left on device"])
def test_no_word_of_the_boxs_own_can_be_forged(sandbox: Sandbox, word: bytes) -> None:
    """The descriptor over which the box says how its start went is closed before strange code runs."""
    code = (
        "import os, sys\n"
        "for process in ('self', '1', str(os.getppid())):\n"
        "  for n in range(256):\n"
        "    if n == 1 or n == 2: continue\n"
        "    try: os.write(os.open(f'/proc/{process}/fd/{n}', os.O_WRONLY | os.O_NONBLOCK), sys.argv[1].encode())\n"
        "    except OSError: pass\n"
        "    try: os.write(n, sys.argv[1].encode())\n"
        "    except OSError: pass\n"
    )

    ended = attacked(sandbox, code, word.decode())

    assert (ended.ended_by, ended.status) == ("", 0)


SEQUENCES = [
    pytest.param(r"\x1b[2J\x1b[1;1Hall passed", id="clearing the screen"),
    pytest.param(r"\x1b]0;title\x07", id="the window's title"),
    pytest.param(r"\x1b]52;c;cm0gLXJm\x07", id="the clipboard"),
    pytest.param(r"\x1b]8;;https://evil.example\x1b\\link", id="a hidden link"),
    pytest.param(r"failed\rpassed", id="writing over a line"),
    pytest.param(r"failed\x08\x08\x08\x08\x08\x08passed", id="stepping back"),
    pytest.param(r"\x9b31mred", id="controls of eight bits"),
    pytest.param(r"\x1b\x1b[31m[31m", id="one in another"),
    pytest.param(r"\u202egnp.exe", id="right to left"),
    pytest.param(r"\u2066a\u2069\u200f", id="isolated"),
]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_output_is_text_when_people_see_it(sandbox: Sandbox, sequence: str) -> None:
    """What steers a terminal, or turns the direction of writing, comes out of the box and is taken out of what is shown."""
    steering = set(
        map(
            chr,
            (
                *range(9),
                *range(11, 32),
                *range(127, 160),
                *range(0x202A, 0x202F),
                *range(0x2066, 0x206A),
                0x200E,
                0x200F,
            ),
        )
    )

    ended = attacked(sandbox, f"import os; os.write(1, '{sequence}'.encode())")

    assert steering & set(ended.output.decode())
    assert not steering & set(last_lines(ended.output))


def test_output_of_a_real_suite_is_text_too(sandbox: Sandbox, environment: Environment) -> None:
    """The same on the whole path."""
    tests = TESTS + "        print('\\x1b[2J\\x1b]52;c;eA==\\x07shown')\n"

    outcome = measured(sandbox, environment, {"tests/test_app.py": tests})

    assert isinstance(outcome, CoverageReport)
    assert "shown" in outcome.suite.output
    assert "\x1b" not in outcome.suite.output
