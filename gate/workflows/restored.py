"""Whether the database was restored from a back-up a short time ago: then GitHub may have things of ours that it does not know."""

from __future__ import annotations

from datetime import timedelta

from gate.service import Service
from gate.store.following import RESTORED

SHORT = timedelta(days=3)
"""What was under way in the back-up ends within a day; GitHub keeps deliveries, which may be sent again, so long.

Source: see `gate.github.hook`.
"""


def lately(service: Service) -> bool:
    """Whether what is about to be made is to be looked for at GitHub before."""
    at = service.store.read_until(RESTORED)
    return at is not None and service.now() - at < SHORT
