"""Whose a box, a control group or a scratch folder is: a process, told apart from a later one of the same number.

What a killed owner left can so be taken away at once, and what a living one has is left alone.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_WRITTEN = re.compile(r"(\d{1,20})\.(\d{1,20})\.(\d{1,20})")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process."""

    namespace: int
    """In which its number counts."""
    process: int
    started: int
    """Ticks since the machine's start."""

    def __str__(self) -> str:
        return f"{self.namespace}.{self.process}.{self.started}"

    def state(self) -> Literal["alive", "dead", "elsewhere"]:
        """Elsewhere: its number means nothing here, and whether it lives cannot be told."""
        if self.namespace != _namespace():
            return "elsewhere"
        return "alive" if _started(self.process) == self.started else "dead"


def own() -> Owner:
    """This process."""
    return Owner(_namespace(), os.getpid(), _started(os.getpid()))


def parse(text: str) -> Owner | None:
    """What `str` of an owner wrote; None for anything else."""
    match = _WRITTEN.fullmatch(text)
    return Owner(*map(int, match.groups())) if match else None


@contextmanager
def scratch(prefix: str, directory: Path | None = None) -> Iterator[Path]:
    """A new folder of this process alone, gone after the block; those of dead owners are taken away first.

    It lies in `directory`, or where temporary files do; its name begins with `prefix`.
    """
    place = Path(tempfile.gettempdir()) if directory is None else directory
    for folder in place.glob(f"{prefix}*"):
        owner = parse(folder.name.removeprefix(prefix).partition("-")[0])
        with suppress(FileNotFoundError):
            if owner is not None and owner.state() == "dead" and folder.lstat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{prefix}{own()}-", dir=place, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)


def _namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino


def _started(process: int) -> int:
    """When a process started; 0 when there is none of that number, or only its remains."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = text.rpartition(")")[2].split()  # The name before may hold anything.
    return 0 if fields[0] in {"Z", "X"} else int(fields[19])
