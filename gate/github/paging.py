"""A list of GitHub's API, read to its end."""

from __future__ import annotations

import itertools
from typing import Any

from github import Github

from gate.core.payload import PayloadError

A_PAGE = 100


def all_pages(client: Github, path: str, *, key: str = "", most_pages: int = 0) -> list[Any]:
    """The items of every page of a list, which may stand in an object under `key`.

    Raises: PayloadError, for what is no list, or one of more pages than `most_pages`, where there is such a bound.
    """
    found: list[Any] = []
    for page in itertools.count(1):
        if most_pages and page > most_pages:
            raise PayloadError(f"more than {most_pages} pages")
        _, answer = client.requester.requestJsonAndCheck("GET", f"{path}?per_page={A_PAGE}&page={page}")
        shown = answer.get(key) if key and isinstance(answer, dict) else answer
        if not isinstance(shown, list):
            raise PayloadError(f"{path}: expected a list")
        found += shown
        if len(shown) < A_PAGE:
            break
    return found
