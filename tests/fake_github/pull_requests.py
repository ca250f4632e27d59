"""A pull request as GitHub keeps it: its head moves with pushes, and every change is announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.fake_github.check_runs import CheckRun
from tests.fake_github.comments import Comment, write
from tests.fake_github.protection import refuse_merge

if TYPE_CHECKING:
    from tests.fake_github.repositories import Files, Repository
    from tests.fake_github.state import GitHub


@dataclass(slots=True, eq=False)
class PullRequest:
    """One pull request of one repository."""

    repository: Repository = field(repr=False)
    id: int
    number: int
    title: str
    author: str
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    created_at: datetime
    updated_at: datetime
    draft: bool = False
    fork: Repository | None = field(default=None, repr=False)
    """The repository of the head when that is not the base's."""
    fork_deleted: bool = False
    association: str = "CONTRIBUTOR"
    """What its author is to the repository."""
    state: str = "open"
    closed_at: datetime | None = None
    merge_commit_sha: str | None = None
    comments: list[Comment] = field(default_factory=list, repr=False)
    """Oldest first, without deleted ones."""
    notifications: int = 0
    """Which those who follow it got of comments: one for each that was made."""

    @property
    def github(self) -> GitHub:
        """The GitHub it lives on."""
        return self.repository.github

    @property
    def merged(self) -> bool:
        """Whether it was closed by merging."""
        return self.merge_commit_sha is not None

    @property
    def head_repository(self) -> Repository | None:
        """Where its head branch is; None once the fork is deleted."""
        return None if self.fork_deleted else self.fork or self.repository

    @property
    def check_runs(self) -> dict[str, CheckRun]:
        """The newest check run of each name on the present head."""
        return self.repository.check_runs_of(self.head_sha)

    @property
    def own_comments(self) -> list[Comment]:
        """Those of the App's own."""
        return [one for one in self.comments if one.by_app]

    @property
    def check_run(self) -> CheckRun:
        """The overall check run, the one to require. Raises KeyError when there is none yet."""
        return self.check_runs["gate"]

    def push(self, files: Files, *, message: str = "Change") -> str:
        """Add a commit to the head; its sha."""
        made = self.repository.commit(files, parents=(self.head_sha,), message=message, author=self.author)
        self.move(made)
        return made

    def force_push(self, files: Files, *, message: str = "Change") -> str:
        """Replace all commits of the pull request by one on the present tip of its base; its sha."""
        tip = self.repository.branch(self.base_ref)
        made = self.repository.commit(files, parents=(tip,), message=message, author=self.author)
        self.move(made)
        return made

    def move(self, sha: str) -> None:
        """Make any commit the head, as a push to the head branch does."""
        if self.fork is None:
            self.repository.move(self.head_ref, sha, sender=self.author)
        else:
            self.synchronize(sha, sender=self.author)

    def synchronize(self, sha: str, *, sender: str) -> None:
        """Take note of a pushed head and announce it. GitHub reads the base's tip anew at this time."""
        with self.github.lock:
            before, self.head_sha = self.head_sha, sha
            self.base_sha = self.repository.branch(self.base_ref)
            self.repository.git.update(f"refs/pull/{self.number}/head", sha)
            self._announce("synchronize", sender=sender, details={"before": before, "after": sha})

    def close(self) -> None:
        """Close it without merging."""
        with self.github.lock:
            self.state, self.closed_at = "closed", self.github.now()
            self._announce("closed")

    def reopen(self) -> None:
        """Open it again."""
        with self.github.lock:
            self.state, self.closed_at = "open", None
            self._announce("reopened")

    def merge(self, *, admin: bool = False) -> str:
        """Merge it into its base with a merge commit; the sha of that. An administrator bypasses what may be bypassed.

        Raises: NotMergeableError, when required checks are not green on its head. GitError when it conflicts.
        """
        with self.github.lock:
            refuse_merge(self.repository, self.base_ref, self.head_sha, admin=admin)
            tip = self.repository.branch(self.base_ref)
            message = f"Merge pull request #{self.number}"
            made = self.repository.git.merge(tip, self.head_sha, message=message, when=self.github.now())
            self.merge_commit_sha, self.state, self.closed_at = made, "closed", self.github.now()
            self.repository.move(self.base_ref, made)
            self._announce("closed")
            return made

    def enqueue(self) -> str:
        """Put it into the merge queue alone: a group of its own whose commit wants checks; the sha of that."""
        with self.github.lock:
            tip = self.repository.branch(self.base_ref)
            message = f"Merge pull request #{self.number}"
            made = self.repository.git.merge(tip, self.head_sha, message=message, when=self.github.now())
            self.repository.move(f"gh-readonly-queue/{self.base_ref}/pr-{self.number}-{tip}", made)
            self._announce("enqueued")
            self._announce_group("checks_requested", made, tip)
            return made

    def dequeue(self, group_sha: str, *, reason: str = "dequeued") -> None:
        """Take it out of the merge queue again; `reason` may also be `merged` or `invalidated`."""
        with self.github.lock:
            tip = self.repository.git.run("rev-parse", f"{group_sha}^1")
            self._announce_group("destroyed", group_sha, tip, reason=reason)
            self._announce("dequeued", details={"reason": reason.upper()})
            self.repository.delete_branch(f"gh-readonly-queue/{self.base_ref}/pr-{self.number}-{tip}")

    def _announce_group(self, action: str, group_sha: str, tip: str, **reason: str) -> None:
        queue = f"refs/heads/gh-readonly-queue/{self.base_ref}/pr-{self.number}-{tip}"
        base = {"base_sha": tip, "base_ref": f"refs/heads/{self.base_ref}"}
        details = {"head_sha": group_sha, "head_ref": queue, **base, **reason}
        self.github.changed("merge_group", action, self.repository, details=details)

    def try_merge(self) -> str:
        """What GitHub makes to try the merge, which `actions/checkout` checks out; the sha of that."""
        with self.github.lock:
            tip = self.repository.branch(self.base_ref)
            message = f"Merge {self.head_sha} into {tip}"
            made = self.repository.git.merge(tip, self.head_sha, message=message, when=self.github.now())
            self.repository.git.update(f"refs/pull/{self.number}/merge", made)
            return made

    def complete_workflow(
        self,
        artifacts: Mapping[str, bytes],
        *,
        path: str = ".github/workflows/ci.yml",
        event: str = "pull_request",
    ) -> int:
        """Have a workflow of its head end that has uploaded these archives by name; the id of the run."""
        with self.github.lock:
            number = self.github.new_id()
            for name, archive in artifacts.items():
                self.repository.upload_artifact(name, archive, run_id=number, sha=self.head_sha)
            details = {"run_id": number, "path": path, "event": event}
            self.github.changed(
                "workflow_run", "completed", self.repository, pull=self, sender=self.author, details=details
            )
            return number

    def retarget(self, branch: str) -> None:
        """Choose another base branch."""
        with self.github.lock:
            before = {"ref": {"from": self.base_ref}, "sha": {"from": self.base_sha}}
            self.base_ref, self.base_sha = branch, self.repository.branch(branch)
            self._announce("edited", details={"changes": {"base": before}})

    def edit_title(self, title: str) -> None:
        """Change the title, which is an `edited` event as well."""
        with self.github.lock:
            before, self.title = self.title, title
            self._announce("edited", details={"changes": {"title": {"from": before}}})

    def comment(self, body: str, *, author: str, through_app: bool = False) -> Comment:
        """Write a comment below it. A login that ends in `[bot]` is an App's own."""
        return write(self, body, author=author, through_app=through_app)

    def convert_to_draft(self) -> None:
        """Make it a draft."""
        with self.github.lock:
            self.draft = True
            self._announce("converted_to_draft")

    def ready_for_review(self) -> None:
        """Make it no draft any more."""
        with self.github.lock:
            self.draft = False
            self._announce("ready_for_review")

    def _announce(self, action: str, *, sender: str = "", details: dict[str, Any] | None = None) -> None:
        self.updated_at = self.github.now()
        self.github.changed(
            "pull_request",
            action,
            self.repository,
            pull=self,
            sender=sender or self.author,
            details=details or {},
        )
