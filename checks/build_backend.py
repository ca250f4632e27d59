"""Ask a project's own build backend for its wheel (PEP 517); runs on the project's interpreter, in a copy of its files.

`python build_backend.py BACKEND FOLDER [PATH...]`: BACKEND as `build-backend` names it, FOLDER takes the wheel, each PATH
is a `backend-path`. Where the backend wants packages first that are not there, FOLDER gets `requires.json` instead, unless
it has one already. It installs nothing. Standard library only, and only what Python 3.8 has.
Source: https://peps.python.org/pep-0517/
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import re
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    """Build; what goes wrong is the backend's traceback on standard error and status 1."""
    # Taken first, for setuptools puts arguments of its own in their place.
    name_of_backend, folder, *paths = sys.argv[1:]
    # Not our own folder, whose modules have common names: the backend's, which lies in PYTHONPATH.
    sys.path[0:1] = [os.path.abspath(path) for path in paths]  # noqa: PTH100  (backends compare strings)
    module, _, place = name_of_backend.partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, place.split(".")):
        backend = getattr(backend, name)
    asked = Path(folder, "requires.json")
    ask = getattr(backend, "get_requires_for_build_wheel", None)
    missing = [] if ask is None or asked.exists() else missing_of(ask({}))
    if missing:
        asked.write_text(json.dumps(missing), encoding="utf-8")
    else:
        backend.build_wheel(folder, {})
    return 0


def missing_of(requirements: Any) -> list[str]:
    """Those whose package is not installed, as they are; which version would do is the installer's to know."""
    missing = []
    for text in requirements:
        try:
            importlib.metadata.version(re.split(r"[^\w.-]", str(text).strip(), maxsplit=1)[0])
        except importlib.metadata.PackageNotFoundError:
            missing.append(str(text))
    return missing


if __name__ == "__main__":
    sys.exit(main())
