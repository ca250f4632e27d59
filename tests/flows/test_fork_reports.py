"""Coverage of a fork's pull request from its own workflow, which has no token: left as an artifact, fetched, read, judged."""

from __future__ import annotations

import pytest

from tests.archives import archive
from tests.flows.conftest import SHOP, SOURCE, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("box")]

POLICY = '[coverage]\nsource = "upload"\nreports = ["unit"]\n'
MORE = "\n\ndef unused(a):\n    if a:\n        return 1\n    return 2\n"


def report(covered: set[int], lines: int) -> bytes:
    """What a suite that ran these lines of `shop.py` reports."""
    counts = "".join(f"DA:{number},{int(number in covered)}\n" for number in range(1, lines + 1))
    return f"TN:\nSF:shop.py\n{counts}end_of_record\n".encode()


def test_a_fork_is_judged_by_what_its_workflow_left(world: World) -> None:
    """
    The verdict waits for the report, says so, and is there once the workflow has ended: of the merge commit, said of the lines of the head.
    """
    repository = world.repository({**SHOP, ".gate.toml": POLICY})
    pull = repository.open_pull_request({"shop.py": SOURCE + MORE}, fork=True, author="stranger")
    world.until(
        lambda: "gate" in pull.check_runs and "waiting for unit" in pull.check_run.summary,
        "the wait for a report",
    )
    with world.github.webhooks.unsent():
        repository.push("main", {"shop.py": f"# Two lines\n# before all.\n{SOURCE}"})
    merge = pull.try_merge()
    before = len(world.github.storage.requests)

    pull.complete_workflow(
        {
            f"gate-unit@{merge}": archive({"lcov.info": report({3, 4, 5, 6, 9}, 12)}),
            "site": b"something else",
        }
    )

    world.settled(pull)
    coverage = pull.check_runs["gate / coverage"]
    assert "from 1 report of CI (unit), of the merge commit" in coverage.summary
    assert len(world.github.storage.requests) == before + 1
    # Of the head's own lines, which the merge has two lines further down.
    assert "**16.7\N{NO-BREAK SPACE}% (1 of 6)**" in coverage.summary
    assert "#L5-L6)" in coverage.summary
    assert "#L8-L10)" in coverage.summary
