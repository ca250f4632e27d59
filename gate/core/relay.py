"""Where mail leaves: what `GATE_SMTP_URL` says. It opens no connection: `gate.smtp` does."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

Security = Literal["tls", "starttls", "none"]
_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 587}
"""Source: RFC 8314, sections 3.3 and 7.3: implicit TLS on 465, submission on 587."""
_STARTTLS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Relay:
    """A server that takes mail for others, and how it is spoken to."""

    host: str
    port: int
    security: Security
    """TLS from the first byte, from STARTTLS on, or not at all."""
    user: str = ""
    password: str = field(default="", repr=False)


def parse(url: str) -> Relay:
    """The relay of `smtp://` or `smtps://[USER:PASSWORD@]HOST[:PORT][?starttls=no]`.

    `smtp://` needs STARTTLS unless the host is this machine, or `?starttls=no` says so; `?starttls=yes` needs it there too.
    Raises: ValueError with a sentence that never repeats the address, for it may hold a password.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise ValueError(
            "expected smtp://HOST or smtps://HOST, with USER:PASSWORD@ before the host if it wants them"
        )
    if parts.path.strip("/") or parts.fragment:
        raise ValueError("expected nothing behind the host and port but ?starttls=yes or ?starttls=no")
    security = _security(parts.scheme, parts.query, host)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("has a user without a password, or a password without a user: give both or neither")
    if password and security == "none" and not _is_here(host):
        raise ValueError(
            "has a password that would travel unencrypted: leave out ?starttls=no, or the password"
        )
    return Relay(host, parts.port or _PORTS[security], security, user, password)


def _security(scheme: str, query: str, host: str) -> Security:
    try:
        found = parse_qs(query, strict_parsing=True) if query else {}
        (said,) = found.pop("starttls", [""])
    except ValueError:
        found, said = {"": []}, ""
    if found or said not in {"", *_STARTTLS} or (said and scheme == "smtps"):
        raise ValueError("expected ?starttls=yes or ?starttls=no behind an smtp:// address, or nothing")
    if scheme == "smtps":
        return "tls"
    return "starttls" if _STARTTLS.get(said, not _is_here(host)) else "none"


def _is_here(host: str) -> bool:
    """Whether nothing leaves this machine on the way there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
