"""What a Pipfile asks for; its lock file is read with the others.

Source: https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.core import formats
from gate.core.manifest.reading import Reading, conditional, short, strings, table

_FILE = "Pipfile"
_ELSEWHERE = ("git", "path", "file", "ref", "index")
"""What says that a package does not come from the index; an `index` is another one."""


def read(reading: Reading) -> None:
    """Take the packages and those for development."""
    if _FILE not in reading.manifests or not reading.names_file(_FILE):
        return
    try:
        document = formats.toml(reading.text(_FILE))
    except ValueError:
        reading.leave_out(_FILE, "not valid TOML")
        return
    for section in ("packages", "dev-packages"):
        for name, value in table(document.get(section)).items():
            _read_package(reading, name, {"version": value} if isinstance(value, str) else table(value))
    python = table(document.get("requires")).get("python_version")
    if isinstance(python, str) and not reading.python:
        reading.python = f"=={python}.*"


def _read_package(reading: Reading, name: str, details: Mapping[str, object]) -> None:
    if elsewhere := next((key for key in _ELSEWHERE if details.get(key)), ""):
        # The project itself is listed as a path, with the extras its tests need.
        if details.get("path") in {".", "./"}:
            reading.wanted += strings(details.get("extras"))
        else:
            reading.leave_out(_FILE, f"{short(name)} comes from a {elsewhere}, not from the package index")
        return
    version = details.get("version", "*")
    extras = ",".join(strings(details.get("extras")))
    text = (f"{name}[{extras}]" if extras else name) + ("" if version == "*" else f"{version}")
    for key, value in details.items():
        if key == "markers" and isinstance(value, str):
            text = conditional(text, value)
        elif key in {"sys_platform", "python_version", "platform_system"} and isinstance(value, str):
            text = conditional(text, f"{key} {value}")
    reading.add(text, _FILE)
