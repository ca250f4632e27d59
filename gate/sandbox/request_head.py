"""The head of a request to the proxy, and what is sent on for it. Pure: it reads bytes somebody else got.

Nothing the client wrote is passed on as it stands: the request that leaves is made anew from what was understood.
Source: RFC 9112, section 3.2; RFC 9110, section 9.3.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST = 16 * 1024
"""Bytes of a head; credentials for an index may have some thousand."""

END = b"\r\n\r\n"

_MOST_FIELDS = 100
_HOST = r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])"
_CONNECT = re.compile(rf"CONNECT {_HOST}:(?P<port>[0-9]{{1,5}}) HTTP/1\.[01]")
_FETCH = re.compile(
    rf"(?P<method>GET|HEAD) http://{_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/[!-~]*)? HTTP/1\.[01]"
)
_FIELD = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[\t -~]*?)[ \t]*")
_PASSED_ON = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "cache-control",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "user-agent",
    }
)
"""None of them says where a request ends or what becomes of the connection."""
_HTTP_PORT = "80"


class RequestError(Exception):
    """The head asks for nothing this proxy does; the text says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Connect:
    """A tunnel is wanted."""

    host: str
    """In lower case, an IPv6 address without its brackets."""
    port: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """A page or file of a plain-text server is wanted."""

    host: str
    port: int
    request: bytes
    """The whole request to send to that server."""


def parse(head: bytes) -> Connect | Fetch:
    """What a head up to and with its empty line asks for.

    Raises: RequestError when that is neither a tunnel nor a page, or not said in so many words.
    """
    try:
        line, *fields = head.removesuffix(END).decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        raise RequestError("the head is not ASCII") from None
    understood = _fields(fields)
    if tunnel := _CONNECT.fullmatch(line):
        return Connect(_host(tunnel["host"]), _port(tunnel["port"]))
    page = _FETCH.fullmatch(line)
    if page is None:
        raise RequestError("only CONNECT HOST:PORT, GET http:// and HEAD http:// are done here")
    if "transfer-encoding" in understood or understood.get("content-length", "0") != "0":
        raise RequestError("a request with a body is not passed on")
    authority = page["host"] + (f":{page['port']}" if page["port"] else "")
    passed_on = {name: value for name, value in understood.items() if name in _PASSED_ON}
    lines = [f"{page['method']} {page['path'] or '/'} HTTP/1.1", f"host: {authority}"]
    lines += [f"{name}: {value}" for name, value in passed_on.items()]
    request = "\r\n".join([*lines, "connection: close", "", ""]).encode("ascii")
    return Fetch(_host(page["host"]), _port(page["port"] or _HTTP_PORT), request)


def _fields(lines: list[str]) -> dict[str, str]:
    if len(lines) > _MOST_FIELDS:
        raise RequestError(f"more than {_MOST_FIELDS} fields")
    understood: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise RequestError("a line of the head is no field")
        name = field["name"].lower()
        if name in understood and name in _PASSED_ON | {"content-length", "transfer-encoding", "host"}:
            raise RequestError(f"the field {name} comes twice")
        understood[name] = field["value"]
    return understood


def _host(written: str) -> str:
    return written.strip("[]").lower()


def _port(written: str) -> int:
    port = int(written)
    if not 0 < port < 65536:
        raise RequestError("there is no such port")
    return port
