"""A process is asked to end, whichever of its threads hears of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import signal, threading, time
from gate.cli.ending import Ending

begun = []
ending = Ending(lambda: begun.append(1))
early = ending.wait(0)

def other():
    time.sleep(0.3)  # the main thread waits by then
    {what}

threading.Thread(target=other).start()
print(early, ending.wait(30), ending.wait(0), len(begun))
"""


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(
            "signal.pthread_kill(threading.get_ident(), signal.SIGTERM)", id="another thread gets it"
        ),
        pytest.param(
            "signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)", id="the main thread gets it"
        ),
        pytest.param("ending.ask()", id="a thread asks"),
    ],
)
def test_whoever_waits_is_woken(what: str) -> None:
    """
    The kernel may hand a signal to a thread that Python runs no handlers in; and who asked once need not ask again.
    """
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(what=what)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("False True True 1\n", "")
