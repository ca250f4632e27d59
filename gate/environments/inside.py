"""The program that installs an environment inside the box: uv in, one tar stream of regular files out.

It runs on the service's interpreter with the network and sees names of requirements only. Nothing that was installed
runs: an interpreter of the environment would obey the `.pth` files of its packages. Standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

ORDER = "/gate/order.json"
RESULT = 100
"""The descriptor every program in a box writes its result to; it is not handed to uv."""
ENVIRONMENT = Path("/work/environment")


def main() -> int:
    """Obey the order; the status is uv's where it failed."""
    order = json.loads(Path(ORDER).read_text(encoding="utf-8"))
    uv, venv = order["uv"], ENVIRONMENT / "venv"
    commands = [
        [uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", order["python"], str(venv)]
    ]
    install = [uv, "pip", "install", "--only-binary", ":all:", *order["indexes"], "--python", str(venv)]
    if order["coverage"]:
        # Before the requirements, because uv asks the environment's interpreter what it is.
        commands.append([*install, "--no-deps", "--target", str(ENVIRONMENT / "coverage"), order["coverage"]])
    if order["requirements"]:
        list_of_requirements = Path("/tmp/requirements.txt")  # noqa: S108  (the box's own)
        list_of_requirements.write_text("\n".join(order["requirements"]), encoding="utf-8")
        files = ["--requirement", str(list_of_requirements)]
        if order["constraints"]:
            constraints = Path("/tmp/constraints.txt")  # noqa: S108  (the box's own)
            constraints.write_text("\n".join(order["constraints"]), encoding="utf-8")
            files += ["--constraint", str(constraints)]
        commands.append([*install, *files])
    for command in commands:
        status = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
        if status:
            return status
    _compile(order["python"])
    with os.fdopen(RESULT, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        for path in sorted(ENVIRONMENT.rglob("*")):
            if path.is_file() and not path.is_symlink():
                _add(archive, path)
    return 0


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
