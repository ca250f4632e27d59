"""Someone who commits: makes real repositories for the tests with the plain git program."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


class Author:
    """A work tree with its repository; every commit is a minute later than the one before."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        self._minute = 0
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Standard output of a git command in the work tree."""
        date = f"2026-01-01T00:{self._minute:02}:00+00:00"
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={"PATH": os.defpath, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, **_IDENTITY},
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: dict[str, bytes | None]) -> None:
        """Write these files; None removes one."""
        for name, content in files.items():
            path = self.root / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def commit(self, files: dict[str, bytes | None] | None = None) -> str:
        """Commit these files with all else that changed; the new sha."""
        self.write(files or {})
        self.git("add", "--all")
        return self.commit_index()

    def commit_index(self) -> str:
        """Commit what is in the index; the new sha."""
        self._minute += 1
        self.git("commit", "--quiet", "--allow-empty", "--message", f"Commit {self._minute}")
        return self.git("rev-parse", "HEAD")
