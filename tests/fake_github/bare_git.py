"""A bare git repository on disk, written with plumbing: no work tree, no hooks, nothing of the user's configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SETTINGS = {
    "uploadpack.allowTipSHA1InWant": "true",
    "uploadpack.allowReachableSHA1InWant": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    "http.receivepack": "false",
    "transfer.hideRefs": "refs/making",
    "gc.auto": "0",
    "fastimport.unpackLimit": "0",
}
"""What GitHub's git servers allow a reader: any object by its sha, and partial clones. Pushing is not offered."""


@dataclass(frozen=True, slots=True)
class Link:
    """The content of a symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Executable:
    """The content of a file with the executable bit."""

    text: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A commit of another repository."""

    sha: str


Content = str | bytes | Link | Executable | Submodule | None
"""What a commit says of one path; None deletes it."""


class GitError(Exception):
    """The git program said no; the text is what it said."""


def environment() -> dict[str, str]:
    """The variables git runs with: the search path, and no configuration but the repository's own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }


class BareGit:
    """One bare repository."""

    def __init__(self, directory: Path, *, default_branch: str = "main") -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.run("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        with (directory / "config").open("a") as configuration:
            for name, value in SETTINGS.items():
                section, key = name.split(".")
                configuration.write(f"[{section}]\n\t{key} = {value}\n")

    def run(self, *arguments: str, stdin: bytes = b"") -> str:
        """What `git ARGUMENTS` prints, without the white space around it.

        Raises: GitError with what git said.
        """
        finished = subprocess.run(
            ["git", *arguments],
            cwd=self.directory,
            env=environment(),
            input=stdin,
            capture_output=True,
            check=False,
        )
        if finished.returncode:
            raise GitError(f"git {arguments[0]}: {finished.stderr.decode(errors='replace').strip()}")
        return finished.stdout.decode(errors="surrogateescape").strip()

    def resolve(self, revision: str) -> str | None:
        """The full sha of the commit a revision names, or None."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except GitError:
            return None

    def file(self, revision: str, path: str) -> tuple[str, bytes] | None:
        """(id, content) of a file of text at a revision, or None."""
        try:
            blob = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}:{path}")
        except GitError:
            return None
        command = ["git", "cat-file", "blob", blob]
        shown = subprocess.run(
            command, cwd=self.directory, env=environment(), capture_output=True, check=False
        )
        return (blob, shown.stdout) if shown.returncode == 0 else None

    def commit(
        self,
        files: Mapping[str, Content],
        *,
        parents: tuple[str, ...],
        message: str,
        when: datetime,
        author: str = "octocat",
    ) -> str:
        """The sha of a new commit: the tree of the first parent with `files` written over it. No ref moves."""
        stamp = f"{author} <{author}@users.noreply.github.com> {int(when.timestamp())} +0000"
        lines = [b"commit refs/making\nmark :1\n", f"committer {stamp}\n".encode(), _data(message.encode())]
        if parents:
            lines.append(f"from {parents[0]}\n".encode())
        lines.extend(f"merge {parent}\n".encode() for parent in parents[1:])
        lines.extend(_change(path, content) for path, content in files.items())
        if not parents:
            lines.insert(0, b"reset refs/making\n")
        return self.run("fast-import", "--quiet", "--force", stdin=b"".join(lines) + b"\nget-mark :1\n")

    def merge(self, ours: str, theirs: str, *, message: str, when: datetime) -> str:
        """The sha of a merge commit of two commits.

        Raises: GitError when they conflict.
        """
        tree = self.run("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
        stamp = f"web-flow <noreply@github.com> {int(when.timestamp())} +0000"
        text = (
            f"tree {tree}\nparent {ours}\nparent {theirs}\nauthor {stamp}\ncommitter {stamp}\n\n{message}\n"
        )
        return self.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())

    def update(self, ref: str, sha: str) -> None:
        """Point a ref at a commit."""
        self.run("update-ref", ref, sha)

    def delete(self, ref: str) -> None:
        """Remove a ref; it need not exist."""
        self.run("update-ref", "-d", ref)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _change(path: str, content: Content) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    name = quoted.encode(errors="surrogateescape")
    match content:
        case None:
            return b"D %s\n" % name
        case Submodule(sha):
            return b"M 160000 %s %s\n" % (sha.encode(), name)
        case Link(target):
            mode, data = b"120000", target.encode()
        case Executable(text):
            mode, data = b"100755", text.encode()
        case str():
            mode, data = b"100644", content.encode()
        case bytes():
            mode, data = b"100644", content
    return b"M %s inline %s\n%s" % (mode, name, _data(data))
