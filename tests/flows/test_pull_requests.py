"""Webhook in, check runs out: what becomes of every kind of pull request, through real HTTP, git and the real engine."""

from __future__ import annotations

import hmac
from datetime import timedelta

import pytest
import requests

from tests.flows.conftest import SHOP, SOURCE, TANGLE, TESTS, World, runs_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

SHELL = "\n\nimport subprocess\n\n\ndef run(command):\n    subprocess.call(command, shell=True)\n"
SHIPPING = "\n\ndef shipping(country):\n    return 7 if country == 'CH' else 15\n"
SHIPPING_TESTS = TESTS.replace("import price", "import price, shipping") + (
    "\n    def test_shipping(self):\n        self.assertEqual(shipping('CH'), 7)\n"
)
UNTESTED = "\n\ndef untested(a):\n    b = a + 1\n    c = b + 1\n    d = c + 1\n    return d\n"


@pytest.mark.usefixtures("box")
def test_a_tested_change_passes_every_check(world: World) -> None:
    """
    A tested, simple, harmless change gets four successful check runs, the details before the verdict.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"shop.py": SOURCE + SHIPPING, "test_shop.py": SHIPPING_TESTS})

    assert world.verdict(pull).conclusion == "success"
    assert {name: run.conclusion for name, run in pull.check_runs.items()} == {
        "gate": "success",
        "gate / coverage": "success",
        "gate / complexity": "success",
        "gate / security": "success",
    }
    assert pull.check_run.title == "All 3 checks passed"
    assert pull.check_run.history[0].status == "in_progress"


def test_a_new_tangle_blocks(world: World) -> None:
    """
    A new function above the limit blocks, is annotated at its line, and the verdict says how to get green.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})

    assert world.verdict(pull).conclusion == "failure"
    complexity = pull.check_runs["gate / complexity"]
    assert complexity.title == "tangle is 12, limit 10"
    assert [(note.path, note.start_line, note.level) for note in complexity.annotations] == [
        ("shop.py", 7, "failure")
    ]
    assert "Bring" in pull.check_run.summary
    assert "from 12 to 10 or less" in pull.check_run.summary


def test_a_shell_blocks(world: World) -> None:
    """
    A new finding of high severity blocks and is annotated at its line.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"shop.py": SOURCE + SHELL})

    assert world.verdict(pull).conclusion == "failure"
    security = pull.check_runs["gate / security"]
    assert security.conclusion == "failure"
    assert ("shop.py", 11, "failure") in [
        (note.path, note.start_line, note.level) for note in security.annotations
    ]


@pytest.mark.usefixtures("box")
def test_untested_lines_block(world: World) -> None:
    """
    More new lines without a test than the allowance block, and the first of them is annotated.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"shop.py": SOURCE + UNTESTED})

    assert world.verdict(pull).conclusion == "failure"
    coverage = pull.check_runs["gate / coverage"]
    assert coverage.conclusion == "failure"
    assert coverage.annotations[0].start_line == 8


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_a_failing_test_blocks(world: World) -> None:
    """
    A test that passed at the base and fails at the head blocks and is named.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"shop.py": SOURCE.replace("27", "26")})

    assert world.verdict(pull).conclusion == "failure"
    assert "test_many" in pull.check_runs["gate / coverage"].summary


@pytest.mark.usefixtures("box")
def test_lost_coverage_blocks(world: World) -> None:
    """
    A surviving line that loses its test blocks.
    """
    repository = world.repository()
    fewer = TESTS.partition("\n    def test_many")[0] + "\n"

    pull = repository.open_pull_request({"test_shop.py": fewer})

    assert world.verdict(pull).conclusion == "failure"
    assert "at the base" in pull.check_runs["gate / coverage"].summary


@pytest.mark.long
def test_a_broken_policy_blocks_until_it_is_repaired(world: World) -> None:
    """
    A broken policy on the default branch blocks with key and line; the change that repairs it is judged.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[complexity]\nmaximum = 'ten'\n"})

    blocked = repository.open_pull_request({"README.md": "# Shop 2\n"})
    repairing = repository.open_pull_request({".gate.toml": "[complexity]\nmaximum = 9\n"})

    assert world.verdict(blocked).conclusion == "failure"
    assert "complexity.maximum" in blocked.check_run.summary
    assert "line 2" in blocked.check_run.summary
    assert world.verdict(repairing).conclusion != ""
    assert "complexity.maximum" not in repairing.check_run.title


def test_a_pull_request_cannot_loosen_its_own_gate(world: World) -> None:
    """
    The head's policy judges nothing: raising the limit beside a tangle blocks all the same.
    """
    repository = world.repository()

    pull = repository.open_pull_request(
        {"shop.py": SOURCE + TANGLE, ".gate.toml": "[complexity]\nmaximum = 100\n"}
    )

    assert world.verdict(pull).conclusion == "failure"


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_no_tests_is_not_armed(world: World) -> None:
    """
    Without any test coverage is neutral and says so; the other checks decide.
    """
    repository = world.repository({"shop.py": SOURCE})

    pull = repository.open_pull_request({"shop.py": SOURCE + UNTESTED})

    assert world.verdict(pull).conclusion == "success"
    coverage = pull.check_runs["gate / coverage"]
    assert coverage.conclusion == "neutral"
    assert coverage.title.startswith("Not armed")


@pytest.mark.long
def test_an_unparsable_file_blocks(world: World) -> None:
    """
    A new source file that cannot be parsed could hide anything, so it blocks with its line.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"broken.py": "def broken(:\n"})

    assert world.verdict(pull).conclusion == "failure"
    assert "broken.py" in pull.check_runs["gate / complexity"].summary


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_documentation_passes_on_the_base_report(world: World) -> None:
    """
    A change of documentation alone reuses the base's run of the tests and passes.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"README.md": "# A better shop\n"})

    assert world.verdict(pull).conclusion == "success"
    coverage = pull.check_runs["gate / coverage"]
    assert coverage.conclusion == "success"
    assert "nothing that tests could see changed" in coverage.summary


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_a_suite_that_needs_a_service_blocks_nobody(world: World) -> None:
    """
    While tests of the default branch want a database, coverage is neutral and names it; it counts once they do not.
    """
    database = "\n    def test_database(self):\n        socket.create_connection(('127.0.0.1', 5432))\n"
    tests = TESTS.replace("import unittest", "import socket\nimport unittest")
    repository = world.repository({**SHOP, "test_shop.py": tests + database})

    pull = repository.open_pull_request({"shop.py": SOURCE + UNTESTED})

    assert world.verdict(pull).conclusion == "success"
    coverage = pull.check_runs["gate / coverage"]
    assert coverage.conclusion == "neutral"
    assert coverage.title == "Not armed: 1 test needs PostgreSQL: send coverage from CI"

    repository.push("main", {"test_shop.py": tests})
    after = repository.open_pull_request({"shop.py": SOURCE + UNTESTED})

    assert world.verdict(after).conclusion == "failure"


def test_a_fork_gets_the_same_verdict(world: World) -> None:
    """
    A fork's pull request is judged by the base repository's refs.
    """
    repository = world.repository()

    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE}, fork=True, author="stranger")

    assert world.verdict(pull).conclusion == "failure"


@pytest.mark.long
def test_a_renamed_file_brings_nothing_new(world: World) -> None:
    """
    Renaming a file with old sins introduces none of them.
    """
    repository = world.repository({"old.py": SOURCE + TANGLE + SHELL})

    pull = repository.open_pull_request({"old.py": None, "new.py": SOURCE + TANGLE + SHELL})

    world.verdict(pull)
    assert pull.check_runs["gate / complexity"].conclusion == "success"
    assert pull.check_runs["gate / security"].conclusion == "success"


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_deleting_code_with_its_tests_passes(world: World) -> None:
    """
    Removed code is free: deleting covered code with its tests passes.
    """
    repository = world.repository(
        {**SHOP, "extra.py": "def extra():\n    return 1\n", "test_extra.py": _extra_tests()}
    )

    pull = repository.open_pull_request({"extra.py": None, "test_extra.py": None})

    assert world.verdict(pull).conclusion == "success"


@pytest.mark.long
def test_a_force_push_supersedes_the_old_head(world: World) -> None:
    """
    The old head's check run is closed as cancelled, the new head gets a verdict of its own.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    old = pull.head_sha
    world.until(lambda: "gate" in repository.check_runs_of(old), "the first gate")

    pull.force_push({"shop.py": SOURCE + "\n# harmless\n"})

    assert world.verdict(pull).conclusion != "failure"
    world.until(lambda: repository.check_runs_of(old)["gate"].status == "completed", "the old head's gate")
    assert repository.check_runs_of(old)["gate"].conclusion in {"cancelled", "failure"}


def test_a_redelivery_changes_nothing(world: World) -> None:
    """
    The same delivery twice makes one check run of each name.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.verdict(pull)
    made = [run.id for run in repository.check_runs]
    first = [one for one in world.github.deliveries if one.repository_id == repository.id]

    again = world.github.deliver(*map(world.github.webhooks.redeliver, first))
    settled = repository.open_pull_request({"README.md": "later\n"})
    world.verdict(settled)

    assert {one.status for one in again} == {"OK"}
    assert [run.id for run in repository.check_runs if run.head_sha == pull.head_sha] == made


def test_late_events_do_not_revive_an_old_head(world: World) -> None:
    """
    An event older than the newest seen starts nothing, in whatever order deliveries arrive.
    """
    world.github.webhooks.held = True
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    old = pull.head_sha
    world.github.advance(timedelta(seconds=2))
    pull.push({"shop.py": SOURCE + "\n# harmless\n"})
    late, newest = (one for one in world.github.webhooks.pending if one.event == "pull_request")

    world.github.deliver(newest)
    world.verdict(pull)
    world.github.deliver(late)
    world.github.webhooks.held = False
    pull.close()
    pull.reopen()

    world.until(lambda: len([run for run in runs_of(pull) if run.name == "gate"]) == 2, "a second gate")
    world.settled(pull)
    assert repository.check_runs_of(old) == {}


def test_other_events_are_accepted_and_start_nothing(world: World) -> None:
    """
    A ping and an event nobody here knows are answered with success.
    """
    body = b'{"action": "created", "starred_at": "2026-11-23T00:00:00Z"}'
    signature = hmac.new(world.github.app.webhook_secret.encode(), body, "sha256").hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "star",
        "X-GitHub-Delivery": "11111111-2222-3333-4444-555555555555",
        "X-Hub-Signature-256": f"sha256={signature}",
    }

    unknown = requests.post(f"{world.service.url}/webhook", data=body, headers=headers, timeout=10)
    ping = world.github.webhooks.ping()
    world.github.webhooks.settle()

    assert (unknown.ok, ping.status) == (True, "OK")


def test_a_closed_pull_request_ends_its_run(world: World) -> None:
    """
    Nothing stays in progress on a pull request that was closed.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.until(lambda: "gate" in pull.check_runs, "gate")

    pull.close()

    world.until(lambda: pull.check_run.status == "completed", "gate of the closed pull request")


@pytest.mark.long
def test_advise_mode_concludes_neutral(world: World) -> None:
    """
    With `mode = "advise"` nothing blocks, and the title says what would have.
    """
    repository = world.repository({**SHOP, ".gate.toml": '[gate]\nmode = "advise"\n'})

    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})

    assert world.verdict(pull).conclusion == "neutral"
    assert "advise" in pull.check_run.title


def test_the_rerun_button_measures_again(world: World) -> None:
    """
    Pressing re-run on a check makes a new run for the same head.
    """
    repository = world.repository()
    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    first = world.verdict(pull)

    first.rerequest()

    world.until(
        lambda: pull.check_run.id != first.id and pull.check_run.status == "completed", "a second gate"
    )
    assert pull.check_run.conclusion == "failure"


def _extra_tests() -> str:
    return (
        "import unittest\n\nimport extra\n\n\nclass ExtraTest(unittest.TestCase):\n"
        "    def test_extra(self):\n        self.assertEqual(extra.extra(), 1)\n"
    )
