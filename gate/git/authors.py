"""Who wrote the lines that a head has since its base, by git's own blame, within a bounded time.

Names are given as the commits have them: text that nobody vouches for. Never an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice

from gate.core.failure import Permanent, Transient
from gate.git.program import Program

MOST_FILES = 100
"""Of one question; the lines of further files stay without an author."""
MOST_LINES = 200
"""Of one file."""
SECONDS = 30.0
"""For a question as a whole; blame may have to read every commit of a long branch."""

Lines = Mapping[str, Collection[int]]
Authors = dict[tuple[str, int], str]
_Read = Callable[[str, bytes], Authors]


def authors(program: Program, base: str, head: str, wanted: Lines) -> Authors:
    """The author of each wanted line of the head's files, by path and line; lines older than the base have none.

    Line 0 stands for the file as a whole: who changed, moved or removed it last. `base` and `head` are commits, an
    empty base is the beginning. What cannot be told in time is left out: a name is worth no failed verdict.
    """
    deadline = time.monotonic() + SECONDS
    commits = (head, f"^{base}") if base else (head,)
    found: Authors = {}
    for path, lines in islice(sorted(wanted.items()), MOST_FILES):
        for arguments, read in _questions(commits, path, lines):
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                return found
            try:
                answer = program.answer(*arguments, seconds=seconds)
            except (Transient, Permanent):
                continue
            found |= read(path, answer.output) if answer.status == 0 else {}
    return found


def _questions(
    commits: tuple[str, ...], path: str, lines: Collection[int]
) -> Iterator[tuple[tuple[str, ...], _Read]]:
    if numbers := sorted({line for line in lines if line > 0})[:MOST_LINES]:
        ranges = [f"-L{line},{line}" for line in numbers]
        yield (
            (
                "blame",
                "--porcelain",
                "--root",
                "--no-textconv",
                "--ignore-revs-file=",
                *ranges,
                *commits,
                "--",
                path,
            ),
            _blamed,
        )
    if 0 in lines:
        yield ("log", "--max-count=1", "--format=%an", *commits, "--", path), _last


def _blamed(path: str, output: bytes) -> Authors:
    """Of `blame --porcelain`: what is known of a commit stands below its first line; contents begin with a tab."""
    names: dict[bytes, str] = {}
    older: set[bytes] = set()
    places: dict[int, bytes] = {}
    sha = b""
    header = True
    for line in output.split(b"\n"):
        if line.startswith(b"\t"):
            header = True
        elif header and line:
            sha, _, number = line.split(b" ")[:3]
            places[int(number)] = sha
            header = False
        elif line.startswith(b"author "):
            names[sha] = _text(line[len(b"author ") :])
        elif line == b"boundary":
            older.add(sha)
    return {(path, line): names[sha] for line, sha in places.items() if sha not in older and sha in names}


def _last(path: str, output: bytes) -> Authors:
    name = _text(output.strip())
    return {(path, 0): name} if name else {}


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
