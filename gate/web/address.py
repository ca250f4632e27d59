"""Where this service is, as browsers see it: below `GATE_PUBLIC_URL`, whatever lies between them and us."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from gate.settings import Settings

_PORTS = {"http": 80, "https": 443}
# One slash and no second one, nor what browsers take for one: such a path would be another host's address.
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def root(settings: Settings) -> str:
    """The path our pages are under, when a proxy serves us below one; without a slash at the end."""
    return urlsplit(settings.public_url).path.rstrip("/")


def encrypted(settings: Settings) -> bool:
    """Whether browsers reach us by https."""
    return settings.public_url.startswith("https://")


def is_ours(settings: Settings, url: str) -> bool:
    """Whether a URL or origin that a browser names is of this service's own origin."""
    try:
        return _origin(urlsplit(url)) == _origin(urlsplit(settings.public_url))
    except ValueError:
        return False


def local_path(settings: Settings, url: str) -> str:
    """Path and query of a page of ours; the overview's path for any other URL, so that nobody is sent elsewhere by it."""
    overview = f"{root(settings)}/"
    if not is_ours(settings, url):
        return overview
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if path.startswith(overview) and _LOCAL.fullmatch(path) else overview


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port, the default one filled in. Raises: ValueError for a port that is none."""
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
