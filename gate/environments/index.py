"""The package indexes, and which servers an installer must reach to use them; it installs nothing itself.

An index's pages may link to files on other servers. Which those are is learnt from one page of each index, once, and
from the page of a package whose files turn out to lie elsewhere.
"""

from __future__ import annotations

import html
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import requests
from uv import find_uv_bin

from gate.environments import interpreters
from gate.sandbox import Endpoint, Mount

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Of this machine, which may know an internal authority; the box sees the same file."""

_PORTS = {"https": 443, "http": 80}
_ACCEPT = "application/vnd.pypi.simple.v1+html, application/vnd.pypi.simple.v1+json;q=0.2, text/html;q=0.1"
_PAGE_BYTES = 4 << 20
_SECONDS = 15
_MOST_NAMES = 5
_MOST_HOSTS = 16
_DEFAULT = re.compile(r"^--(?:index-url|default-index) (\S+)$", re.MULTILINE)
_HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_URL = re.compile(r'"url"\s*:\s*"((?:[^"\\]|\\/)*)"')

_learnt: dict[str, tuple[Endpoint, ...]] = {}
"""By index; for as long as this process lives."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An index that does not answer."""

    index: str
    """`HOST:PORT`; never the address as the operator wrote it, which may hold a password."""
    reason: str


def endpoints(index_urls: Sequence[str], names: Sequence[str]) -> tuple[Endpoint, ...] | Unreachable:
    """The servers of the indexes, or of uv's default one where there are none, and those they link files to.

    `names` are packages that somebody requires; a page of one of them shows where an index keeps its files.
    """
    remote = _remote(index_urls)
    found = {_key(each): each for each in (_endpoint(urlsplit(url), anywhere=True) for url in remote)}
    for url in remote:
        for name in names[:_MOST_NAMES]:
            if url in _learnt:
                break
            unreachable = _learn(url, name)
            if unreachable is not None:
                return unreachable
        for each in _learnt.get(url, ()):
            found.setdefault(_key(each), each)
    return tuple(found.values())


def learn(index_urls: Sequence[str], name: str) -> bool:
    """Whether the pages of this package lead to servers that were not known yet; from now on they are."""
    before = dict(_learnt)
    for url in _remote(index_urls):
        _learn(url, name, follow=True)
    return before != _learnt


def folders(index_urls: Sequence[str]) -> tuple[Mount, ...]:
    """What makes indexes that are folders of this machine appear in the box, each at its own place.

    A folder `simple` is shown with what lies beside it, for that is where its pages link to.
    Raises: ValueError for one that would show all of this machine.
    """
    places = [Path(unquote(urlsplit(url).path)) for url in index_urls if urlsplit(url).scheme == "file"]
    shown = [place.parent if place.name == "simple" else place for place in places]
    for place in shown:
        if place.resolve() == Path("/"):
            raise ValueError("GATE_INDEX_URL has a file index at the root of this machine: give it a folder")
    return tuple(Mount(place, str(place)) for place in shown)


def secrets(index_urls: Iterable[str]) -> tuple[str, ...]:
    """Passwords and tokens in the indexes' addresses, as written and as meant."""
    parts = [urlsplit(url) for url in index_urls]
    # A user without a password is a token.
    written = {each.password or each.username or "" for each in parts}
    return tuple(sorted({*written, *map(unquote, written)} - {""}, key=len, reverse=True))


def public(index_urls: Iterable[str]) -> tuple[str, ...]:
    """Those whose address holds no user, password or token, so that whoever reaches them may read them."""
    return tuple(url for url in index_urls if not secrets((url,)))


def _remote(index_urls: Sequence[str]) -> list[str]:
    return [url for url in index_urls or (_uv_default(),) if urlsplit(url).scheme != "file"]


@cache
def _uv_default() -> str:
    """The index that uv uses when nobody names one; it says so without asking any server."""
    command = [find_uv_bin(), "pip", "compile", "-", "--emit-index-url", "--python", interpreters.own().path]
    command += ["--no-config", "--no-cache", "--offline", "--quiet"]
    said = subprocess.run(command, check=False, capture_output=True, input=b"\n", env={}, timeout=60, cwd="/")
    found = _DEFAULT.search(said.stdout.decode(errors="replace"))
    if found is None:
        raise RuntimeError(f"uv names no default index: {said.stderr.decode(errors='replace')[-200:]}")
    return found[1]


def _key(endpoint: Endpoint) -> tuple[str, int, bool]:
    return endpoint.host, endpoint.port, endpoint.tls


def _endpoint(url: SplitResult, *, anywhere: bool = False) -> Endpoint:
    host = url.hostname or ""
    host = host if host.isascii() else host.encode("idna").decode()
    return Endpoint(host, url.port or _PORTS[url.scheme], tls=url.scheme == "https", anywhere=anywhere)


def _learn(index_url: str, name: str, *, follow: bool = False) -> Unreachable | None:
    """Remember where a package's page leads to, if there is one; with `follow` also where a file of it has moved to."""
    try:
        found = tuple(_servers(f"{index_url}/{name}/", follow=follow))
    except (requests.RequestException, OSError) as error:
        own = _endpoint(urlsplit(index_url))
        return Unreachable(f"{own.host}:{own.port}", _reason(error))
    if found:
        known = dict.fromkeys((*_learnt.get(index_url, ()), *found))
        _learnt[index_url] = tuple(known)[:_MOST_HOSTS]
    return None


def _servers(page: str, *, follow: bool) -> Iterator[Endpoint]:
    """Those that a page of an index links to, and those it was redirected to; nothing where there is no such page."""
    with requests.Session() as session:
        session.trust_env = False  # Neither netrc nor a proxy: the installer has none of them.
        session.verify = str(CERTIFICATES) if CERTIFICATES.exists() else True
        with session.get(page, headers={"Accept": _ACCEPT}, stream=True, timeout=_SECONDS) as answer:
            if answer.status_code != requests.codes.ok:
                return
            links = list(_links(_text(answer), json_page="json" in answer.headers.get("Content-Type", "")))
        passed = _passed(answer) if links else []
        if links and follow:
            # Stores of files often lie behind a redirection. The last link is the newest file.
            with session.get(urljoin(answer.url, links[-1]), stream=True, timeout=_SECONDS) as file:
                passed += _passed(file)
    for link in (*passed, *links):
        try:
            parts = urlsplit(urljoin(answer.url, link))
            if parts.scheme in _PORTS and parts.hostname:
                yield _endpoint(parts)
        except ValueError:
            continue  # A link that leads nowhere is uv's to complain about, if it needs it.


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
