"""One page of a package index: the addresses it links to. It decides nothing about them.

A module of its own, for requests costs 0.15 s of start-up and few commands prepare an environment.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from urllib.parse import urljoin

import requests

from gate.environments.index import CERTIFICATES

_ACCEPT = "application/vnd.pypi.simple.v1+html, application/vnd.pypi.simple.v1+json;q=0.2, text/html;q=0.1"
_PAGE_BYTES = 4 << 20
_SECONDS = 15
_HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_URL = re.compile(r'"url"\s*:\s*"((?:[^"\\]|\\/)*)"')


class PageError(Exception):
    """The page cannot be read; why, in words that repeat no address."""


def addresses(page: str, *, follow: bool) -> list[str]:
    """Those that a page of an index links to, and those it was redirected to; none where there is no such page.

    With `follow` those that a file of it has moved to as well. Raises: PageError.
    """
    try:
        return _addresses(page, follow=follow)
    except (requests.RequestException, OSError) as error:
        raise PageError(_reason(error)) from error


def _addresses(page: str, *, follow: bool) -> list[str]:
    with requests.Session() as session:
        session.trust_env = False  # Neither netrc nor a proxy: the installer has none of them.
        session.verify = str(CERTIFICATES) if CERTIFICATES.exists() else True
        with session.get(page, headers={"Accept": _ACCEPT}, stream=True, timeout=_SECONDS) as answer:
            if answer.status_code != requests.codes.ok:
                return []
            links = list(_links(_text(answer), json_page="json" in answer.headers.get("Content-Type", "")))
        passed = _passed(answer) if links else []
        if links and follow:
            # Stores of files often lie behind a redirection. The last link is the newest file.
            with session.get(urljoin(answer.url, links[-1]), stream=True, timeout=_SECONDS) as file:
                passed += _passed(file)
    return [*passed, *(absolute for link in links if (absolute := _absolute(answer.url, link)))]


def _absolute(page: str, link: str) -> str:
    """Empty for a link that leads nowhere: it is uv's to complain about, if it needs it."""
    try:
        return urljoin(page, link)
    except ValueError:
        return ""


def _passed(answer: requests.Response) -> list[str]:
    """The addresses on the way to an answer."""
    return [each.url for each in (*answer.history, answer)]


def _text(answer: requests.Response) -> str:
    """The first megabytes of a page; the links in the rest lead to the same servers."""
    deadline = time.monotonic() + _SECONDS
    received = b""
    for part in answer.iter_content(1 << 16):
        received += part
        if len(received) > _PAGE_BYTES or time.monotonic() > deadline:
            break
    return received.decode(errors="replace")


def _links(page: str, *, json_page: bool) -> Iterator[str]:
    """Source: PEP 503 and PEP 691."""
    if json_page:
        # A slash is the one character of an address that may be written as an escape.
        yield from (match[1].replace("\\/", "/") for match in _URL.finditer(page))
    else:
        yield from (html.unescape(match[1] or match[2] or "") for match in _HREF.finditer(page))


def _reason(error: BaseException) -> str:
    """The innermost cause in words; an outer one might repeat the address."""
    if isinstance(error, requests.Timeout):
        return f"no answer within {_SECONDS} s"
    causes: list[BaseException] = [error]
    while len(causes) < 20:
        inner = causes[-1].__cause__ or causes[-1].__context__
        if inner is None:
            break
        causes.append(inner)
    for cause in reversed(causes):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return type(causes[-1]).__name__
