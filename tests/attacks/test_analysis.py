"""Source made to break what reads it: the analysers answer for every file, in time, from boxes without a workspace."""

from __future__ import annotations

import pytest

from gate.sandbox import AnalysisRequest, Sandbox, interpreter
from gate.sandbox.child import LIMITS
from tests.attacks.attack import BREACH
from tests.boxes import NAME

pytestmark = pytest.mark.box

CHECKS = ("complexity", "security", "size", "syntax")
HOSTILE = {
    "deep brackets": b"x = " + b"(" * 900 + b")" * 900 + b"\n",
    "very deep brackets": b"x = " + b"[" * 200_000,
    "deep blocks": b"".join(b" " * n + b"if x:\n" for n in range(99)) + b" " * 99 + b"pass\n",
    "a long chain": b"x = " + b".".join([b"a"] * 10_000) + b"\n",
    "a long sum": b"x = " + b"+".join([b"1"] * 10_000) + b"\n",
    "many nots": b"x = " + b"not " * 50_000 + b"1\n",
    "a power": b"x = " + b"9" * 4000 + b" ** 9 ** 9\n",
    "a huge number": b"x = " + b"9" * 20_000 + b"\n",
    "a huge string": b"x = '" + b"a" * 300_000 + b"'\n",
    "hostile comments": b"x = 1  # nosec " + b"B101," * 20_000 + b"B101 \n",
    "comments without end": b"".join(b"# nosec" + b" " * 500 + b"B\n" for _ in range(1000)),
    "no text": bytes(range(256)) * 50,
    "zeros": bytes(10_000),
    "another encoding": b"# coding: utf-7\nx = '+AGE-'\n",
    "an encoding that is none": b"# coding: ../../../etc/passwd\nx = 1\n",
    "an encoding that runs": b"# coding: zlib\nx = 1\n",
    "half a surrogate": "x = '\ud800'".encode("utf-8", "surrogatepass"),
    "form feeds": b"\x0c" * 10_000 + b"x = 1\n",
    "very many functions": b"def f(): pass\n" * 2_000,
    "code": b"import os; os.write(1, b'BREACH'); open('/tmp/breach', 'w')\n",
}


def test_every_hostile_file_is_answered(sandbox: Sandbox) -> None:
    """Measured or "not analysed", never silence; and the honest file after it is measured as ever."""
    requests = [AnalysisRequest(name, "a.py", source, CHECKS, {}) for name, source in HOSTILE.items()]
    honest = [
        AnalysisRequest(f"after {name}", "b.py", b"def f():\n    pass\n", CHECKS, {}) for name in HOSTILE
    ]
    mixed = [request for pair in zip(requests, honest, strict=True) for request in pair]

    with sandbox.analysers(2, name=NAME) as analyser:
        answers = {asked.key: reports for asked, reports in analyser.reports(mixed)}

    assert answers.keys() == {request.key for request in mixed}
    assert all(len(reports) == len(CHECKS) for reports in answers.values())
    assert all(report.problem is None for asked in honest for report in answers[asked.key])
    assert answers["very deep brackets"][0].problem is not None
    assert answers["zeros"][0].problem is not None


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a\0b", "a" * 5000, "\udcff.py", "-c"])
def test_a_path_is_a_name_and_opens_nothing(sandbox: Sandbox, path: str) -> None:
    """The path of a file is told for the report only; its content came with it."""
    with sandbox.analysers(1, name=NAME) as analyser:
        ((_, reports),) = analyser.reports([AnalysisRequest("a", path, b"def f():\n    pass\n", CHECKS, {})])

    assert [report.problem for report in reports] == [None] * len(CHECKS)


def test_the_box_of_an_analyser_has_no_workspace(sandbox: Sandbox) -> None:
    """There is no tree in it, no result to write and no network: only this process's packages."""
    code = (
        "import os, socket\n"
        "print('BREACH' if os.listdir('/work') or 'GATE_PRIVATE_KEY' in os.environ else 'empty')\n"
        "print([name for _, name in socket.if_nameindex()])\n"
    )

    ended = sandbox.run(
        (interpreter.python(), "-I", "-c", code), name=NAME, limits=LIMITS, mounts=interpreter.tool_mounts()
    )

    assert ended.output == b"empty\n['lo']\n"
    assert BREACH not in ended.output


def test_source_is_read_and_never_run(sandbox: Sandbox) -> None:
    """The same text prints BREACH when Python runs it."""
    text = "import sys\nsys.stdout.write('BREACH')\nraise SystemExit\n"

    with sandbox.analysers(1, name=NAME) as analyser:
        ((_, reports),) = analyser.reports([AnalysisRequest("a", "a.py", text.encode(), CHECKS, {})])
    run = sandbox.run((interpreter.python(), "-I", "-c", text), name=NAME, limits=LIMITS)

    assert run.output == BREACH
    assert [report.problem for report in reports] == [None] * len(CHECKS)
