"""Packages that want more than to be installed: none runs unless it must be built, and then it reaches nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import Environment, Unprepared, prepare
from gate.sandbox import Endpoint, Sandbox, interpreter, proxy
from gate.sandbox.proxy import Bounds
from tests.boxes import LIMITS, NAME, boxed, unboxed
from tests.distributions import put_source_distribution, put_wheel
from tests.wheel_index import index_of

pytestmark = pytest.mark.box

CALL = (
    "import json, urllib.request; order = json.load(open('/gate/order.json'));"
    " urllib.request.urlopen(order['indexes'][1] + '/BREACH')\n"
)
"""One line of Python that tells the index that it ran."""


def prepared(
    sandbox: Sandbox, requirements: str, index: str, directory: Path, tests: Tests | None = None
) -> Environment | Unprepared:
    """The environment of one requirements file."""
    return prepare(
        sandbox,
        {"requirements.txt": requirements.encode()},
        tests=tests or Tests(),
        command=SuiteCommand("unittest"),
        index_urls=(index,),
        directory=directory,
    )


def test_no_installed_package_runs_while_there_is_a_network(sandbox: Sandbox, tmp_path: Path) -> None:
    """An interpreter obeys `.pth` files and `sitecustomize`; none is started in the environment that has them."""
    put_wheel(tmp_path, "hostile", {"hostile.pth": CALL, "sitecustomize.py": CALL, "hostile.py": "x = 1\n"})

    with index_of(tmp_path) as index:
        made = prepared(sandbox, "hostile", index.url, tmp_path)

    assert isinstance(made, Environment)
    assert made.packages == ("hostile-1",)
    assert "/simple/BREACH" not in index.asked
    compiled = list((tmp_path / "environments").glob("*/venv/lib/*/site-packages/__pycache__/hostile.*.pyc"))
    assert len(compiled) == 1


@pytest.mark.parametrize(
    "requirements", ["hostile", "hostile\n--no-binary :all:", "hostile --no-binary :all:"]
)
def test_no_source_distribution_is_built(sandbox: Sandbox, tmp_path: Path, requirements: str) -> None:
    """Its build backend is code of a stranger."""
    put_source_distribution(tmp_path, "hostile", CALL)

    with index_of(tmp_path) as index:
        made = prepared(sandbox, requirements, index.url, tmp_path)

    assert "/simple/BREACH" not in index.asked
    assert isinstance(made, Unprepared) or made.packages == ()


@pytest.mark.parametrize("place", ["scripts/python", "data/lib/python3.11/site-packages", "data/coverage"])
def test_a_package_in_the_place_of_ours_is_refused_or_harmless(
    sandbox: Sandbox, tmp_path: Path, place: str
) -> None:
    """What an installer sent decides neither which interpreter runs nor what Gate does with a file in its way."""
    put_wheel(tmp_path, "hostile", {f"hostile-1.data/{place}": "#!python\n"})

    with index_of(tmp_path) as index:
        made = prepared(sandbox, "hostile", index.url, tmp_path)

    if isinstance(made, Environment):
        assert all(link.is_symlink() for link in (tmp_path / "environments").glob("*/venv/bin/python"))
    else:
        assert made.step == "install"


SOURCE = "import acme; print(open(acme.__file__).read())"


@pytest.mark.parametrize(
    "requirements",
    [
        "acme",
        "acme @ {url}/acme/../../files/acme-1-py3-none-any.whl",
        "--index-url {url}\nacme",
        "--find-links {url}/acme/\nacme",
    ],
    ids=["name", "address", "index", "links"],
)
def test_no_test_of_a_stranger_prints_a_private_package(
    sandbox: Sandbox, tmp_path: Path, requirements: str
) -> None:
    """
    A branch of the repository itself is given it, which is the proof. What was prepared for that is there already.
    """
    for name in ("private", "public"):
        (tmp_path / name).mkdir()
    put_wheel(tmp_path / "private", "acme", {"acme.py": "# BREACH\n"})
    put_wheel(tmp_path / "public", "open", {"open.py": "x = 1\n"})

    def printed(wanted: str, *, stranger: bool) -> bytes:
        made = prepare(
            sandbox,
            {"requirements.txt": wanted.encode()},
            tests=Tests(),
            command=SuiteCommand("unittest"),
            index_urls=(private.url, public.url),
            public_only=stranger,
            directory=tmp_path,
        )
        if isinstance(made, Unprepared):
            return made.output.encode()
        argv = (made.python, "-c", SOURCE)
        return sandbox.run(argv, name=NAME, limits=LIMITS, mounts=made.mounts).output

    with index_of(tmp_path / "private", "s3cret") as private, index_of(tmp_path / "public") as public:
        wanted = requirements.format(url=private.url.replace("somebody:s3cret@", ""))
        own = printed("acme", stranger=False)
        printed(wanted, stranger=False)
        strangers = printed(wanted, stranger=True)

    assert b"BREACH" in own
    assert b"BREACH" not in strangers
    assert b"s3cret" not in strangers


# What a program tries from inside. It ends with a word that the installer prints: BREACH where it got what it wanted.
ASK = """
import socket
def ask(*parts):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect({proxy!r})
    try:
        for part in parts:
            client.sendall(part)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    answer = b''
    try:
        while part := client.recv(65536):
            answer += part
    except OSError:
        pass
    return answer
"""
DIRECT = """
import socket
try:
    socket.create_connection(('127.0.0.1', {port}), 5)
except OSError as error:
    raise SystemExit(f'HELD {{error}}')
raise SystemExit('BREACH')
"""
CONNECT = (
    ASK
    + """
answer = ask(b'CONNECT {host}:{port} HTTP/1.1\\r\\n\\r\\n')
raise SystemExit('BREACH' if b' 200 ' in answer[:20] else f'HELD {{answer[:40]}}')
"""
)
FETCH = (
    ASK
    + """
answer = ask(b'GET http://{host}:{port}/ HTTP/1.1\\r\\n\\r\\n')
raise SystemExit('BREACH' if b'secret' in answer else f'HELD {{answer[:40]}}')
"""
)
HEADER = (
    ASK
    + """
answer = ask(b'GET http://127.0.0.1:{port}/ HTTP/1.1\\r\\n', *[b'a: ' + b'x' * 4000 + b'\\r\\n'] * 50, b'\\r\\n')
raise SystemExit('BREACH' if b'secret' in answer else f'HELD {{answer[:40]}}')
"""
)
SMUGGLE = (
    ASK
    + """
for field in (b'', b'Connection: keep-alive\\r\\n', b'Content-Length: 0\\r\\n', b'Content-Length: 9\\r\\n',
              b'Transfer-Encoding: chunked\\r\\n', b'A: b\\nConnection: keep-alive\\r\\n', b'A: b\\n\\n'):
    ask(b'GET http://127.0.0.1:{port}/simple/x/ HTTP/1.1\\r\\n' + field + b'\\r\\n' +
        b'GET /BREACH HTTP/1.1\\r\\n\\r\\n' * 3)
raise SystemExit('HELD')
"""
)


@contextmanager
def victim() -> Iterator[int]:
    """The port of a server on loopback that tells everybody its secret."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\nsecret")

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the overridden name)
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def built(sandbox: Sandbox, code: str, index: str, directory: Path) -> str:
    """What the installer prints of a source distribution whose build is this program."""
    put_source_distribution(directory, "hostile", code)
    made = prepared(sandbox, "hostile", index, directory, Tests(sdists=True))
    assert isinstance(made, Unprepared)
    assert made.step == "build"
    return made.output


def test_the_build_of_a_source_distribution_reaches_no_port_of_this_machine(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Neither the index itself nor anything else: the box has a loopback of its own."""
    with index_of(tmp_path) as index, victim() as port:
        ports = (index.server_address[1], port)
        outside = [unboxed(DIRECT.format(port=each)) for each in ports]
        inside = [built(sandbox, DIRECT.format(port=each), index.url, tmp_path) for each in ports]

    assert all("BREACH" in said for said in outside)
    assert all("HELD [Errno 111]" in said for said in inside)


@pytest.mark.parametrize(
    ("code", "host"),
    [(CONNECT, "localhost"), (CONNECT, "127.0.0.1"), (FETCH, "127.0.0.1"), (FETCH, "localhost")],
    ids=["other host", "address", "other port", "other name"],
)
def test_the_proxy_leads_nowhere_but_to_the_index(
    sandbox: Sandbox, tmp_path: Path, code: str, host: str
) -> None:
    """Another host, port or address is refused; a proxy that allowed it would give the secret away."""
    with index_of(tmp_path) as index, victim() as port:
        allowed = Endpoint(host, port, tls=code is CONNECT, anywhere=True)
        with proxy.opened([allowed], Bounds(1)) as permissive:
            outside = unboxed(code.format(proxy=str(permissive.socket), host=host, port=port))
        inside = built(
            sandbox,
            code.format(proxy="/gate/proxy", host=host, port=port),
            index.url,
            tmp_path,
        )

    assert "BREACH" in outside
    assert "HELD b'HTTP/1.1 403 Forbidden" in inside


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "index.example"])
def test_the_proxy_leads_to_no_service_of_a_cloud(sandbox: Sandbox, tmp_path: Path, host: str) -> None:
    """The address at which machines are given credentials is none of the index."""
    with index_of(tmp_path) as index:
        code = FETCH.format(proxy="/gate/proxy", host=host, port=80)
        inside = built(sandbox, code, index.url, tmp_path)

    assert "HELD b'HTTP/1.1 403 Forbidden" in inside


def test_a_giant_head_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """Also one that asks for a page of the index."""
    with index_of(tmp_path) as index:
        code = HEADER.format(proxy="/gate/proxy", port=index.server_address[1])
        inside = built(sandbox, code, index.url, tmp_path)

    assert "HELD b'HTTP/1.1 400 Bad Request" in inside


def test_no_second_request_is_smuggled_to_the_index(sandbox: Sandbox, tmp_path: Path) -> None:
    """One request leaves for each connection, made anew; the same bytes sent to the index itself ask it for more."""
    with index_of(tmp_path) as index:
        port = index.server_address[1]
        inside = built(sandbox, SMUGGLE.format(proxy="/gate/proxy", port=port), index.url, tmp_path)
        asked = list(index.asked)
        with socket.create_connection(("127.0.0.1", port)) as direct:
            direct.sendall(b"GET /BREACH HTTP/1.1\r\n\r\n")
            direct.recv(100)

    assert "HELD" in inside
    assert "/BREACH" not in asked
    assert asked.count("/simple/x/") >= 2
    assert index.asked[-1] == "/BREACH"


SNI = (
    ASK
    + """
import ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
outgoing = ssl.MemoryBIO()
client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname='{name}')
try:
    client.do_handshake()
except ssl.SSLWantReadError:
    pass
answer = ask(b'CONNECT localhost:{port} HTTP/1.1\\r\\n\\r\\n', outgoing.read())
print('BREACH' if answer.partition(b'\\r\\n\\r\\n')[2] else f'HELD {{answer[:20]}}')
"""
)
FILL = (
    ASK
    + """
received = sum(len(ask(b'GET http://127.0.0.1:{port}/files/a HTTP/1.1\\r\\n\\r\\n')) for _ in range(5))
print('BREACH' if received > 2 << 20 else f'HELD {{received}}')
"""
)


@pytest.mark.parametrize(("name", "word"), [("localhost", b"BREACH"), ("other.example", b"HELD")])
def test_a_tunnel_to_the_index_carries_no_other_name(sandbox: Sandbox, name: str, word: bytes) -> None:
    """A server of many names is reached under its own only; under that the bytes arrive, whatever it makes of them."""
    with victim() as port:
        argv = (interpreter.python(), "-I", "-c", SNI.format(proxy="/gate/proxy", name=name, port=port))
        ended = sandbox.run(
            argv, name=NAME, limits=LIMITS, endpoints=(Endpoint("localhost", port, anywhere=True),)
        )

    assert ended.output.startswith(word)
    assert [refusal.kind for refusal in ended.refusals] == (["name"] if word == b"HELD" else [])


@pytest.mark.parametrize(("transfer_mb", "word"), [(100, b"BREACH"), (1, b"HELD")])
def test_a_run_gets_so_many_bytes_and_no_more(
    sandbox: Sandbox, tmp_path: Path, transfer_mb: int, word: bytes
) -> None:
    """However many connections they are spread over."""
    (tmp_path / "a").write_bytes(bytes(700_000))
    with index_of(tmp_path) as index:
        port = index.server_address[1]
        argv = (interpreter.python(), "-I", "-c", FILL.format(proxy="/gate/proxy", port=port))
        ended = sandbox.run(
            argv,
            name=NAME,
            limits=replace(LIMITS, transfer_mb=transfer_mb),
            endpoints=(Endpoint("127.0.0.1", port, tls=False, anywhere=True),),
        )

    assert ended.output.startswith(word)
    assert [refusal.kind for refusal in ended.refusals] == (["bytes"] if word == b"HELD" else [])


def test_a_box_without_endpoints_has_no_way_out(sandbox: Sandbox) -> None:
    """The boxes that tests run in know no proxy."""
    ended = boxed(sandbox, "import os; print('BREACH' if os.path.exists('/gate/proxy') else 'HELD')")

    assert ended.output == b"HELD\n"
    assert ended.refusals == ()


PASSWORD = "import os; print(os.environ, open('/gate/order.json').read()); raise SystemExit('BREACH')\n"


def test_no_source_distribution_is_built_where_the_index_has_a_password(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its code could print it; wheels go on being installed, and it is said why."""
    put_source_distribution(tmp_path, "hostile", PASSWORD)
    put_wheel(tmp_path, "harmless", {"harmless.py": "x = 1\n"})

    with index_of(tmp_path) as index:
        url = index.url.replace("://", "://somebody:s3cret@")
        made = prepared(sandbox, "harmless\nhostile", url, tmp_path, Tests(sdists=True))

    assert isinstance(made, Environment)
    assert made.packages == ("harmless-1",)
    assert "source distributions, whose code could read the package index's password" in made.description
    assert "s3cret" not in repr(made)
