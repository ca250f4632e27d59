"""`gate worker` that notices within a second what the real one notices within half a minute: `python -m tests.flows.fast worker`."""

from __future__ import annotations

from gate.cli.serve import carry_out
from gate.engine import Times
from gate.service import Service
from gate.settings import Settings

TIMES = Times(
    cancel_poll=0.2,
    first_retry=0.2,
    longest_retry=2.0,
    attempts=30,
    look=0.2,
    grace=2.0,
    close=10.0,
    operator=1.0,
)

if __name__ == "__main__":
    carry_out(Service.from_settings(Settings.from_environment()), TIMES)
