"""The catalogue: what is installed, what identifies a report, and what loading costs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from checks import catalog
from checks.catalog import COMPLEXITY, OWN, SECURITY, SYNTAX, Check

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _look_again() -> Iterator[None]:
    """Checks are looked for once a process."""
    catalog.announced.cache_clear()
    yield
    catalog.announced.cache_clear()


def announce(monkeypatch: pytest.MonkeyPatch, folder: Path, entry: str) -> None:
    """Put a distribution on the path that announces one entry point of the group `gate.checks`."""
    announced = folder / "other-1.dist-info"
    announced.mkdir()
    (announced / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (announced / "entry_points.txt").write_text(f"[gate.checks]\n{entry}\n")
    (folder / "other_check.py").write_text(
        "from checks.catalog import Check\nOTHER = Check('other', 'm:f', (), 1, ())\nTAKEN = Check('size', 'm:f', (), 1, ())\n"
    )
    monkeypatch.syspath_prepend(folder)


def test_our_own_checks_are_installed_without_a_distribution() -> None:
    """
    The six checks are there even where the package is only a folder on the path.
    """
    names = [check.name for check in catalog.installed()]

    assert names[:6] == ["complexity", "maintainability", "size", "escapes", "syntax", "security"]


def test_other_peoples_checks_are_announced_by_entry_points(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    A check of another distribution stands beside ours.
    """
    announce(monkeypatch, tmp_path, "other = other_check:OTHER")

    checks = catalog.installed()

    assert checks[-1] == Check("other", "m:f", (), 1, ())


def test_nobody_replaces_a_check_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    A check of another distribution under one of our names is left out.
    """
    announce(monkeypatch, tmp_path, "size = other_check:TAKEN")

    assert catalog.installed() == OWN


def test_an_entry_point_that_is_no_check_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    The message names the entry point and what it is.
    """
    announce(monkeypatch, tmp_path, "odd = os:sep")

    with pytest.raises(TypeError, match=r"'odd' of gate\.checks: expected a Check, got '/'"):
        catalog.installed()


def test_the_version_names_tool_and_grammar() -> None:
    """
    Our revision, the tools' versions and the interpreter identify the code that measured.
    """
    assert re.fullmatch(r"\d+ radon-6\.\d+\.\d+ cpython-3\.\d+", COMPLEXITY.version)
    assert re.fullmatch(r"\d+ cpython-3\.\d+", SYNTAX.version)
    assert metadata.version("bandit") in SECURITY.version


@pytest.mark.parametrize(
    ("options", "matters"),
    [
        ({}, False),
        ({"config": {}}, False),
        ({"config": {"assert_used": {"skips": []}}}, False),
        ({"config": {"assert_used": {"skips": ["*_test.py"]}}}, True),
        ({"config": {"assert_used": None}}, False),
        ({"config": None}, False),
    ],
)
def test_the_path_matters_to_bandit_only_for_asserts(options: dict[str, object], *, matters: bool) -> None:
    """
    Only B101's own `skips` make a finding depend on the file's name.
    """
    assert SECURITY.path_matters(options) is matters
    assert not COMPLEXITY.path_matters(options)


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.name)
def test_every_check_of_ours_loads_and_measures(check: Check) -> None:
    """
    The entry of each check is a function that reports under the check's name and version.
    """
    report = catalog.load(check)("a.py", b"x = 1\n", {})

    assert (report.check, report.version, report.problem) == (check.name, check.version, None)


def test_the_catalogue_imports_no_analyser() -> None:
    """
    Knowing the checks and their versions must not cost the start of radon and bandit.
    """
    program = (
        "import sys; from checks import catalog; [check.version for check in catalog.installed()];"
        "print(sorted({'radon', 'bandit'} & sys.modules.keys()))"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert printed.stdout == "[]\n"
