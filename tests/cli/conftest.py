"""A person's checkout, and the command line in it as a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import forked
from tests.cli.forked import Done


@dataclass(frozen=True, slots=True)
class Project:
    """A git checkout with one commit on `main`."""

    root: Path
    environment: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        """Standard output of a git command in the checkout."""
        command = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *arguments]
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Puts files into the working tree."""
        for path, content in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes], message: str = "Change") -> str:
        """Commits files; the sha."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def gate(self, *arguments: str, **variables: str) -> Done:
        """Runs `gate` in the checkout."""
        return forked.gate(*arguments, environment={**self.environment, **variables}, folder=self.root)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty checkout whose branch is `main`; the user's cache is a folder of the test."""
    root = tmp_path / "project"
    root.mkdir()
    made = Project(root, {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "GATE_SANDBOX": "none"})
    made.git("init", "--quiet", "--initial-branch", "main")
    return made
