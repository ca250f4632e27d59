"""The service's own interpreter and modules, as they appear in a box."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import checks
from gate.sandbox.values import Mount

LIBRARY = "/gate/library"
"""Where the `checks` package lies in a box."""
SITE_PACKAGES = "/gate/site-packages"
"""Where the tools that the checks import lie in an analyser's box."""

_BOOTSTRAP = "import sys; sys.path[:0] = {paths!r}; from {module} import main; main()"


def python() -> str:
    """Path of the interpreter below this process's virtual environment, the same in the box and outside."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_prefix).resolve() / "bin" / version)


def mounts_of(prefix: str | Path) -> tuple[Mount, ...]:
    """What makes an installed interpreter appear in a box at its own place; nothing when it lies in `/usr`."""
    folder = Path(prefix).resolve()
    return () if folder.is_relative_to("/usr") else (Mount(folder, str(folder)),)


def service_mounts() -> tuple[Mount, ...]:
    """The service's interpreter and the `checks` package; nothing else of the service."""
    return (*mounts_of(sys.base_prefix), Mount(_package(), f"{LIBRARY}/checks"))


def tool_mounts() -> tuple[Mount, ...]:
    """The folder of the service's installed packages, for analysers only: a suite of tests has no business there."""
    return (Mount(_packages(), SITE_PACKAGES),)


def module_command(
    module: str, *, boxed: bool = True, tools: bool = False, root: str = ""
) -> tuple[str, ...]:
    """The command that runs `main` of one of our modules, isolated from modules of the analysed tree (`-I`).

    `root` is what `Sandbox.root` says of the box.
    """
    if not boxed:
        paths = [str(_package().parent), str(_packages())]
        return (sys.executable, "-I", "-c", _BOOTSTRAP.format(paths=paths, module=module))
    paths = [root + LIBRARY, root + SITE_PACKAGES] if tools else [root + LIBRARY]
    return (python(), "-I", "-c", _BOOTSTRAP.format(paths=paths, module=module))


def _package() -> Path:
    return Path(str(checks.__file__)).parent.resolve()


def _packages() -> Path:
    return Path(str(importlib.metadata.distribution("radon").locate_file(""))).resolve()
