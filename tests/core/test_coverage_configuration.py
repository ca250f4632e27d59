"""What is taken from a project's configuration of coverage.py."""

from __future__ import annotations

import configparser

import pytest

from gate.core.coverage_configuration import named_sources, rcfile


def options(files: dict[str, bytes], *, branches: bool = False) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(rcfile(files, branches=branches, root="/work"))
    return {name: dict(parser[name]) for name in parser.sections()}


TOML = b"""
[tool.coverage.run]
omit = ["*/gen/*"]
plugins = ["evil"]
concurrency = ["thread", "evil"]
data_file = "/etc/x"
[tool.coverage.report]
fail_under = 90
exclude_also = ["#: not here", "if DEBUG:"]
"""
INI = b"""
[coverage:run]
omit = a/*, b/*
source = nowhere
[coverage:report]
exclude_lines =
    pragma: no cover
    if a, b:
"""


def test_without_configuration_our_rules_stand() -> None:
    """Everything below the root is measured, in subprocesses too, and data of several processes is kept apart."""
    run = options({}, branches=True)["run"]

    assert run == {
        "source": "/work",
        "branch": "true",
        "parallel": "true",
        "disable_warnings": "no-data-collected",
        "patch": "subprocess",
    }


def test_exclusions_are_the_projects_and_nothing_else_is() -> None:
    """Omitted files and excluded lines count; thresholds, plugins and places do not."""
    found = options({"pyproject.toml": TOML})

    assert found["report"] == {
        "ignore_errors": "true",
        "exclude_also": "\n[#]: not here\nif DEBUG:",
        "omit": "*/gen/*",
    }
    assert found["run"]["concurrency"] == "thread"
    assert not {"plugins", "data_file", "fail_under"} & found["run"].keys()


def test_lists_are_split_as_coverage_does() -> None:
    """Files by commas and lines, patterns by lines only."""
    found = options({"setup.cfg": INI})

    assert found["report"]["omit"] == "\na/*\nb/*"
    assert found["report"]["exclude_lines"] == "\npragma: no cover\nif a, b:"
    assert found["run"]["source"] == "/work"


@pytest.mark.parametrize(
    ("first", "omit"),
    [
        # Files of its own count even where they say nothing; others where they say anything of coverage.py.
        ({".coveragerc": b""}, None),
        ({".coveragerc.toml": b"[tool.other]\n"}, None),
        ({"setup.cfg": b"[coverage:report]\nfail_under = 80\n"}, None),
        ({"tox.ini": b"[coverage:html]\ndirectory = x\n"}, None),
        ({"setup.cfg": b"[metadata]\n[coverage:run]\n"}, "*/gen/*"),
        ({".coveragerc": b"[coverage:run]\nomit = d/*\n"}, "d/*"),
    ],
)
def test_coverage_stops_at_the_first_file_that_counts(first: dict[str, bytes], omit: str | None) -> None:
    """As coverage.py does, whichever of its options stand there."""
    assert options({"pyproject.toml": TOML, **first})["report"].get("omit") == omit


def test_the_first_file_that_says_anything_is_the_one() -> None:
    """Coverage.py's order: .coveragerc before setup.cfg before pyproject.toml."""
    files = {"pyproject.toml": TOML, ".coveragerc": b"[run]\nomit = c/*\n", "setup.cfg": b"[metadata]\n"}

    assert options(files)["report"]["omit"] == "c/*"


@pytest.mark.parametrize(
    "files",
    [{".coveragerc": b"omit = x"}, {".coveragerc": b"\xff"}, {"pyproject.toml": b"[tool"}],
    ids=["no section", "no text", "no TOML"],
)
def test_a_broken_file_says_nothing(files: dict[str, bytes]) -> None:
    """The policy's revision was accepted as it is; the defaults stand."""
    assert options(files) == options({})


@pytest.mark.parametrize(
    ("python_version", "branches", "concurrency", "core"),
    [
        # The interpreter can.
        ("3.12.1", False, "thread", "sysmon"),
        ("3.13.0", False, "multiprocessing", "sysmon"),
        ("3.14.0", True, "thread", "sysmon"),
        # It is too old, for lines or for branches, or not known.
        ("3.11.7", False, "thread", None),
        ("3.13.0", True, "thread", None),
        ("", False, "thread", None),
        # Green threads are not seen.
        ("3.13.0", False, "gevent", None),
    ],
)
def test_the_fastest_core_that_sees_everything_is_asked_for(
    python_version: str, branches: bool, concurrency: str, core: str | None
) -> None:
    """Otherwise coverage.py chooses."""
    files = {".coveragerc": f"[run]\nconcurrency = {concurrency}\n".encode()}
    parser = configparser.ConfigParser(interpolation=None)

    parser.read_string(rcfile(files, branches=branches, root="/work", python_version=python_version))

    assert parser.get("run", "core", fallback=None) == core


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({}, ()),
        ({"setup.cfg": INI}, ("nowhere",)),
        (
            {
                "pyproject.toml": b'[tool.coverage.run]\nsource = ["app", "app.tests", "./tests/"]\ninclude = ["docs/*"]\n'
            },
            ("app", "app/tests", "docs", "tests"),
        ),
        ({".coveragerc": b"[report]\ninclude =\n    */conf.py\n    tests/**\n"}, ("*/conf.py", "tests")),
        ({".coveragerc": b"[run]\nsource = .\n"}, ()),
    ],
)
def test_what_is_named_as_source(files: dict[str, bytes], named: tuple[str, ...]) -> None:
    """Folders, packages and globs that end in one, as paths from the root; it narrows nothing that is measured."""
    assert named_sources(files) == named
    assert options(files)["run"]["source"] == "/work"
    assert "include" not in options(files)["report"]
