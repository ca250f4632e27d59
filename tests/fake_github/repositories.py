"""Repositories and their pull requests as GitHub keeps them, over real git objects; each change is announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.fake_github.bare_git import BareGit, Content
from tests.fake_github.check_runs import CheckRun
from tests.fake_github.protection import Protection, Ruleset, refuse_source
from tests.fake_github.pull_requests import PullRequest

if TYPE_CHECKING:
    from tests.fake_github.state import GitHub

Files = Mapping[str, Content]
NO_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run of Actions uploaded."""

    id: int
    run_id: int
    name: str
    head_sha: str
    archive: bytes = field(repr=False)
    """A zip file."""
    expired: bool = False
    told_size: int | None = None
    """What GitHub says of its size, where that is not true."""


@dataclass(slots=True, eq=False)
class Repository:
    """One repository: git objects on disk, pull requests and check runs in memory."""

    github: GitHub = field(repr=False)
    id: int
    full_name: str
    git: BareGit = field(repr=False)
    created_at: datetime
    private: bool = False
    default_branch: str = "main"
    archived: bool = False
    deleted: bool = False
    parent: Repository | None = field(default=None, repr=False)
    """The repository this one was forked from; they share one store of objects, as on GitHub."""
    pull_requests: list[PullRequest] = field(default_factory=list, repr=False)
    former_pull_requests: int = 0
    """Numbers that were given away before this began; nothing else of them is here."""
    check_runs: list[CheckRun] = field(default_factory=list, repr=False)
    statuses: list[dict[str, Any]] = field(default_factory=list, repr=False)
    collaborators: dict[str, str] = field(default_factory=dict)
    """Login to role: admin, maintain, write, triage or read."""
    hides_collaborators: bool = False
    """Whether the App may not list them: GitHub's documents disagree on the permission that organisations ask for."""
    protections: dict[str, Protection] = field(default_factory=dict, repr=False)
    """By branch."""
    hides_protection: bool = False
    """Whether branches are shown without it, as GitHub does to who may not push to a private repository."""
    rulesets: list[Ruleset] = field(default_factory=list, repr=False)
    """Its own and those of its organisation that are for it."""
    free_plan: bool = False
    """Whether the plan has no rulesets for it: a private repository of GitHub Free."""
    artifacts: list[Artifact] = field(default_factory=list, repr=False)
    invisible: set[str] = field(default_factory=set, repr=False)
    """Commits the API does not know of yet, although git and the webhooks do."""

    @property
    def owner(self) -> str:
        """Login of the account it belongs to."""
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the full name after the slash."""
        return self.full_name.partition("/")[2]

    @property
    def clone_url(self) -> str:
        """Where git finds it."""
        return f"{self.github.url}/{self.full_name}.git"

    @property
    def head_sha(self) -> str:
        """Tip of the default branch."""
        return self.branch(self.default_branch)

    def branch(self, name: str) -> str:
        """Tip of a branch. Raises KeyError when there is none."""
        sha = self.git.resolve(f"refs/heads/{name}")
        if sha is None:
            raise KeyError(f"{self.full_name} has no branch {name!r}")
        return sha

    def push(self, branch: str, files: Files, *, message: str = "Change", author: str = "octocat") -> str:
        """Commit on a branch, made from the default branch when it is new, and push; the sha of the commit.

        Open pull requests from that branch get the new head, as on GitHub.
        """
        before = self.git.resolve(f"refs/heads/{branch}")
        start = before or self.git.resolve(f"refs/heads/{self.default_branch}")
        made = self.commit(files, parents=(start,) if start else (), message=message, author=author)
        self.move(branch, made, sender=author)
        return made

    def commit(
        self, files: Files, *, parents: tuple[str, ...], message: str = "Change", author: str = "octocat"
    ) -> str:
        """The sha of a new commit that no branch holds yet."""
        now = self.github.now()
        return self.git.commit(files, parents=parents, message=message, when=now, author=author)

    def move(self, branch: str, sha: str, *, sender: str = "octocat") -> None:
        """Make a branch point at any commit, as a push or a forced push does, and tell everyone concerned."""
        with self.github.lock:
            before = self.git.resolve(f"refs/heads/{branch}") or NO_COMMIT
            self.git.update(f"refs/heads/{branch}", sha)
            details = {"ref": f"refs/heads/{branch}", "before": before, "after": sha}
            self.github.changed("push", None, self, sender=sender, details=details)
            self.github.changed(
                "check_suite", "requested", self, sender=sender, details={"head_branch": branch, **details}
            )
            for pull in self.pull_requests:
                if (
                    pull.state == "open"
                    and pull.fork is None
                    and pull.head_ref == branch
                    and pull.head_sha != sha
                ):
                    pull.synchronize(sha, sender=sender)

    def delete_branch(self, branch: str, *, sender: str = "octocat") -> None:
        """Delete a branch: a push event whose `after` is all zeros."""
        with self.github.lock:
            details = {"ref": f"refs/heads/{branch}", "before": self.branch(branch), "after": NO_COMMIT}
            self.git.delete(f"refs/heads/{branch}")
            self.github.changed("push", None, self, sender=sender, details=details)

    def open_pull_request(
        self,
        files: Files | None = None,
        *,
        base: str | None = None,
        fork: bool = False,
        sha: str | None = None,
        title: str = "Change something",
        author: str = "octocat",
        branch: str | None = None,
        draft: bool = False,
        association: str = "CONTRIBUTOR",
    ) -> PullRequest:
        """A new pull request: one commit with `files` on the tip of its base, or the commit `sha`.

        With `fork` the head is in another account's repository, so no push is announced.
        """
        with self.github.lock:
            number = self.former_pull_requests + len(self.pull_requests) + 1
            base_ref = base or self.default_branch
            tip = self.branch(base_ref)
            head = sha or self.commit(files or {}, parents=(tip,), message=title, author=author)
            head_ref, now = branch or f"change-{number}", self.github.now()
            pull = PullRequest(
                self,
                self.github.new_id(),
                number,
                title,
                author,
                base_ref=base_ref,
                base_sha=tip,
                head_ref=head_ref,
                head_sha=head,
                created_at=now,
                updated_at=now,
                draft=draft,
                association=association,
            )
            if fork:
                pull.fork = self.github.fork(self, author)
            else:
                self.move(head_ref, head, sender=author)
            self.git.update(f"refs/pull/{number}/head", head)
            self.pull_requests.append(pull)
            self.github.changed("pull_request", "opened", self, pull=pull, sender=author)
            return pull

    def pull_request(self, number: int) -> PullRequest | None:
        """The pull request of that number."""
        return next((pull for pull in self.pull_requests if pull.number == number), None)

    def protect(
        self,
        branch: str = "main",
        *contexts: str,
        app_id: int | None = None,
        strict: bool = False,
        enforce_admins: bool = False,
    ) -> Protection:
        """Protect a branch in the old way: these checks are required of it, of this App or of anybody."""
        with self.github.lock:
            made = Protection(tuple((name, app_id) for name in contexts), strict, enforce_admins)
            self.protections[branch] = made
            return made

    def add_ruleset(
        self, name: str, *contexts: str, integration_id: int | None = None, **values: Any
    ) -> Ruleset:
        """A ruleset that requires these checks, active and for the default branch unless `values` say otherwise.

        Raises: NotOfferedError, when GitHub would not offer the App of that id as their source.
        """
        with self.github.lock:
            if integration_id is not None:
                refuse_source(self, integration_id)
            checks = tuple((context, integration_id) for context in contexts)
            made = Ruleset(
                self.github.new_id(), name, **{"source": self.full_name, "checks": checks, **values}
            )
            self.rulesets.append(made)
            return made

    def report(
        self, name: str, sha: str, *, app_id: int | None = None, conclusion: str = "success"
    ) -> CheckRun:
        """A completed check run, of another App when its id is given."""
        with self.github.lock:
            number = self.github.new_id()
            made = CheckRun(number, self, app_id or self.github.app.id, number, name, sha)
            made.write({"conclusion": conclusion}, self.github.now())
            self.check_runs.append(made)
            return made

    def check_runs_of(self, sha: str) -> dict[str, CheckRun]:
        """The newest check run of each name on a commit."""
        return {run.name: run for run in self.check_runs if run.head_sha == sha}

    def rerun_all(self, sha: str, *, sender: str = "octocat") -> None:
        """Press "Re-run all checks" of a commit."""
        self.github.changed("check_suite", "rerequested", self, sender=sender, details={"after": sha})

    def upload_artifact(self, name: str, archive: bytes, *, run_id: int, sha: str, **values: Any) -> Artifact:
        """Keep a zip file that a run of Actions on a commit made; `values` are other fields of it."""
        with self.github.lock:
            made = Artifact(self.github.new_id(), run_id, name, sha, archive, **values)
            self.artifacts.append(made)
            return made

    def rename(self, full_name: str) -> None:
        """Give it another name; the old one redirects from now on."""
        with self.github.lock:
            before, self.full_name = self.full_name, full_name
            self.github.former_names[before] = self.id
            changes = {"repository": {"name": {"from": before.partition("/")[2]}}}
            self.github.changed("repository", "renamed", self, details={"changes": changes})

    def change_default_branch(self, branch: str) -> None:
        """Make another branch the default."""
        with self.github.lock:
            before, self.default_branch = self.default_branch, branch
            self.git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
            changes = {"default_branch": {"from": before}}
            self.github.changed("repository", "edited", self, details={"changes": changes})

    def make_private(self) -> None:
        """Hide it from everyone without a token."""
        with self.github.lock:
            self.private = True
            self.github.changed("repository", "privatized", self)

    def archive(self) -> None:
        """Make it read-only."""
        with self.github.lock:
            self.archived = True
            self.github.changed("repository", "archived", self)

    def unarchive(self) -> None:
        """Let it be written again."""
        with self.github.lock:
            self.archived = False
            self.github.changed("repository", "unarchived", self)

    def transfer(self, account: str) -> None:
        """Give it to another account, where the App may be installed too; only then somebody is told."""
        with self.github.lock:
            old = self.github.installation_of(self)
            if old is not None:
                old.repository_ids.remove(self.id)
            before, self.full_name = self.full_name, f"{account}/{self.name}"
            self.github.former_names[before] = self.id
            new = next((i for i in self.github.installations.values() if i.account == account), None)
            if new is not None:
                new.repository_ids.append(self.id)
            owner = {"organization": {"login": before.partition("/")[0]}}
            self.github.changed(
                "repository", "transferred", self, details={"changes": {"owner": {"from": owner}}}
            )
