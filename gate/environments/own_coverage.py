"""What a test environment gets from us: our coverage.py, and the hooks by which programs find it and the project."""

from __future__ import annotations

import compileall
import importlib.util
import shutil
from pathlib import Path

from checks.coverage_job import PYTHON_PATH, SCRATCH
from gate.environments.values import COVERAGE

# Coverage.py must be found whatever the project's folder holds, so it starts from the folder it lies in.
_START = """import sys

from coverage.cmdline import main

sys.exit(main())
"""
# Hooks know the folder they lie in, as `sitedir` of the function of `site` that runs them: the environment may lie below
# another folder than the root. What is beside it there has the same places as in a box.
_ROOT = "sitedir, '../../../..'"

# The hook coverage.py's own installation has, for processes that a suite starts; unless told to it measures nothing.
HOOK = (
    f"import os, sys; p = os.path.abspath(os.path.join({_ROOT}) + {COVERAGE!r}); sys.path.insert(0, p); "
    "import coverage; coverage.process_startup(); sys.path.remove(p)\n"
)

_LISTED = f"{SCRATCH}/{PYTHON_PATH}"
# Before the installed packages, of which one may be a release of the project: a folder is appended, then its `.pth` files are read.
PROJECT_HOOK = (
    f"import os, sys; p = os.path.abspath(os.path.join({_ROOT}) + {_LISTED!r}); "
    "sys.path[-1:-1] = open(p).read().splitlines() if os.path.exists(p) else []\n"
)


def add_coverage(folder: Path) -> Path:
    """Put the service's own coverage.py into `folder`, unless one is there; the program that starts it."""
    if not folder.exists():
        folder.mkdir(mode=0o755, parents=True)
        shutil.copytree(_own_coverage(), folder / "coverage", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(folder, quiet=2)
    start = folder / "start.py"
    start.write_text(_START)
    return start


def _own_coverage() -> Path:
    found = importlib.util.find_spec("coverage")
    if found is None or found.origin is None:
        raise RuntimeError("coverage is not installed beside gate")
    return Path(found.origin).parent
