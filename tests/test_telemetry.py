"""The log: one line an event, with the run it belongs to, and no secret whichever way it came in."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from gate.telemetry import REDACTED, Redaction, Telemetry, bind_run

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Takes the process's log for a test, and puts everything back."""
    loggers = [logging.getLogger(name) for name in (None, "dbos", "gunicorn", "gunicorn.error", "alembic")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield io.StringIO()
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def records(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_" + "a" * 36,
        "ghs_9_eyJhbGciOi." + "b" * 500,  # the stateless installation tokens of 2026
        "ghp_" + "A1" * 18,
        "github_pat_" + "1" * 40,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI5In0aaaa.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
        KEY,
        KEY[:50],  # cut off in the middle
        "sha256=" + "0" * 64,
        "the operator's own secret",
    ],
)
def test_secrets_are_taken_out_wherever_they_stand(secret: str) -> None:
    """
    By their look, and those that were named by their value.
    """
    redaction = Redaction(["the operator's own secret"])

    shown = str(redaction.value({"a": [f"before {secret} after", (secret,)], secret: OSError(secret)}))

    assert secret.removeprefix("sha256=") not in shown
    assert "before " in shown


def test_passwords_in_addresses_are_taken_out() -> None:
    """
    The rest of the address stays: it tells which database or index it was.
    """
    shown = Redaction().text("cannot reach postgresql://gate:hunter2@db.example/gate")

    assert shown == f"cannot reach postgresql://{REDACTED}@db.example/gate"


def test_plain_values_stay_as_they_are() -> None:
    """
    Shas, numbers and names are no secrets.
    """
    value = {"sha": "a" * 40, "count": 3, "ratio": 0.5, "ok": True, "none": None, "path": "src/ghs_x.py"}

    assert Redaction(["short"]).value(value) == value


def test_a_secret_learnt_later_is_taken_out_as_well(log: io.StringIO) -> None:
    """
    An App registered by `/setup` brings its secrets while the process runs.
    """
    telemetry = Telemetry()
    telemetry.configure_log("info", stream=log)

    telemetry.redaction.add("learnt-later")
    telemetry.log.info("it is learnt-later")

    assert records(log)[0]["event"] == f"it is {REDACTED}"


def test_every_library_logs_through_the_same_redaction(log: io.StringIO) -> None:
    """
    Lines and tracebacks of others carry the run's id and lose their secrets, as ours do.
    """
    telemetry = Telemetry()
    telemetry.configure_log("info", stream=log)
    bind_run("delivery:0", work="Evaluate")

    telemetry.log.warning("ours", token="ghs_" + "a" * 36)
    try:
        int("ghs_" + "b" * 36)
    except ValueError:
        logging.getLogger("urllib3").exception("theirs: %s", "ghs_" + "c" * 36)
    logging.getLogger("urllib3").debug("too quiet to be shown")

    ours, theirs = records(log)
    assert (ours["run"], ours["work"], ours["token"], ours["level"]) == (
        "delivery:0",
        "Evaluate",
        REDACTED,
        "warning",
    )
    assert (theirs["run"], theirs["event"], theirs["logger"]) == (
        "delivery:0",
        f"theirs: {REDACTED}",
        "urllib3",
    )
    assert f"literal for int() with base 10: '{REDACTED}'" in str(theirs["exception"])
