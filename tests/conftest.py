"""The tests are the same for everybody: nothing of a person's git reaches them, nor the repository they are started in."""

from __future__ import annotations

import os
import signal
import subprocess

from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile(
    "untimed", deadline=None, max_examples=int(os.environ.get("GATE_TEST_EXAMPLES", "30"))
)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Before anything is collected: a signing key, a hook's GIT_DIR or a rewritten URL would change what tests do."""
    local = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], check=True, capture_output=True, text=True
    ).stdout.split()
    for name in local:
        os.environ.pop(name, None)
    # A shell that starts a command in the background has it ignore Ctrl-C, and what that one starts as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
