"""The first program in every box: set limits, unpack the source, become the program that was asked for.

It runs on the service's interpreter with `-I -S` and never imports anything of the source. It holds nothing of value:
the box, not this program, keeps what follows from doing harm. Standard library only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tarfile
from typing import Any

RESULT = 100
"""Where every program finds the descriptor for its result; the environment names it too."""


def main() -> None:
    """Read the order from the first argument, obey it, and replace this process by the rest of the arguments."""
    order = json.loads(sys.argv[1])
    control = order["control"]
    os.set_inheritable(control, False)
    try:
        if order["source"] is not None:
            _unpack(order["source"])
        _limit(order["limits"])
    except (OSError, tarfile.TarError, ValueError) as error:
        os.write(control, f"refused {error}\n".encode())
        raise SystemExit(125) from None
    os.write(control, b"ready\n")
    if order["result"] is not None:
        os.dup2(order["result"], RESULT)  # Last, for the number may be that of one of the others.
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  (this is what the box is for)
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]}: {error.strerror}\n")
        raise SystemExit(127 if isinstance(error, FileNotFoundError) else 126) from None


def _unpack(source: int) -> None:
    """Unpack the tar stream into the working folder; links stay links, for in a box they can point nowhere bad."""
    with os.fdopen(source, "rb", buffering=1 << 20) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            # An attribute and not an argument, because Debian's Python 3.11.2 knows no filters (and needs none).
            archive.extraction_filter = _plain
            archive.extractall(".")  # noqa: S202  (the box is what keeps a path from leading out)
        while stream.read(1 << 20):
            pass  # The writer must not see a broken pipe for the padding behind the archive's end.


def _plain(member: tarfile.TarInfo, _folder: str) -> tarfile.TarInfo:
    return member.replace(uid=os.getuid(), gid=os.getgid(), uname="", gname="", deep=False)


def _limit(limits: dict[str, Any]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


main()
