"""Ask a project's own build backend for its wheel (PEP 517); runs on the project's interpreter, in a copy of its files.

`python build_backend.py BACKEND FOLDER [PATH...]`: BACKEND as `build-backend` names it, FOLDER takes the wheel, each PATH
is a `backend-path`. It installs nothing. Standard library only, and only what Python 3.8 has.
Source: https://peps.python.org/pep-0517/
"""

from __future__ import annotations

import importlib
import os
import sys


def main() -> int:
    """Build; what goes wrong is the backend's traceback on standard error and status 1."""
    # Not our own folder, whose modules have common names: the backend's, which lies in PYTHONPATH.
    sys.path[0:1] = [os.path.abspath(path) for path in sys.argv[3:]]  # noqa: PTH100  (backends compare strings)
    module, _, place = sys.argv[1].partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, place.split(".")):
        backend = getattr(backend, name)
    backend.build_wheel(sys.argv[2], {})
    return 0


if __name__ == "__main__":
    sys.exit(main())
