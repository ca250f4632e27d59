"""Tell from what a failing test printed that it wanted a network or a service that is not there; it guesses no cause else.

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
_LONGEST = 64 * 1024


def tells(text: str) -> bool:
    """Whether the text, or its end where it is long, has the words of a failed connection or look-up."""
    return _SIGNS.search(text[-_LONGEST:]) is not None
