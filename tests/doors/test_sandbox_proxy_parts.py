"""What the proxy understands of the bytes it is sent, and which addresses it connects to: pure, by tables."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.sandbox import client_hello, request_head
from gate.sandbox.client_hello import ClientHello, ClientHelloError
from gate.sandbox.endpoints import Endpoint, admissible, is_public
from gate.sandbox.request_head import Connect, Fetch, RequestError
from tests.certificates import hello

HELLO = hello("index.example")
HELLO_BODY = HELLO[9:]
EARLY = b"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x01\x00"
"""What a client that resumes a session sends at once."""


def vector(width: int, content: bytes) -> bytes:
    return len(content).to_bytes(width, "big") + content


def made(
    *extensions: tuple[int, bytes], kind: int = 1, tail: bytes = b"", record: bytes = b"\x16\x03\x01"
) -> bytes:
    """A hello of these extensions in one record."""
    body = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\0")
    body += vector(
        2, b"".join(number.to_bytes(2, "big") + vector(2, content) for number, content in extensions)
    )
    return record + vector(2, bytes([kind]) + vector(3, body) + tail)


def named(*names: bytes, kind: int = 0) -> tuple[int, bytes]:
    """The extension of the server's name."""
    return 0, vector(2, b"".join(bytes([kind]) + vector(2, name) for name in names))


def refragmented(data: bytes, size: int) -> bytes:
    """The same handshake in records of at most `size` bytes."""
    message = data[5:]
    parts = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(data[:3] + vector(2, part) for part in parts)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("host", "expected"), [("Index.Example", "index.example"), (None, ""), ("::1", "")])
def test_the_name_in_a_real_hello_is_read(version: ssl.TLSVersion, host: str | None, expected: str) -> None:
    """In lower case; an address is never named."""
    assert client_hello.parse(hello(host, version=version)) == ClientHello(expected, hides_another=False)


def test_a_hello_is_complete_with_its_last_byte() -> None:
    """However few bytes have come, more are waited for; what comes behind the hello's record is not looked at."""
    parsed = [client_hello.parse(HELLO[:length]) for length in range(len(HELLO))]

    assert parsed == [None] * len(HELLO)
    assert client_hello.parse(HELLO + EARLY) == ClientHello("index.example", hides_another=False)


@pytest.mark.parametrize("size", [40, 50, 16384])
def test_a_hello_may_come_in_many_records(size: int) -> None:
    """A name cannot be hidden behind the border of a record."""
    assert client_hello.parse(refragmented(HELLO, size)) == ClientHello("index.example", hides_another=False)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x17\x03\x03\x00\x01\x00",
        b"\x16\x02\x00\x00\x01\x01",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x40\x01",
        made(kind=2),
        made(named(b"a.example"), tail=b"\x01"),
        made(named(b"a.example"), named(b"b.example")),
        made(named(b"a.example", b"b.example")),
        made(named(b"a.example", kind=1)),
        made(named(b"")),
        made(named()),
        made(named(b"a\0.example")),
        made(named("ä.example".encode())),
        made((0, b"\x00\x03\x00\x00\x05")),
        made((0, vector(2, b"\0" + vector(2, b"a.example")) + b"x")),
        made((0, b"")),
        b"\x16\x03\x01" + vector(2, b"\x01" + vector(3, b"\x03\x03" + bytes(32))),
        b"\x16\x03\x01" + vector(2, b"\x01" + vector(3, HELLO_BODY + b"x")),
        b"\x16\x03\x01\x00\x04\x01\x02\x00\x00",
        refragmented(HELLO, 1),
        (b"\x16\x03\x01\x3f\xff\x01\x00\xff\xff" + bytes(16379))
        + (b"\x16\x03\x01\x3f\xff" + bytes(16383)) * 3,
    ],
    ids=[
        "HTTP",
        "data first",
        "SSL 2",
        "empty record",
        "too long a record",
        "ServerHello",
        "something behind it",
        "two names",
        "two names in one",
        "no host name",
        "empty name",
        "no name",
        "NUL in the name",
        "not ASCII",
        "past the end",
        "left over in the name",
        "no list",
        "cut off",
        "left over",
        "too long a hello",
        "many records",
        "never complete",
    ],
)
def test_what_is_no_hello_is_refused(garbage: bytes) -> None:
    """Nothing that two readers could understand differently passes."""
    with pytest.raises(ClientHelloError):
        client_hello.parse(garbage)


@pytest.mark.parametrize("extension", [0xFE0D, 0xFFCE])
def test_an_encrypted_hello_inside_is_seen(extension: int) -> None:
    """The name outside would be true of the outer hello only."""
    assert client_hello.parse(made(named(b"a.example"), (extension, b"x"))) == ClientHello(
        "a.example", hides_another=True
    )


def test_a_hello_without_extensions_names_nobody() -> None:
    """TLS 1.2 allows it."""
    body = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\0")

    parsed = client_hello.parse(b"\x16\x03\x01" + vector(2, b"\x01" + vector(3, body)))

    assert parsed == ClientHello("", hides_another=False)


@given(st.binary(max_size=400))
@example(HELLO[:200])
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Anything is a hello, not one yet, or refused by name."""
    try:
        parsed = client_hello.parse(data)
    except ClientHelloError:
        return
    assert parsed is None or parsed.server_name == parsed.server_name.lower()


@given(st.integers(5, len(HELLO) - 1), st.integers(0, 255))
def test_a_changed_hello_never_gains_another_name(place: int, value: int) -> None:
    """One byte changed: the name is the one that lies in the bytes, or the hello is refused."""
    changed = HELLO[:place] + bytes([value]) + HELLO[place + 1 :]
    try:
        parsed = client_hello.parse(changed)
    except ClientHelloError:
        return
    assert parsed is None or parsed.server_name.encode() in changed.lower()


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CONNECT Index.Example:443 HTTP/1.1", Connect("index.example", 443)),
        ("CONNECT [::1]:8443 HTTP/1.0", Connect("::1", 8443)),
        ("CONNECT 127.0.0.1:1 HTTP/1.1", Connect("127.0.0.1", 1)),
    ],
)
def test_a_tunnel_is_asked_for_by_host_and_port(line: str, expected: Connect) -> None:
    """Whatever else a client says does not matter."""
    assert request_head.parse(head(line, "Host: other.example", "Proxy-Connection: keep-alive")) == expected


def test_the_request_that_leaves_is_made_anew() -> None:
    """The path, the credentials and what the client accepts go on; what says how long a connection lasts does not."""
    asked = head(
        "GET http://Index.Example:8080/simple/x/?a=b HTTP/1.1",
        "Host: other.example",
        "Authorization: Basic dTpw",
        "Accept:text/html",
        "Connection: keep-alive, upgrade",
        "Upgrade: h2c",
        "Proxy-Authorization: Basic eA==",
        "X-Forwarded-For: 1.2.3.4",
        "Content-Length: 0",
    )

    assert request_head.parse(asked) == Fetch(
        "index.example",
        8080,
        b"GET /simple/x/?a=b HTTP/1.1\r\nhost: Index.Example:8080\r\nauthorization: Basic dTpw\r\n"
        b"accept: text/html\r\nconnection: close\r\n\r\n",
    )


def test_a_page_without_port_or_path_is_the_first_of_port_80() -> None:
    """As everywhere in HTTP."""
    assert request_head.parse(head("HEAD http://index.example HTTP/1.1")) == Fetch(
        "index.example", 80, b"HEAD / HTTP/1.1\r\nhost: index.example\r\nconnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /simple/ HTTP/1.1", "Host: index.example"],
        ["GET https://index.example/ HTTP/1.1"],
        ["GET ftp://index.example/ HTTP/1.1"],
        ["POST http://index.example/ HTTP/1.1"],
        ["GET http://user@index.example/ HTTP/1.1"],
        ["GET http://index.example/a b HTTP/1.1"],
        ["GET http://index.example/ HTTP/2"],
        ["get http://index.example/ HTTP/1.1"],
        ["GET http://index.example:0/ HTTP/1.1"],
        ["GET http://index.example:65536/ HTTP/1.1"],
        ["GET http://\xefndex.example/ HTTP/1.1"],
        ["CONNECT index.example HTTP/1.1"],
        ["CONNECT http://index.example:443 HTTP/1.1"],
        ["CONNECT index.example:443"],
        ["CONNECT index.example:443 HTTP/1.1", " folded: x"],
        ["CONNECT index.example:443 HTTP/1.1", "no field"],
        ["CONNECT index.example:443 HTTP/1.1", "a : b"],
        ["CONNECT index.example:443 HTTP/1.1", "a: b\nc: d"],
        ["CONNECT index.example:443 HTTP/1.1", "a: b\rc: d"],
        ["CONNECT index.example:443 HTTP/1.1", "a: \0"],
        ["CONNECT index.example:443 HTTP/1.1", *["a: b"] * 101],
        ["GET http://index.example/ HTTP/1.1", "Content-Length: 5"],
        ["GET http://index.example/ HTTP/1.1", "Content-Length: +0"],
        ["GET http://index.example/ HTTP/1.1", "Transfer-Encoding: chunked"],
        ["GET http://index.example/ HTTP/1.1", "transfer-encoding:"],
        ["GET http://index.example/ HTTP/1.1", "Content-Length: 0", "Content-Length: 5"],
        ["GET http://index.example/ HTTP/1.1", "Host: a", "Host: b"],
        [""],
    ],
    ids=lambda lines: " | ".join(lines)[:60].encode("ascii", "backslashreplace").decode(),
)
def test_what_is_neither_tunnel_nor_page_is_refused(lines: list[str]) -> None:
    """Nothing is guessed, and nothing with a body passes."""
    with pytest.raises(RequestError):
        request_head.parse(head(*lines))


@given(st.binary(max_size=300))
@example(b"GET http://a/\r\nGET http://b/ HTTP/1.1\r\n\r\n")
def test_no_request_that_leaves_holds_two(data: bytes) -> None:
    """Whatever follows the first line of a request for a page, one head leaves, and it ends once."""
    try:
        asked = request_head.parse(b"GET http://a/ HTTP/1.1\r\naccept: " + data + b"\r\n\r\n")
    except RequestError:
        return
    assert isinstance(asked, Fetch)
    assert asked.request.count(b"\r\n\r\n") == 1
    assert asked.request.count(b"\n") == asked.request.count(b"\r") == asked.request.count(b"\r\n")


PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"]
PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "203.0.113.80",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
    "2001:0:1:2::",
    "no address",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    """Also when they are wrapped in another kind of address."""
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_other_addresses_are_not(address: str) -> None:
    """Private, local, shared, reserved and multicast ones, whatever they are wrapped in."""
    assert not is_public(address)


NAMED = Endpoint("index.internal", 443, anywhere=True)
LEARNT = Endpoint("files.example", 443)


@pytest.mark.parametrize(
    ("endpoint", "found", "named", "expected"),
    [
        (NAMED, [("10.0.0.1", 443)], [], [("10.0.0.1", 443)]),
        (LEARNT, [("8.8.8.8", 443)], [], [("8.8.8.8", 443)]),
        (LEARNT, [("10.0.0.1", 443), ("8.8.8.8", 443)], [], [("8.8.8.8", 443)]),
        (LEARNT, [("10.0.0.1", 443)], [("10.0.0.1", 443)], [("10.0.0.1", 443)]),
        (LEARNT, [("10.0.0.2", 443)], [("10.0.0.1", 443)], []),
        (LEARNT, [("10.0.0.1", 443)], [("10.0.0.1", 8443)], []),
        (LEARNT, [("8.8.8.8", 22)], [], []),
    ],
    ids=["named", "public", "mixed", "the index's", "its neighbour", "its other port", "no port of it"],
)
def test_a_server_that_was_learnt_is_public_or_the_index_itself(
    endpoint: Endpoint,
    found: list[tuple[str, int]],
    named: list[tuple[str, int]],
    expected: list[tuple[str, int]],
) -> None:
    """Only what the operator named may lie in a private network; a page of an index opens no other door into it."""
    assert admissible(endpoint, found, named) == expected
