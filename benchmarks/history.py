"""Real history for the benchmarks: changes as they were merged, trees as git lists them. It measures nothing.

It asks the git program itself and shares nothing with `gate.git`, so that a mistake there shows.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class Change:
    """What one merge, or one commit of a linear history, brought: its first parent and its result."""

    base: str
    head: str


@dataclass
class History:
    """One git repository: a checkout, or a bare git directory."""

    path: Path
    tip: str = "HEAD"
    """The commit that the newest change made."""
    _blobs: dict[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def name(self) -> str:
        """Of the repository, without the folder that only holds its git directory."""
        named = next(part for part in reversed(self.path.parts) if part not in {"repo", ".git"})
        return named.removesuffix(".git").rpartition("+")[2]

    def changes(self, count: int, every: int = 1) -> list[Change]:
        """The newest changes of Python files on the first-parent line, every `every`-th of them.

        Merges alone where they are the rule; else each commit, as squash merges make them.
        """
        lines = self._git(
            "log", "--first-parent", "--format=%H %P", "-n", str(60 * count * every), self.tip, "--", "*.py"
        ).splitlines()
        commits = [line.split() for line in lines if " " in line]
        merges = [commit for commit in commits if len(commit) > 2]
        chosen = merges if 3 * len(merges) > len(commits) else commits
        return [Change(commit[1], commit[0]) for commit in chosen[::every][:count]]

    def files(self, revision: str) -> dict[str, str]:
        """Blob by path of every file that counts as Python: regular, and named `.py` or beginning with a `#!` for it."""
        named, others = {}, {}
        for line in filter(None, self._git("ls-tree", "-r", "-z", "--full-tree", revision).split("\0")):
            described, path = line.split("\t", 1)
            mode, _, blob = described.split(" ")
            if mode in {"100644", "100755"}:
                (named if path.endswith(".py") else others)[path] = blob
        self.read({*others.values()} - self._scripts.keys())
        for blob in {*others.values()} - self._scripts.keys():
            first = self._blobs.pop(blob).split(b"\n", 1)[0]
            self._scripts[blob] = re.match(rb"#!.*\bpython[\d.]*(\s|$)", first) is not None
        return named | {path: blob for path, blob in others.items() if self._scripts[blob]}

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The contents of these blobs; kept."""
        wanted = {*blobs}
        missing = sorted(wanted - self._blobs.keys())
        if missing:
            answer = subprocess.run(
                ["git", "-C", str(self.path), "cat-file", "--batch"],
                input="".join(f"{blob}\n" for blob in missing).encode(),
                capture_output=True,
                check=True,
            ).stdout
            start = 0
            for blob in missing:
                end = answer.index(b"\n", start)
                if answer[start:end].endswith(b" missing"):  # a copy without its largest files
                    self._blobs[blob], start = b"", end + 1
                    continue
                size = int(answer[start:end].split()[-1])
                self._blobs[blob] = answer[end + 1 : end + 1 + size]
                start = end + size + 2
        return {blob: self._blobs[blob] for blob in wanted}

    def changed(self, change: Change) -> list[str]:
        """Paths of the files that a change touches."""
        return self._git("diff-tree", "-r", "-z", "--name-only", change.base, change.head).split("\0")[:-1]

    def renames(self, change: Change) -> dict[str, str]:
        """New path by old path, as git finds renames where it looks for copies, too."""
        words = self._git(
            "diff-tree", "-r", "-z", "--name-status", "-M50%", "-C50%", "-l4000", "--no-rename-empty",
            change.base, change.head,
        ).split("\0")  # fmt: skip
        found: dict[str, str] = {}
        while words and words[0]:
            if words[0][0] not in "RC":
                words = words[2:]
                continue
            if words[0][0] == "R":
                found[words[1]] = words[2]
            words = words[3:]
        return found

    def kept_lines(self, change: Change, old: str, new: str) -> dict[int, int]:
        """The head's line by the base's, of the lines of one file that no hunk touches."""
        contents = [self.file(revision, path) for revision, path in ((change.base, old), (change.head, new))]
        total = contents[0].count(b"\n") + 1
        diff = self._git(
            "diff", "-U0", "--no-color", "--no-ext-diff", "--diff-algorithm=myers", "--indent-heuristic",
            "--text", f"{change.base}:{old}", f"{change.head}:{new}",
        )  # fmt: skip
        kept, line, shift = {}, 1, 0
        for found in map(_HUNK.match, diff.splitlines()):
            if found is None:
                continue
            start, removed, _, added = (int(group) if group else 1 for group in found.groups())
            first = start if removed else start + 1
            kept.update({each: each + shift for each in range(line, first)})
            line, shift = first + removed, shift + added - removed
        return kept | {each: each + shift for each in range(line, total + 1)}

    def file(self, revision: str, path: str) -> bytes:
        """The contents of one file; empty where there is none."""
        done = subprocess.run(
            ["git", "-C", str(self.path), "cat-file", "blob", f"{revision}:{path}"],
            capture_output=True,
            check=False,
        )
        return done.stdout if done.returncode == 0 else b""

    @cached_property
    def _scripts(self) -> dict[str, bool]:
        return {}

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "core.quotePath=false", "-C", str(self.path), *arguments],
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape")


def is_test(path: str) -> bool:
    """Whether the policy takes a file for a test by its name or folder."""
    *folders, name = path.split("/")
    named = name.startswith("test_") or name.endswith("_test.py") or name in {"tests.py", "conftest.py"}
    return "tests" in folders or folders[:1] == ["test"] or (named and name.endswith(".py"))
