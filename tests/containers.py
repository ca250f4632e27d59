"""A container for tests: a box of ours, in which another Gate finds what it demands of a container."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gate.sandbox import PATH, Exit, Limits, Mount, Sandbox
from tests.boxes import NAME

LIMITS = Limits(memory_mb=1024, seconds=90, processes=256, disk_mb=256)
PYTHON = "/opt/venv/bin/python"
_ROOT = Path(__file__).parent.parent
_PACKAGES = ("gate", "checks", "tests")
_BEGIN = """
import json, os, sys
from dataclasses import replace
from gate.sandbox import Limits, Mount, Sandbox, SandboxError, interpreter
from tests.boxes import LIMITS, boxed, tar_of
sandbox = Sandbox("container")
def tell(value):
    with open(int(os.environ["GATE_RESULT_FD"]), "w") as stream:
        json.dump(value, stream)
"""


def contained(
    sandbox: Sandbox,
    argv: tuple[str, ...],
    environment: Mapping[str, str] | None = None,
    *,
    mounts: Sequence[Mount] = (),
) -> Exit:
    """How a program ends in a container that has Gate and its tests; `mounts` come on top."""
    return sandbox.run(
        argv,
        name=f"{NAME}-container",
        limits=LIMITS,
        mounts=(
            *(Mount(_ROOT / name, f"/opt/gate/{name}") for name in _PACKAGES),
            Mount(Path(sys.prefix), "/opt/venv"),
            *mounts,
        ),
        environment={
            "PYTHONPATH": "/opt/gate",
            "PATH": f"/opt/venv/bin:{PATH}",
            **(environment or {}),
        },
    )


def told(
    sandbox: Sandbox, code: str, environment: Mapping[str, str] | None = None, *, mounts: Sequence[Mount] = ()
) -> Any:
    """What the code tells, which has a `sandbox` of the container and what `tests.boxes` has."""
    ended = contained(sandbox, (PYTHON, "-c", _BEGIN + code), environment, mounts=mounts)
    assert ended.status == 0, ended.output.decode(errors="replace")[-3000:]
    return json.loads(ended.result)
