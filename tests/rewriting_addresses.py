"""A payload whose addresses all lead elsewhere, to see that nobody follows one."""

from __future__ import annotations

import re
from typing import Any

CANARY = "http://canary.invalid"

_ADDRESS = re.compile(r"[a-z][a-z+.-]*://\S*|git@[\w.-]+:\S+")


def is_address(text: str) -> bool:
    """Whether the whole text is a URL, or what git takes for one."""
    return _ADDRESS.fullmatch(text) is not None


def rewritten(value: Any, elsewhere: str = CANARY) -> tuple[Any, int]:
    """The JSON value with each address replaced by one there, each another one; and how many there were."""
    count = 0

    def of(part: Any) -> Any:
        nonlocal count
        if isinstance(part, dict):
            return {key: of(item) for key, item in part.items()}
        if isinstance(part, list):
            return [of(item) for item in part]
        if isinstance(part, str) and is_address(part):
            count += 1
            return f"{elsewhere}/{count}"
        return part

    return of(value), count
