"""A person's own checkout: its commits, and its files as they are now, without changing anything in it."""

from __future__ import annotations

import shutil
import weakref
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gate import owner
from gate.core.failure import Permanent
from gate.core.verdict.wording import NOT_COMMITTED
from gate.git.authors import Authors, Lines
from gate.git.program import FETCH_SECONDS, Program
from gate.git.repository import Repository, location

_SNAPSHOT = {
    "core.compression": "0",
    "core.fsync": "none",
    "core.looseCompression": "0",
    "core.safecrlf": "false",
    "advice.addEmbeddedRepo": "false",
    "advice.addIgnoredFile": "false",
    "advice.updateSparsePath": "false",
}
"""A snapshot is thrown away soon: it is neither compressed nor forced to the disk."""

_LAZY = "https:http:ssh:git:file"
"""A partial clone may fetch what it lacks from where its owner told it to."""


class Checkout(Repository):
    """The checkout around a folder. Close it, or use it as a context manager, to drop the snapshots it made.

    Works in linked worktrees, submodules, shallow and sparse checkouts, and before the first commit.
    """

    def __init__(self, root: Path, git_directory: Path) -> None:
        """`find` is the way to make one."""
        self.root = root
        self._git_directory = git_directory
        scratch = ExitStack()
        self._remove = weakref.finalize(self, scratch.close)
        self._aside = scratch.enter_context(owner.scratch("gate-checkout-"))
        (self._aside / "objects").mkdir()
        (self._aside / "nothing").mkdir()
        super().__init__(self._reading_program())

    @classmethod
    def find(cls, path: Path) -> Checkout:
        """The checkout that holds this folder. Raises: Permanent with git's own reason where there is none."""
        program = _owners_program(path.resolve())
        answer = program.answer("rev-parse", "--show-toplevel", "--absolute-git-dir")
        if answer.status != 0:
            raise Permanent(f"{path} is not inside a git checkout: {answer.errors}")
        root, git_directory = answer.output.decode("utf-8", "surrogateescape").splitlines()
        return cls(Path(root), Path(git_directory))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the snapshots; their tree ids are not to be had any more."""
        self._reader.close()
        self._remove()

    def working_tree(self) -> str:
        """Id of a tree of the files as they are now, readable through this handle only.

        Untracked files are in it unless ignored (by the owner's global ignore file too). No filter runs: it would start
        a program, and git-lfs would write into the repository.
        """
        index = self._aside / "index"
        self._copy_index(index)
        program = self._snapshot_program(index)
        arguments = ("add", "--all", "--sparse", "--ignore-errors", "--", ".")
        answer = program.answer(*arguments, seconds=FETCH_SECONDS)
        if answer.status not in {0, 1}:  # 1: some files could not be read; they stay as they are in the index
            raise program.failure(arguments, answer.errors)
        return program.output("write-tree", "--missing-ok").decode().strip()

    def authors(self, base: str, head: str, lines: Lines) -> Authors:
        """Of a snapshot too: what only it has was written by `NOT_COMMITTED`."""
        return super().authors(base, head if self.resolve(head) else self._as_commit(head), lines)

    def default_branch(self) -> str | None:
        """The remote's default branch as it was last fetched, e.g. `origin/main`, else the local `main` or `master`."""
        remotes = self._program.output("remote").decode("utf-8", "surrogateescape").split()
        for remote in sorted(remotes, key=lambda name: (name != "origin", name)):
            head = self._program.answer("symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD")
            names = [
                head.output.decode("utf-8", "surrogateescape").strip(),
                f"{remote}/main",
                f"{remote}/master",
            ]
            for name in names:
                if name and self.resolve(f"refs/remotes/{name}") is not None:
                    return name
        local = (name for name in ("main", "master") if self.resolve(f"refs/heads/{name}") is not None)
        return next(local, None)

    def _as_commit(self, tree: str) -> str:
        """A snapshot as a commit on top of HEAD that goes with the other objects aside; no branch ever names it."""
        last = self.resolve("HEAD")
        nobody = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", NOT_COMMITTED), ("EMAIL", ""))
        }
        program = self._program.changed(environment=nobody, configuration={})
        parents = ("-p", last) if last else ()
        return program.output("commit-tree", *parents, tree).decode().strip()

    def _copy_index(self, index: Path) -> None:
        """With its time: git takes a file changed after the index for changed, whatever its size says."""
        index.unlink(missing_ok=True)
        own = self._git_directory / "index"
        if own.exists():
            shutil.copy2(own, index)

    def _reading_program(self) -> Program:
        """Reads objects only: the work tree is an empty folder, so that its attributes have no say."""
        return Program(
            self._aside / "nothing",
            {
                **location(self._git_directory),
                "GIT_WORK_TREE": str(self._aside / "nothing"),
                **self._object_folders(),
            },
            protocols=_LAZY,
        )

    def _snapshot_program(self, index: Path) -> Program:
        """Reads the work tree as its owner's configuration says, but writes aside and starts no filter."""
        owners = _owners_program(self.root)
        filters = owners.answer(
            "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|process|required)$"
        )
        names = filters.output.decode("utf-8", "surrogateescape").split("\0")
        idle = {name: "false" if name.endswith(".required") else "" for name in names if name}
        return owners.changed(
            environment={
                "GIT_DIR": str(self._git_directory),
                "GIT_WORK_TREE": str(self.root),
                "GIT_INDEX_FILE": str(index),
                **self._object_folders(),
            },
            configuration={**_SNAPSHOT, **idle},
        )

    def _object_folders(self) -> dict[str, str]:
        """New objects go aside; the repository's own are only read."""
        shared = Program(self._git_directory, {"GIT_DIR": str(self._git_directory)})
        path = shared.output("rev-parse", "--path-format=absolute", "--git-path", "objects").rstrip(b"\n")
        quoted = path.decode("utf-8", "surrogateescape").replace("\\", "\\\\").replace('"', '\\"')
        return {
            "GIT_OBJECT_DIRECTORY": str(self._aside / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"',
        }


def _owners_program(folder: Path) -> Program:
    """Git with the owner's global configuration: ignored files, line ends, folders they declared safe."""
    try:
        environment = {"HOME": str(Path.home())}
    except RuntimeError:  # no home folder: nothing of theirs to read
        environment = {}
    return Program(folder, environment, protocols=_LAZY)
