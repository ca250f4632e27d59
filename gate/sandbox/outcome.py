"""Which limit a run reached, and what is said of it: by what the kernel counted, else by what the program printed."""

from __future__ import annotations

from dataclasses import dataclass

from gate.sandbox.cgroup import Group
from gate.sandbox.storage import Full
from gate.sandbox.values import OUTPUT_DROPPED_TO_KILLED, EndedBy, Limit, Limits

_TAIL_BYTES = 64 * 1024
_MEMORY = (b"MemoryError", b"Cannot allocate memory", b"std::bad_alloc")
_PROCESSES = (b"can't start new thread", b"Resource temporarily unavailable")
_DISK = (b"No space left on device",)
_OPEN_FILES = (b"Too many open files",)


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that a run reached and outlived."""

    limit: Limit
    text: str
    """A sentence for people."""
    certain: bool
    """Whether the kernel says so. What a program printed explains a failure, and says nothing otherwise."""


def ended(by: EndedBy, limits: Limits, *, sized: bool = True) -> str:
    """The sentence for a run that was ended, or whose source did not fit; empty for none.

    `sized` folders hold `Limits.disk_mb` each; others what the disk has.
    """
    room = f"the {limits.disk_mb} MB of its working folder" if sized else "the space that is left"
    return {
        "": "",
        "time": f"It reached its limit of {_duration(limits.seconds)} and was ended.",
        "memory": f"It used more than its {limits.memory_mb} MB of memory and was ended.",
        "output": f"It printed more than {limits.output_mb * OUTPUT_DROPPED_TO_KILLED} MB and was ended.",
        "disk": f"The source does not fit into {room}.",
        "result": f"Its result was larger than {limits.result_mb} MB.",
        "sockets": f"It had more than {limits.sockets:,} sockets open at a time and was ended.",
        "cancelled": "It was cancelled.",
    }[by]


def outlived(
    limits: Limits, group: Group | None, full: Full | None, output: bytes, *, sized: bool = True
) -> Reached | None:
    """The limit that a run reached though nobody ended it; None for none that left a trace.

    `full` is a writable folder without room at its end, `output` what it printed; `sized` as for `ended`.
    """
    tail = output[-_TAIL_BYTES:]
    return _counted(limits, group, full) or _printed(limits, tail, grouped=group is not None, sized=sized)


def _counted(limits: Limits, group: Group | None, full: Full | None) -> Reached | None:
    if group is not None and group.out_of_memory():
        text = f"One of its processes was killed: together they used more than their {limits.memory_mb} MB of memory."
        return Reached("memory", text, certain=True)
    if group is not None and group.out_of_processes():
        text = f"It was refused a process: it may have {limits.processes} processes and threads at a time."
        return Reached("processes", text, certain=True)
    if full is not None:
        held = f"{full.files:,} files" if full.files else f"{full.megabytes} MB"
        return Reached("disk", f"Its folder {full.folder} is full: it holds {held}.", certain=True)
    return None


def _printed(limits: Limits, output: bytes, *, grouped: bool, sized: bool) -> Reached | None:
    if any(word in output for word in _DISK):
        room = f"each of its folders holds {limits.disk_mb} MB" if sized else "the container's disk is full"
        text = f"It was told that no space is left: {room}."
        return Reached("disk", text, certain=False)
    if any(word in output for word in _OPEN_FILES):
        text = f"It was refused a file: each of its processes may have {limits.open_files} open."
        return Reached("open files", text, certain=False)
    if grouped:
        return None  # The group would have counted the rest.
    if any(word in output for word in _MEMORY):
        text = f"It was refused memory: each of its processes may have {limits.memory_mb} MB."
        return Reached("memory", text, certain=False)
    if any(word in output for word in _PROCESSES):
        text = f"It was refused a process: it may have {limits.processes} processes and threads at a time."
        return Reached("processes", text, certain=False)
    return None


def _duration(seconds: float) -> str:
    if seconds >= 120 and seconds % 60 == 0:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds:g} s"
