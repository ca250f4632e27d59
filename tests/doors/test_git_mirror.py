"""`gate.git.Mirror`: exactly the commits asked for, whatever happens to the remote, the mirror or the token."""

from __future__ import annotations

import base64
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gate.core.failure import Permanent, Transient
from gate.git import Mirror
from tests.doors.author import Author

TOKEN = "ghs_secretsecretsecret"


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "work")


@pytest.fixture
def mirror(author: Author, tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirrors" / "7.git", f"file://{author.root}", protocols="file")


def test_the_wanted_commits_arrive(author: Author, mirror: Mirror) -> None:
    """Head and base are fetched by their refs and can be compared at once."""
    base = author.commit({"a.py": b"1\n"})
    author.git("switch", "--quiet", "--create", "topic")
    head = author.commit({"a.py": b"2\n"})
    author.git("update-ref", "refs/pull/7/head", head)

    mirror.fetch({head: "refs/pull/7/head", base: "refs/heads/main"})

    assert mirror.merge_base(base, head) == base
    assert [change.path for change in mirror.diff(base, head).changes] == ["a.py"]


def test_how_long_it_took_to_have_a_mirror_is_told_once(author: Author, tmp_path: Path) -> None:
    """
    Later fetches bring little.
    """
    told: list[float] = []
    directory = tmp_path / "mirrors" / "7.git"
    mirror = Mirror(directory, f"file://{author.root}", protocols="file", made=told.append)
    author.commit({"a.py": b"1\n"})

    for _ in range(2):
        mirror.fetch_tip("refs/heads/main")

    assert len(told) == 1
    assert told[0] > 0


def test_nothing_else_arrives(author: Author, mirror: Mirror) -> None:
    """Other branches and tags stay where they are."""
    wanted = author.commit({"a.py": b"1\n"})
    author.git("switch", "--quiet", "--create", "other")
    other = author.commit({"a.py": b"2\n"})
    author.git("tag", "v1")

    mirror.fetch({wanted: "refs/heads/main"})

    assert mirror.resolve(wanted) == wanted
    assert mirror.resolve(other) is None


def test_a_commit_that_was_fetched_once_needs_no_remote(author: Author, mirror: Mirror) -> None:
    """A commit the mirror has is not asked for again."""
    sha = author.commit({"a.py": b"1\n"})
    mirror.fetch({sha: "refs/heads/main"})
    author.root.rename(author.root.with_name("away"))

    mirror.fetch({sha: "refs/heads/main"})

    assert mirror.resolve(sha) == sha


def test_a_ref_that_was_forced_elsewhere(author: Author, mirror: Mirror) -> None:
    """After a force-push the older commit, no longer reachable from the ref, is asked for by its sha."""
    first = author.commit({"a.py": b"1\n"})
    older = author.commit({"a.py": b"2\n"})
    author.git("reset", "--quiet", "--hard", first)
    newer = author.commit({"a.py": b"3\n"})

    mirror.fetch({older: "refs/heads/main"})

    assert mirror.resolve(older) == older
    assert mirror.resolve(newer) == newer


def test_a_ref_that_was_deleted(author: Author, mirror: Mirror) -> None:
    """A commit whose branch is gone is asked for by its sha, along with the others."""
    base = author.commit({"a.py": b"1\n"})
    head = author.commit({"a.py": b"2\n"})
    author.git("reset", "--quiet", "--hard", base)

    mirror.fetch({head: "refs/heads/gone", base: "refs/heads/main"})

    assert {mirror.resolve(head), mirror.resolve(base)} == {head, base}


def test_a_commit_that_is_not_there_yet(author: Author, mirror: Mirror) -> None:
    """Webhooks arrive before commits are visible: trying again may help."""
    author.commit({"a.py": b"1\n"})

    with pytest.raises(Transient, match="not to be had"):
        mirror.fetch({"1" * 40: "refs/heads/main"})


def test_a_tree_is_not_a_commit(author: Author, mirror: Mirror) -> None:
    """What is asked for is a commit; another object of that id does not do."""
    sha = author.commit({"a.py": b"1\n"})
    mirror.fetch({sha: "refs/heads/main"})

    with pytest.raises(Transient):
        mirror.fetch({mirror.tree(sha): "refs/heads/main"})


@pytest.mark.parametrize(
    ("sha", "ref"),
    [
        ("--upload-pack=x", "refs/heads/main"),
        ("1234567", "refs/heads/main"),
        ("1" * 40, "--upload-pack=touch x"),
        ("1" * 40, "main"),
        ("1" * 40, "refs/heads/a b"),
        ("1" * 40, "refs/heads/*"),
        ("1" * 40, "refs/heads/a:refs/heads/b"),
    ],
)
def test_hostile_names_are_refused(mirror: Mirror, sha: str, ref: str) -> None:
    """Shas and refs come from payloads; only full ones reach git."""
    with pytest.raises(Permanent, match="is no full"):
        mirror.fetch({sha: ref})


def test_the_tip_of_a_branch(author: Author, mirror: Mirror) -> None:
    """The tip follows the branch, through force-pushes too."""
    first = author.commit({"a.py": b"1\n"})
    assert mirror.fetch_tip("refs/heads/main") == first
    author.git("commit", "--quiet", "--amend", "--message", "Again")
    second = author.git("rev-parse", "HEAD")

    assert mirror.fetch_tip("refs/heads/main") == second
    assert mirror.resolve(first) == first


def test_the_tip_of_a_branch_that_is_not_there(author: Author, mirror: Mirror) -> None:
    """Trying again does not help where the remote has no such ref."""
    author.commit({"a.py": b"1\n"})

    with pytest.raises(Permanent, match="has no refs/heads/absent"):
        mirror.fetch_tip("refs/heads/absent")


def test_a_branch_may_become_a_folder_of_branches(author: Author, mirror: Mirror) -> None:
    """`a` and later `a/b` on the remote do not collide in the mirror."""
    author.commit({"a.py": b"1\n"})
    author.git("branch", "a")
    mirror.fetch_tip("refs/heads/a")
    author.git("branch", "--move", "a", "a/b")

    assert mirror.fetch_tip("refs/heads/a/b") == author.git("rev-parse", "main")


def test_kept_commits_survive_a_clean_up(author: Author, mirror: Mirror, tmp_path: Path) -> None:
    """A commit nobody refers to any more on the remote stays in the mirror."""
    sha = author.commit({"a.py": b"1\n"})
    mirror.fetch({sha: "refs/heads/main"})
    author.git("commit", "--quiet", "--amend", "--message", "Again")
    mirror.fetch_tip("refs/heads/main")

    author.git(f"--git-dir={tmp_path}/mirrors/7.git", "gc", "--quiet", "--prune=now")

    assert mirror.file(sha, "a.py") == b"1\n"


def test_no_hook_or_template_is_in_a_mirror(author: Author, mirror: Mirror, tmp_path: Path) -> None:
    """A mirror is made without the template's hooks."""
    mirror.fetch({author.commit({"a.py": b"1\n"}): "refs/heads/main"})

    assert not (tmp_path / "mirrors" / "7.git" / "hooks").exists()


@pytest.mark.parametrize("victim", ["HEAD", "config", "objects"])
def test_a_damaged_mirror_is_made_again(author: Author, mirror: Mirror, tmp_path: Path, victim: str) -> None:
    """Whatever part of the mirror is broken, the next fetch ends with the commits present."""
    first = author.commit({"a.py": b"1\n"})
    mirror.fetch({first: "refs/heads/main"})
    second = author.commit({"a.py": b"2\n"})
    damaged = tmp_path / "mirrors" / "7.git" / victim
    for path in [damaged] if damaged.is_file() else [path for path in damaged.rglob("*") if path.is_file()]:
        path.chmod(0o600)
        path.write_bytes(b"rubbish")

    mirror.fetch({first: "refs/heads/main", second: "refs/heads/main"})

    assert mirror.file(first, "a.py") == b"1\n"
    assert mirror.file(second, "a.py") == b"2\n"


def test_damage_found_while_reading_heals_at_the_next_try(
    author: Author, mirror: Mirror, tmp_path: Path
) -> None:
    """Objects that are gone make the run try again, and the next fetch makes the mirror anew."""
    sha = author.commit({"a.py": b"1\n"})
    mirror.fetch({sha: "refs/heads/main"})
    for pack in (tmp_path / "mirrors" / "7.git" / "objects" / "pack").iterdir():
        pack.unlink()

    with pytest.raises(Transient, match="cat-file failed"):
        mirror.file(sha, "a.py")
    mirror.fetch({sha: "refs/heads/main"})

    assert mirror.file(sha, "a.py") == b"1\n"


def _fetch(directory: str, remote: str, sha: str) -> None:
    Mirror(Path(directory), remote, protocols="file").fetch({sha: "refs/heads/main"})


def test_processes_fetch_into_one_mirror(author: Author, mirror: Mirror, tmp_path: Path) -> None:
    """Several processes that start with no mirror end with one that has everything."""
    shas = [author.commit({"a.py": b"%d\n" % number}) for number in range(4)]
    spawn = multiprocessing.get_context("spawn")
    arguments = (str(tmp_path / "mirrors" / "7.git"), f"file://{author.root}")
    processes = [spawn.Process(target=_fetch, args=(*arguments, sha)) for sha in shas]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    assert [mirror.resolve(sha) for sha in shas] == shas


def test_only_allowed_protocols(author: Author, tmp_path: Path) -> None:
    """Without being told, git talks http and https only; a remote helper never starts."""
    sha = author.commit({"a.py": b"1\n"})

    for number, remote in enumerate(
        (f"file://{author.root}", str(author.root), f"ext::sh -c touch% {tmp_path}/ran")
    ):
        with pytest.raises(Transient, match="not allowed"):
            Mirror(tmp_path / f"{number}.git", remote).fetch({sha: "refs/heads/main"})

    assert not (tmp_path / "ran").exists()


def _command_lines() -> bytes:
    """The arguments of every process on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended in this moment
            found.append(path.read_bytes())
    return b"\n".join(found)


@contextmanager
def _server(seen: list[str | None], lines: list[bytes], status: int) -> Iterator[str]:
    """A web server that refuses everything, and notes the authorisation it got and what runs meanwhile."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            lines.append(_command_lines())
            self.send_response(status)
            self.end_headers()
            self.wfile.write(f"remote says {self.headers.get('Authorization')}".encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class says so)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/o/r.git"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_the_token_reaches_the_server_and_nothing_else(tmp_path: Path, status: int) -> None:
    """The token goes out as a header; it is in no exception text, on no command line and in no file."""
    seen: list[str | None] = []
    lines: list[bytes] = []

    with _server(seen, lines, status) as url, pytest.raises(Transient) as raised:
        Mirror(tmp_path / "m.git", url, lambda: TOKEN).fetch({"1" * 40: "refs/heads/main"})

    encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert f"Basic {encoded}" in seen
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (TOKEN, encoded):
        assert secret not in str(raised.value)
        assert secret.encode() not in written
        assert not any(secret.encode() in line for line in lines)
    assert any(b"git" in line for line in lines)


def test_a_remote_that_is_not_there(tmp_path: Path) -> None:
    """A refused connection is worth another try."""
    with pytest.raises(Transient, match="not to be had"):
        Mirror(tmp_path / "m.git", "http://127.0.0.1:9/o/r.git").fetch({"1" * 40: "refs/heads/main"})
