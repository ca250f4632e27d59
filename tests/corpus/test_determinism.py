"""The same revisions and the same policy give the same bytes: in any process, place and database, measured or stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.ruling import rule_some

pytest_plugins = ["tests.databases"]

ROOT = Path(__file__).parents[2]
EVERY = 16
"""One in so many samples is enough for a database, which sees files and not what they are about."""


@pytest.fixture(scope="module")
def measured_in_memory(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The verdicts on some samples, kept nowhere."""
    return rule_some(tmp_path_factory.mktemp("memory") / "x", every=EVERY)


@pytest.mark.long
@pytest.mark.slow
def test_other_processes_print_the_same(tmp_path: Path) -> None:
    """
    Neither the order of sets, which differs from process to process, nor the folder of a checkout is in a verdict.
    """
    with _print(tmp_path / "one", seed=1) as first, _print(tmp_path / "other", seed=2) as second:
        outputs = [process.communicate()[0] for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0)
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b'"outcome"') > 40


@pytest.mark.long
def test_databases_give_back_what_was_measured(
    database_url: str, measured_in_memory: str, tmp_path: Path
) -> None:
    """
    SQLite and Postgres have no say: neither when a report is measured nor when it is read again.
    """
    measured, stored = (
        rule_some(tmp_path / name, database_url, every=EVERY) for name in ("measured", "stored")
    )

    assert measured == measured_in_memory
    assert stored == measured_in_memory


def _print(folder: Path, *, seed: int) -> subprocess.Popen[bytes]:
    """A process of its own that prints the verdicts on an eighth of the samples."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.corpus.ruling", str(folder), "8"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        stdout=subprocess.PIPE,
    )
