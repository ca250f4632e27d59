"""Verdicts in a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from gate.cli.terminal import print_verdict
from tests import verdicts


def test_a_waived_check_names_who_and_why() -> None:
    """
    The waiver stands below the check, with what it covers; what still blocks stands with its own.
    """
    written = io.StringIO()

    print_verdict(Console(file=written, soft_wrap=True, highlight=False), verdicts.HALF_WAIVED)

    coverage, complexity = written.getvalue().split("\u2714 complexity")[:2]
    assert "\u2718 coverage blocked" in coverage
    assert "waived by mira-k (maintain): hotfix, the rewrite is #7\n" in complexity
    assert "delivery/retry.py:89: RetryBudget.plan grew from 12 to 21" in complexity
