"""The program that installs an environment inside the box: uv in, one tar stream of regular files out.

It runs on the service's interpreter and sees names of requirements only. The one way out is a proxy's socket, for which
it opens a port that uv can use. Nothing that was installed runs, for an interpreter of the environment would obey the
`.pth` files of its packages; unless source distributions are wanted, whose build is code of theirs. Standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

ROOT = sys.argv[1]
"""What stands before every place that follows: nothing in a box."""
ORDER = f"{ROOT}/gate/order.json"
RESULT = 100
"""The descriptor every program in a box writes its result to; it is not handed to uv."""
ENVIRONMENT = Path(f"{ROOT}/work/environment")
PROXY = f"{ROOT}/gate/proxy"


def main() -> int:
    """Obey the order; the status is uv's where it failed."""
    order = json.loads(Path(ORDER).read_text(encoding="utf-8"))
    uv, venv = order["uv"], ENVIRONMENT / "venv"
    commands = [
        [uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", order["python"], str(venv)]
    ]
    wheels = [] if order["sdists"] else ["--only-binary", ":all:"]
    install = [uv, "pip", "install", *wheels, *order["indexes"], "--python", str(venv)]
    if order["coverage"]:
        # Before the requirements, because uv asks the environment's interpreter what it is.
        commands.append(
            [*install, "--no-deps", "--target", str(ENVIRONMENT / "gate/coverage"), order["coverage"]]
        )
    if order["requirements"]:
        list_of_requirements = Path(f"{ROOT}/tmp/requirements.txt")  # noqa: S108  (the box's own)
        list_of_requirements.write_text("\n".join(order["requirements"]), encoding="utf-8")
        files = ["--requirement", str(list_of_requirements)]
        if order["constraints"]:
            constraints = Path(f"{ROOT}/tmp/constraints.txt")  # noqa: S108  (the box's own)
            constraints.write_text("\n".join(order["constraints"]), encoding="utf-8")
            files += ["--constraint", str(constraints)]
        commands.append([*install, *files])
    prefix = _through_proxy() if Path(PROXY).exists() else []
    for command in commands:
        if status := _run([*prefix, *command]):
            return status
    if order["build"]:
        packages = ENVIRONMENT / "gate/build"
        if _run([*prefix, *install, "--target", str(packages), *order["build"]]):
            # Many a build is optional, and its sources alone may do.
            shutil.rmtree(packages, ignore_errors=True)
    _compile(order["python"])
    with os.fdopen(RESULT, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        for path in sorted(ENVIRONMENT.rglob("*")):
            if path.is_file() and not path.is_symlink():
                _add(archive, path)
    return 0


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode


def _through_proxy() -> list[str]:
    """What a command begins with that is to use the proxy, by a port of this box's own loopback."""
    # It would complain of connections that are still open in the end; they go with the box.
    logging.getLogger("asyncio").disabled = True
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=asyncio.run, args=(_relay(listener),), daemon=True).start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return ["/usr/bin/env", *(f"{name}_PROXY={address}" for name in ("ALL", "HTTP", "HTTPS"))]


async def _relay(listener: socket.socket) -> None:
    async with await asyncio.start_server(_pass_on, sock=listener) as server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        from_proxy, to_proxy = await asyncio.open_unix_connection(PROXY)
        with contextlib.closing(to_proxy):
            await asyncio.gather(_copy(reader, to_proxy), _copy(from_proxy, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while part := await source.read(1 << 16):
        sink.write(part)
        await sink.drain()
    sink.write_eof()


def _compile(python: str) -> None:
    """Bytecode of every module that has any, by an interpreter that looks at no installed package (`-S`)."""
    subprocess.run(
        [python, "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "0", str(ENVIRONMENT)],
        check=False,
        stdin=subprocess.DEVNULL,
    )


def _add(archive: tarfile.TarFile, path: Path) -> None:
    """Add a regular file; never as a link to another, though uv may have made it one."""
    member = tarfile.TarInfo(str(path.relative_to(ENVIRONMENT)))
    status = path.stat()
    member.size, member.mode = status.st_size, status.st_mode & 0o777
    member.mtime = int(status.st_mtime)  # Compiled modules are only used with the time of their source.
    with path.open("rb") as content:
        archive.addfile(member, content)


if __name__ == "__main__":
    sys.exit(main())
