"""A bare copy of one repository on GitHub that holds exactly the commits that were asked for; never checked out."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from gate import owner
from gate.core.failure import Permanent, Transient
from gate.eviction import lock_of
from gate.file_lock import locked
from gate.git.program import FETCH_SECONDS, Program, passing
from gate.git.repository import Repository, location

T = TypeVar("T")

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_DAMAGE = re.compile(
    r"corrupt|bad object|bad config|unable to (?:read|parse|load)|not a git repository|is empty$|missing (?:blob|tree|commit)"
    r"|cannot be accessed|does not match index|pack has|bad (?:ref|signature|pack)|broken|invalid sha1",
    re.MULTILINE,
)
"""What git says when its own files are at fault; lines of the remote are left out before it is looked for."""

_LENIENT = (
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badParentSha1",
    "badTimezone",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "multipleAuthors",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
    "gitmodulesBlob",
    "gitmodulesName",
    "gitmodulesParse",
    "gitmodulesPath",
    "gitmodulesSymlink",
    "gitmodulesUrl",
)
"""Mistakes that old histories of honest projects hold, and rules for submodules, which are never followed."""

_FETCHING = {"fetch.fsckObjects": "true"} | {f"fetch.fsck.{rule}": "ignore" for rule in _LENIENT}


class Mirror(Repository):
    """The mirror of one repository. Any number of processes may use it; they fetch one after the other."""

    def __init__(
        self,
        directory: Path,
        remote_url: str,
        token: Callable[[], str] | None = None,
        *,
        protocols: str = "https:http",
        made: Callable[[float], None] | None = None,
    ) -> None:
        """`protocols` are git's names of the transports allowed, separated by colons; tests add `file`.

        `made` is told, when there was no mirror, how many seconds it took to have one.
        """
        self._directory = directory
        self._remote = remote_url
        self._token = token
        self._made = made
        self._suspect = directory.with_name(directory.name + ".suspect")
        self._fetcher = Program(directory.parent, protocols=protocols)
        super().__init__(Program(directory.parent, location(directory), suspect=self._suspect))

    def fetch(self, wanted: Mapping[str, str]) -> None:
        """Have these commits: `wanted` maps each sha to the ref to ask for, e.g. `refs/pull/7/head`.

        Where the ref has moved on, the sha itself is asked for. They stay until the mirror is removed.
        Raises: Transient where a sha is not to be had (yet); Permanent for what cannot be a sha or a ref.
        """
        for sha, ref in wanted.items():
            _check(sha, ref)
        with self._locked():
            self._healed(lambda: self._fetch_all(wanted))

    def fetch_tip(self, ref: str) -> str:
        """Sha of the commit that `ref`, e.g. `refs/heads/main`, is at now, fetched.

        Raises: Permanent where the remote has no such ref, Transient where it cannot be asked.
        """
        _check("0" * 40, ref)
        with self._locked():
            return self._healed(lambda: self._fetch_ref(ref))

    def _fetch_all(self, wanted: Mapping[str, str]) -> None:
        missing = self._missing(wanted)
        errors = self._fetched({ref: _local_ref(ref) for ref in sorted({wanted[sha] for sha in missing})})
        for sha in self._missing(missing):
            errors = self._fetched({sha: f"refs/gate/keep/{sha}"}) or errors
        if missing := self._missing(missing):
            raise passing(
                f"{', '.join(missing)}: not to be had from {self._remote} yet: {errors or 'no such commit'}"
            )
        self._keep(wanted)

    def _fetch_ref(self, ref: str) -> str:
        errors = self._fetched({ref: _local_ref(ref)})
        if errors and "couldn't find remote ref" in errors:
            raise Permanent(f"{self._remote} has no {ref}")
        tip = self.resolve(_local_ref(ref))
        if errors or tip is None:
            raise passing(f"{ref}: not to be had from {self._remote}: {errors}")
        self._keep([tip])
        return tip

    def _fetched(self, refs: Mapping[str, str]) -> str:
        """Fetch remote names into local refs; git's complaint if it failed, else an empty string."""
        if not refs:
            return ""
        program = self._fetcher.changed(
            environment={"GIT_DIR": str(self._directory)}, configuration=_FETCHING
        )
        if self._token is not None:
            program = program.authorised(self._token())
        answer = program.answer(
            "fetch",
            "--force",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
            "--no-tags",
            "--no-write-fetch-head",
            "--quiet",
            "--end-of-options",
            self._remote,
            *(f"+{remote}:{local}" for remote, local in refs.items()),
            seconds=FETCH_SECONDS,
        )
        if answer.status != 0 and _DAMAGE.search(_without_remote(answer.errors)):
            raise _DamagedError(answer.errors)
        return "" if answer.status == 0 else answer.errors or f"git fetch ended with status {answer.status}"

    def _missing(self, shas: Iterable[str]) -> list[str]:
        """Those that are no commit here."""
        asked = list(shas)
        questions = "".join(f"{sha}^{{commit}}\n" for sha in asked).encode()
        answers = self._program.output("cat-file", "--batch-check", stdin=questions).splitlines()
        return [sha for sha, answer in zip(asked, answers, strict=True) if b" commit " not in answer]

    def _keep(self, shas: Iterable[str]) -> None:
        """Hold the commits by refs of ours, so that no clean-up of git drops them."""
        commands = "".join(f"update refs/gate/keep/{sha} {sha}\n" for sha in shas)
        self._program.output("update-ref", "--stdin", stdin=commands.encode())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among processes and threads; the lock lies beside the mirror, for a damaged mirror is removed.

        Its time tells when the mirror was last used, in `gate.git.mirrors`.
        """
        self._directory.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_of(self._directory)
        with locked(lock, fcntl.LOCK_EX):
            os.utime(lock)
            yield

    def _healed(self, work: Callable[[], T]) -> T:
        """The result of fetching; a mirror that is missing is made, one that is damaged is made again, once."""
        began, missing = time.monotonic(), not self._directory.exists()
        if missing or (self._suspect.exists() and not self._is_sound()):
            self._make()
        self._suspect.unlink(missing_ok=True)
        try:
            done = work()
        except _DamagedError:
            pass
        except Transient:
            if not self._suspect.exists() or self._is_sound():
                raise
        else:
            if missing and self._made is not None:
                self._made(time.monotonic() - began)
            return done
        self._make()
        try:
            return work()
        except _DamagedError as damaged:
            raise Transient(f"the mirror of {self._remote} is damaged again: {damaged}") from damaged

    def _is_sound(self) -> bool:
        """Whether git finds everything that our refs reach."""
        return (
            self._program.answer("fsck", "--connectivity-only", "--no-dangling", "--no-progress").status == 0
        )

    def _make(self) -> None:
        """An empty mirror in place of what is there; made aside, so that no reader meets half of one."""
        self._reader.close()
        with owner.scratch(".mirror-", self._directory.parent) as aside:
            self._fetcher.output("init", "--bare", "--quiet", "--template=", f"{aside}/new")
            if self._directory.exists():
                self._directory.rename(aside / "old")
            (aside / "new").rename(self._directory)
        self._suspect.unlink(missing_ok=True)


class _DamagedError(Exception):
    """Git found fault with the mirror's own files."""


def _check(sha: str, ref: str) -> None:
    """Both come from payloads. Raises: Permanent."""
    if not _SHA.fullmatch(sha):
        raise Permanent(f"{sha!r} is no full sha")
    if not ref.startswith("refs/") or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", ref):
        raise Permanent(f"{ref!r} is no full name of a ref")


def _local_ref(ref: str) -> str:
    """Ours for a ref of the remote; hashed, for `a` and `a/b` may follow each other there but not coexist here."""
    return f"refs/gate/fetched/{hashlib.sha256(ref.encode()).hexdigest()[:32]}"


def _without_remote(errors: str) -> str:
    return "\n".join(line for line in errors.splitlines() if not line.startswith("remote:"))
