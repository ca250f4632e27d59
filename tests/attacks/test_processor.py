"""Code that would take every core: it gets its share and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.sandbox import Sandbox
from tests.boxes import LIMITS, NAME, boxed

pytestmark = pytest.mark.box

BURN = """
import os, time
for _ in range(3):
    os.fork()
while time.process_time() < 0.05:
    pass
print('burnt', flush=True)
"""


def test_processor_time_is_bounded_in_total(sandbox: Sandbox) -> None:
    """Eight busy processes share a tenth of a core: the kernel holds them back, and none of them is ended for it."""
    hierarchy = sandbox.hierarchy
    if hierarchy is None or not hierarchy.cpu:
        pytest.skip("processor time cannot be bounded here")
    seen: list[str] = []

    def look(_: bytes) -> None:
        seen.extend(file.read_text() for file in hierarchy.parents[-1].glob(f"gate-{NAME}@*/cpu.stat"))

    ended = boxed(sandbox, BURN, limits=replace(LIMITS, cpus=0.1), on_output=look)

    assert (ended.status, ended.ended_by) == (0, "")
    throttled = [int(line.split()[1]) for line in seen[-1].splitlines() if line.startswith("nr_throttled")]
    assert throttled[0] > 0
