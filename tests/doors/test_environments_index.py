"""Which servers an installer is let to: the index, and those its own pages link to."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gate.core.policy import Tests
from gate.core.suite_command import SuiteCommand
from gate.environments import Environment, Unprepared, index, outcome, prepare
from gate.sandbox import Endpoint, Exit, Mount, Refusal, Sandbox
from tests.boxes import sandbox_or_skip
from tests.distributions import put_source_distribution, put_wheel
from tests.wheel_index import WHEELS, has_wheel, index_of

UNITTEST = SuiteCommand("unittest")


class Pages(ThreadingHTTPServer):
    """A server of fixed answers by path; 404 elsewhere, 401 where it wants a password and gets none."""

    def __init__(self, pages: Mapping[str, tuple[int, dict[str, str], bytes]], password: str = "") -> None:
        self.pages = pages
        self.password = password
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Page)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/simple"


class _Page(BaseHTTPRequestHandler):
    server: Pages

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        expected = base64.b64encode(f"somebody:{self.server.password}".encode()).decode()
        if self.server.password and self.headers.get("Authorization") != f"Basic {expected}":
            status, headers, body = 401, {"WWW-Authenticate": "Basic"}, b""
        else:
            status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the overridden name)
        """Say nothing."""


@contextmanager
def served(pages: Mapping[str, tuple[int, dict[str, str], bytes]], password: str = "") -> Iterator[Pages]:
    with Pages(pages, password) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def nothing_learnt() -> None:
    """A port may be given out again."""
    index._learnt.clear()


HTML = b"""<!DOCTYPE html><html><body>
<a href="https://Files.Example/packages/six.whl#sha256=0">six.whl</a><br/>
<a data-requires-python='&gt;=3' href='http://mirror.example:8080/six.tar.gz?a=1&amp;b=2'>six.tar.gz</a>
<A HREF = "../../packages/six.zip">six.zip</A> <a href="ftp://old.example/six.egg">six.egg</a>
<a href="https://[broken/six">x</a><a href="https://files.example/again">again</a>
</body></html>"""
JSON = json.dumps({"files": [{"filename": "a", "url": "https://files.example/a"}, {"url": "../b"}]})
LEARNT = (Endpoint("files.example", 443), Endpoint("mirror.example", 8080, tls=False))


def test_the_servers_that_a_page_links_to_are_learnt_once() -> None:
    """In HTML, by exact host and port, whatever else the page holds; the next look asks nobody."""
    with served({"/simple/six/": (200, {"Content-Type": "text/html"}, HTML)}) as server:
        first = index.endpoints((server.url,), ["six"])
        again = index.endpoints((server.url,), ["other"])

    own = Endpoint("127.0.0.1", server.port, tls=False, anywhere=True)
    assert first == again == (own, *LEARNT)
    assert server.asked == ["/simple/six/"]


@pytest.mark.parametrize("cut", [0, 3], ids=["whole", "cut off"])
def test_a_page_may_be_json(cut: int) -> None:
    """PEP 691; also when it is longer than what is read of it."""
    body = (JSON.replace("/", "\\/") + " " * 5_000_000 * bool(cut)).encode()
    kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}

    with served({"/simple/six/": (200, kind, body)}) as server:
        found = index.endpoints((server.url,), ["six"])

    assert found == (Endpoint("127.0.0.1", server.port, tls=False, anywhere=True), LEARNT[0])


def test_a_page_that_is_not_there_teaches_nothing() -> None:
    """The next name is asked for; without any page the index itself is all there is, and is asked again."""
    with served({"/simple/six/": (200, {}, HTML)}) as server:
        none = index.endpoints((server.url,), ["absent"])
        second = index.endpoints((server.url,), ["absent", "six"])

    assert none == (Endpoint("127.0.0.1", server.port, tls=False, anywhere=True),)
    assert isinstance(second, tuple)
    assert second[1:] == LEARNT
    assert server.asked == ["/simple/absent/", "/simple/absent/", "/simple/six/"]


def test_where_a_page_has_moved_to_is_learnt_as_well() -> None:
    """An index may hand its pages to another server; that one is not the operator's word."""
    with served({"/there/": (200, {}, HTML)}) as other:
        moved = {"Location": f"http://localhost:{other.port}/there/"}
        with served({"/simple/six/": (302, moved, b"")}) as server:
            found = index.endpoints((server.url,), ["six"])

    assert isinstance(found, tuple)
    assert Endpoint("localhost", other.port, tls=False) in found
    assert set(LEARNT) <= set(found)


def test_an_index_that_does_not_answer_is_said_without_its_password() -> None:
    """The host, the port and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    found = index.endpoints((f"http://somebody:s3cret@127.0.0.1:{port}/simple",), ["six"])

    assert found == index.Unreachable(f"127.0.0.1:{port}", "Connection refused")
    text = outcome.unreachable(found).text
    assert text.startswith(f"The package index 127.0.0.1:{port} cannot be reached: Connection refused. ")
    assert "GATE_INDEX_URL" in text


def test_uvs_own_default_is_asked_of_uv() -> None:
    """It is known without any server, and is an index like any other."""
    default = index._uv_default()

    assert default.startswith("https://")
    assert default.endswith("/simple")


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (("file:///srv/mirror/simple", "https://a.example/simple"), [("/srv/mirror", "/srv/mirror")]),
        (("file:///srv/my%20wheels",), [("/srv/my wheels", "/srv/my wheels")]),
        ((), []),
    ],
)
def test_indexes_that_are_folders_are_shown(urls: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    """A `simple` folder with what lies beside it."""
    assert index.folders(urls) == tuple(Mount(Path(source), target) for source, target in expected)


@pytest.mark.parametrize("url", ["file:///", "file:///simple", "file:///srv/.."])
def test_no_index_shows_the_whole_machine(url: str, tmp_path: Path) -> None:
    """That is refused before any box is started."""
    made = prepare(
        Sandbox("none"), {}, tests=Tests(), command=UNITTEST, index_urls=(url,), directory=tmp_path
    )

    assert isinstance(made, Unprepared)
    assert made.text.startswith("GATE_INDEX_URL has a file index at the root of this machine")


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        (("https://a.example/simple",), ()),
        (("https://u:p%40ss@a.example/", "https://token@b.example/"), ("p%40ss", "token", "p@ss")),
    ],
)
def test_passwords_and_tokens_are_known(urls: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """As they are written and as they are meant, so that no output repeats them."""
    assert index.secrets(urls) == expected


@pytest.mark.parametrize(
    "urls",
    [
        ("https://user:password@private.example/simple",),
        ("https://token@private.example/simple",),
        ("https://:token@private.example/simple",),
        ("https://user:@private.example/simple",),
        (),
    ],
)
def test_indexes_that_anybody_may_read_are_those_without_a_user(urls: tuple[str, ...]) -> None:
    """A token may be written where a user is; folders and other servers stay, in their order."""
    first, last = "https://a.example/simple", "file:///srv/mirror/simple"

    assert index.public((first, *urls, last)) == (first, last)


def ended(output: str, *refusals: Refusal) -> Exit:
    return Exit(1, 1.0, output.encode(), b"", refusals=refusals)


# What uv prints.
NO_SOLUTION = (
    "error: No solution found when resolving dependencies\n  cause: Because there is no version of six==99"
)
NO_WHEEL = f"{NO_SOLUTION}\nhint: Wheels are required for `six` because building from source is disabled"
NOT_BUILT = "error: Failed to build `numpy==1.9.0`\n  cause: The build backend returned an error"
NOT_FETCHED = "error: Failed to fetch: https://files.example/six.whl\n  cause: tunnel error: unsuccessful"

FILES = Refusal("endpoint", "files.example:443", "no")
PRIVATE = Refusal("address", "files.example:443", "no")


@pytest.mark.parametrize(
    ("exit_", "step", "text"),
    [
        (ended(NO_SOLUTION), "resolve", "cannot be met from wheels of the package index."),
        (ended(NO_SOLUTION, FILES), "resolve", "The installer wanted files.example:443, which is not the"),
        (ended(NOT_BUILT), "build", "The source distribution of `numpy==1.9.0` could not be built."),
        (ended(NOT_BUILT, FILES), "build", "built. The installer wanted files.example:443, which is not"),
        (ended(NOT_FETCHED, FILES), "install", "which is not the package index. An operator can name it"),
        (ended(NOT_FETCHED, PRIVATE), "install", "files.example:443, whose address is in a private network"),
        (ended(NOT_FETCHED), "install", "could not be installed."),
        (
            ended(NOT_FETCHED, Refusal("unreachable", "files.example:443", "No route to host")),
            "install",
            "The package index files.example:443 cannot be reached: No route to host.",
        ),
        (
            ended(NO_SOLUTION, Refusal("bytes", "", "the run has used up its 4096 MiB")),
            "install",
            "was ended: the run has used up its 4096 MiB of downloads.",
        ),
    ],
)
def test_the_step_that_failed_and_its_cause_are_told(exit_: Exit, step: str, text: str) -> None:
    """What the proxy refused explains what the installer cannot know."""
    made = outcome.failed(exit_, sdists=False, secrets=())

    assert made.step == step
    assert text in made.text


def test_a_missing_wheel_is_answered_by_the_switch_that_builds_it() -> None:
    """The smallest policy that helps."""
    assert "sdists = true" in outcome.failed(ended(NO_WHEEL), sdists=False, secrets=()).hint
    assert "sdists" not in outcome.failed(ended(NO_SOLUTION), sdists=True, secrets=()).hint


def test_what_a_fork_was_not_given_is_not_put_down_to_its_author() -> None:
    """Building sources would not help either; what would is for a maintainer to do."""
    made = outcome.failed(ended(NO_WHEEL), sdists=False, secrets=(), withheld=True)

    assert (made.step, made.ours) == ("resolve", True)
    assert made.text.startswith("Packages of a private index are not given to forks, and without them")
    assert made.hint.startswith("A maintainer can push the branch to the repository itself, or send coverage")


def test_no_password_is_repeated_from_what_the_installer_prints() -> None:
    """Whatever prints it."""
    made = outcome.failed(ended("https://u:p%40ss@a.example p@ss"), sdists=False, secrets=("p%40ss", "p@ss"))

    assert made.output == "https://u:****@a.example ****"


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


def wheel() -> tuple[str, bytes]:
    """(file name, content) of a wheel without dependencies."""
    if not has_wheel("iniconfig"):
        pytest.skip("no wheels here: `pip download -d .wheels pytest` makes them")
    file = next(WHEELS.glob("iniconfig-*.whl"))
    return file.name, file.read_bytes()


def prepared(sandbox: Sandbox, url: str, directory: Path) -> Environment | Unprepared:
    files = {"requirements.txt": b"iniconfig\n"}
    return prepare(sandbox, files, tests=Tests(), command=UNITTEST, index_urls=(url,), directory=directory)


@pytest.mark.box
def test_an_index_with_a_password_is_used_and_the_password_is_not_shown(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nor is it where the installation fails."""
    name, content = wheel()
    page = f'<a href="/files/{name}">{name}</a>'.encode()
    pages = {
        "/simple/iniconfig/": (200, {"Content-Type": "text/html"}, page),
        f"/files/{name}": (200, {}, content),
    }

    with served(pages, "p@ss/word") as server:
        made = prepared(sandbox, server.url.replace("//", "//somebody:p%40ss%2Fword@"), tmp_path)
        wrong = prepared(sandbox, server.url.replace("//", "//somebody:s3cret@"), tmp_path)

    assert isinstance(made, Environment)
    assert isinstance(wrong, Unprepared)
    assert "s3cret" not in repr(wrong)
    assert wrong.output != ""


@pytest.mark.box
@pytest.mark.parametrize("there", [True, False], ids=["the same server", "another server"])
def test_files_may_lie_under_another_name_but_not_on_another_private_server(
    sandbox: Sandbox, tmp_path: Path, there: bool
) -> None:
    """And the text says what was wanted and what an operator can do."""
    name, content = wheel()
    pages: dict[str, tuple[int, dict[str, str], bytes]] = {f"/files/{name}": (200, {}, content)}
    with served(pages) as files, served(pages) as server:
        host = f"localhost:{server.port if there else files.port}"
        page = f'<a href="http://{host}/files/{name}">{name}</a>'.encode()
        pages["/simple/iniconfig/"] = (200, {"Content-Type": "text/html"}, page)
        made = prepared(sandbox, server.url, tmp_path)

    assert files.asked == []
    if there:
        assert isinstance(made, Environment)
    else:
        assert isinstance(made, Unprepared)
        assert made.step == "install"
        assert made.text.startswith(f"The installer wanted {host}, whose address is in a private network")


@pytest.mark.box
def test_a_page_that_leads_elsewhere_is_read_when_it_matters(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not every page of an index links to the same servers; a dependency's is learnt of, and uv starts again."""
    put_wheel(tmp_path, "first", {"first.py": "x = 1\n"}, requires="second")
    put_wheel(tmp_path, "second", {"second.py": "x = 1\n"})
    files = {each: f"{each}-1-py3-none-any.whl" for each in ("first", "second")}
    pages: dict[str, tuple[int, dict[str, str], bytes]] = {
        f"/files/{name}": (200, {}, (tmp_path / name).read_bytes()) for name in files.values()
    }
    with served(pages) as server:
        for package, host in (("first", ""), ("second", f"http://localhost:{server.port}")):
            page = f'<a href="{host}/files/{files[package]}">{files[package]}</a>'.encode()
            pages[f"/simple/{package}/"] = (200, {"Content-Type": "text/html"}, page)
        made = prepare(
            sandbox,
            {"requirements.txt": b"first\n"},
            tests=Tests(),
            command=UNITTEST,
            index_urls=(server.url,),
            directory=tmp_path,
        )

    assert isinstance(made, Environment)
    assert made.packages == ("first-1", "second-1")


@pytest.mark.box
def test_files_may_lie_behind_a_redirection(sandbox: Sandbox, tmp_path: Path) -> None:
    """As those of an index do that keeps them in a store; no page links there."""
    name, content = wheel()
    pages: dict[str, tuple[int, dict[str, str], bytes]] = {f"/store/{name}": (200, {}, content)}
    with served(pages) as server:
        page = f'<a href="/files/{name}">{name}</a>'.encode()
        pages["/simple/iniconfig/"] = (200, {"Content-Type": "text/html"}, page)
        moved = {"Location": f"http://localhost:{server.port}/store/{name}"}
        pages[f"/files/{name}"] = (302, moved, b"")
        made = prepared(sandbox, server.url, tmp_path)

    assert isinstance(made, Environment)


@pytest.mark.parametrize(
    ("output", "package"),
    [
        ("error: Failed to fetch: https://files.example/a/Some_Thing-1.0-py3-none-any.whl", "some-thing"),
        ("error: Failed to fetch: https://files.example/a/thing-1.0-py3-none-any.whl.metadata", "thing"),
        ("error: Failed to fetch: https://index.example/simple/thing/", ""),
        ("error: No solution found", ""),
    ],
)
def test_the_package_whose_file_lies_elsewhere_is_read_from_its_name(output: str, package: str) -> None:
    """Only where the proxy refused a server."""
    assert outcome.package_elsewhere(ended(output, FILES)) == package
    assert outcome.package_elsewhere(ended(output)) == ""


@pytest.mark.box
def test_an_index_may_be_a_folder_of_this_machine(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its files lie beside its pages; no server is asked."""
    name, content = wheel()
    (tmp_path / "mirror" / "simple" / "iniconfig").mkdir(parents=True)
    (tmp_path / "mirror" / "files").mkdir()
    (tmp_path / "mirror" / "files" / name).write_bytes(content)
    page = f'<a href="../../files/{name}">{name}</a>'
    (tmp_path / "mirror" / "simple" / "iniconfig" / "index.html").write_text(page)

    made = prepared(sandbox, f"file://{tmp_path}/mirror/simple", tmp_path)

    assert isinstance(made, Environment)
    assert len(made.packages) == 1


@pytest.mark.box
def test_of_several_indexes_the_first_that_has_a_package_gives_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whoever puts a package of a private index's name into a public one that is named after it gains nothing."""
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        put_wheel(tmp_path / folder, "same", {f"of_{folder}.py": "x = 1\n"})
    put_wheel(tmp_path / "second", "other", {"other.py": "x = 1\n"})

    with index_of(tmp_path / "first") as first, index_of(tmp_path / "second") as second:
        made = prepare(
            sandbox,
            {"requirements.txt": b"same\nother\n"},
            tests=Tests(),
            command=UNITTEST,
            index_urls=(first.url, second.url),
            directory=tmp_path,
        )

    assert isinstance(made, Environment)
    assert made.packages == ("other-1", "same-1")
    assert [path.stem for path in (tmp_path / "environments").glob("*/venv/lib/*/site-packages/of_*.py")] == [
        "of_first"
    ]


@pytest.mark.box
def test_a_source_distribution_is_built_where_the_policy_wants_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """And only there; the two are different environments, and a wheel is taken before it."""
    backend = """
import os, zipfile
def build_wheel(directory, *_):
    with zipfile.ZipFile(os.path.join(directory, 'made-1-py3-none-any.whl'), 'w') as wheel:
        wheel.writestr('made.py', 'x = 1')
        wheel.writestr('made-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: made\\nVersion: 1\\n')
        wheel.writestr('made-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr('made-1.dist-info/RECORD', '')
    return 'made-1-py3-none-any.whl'
"""
    put_source_distribution(tmp_path, "made", backend)
    files = {"requirements.txt": b"made\n"}

    with index_of(tmp_path) as server:
        built, refused = (
            prepare(
                sandbox,
                files,
                tests=Tests(sdists=sdists),
                command=UNITTEST,
                index_urls=(server.url,),
                directory=tmp_path,
            )
            for sdists in (True, False)
        )

    assert isinstance(built, Environment)
    assert isinstance(refused, Environment)
    assert built.packages == ("made-1",)
    assert refused.packages == ()
    assert built.key != refused.key
