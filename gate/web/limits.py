"""How many requests one client may send: a bucket of tokens for each address, in the memory of this process.

It protects the pages from one client that asks for too much, not the machine from many; that is for what stands before it.
"""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

MOST_CLIENTS = 10_000
"""Addresses that are remembered; of more the one that was silent longest is forgotten."""
_IPV6_NETWORK = 64
"""Whoever has one address of IPv6 has as many as the bits after these."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Limiter:
    """A bucket for each client: a minute's requests at once, and then as they come back. Threads may share it.

    Source: the token bucket of RFC 2697, with one rate.
    """

    def __init__(self, per_minute: int, *, most_clients: int = MOST_CLIENTS) -> None:
        self._per_minute = per_minute
        self._most_clients = most_clients
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, client: str, now: float) -> int:
        """0 when the client may send this request, which counts it; else the whole seconds until it may send one.

        `now` is in seconds of any clock that never goes back.
        """
        a_second = self._per_minute / 60
        with self._lock:
            bucket = self._buckets.pop(client, None) or _Bucket(self._per_minute, now)
            self._buckets[client] = bucket
            if len(self._buckets) > self._most_clients:
                self._buckets.popitem(last=False)
            bucket.tokens = min(self._per_minute, bucket.tokens + max(0.0, now - bucket.at) * a_second)
            bucket.at = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0
            return math.ceil((1 - bucket.tokens) / a_second)

    def __len__(self) -> int:
        """Clients that are remembered."""
        return len(self._buckets)


def client_of(peer: str, forwarded: str, proxies: int) -> str:
    """Who sent a request: the address that the outermost of our proxies saw, a network for IPv6.

    `peer` is who connected, `forwarded` the value of `X-Forwarded-For`, to which each proxy adds at its end. What stands
    before the part that our own proxies wrote anybody can make up, so it is not read; with fewer entries than proxies
    nothing is believed.
    """
    told = forwarded.split(",") if forwarded else []
    seen = _address(told[-proxies]) if 0 < proxies <= len(told) else ""
    return seen or _address(peer) or peer


def _address(text: str) -> str:
    """The address, or network, without a port that some proxies add; empty for what is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
