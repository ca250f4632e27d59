"""Which servers a box may reach, and at which addresses. Pure: it looks no name up."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

Address = tuple[str, int]
"""(IP address, port)."""

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that programs in a box may reach, by this exact name and port."""

    host: str
    """In lower case, as in a URL but without brackets."""
    port: int
    tls: bool = True
    """Whether it is reached by TLS under that name; otherwise plain `GET` and `HEAD` are done for the box."""
    anywhere: bool = False
    """Whether the operator named it, so that it may lie in a private network. Others may not, unless
    they lie at the very address and port of one that may."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet at large, whatever it is written as or wrapped in."""
    try:
        ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    special = ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local or ip.is_unspecified
    return ip.is_global and not special


def admissible(endpoint: Endpoint, found: Iterable[Address], named: Collection[Address]) -> list[Address]:
    """Those of an endpoint's `found` addresses that may be connected to, in their order.

    `named` are the addresses of the endpoints that the operator named.
    """
    return [
        each
        for each in found
        if each[1] == endpoint.port and (endpoint.anywhere or is_public(each[0]) or each in named)
    ]


def _unwrapped(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address leads to, where it is a wrapping of one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    wrapped = ip.ipv4_mapped or ip.sixtofour
    if wrapped is None and (any(ip in network for network in _NAT64) or int(ip) >> 32 == 0):
        wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return wrapped or ip


RefusalKind = Literal["request", "endpoint", "address", "name", "bytes", "connections", "unreachable"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something a program in the box asked of the proxy and did not get."""

    kind: RefusalKind
    target: str
    """`HOST:PORT`, of characters that hosts may have; empty where none was understood."""
    reason: str
    """Why, in a few words; repeats nothing the program wrote."""
