"""What setup.cfg asks for, as setuptools reads it.

Source: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from gate.core import formats
from gate.core.manifest.reading import Reading
from gate.core.manifest.requirement_files import read_lines

FILE = "setup.cfg"


def read(reading: Reading) -> tuple[str, ...]:
    """Take the dependencies, extras and requirements of tests; those of the build are returned."""
    try:
        parser = formats.ini(reading.text(FILE))
    except ValueError:
        reading.leave_out(FILE, "not a valid ini file")
        return ()
    reading.project = reading.project or canonicalize_name(
        parser.get("metadata", "name", fallback="").strip()
    )
    reading.dependencies = reading.dependencies or parser.has_option("options", "install_requires")
    for option in ("install_requires", "tests_require"):
        read_lines(reading, FILE, _listed(parser.get("options", option, fallback="")))
    if parser.has_section("options.extras_require"):
        for name, value in parser.items("options.extras_require"):
            lines = [(text, FILE) for text in _listed(value)]
            reading.extras.setdefault(canonicalize_name(name), []).extend(lines)
    _read_pbr(reading, parser)
    # A `python_requires` here has always gone before that of pyproject.toml.
    reading.python = parser.get("options", "python_requires", fallback="").strip() or reading.python
    return tuple(_listed(parser.get("options", "setup_requires", fallback="")))


def _read_pbr(reading: Reading, parser: configparser.ConfigParser) -> None:
    """Extras as OpenStack's build tool has them."""
    if parser.has_section("extras"):
        for name, value in parser.items("extras"):
            lines = [(text, FILE) for text in _listed(value)]
            reading.extras.setdefault(canonicalize_name(name), []).extend(lines)


def _listed(value: str) -> Iterator[str]:
    """The items of a list as setuptools reads it: by lines, or on one line by semicolons."""
    for line in value.splitlines() if "\n" in value else value.split(";"):
        text = line.strip()
        if text.startswith("file:"):
            yield from (
                f"-r {name.strip()}" for name in text.removeprefix("file:").split(",") if name.strip()
            )
        elif text and not text.startswith("#"):
            yield text
