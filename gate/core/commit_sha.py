"""What the full sha of a commit looks like: 40 hexadecimal digits, or 64 where a repository uses SHA-256."""

from __future__ import annotations

import re

_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_full_sha(text: str) -> bool:
    """Whether it is one, in lower case as git writes it."""
    return _FULL.fullmatch(text) is not None
