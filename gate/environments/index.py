"""The package indexes, and which servers an installer must reach to use them; it installs nothing itself.

An index's pages may link to files on other servers. Which those are is learnt from one page of each index, once, and
from the page of a package whose files turn out to lie elsewhere.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from uv import find_uv_bin

from gate.environments import interpreters
from gate.sandbox import Endpoint, Mount

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Of this machine, which may know an internal authority; the box sees the same file."""

_PORTS = {"https": 443, "http": 80}
_MOST_NAMES = 5
_MOST_HOSTS = 16
_DEFAULT = re.compile(r"^--(?:index-url|default-index) (\S+)$", re.MULTILINE)

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
    from gate.environments.index_page import PageError, addresses  # requests costs start-up

    try:
        found = tuple(_servers(addresses(f"{index_url}/{name}/", follow=follow)))
    except PageError as error:
        own = _endpoint(urlsplit(index_url))
        return Unreachable(f"{own.host}:{own.port}", str(error))
    if found:
        known = dict.fromkeys((*_learnt.get(index_url, ()), *found))
        _learnt[index_url] = tuple(known)[:_MOST_HOSTS]
    return None


def _servers(addresses: Iterable[str]) -> Iterator[Endpoint]:
    for address in addresses:
        try:
            parts = urlsplit(address)
            if parts.scheme in _PORTS and parts.hostname:
                yield _endpoint(parts)
        except ValueError:
            continue  # it leads nowhere
