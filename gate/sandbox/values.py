"""What is asked of a box and what comes back from it; values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gate.sandbox.endpoints import Refusal

Mode = Literal["bwrap", "container", "none"]
EndedBy = Literal["", "time", "memory", "output", "disk", "result", "sockets", "cancelled"]
Limit = Literal["memory", "processes", "disk", "open files"]
"""Those that a run can reach and outlive."""

OUTPUT_DROPPED_TO_KILLED = 16
"""A program may print this many times `Limits.output_mb` before it is ended; until then only the tail is kept."""

PROCESSES = 256
"""How many processes and threads a box may have at a time, unless told otherwise."""

TEST_CPUS = 2.0
"""Cores of a run of tests, unless it asks for more processes than that."""


class SandboxError(Exception):
    """The box itself could not be set up or emptied; the text says what is missing and what would help."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program in a box may use. Reaching one is an outcome (`Exit.ended_by`, `Exit.reached`), not an error."""

    memory_mb: int
    seconds: float
    processes: int = PROCESSES
    disk_mb: int = 1024
    """Of each place it may write to; they are memory too, so `memory_mb` bounds their sum."""
    output_mb: int = 4
    result_mb: int = 64
    open_files: int = 1024
    sockets: int = 2048
    """Of all processes together. Each can hold some 200 KB of the kernel's memory that no control group counts."""
    transfer_mb: int = 4096
    """Of everything that goes through the proxy of a run with endpoints, both ways."""
    data_mb: int = 0
    """Of each process, for what it allocates; 0: as `memory_mb` says, where no control group bounds the sum."""
    cpus: float = 0
    """Cores' worth of time in every tenth of a second; 0: as many as there are. It slows down and never ends a run."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine, shown read-only at `target` in the box."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class Exit:
    """How a program in a box ended."""

    status: int
    """Exit status; 128 + signal when a signal ended it."""
    seconds: float
    output: bytes
    """The tail of what it printed, both streams, at most `Limits.output_mb`."""
    result: bytes
    """What it wrote to the descriptor named by `GATE_RESULT_FD`. Hostile input."""
    ended_by: EndedBy = ""
    text: str = ""
    """A sentence for people when a limit or a cancellation ended it, or when it reached one and outlived it."""
    refusals: tuple[Refusal, ...] = ()
    """What the proxy of a run with endpoints did not let it do."""
    reached: Limit | None = None
    """The limit it outlived; it may have failed because of it."""
    certain: bool = True
    """Whether the kernel says so. Otherwise the program's own words do, which explain a failure and nothing else."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing the box rests on, and whether it holds on this machine."""

    name: str
    holds: bool
    text: str
    """What holds, or what is missing, what follows and what would help."""
    required: bool = True
    """Whether no test may run without it."""
