"""The first program in every box: set limits, unpack the source, become the program that was asked for.

It runs on the service's interpreter with `-I -S` and never imports anything of the source. It holds nothing of value:
the box, not this program, keeps what follows from doing harm. Standard library only.
"""

from __future__ import annotations

import os
import resource
import sys

RESULT = 100
"""Where every program finds the descriptor for its result; the environment names it too."""


def main() -> None:
    """Read the order from the first argument, obey it, and replace this process by the rest of the arguments."""
    order = dict(word.split("=", 1) for word in sys.argv[1].split())
    control = int(order.pop("control"))
    source, result = order.pop("source", ""), order.pop("result", "")
    os.set_inheritable(control, False)
    try:
        if source:
            _unpack(int(source))
        _limit(order)
    except (OSError, ValueError) as error:
        os.write(control, f"refused {error}\n".encode())
        raise SystemExit(125) from None
    os.write(control, b"ready\n")
    if result:
        os.dup2(int(result), RESULT)  # Last, for the number may be that of one of the others.
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  (this is what the box is for)
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]}: {error.strerror}\n")
        raise SystemExit(127 if isinstance(error, FileNotFoundError) else 126) from None


def _unpack(source: int) -> None:
    """Unpack the tar stream into the working folder; links stay links, for in a box they can point nowhere bad."""
    import tarfile  # Half of this program's time, and only half of the boxes have a source.

    def plain(member: tarfile.TarInfo, _folder: str) -> tarfile.TarInfo:
        return member.replace(uid=os.getuid(), gid=os.getgid(), uname="", gname="", deep=False)

    with os.fdopen(source, "rb", buffering=1 << 20) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                # An attribute and not an argument, because Debian's Python 3.11.2 knows no filters (and needs none).
                archive.extraction_filter = plain
                archive.extractall(".")  # noqa: S202  (the box is what keeps a path from leading out)
        except tarfile.TarError as error:
            raise ValueError(str(error)) from error
        while stream.read(1 << 20):
            pass  # The writer must not see a broken pipe for the padding behind the archive's end.


def _limit(limits: dict[str, str]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        allowed = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        resource.setrlimit(kind, (allowed, allowed))


main()
