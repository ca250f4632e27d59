"""Tell from a failing or skipped test's words that it wanted a network or a service that is not there; it guesses no other cause.

Tests run without a network and with nobody listening beside them, so a suite that needs a database or a site fails in a
way that has nothing to do with the change. Standard library only.
"""

from __future__ import annotations

import re

_SIGNS = re.compile(
    r"Connection refused|ConnectionRefusedError|Connect call failed|ECONNREFUSED"
    r"|Temporary failure in name resolution|Name or service not known|NameResolutionError|gaierror"
    r"|Network is unreachable|No route to host|ENETUNREACH|Could not connect to (?:server|tenant)"
    r"|could not connect to server|Can't connect to (?:local )?MySQL server|ServerSelectionTimeoutError"
)
_SKIPS = re.compile(r"\b(?:network|internet|offline)\b", re.IGNORECASE)
_LONGEST = 64 * 1024


def tells(text: str) -> bool:
    """Whether the text, or its end where it is long, has the words of a failed connection or look-up."""
    return _SIGNS.search(text[-_LONGEST:]) is not None


def skips(reason: str) -> bool:
    """Whether the reason for which a test was skipped names a missing network or service."""
    return tells(reason) or _SKIPS.search(reason[-_LONGEST:]) is not None
