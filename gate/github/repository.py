"""One repository on GitHub: its check runs and our comments are written, its pull requests read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from github import Github
from github.CheckRun import CheckRun as SentCheckRun
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.Repository import Repository

from gate.core.annotation import MOST, Annotation
from gate.core.branch_rules import BranchRules
from gate.core.check_run import OVERALL, CheckRun
from gate.core.event import RepositoryRef
from gate.core.failure import Gone, Permanent, Transient
from gate.core.payload import Node
from gate.github.artifacts import Artifact, artifacts, download
from gate.github.failure import NotFoundError, NotShownError, understood
from gate.github.installations import repository_ref
from gate.github.rules import branch_rules
from gate.github.token_permissions import FOR_API, FOR_COMMENTS, Permissions

if TYPE_CHECKING:
    from gate.github.app import GitHub

T = TypeVar("T")

ANNOTATIONS_A_REQUEST = 50
"""Source: https://docs.github.com/en/rest/checks/runs"""


@dataclass(frozen=True, slots=True)
class PullRequestView:
    """A pull request as GitHub shows it now."""

    number: int
    state: str
    """`open` or `closed`."""
    head_sha: str
    base_sha: str
    """Tip of the base branch when the head was last pushed, not the merge base."""
    base_ref: str
    draft: bool
    author: str
    updated_at: datetime
    title: str
    head_full_name: str | None
    """Repository of the head; None when that fork was deleted."""
    association: str = ""
    """What the author is to the repository, e.g. `FIRST_TIME_CONTRIBUTOR`."""
    merged_at: datetime | None = None


class GitHubRepository:
    """One repository through an installation of the App."""

    def __init__(self, door: GitHub, installation_id: int, repository_id: int, full_name: str) -> None:
        self._door = door
        self._installation_id = installation_id
        self.id = repository_id
        self.full_name = full_name
        """As last known; brought up to date when GitHub says that the repository was renamed."""

    def __repr__(self) -> str:
        """Name the repository."""
        return f"GitHubRepository({self.full_name!r}, id={self.id})"

    def create_check_run(self, run: CheckRun, *, again: bool = False) -> int:
        """The id of a new check run on GitHub; `again`, when an earlier request may have made it unheard: then of that one.

        It is found by external id and name, among our own: another App of the same kind may use the same external ids.
        """
        subject = f"the check run {run.name!r} on {run.head_sha}"
        found = self._made_before(run) if again else None
        if found is not None:
            self._complete(found.id, run, run.annotations[found.output.annotations_count :])
            return found.id
        body = {"head_sha": run.head_sha, **_body(run, run.annotations)}
        made = self._write("POST", "check-runs", body, subject)
        if len(run.annotations) > ANNOTATIONS_A_REQUEST:
            self._complete(made, run, run.annotations[ANNOTATIONS_A_REQUEST:])
        return made

    def find_check_run(self, run: CheckRun) -> int | None:
        """The id of the check run that an earlier request may have made unheard; None also where the commit is not shown."""
        try:
            found = self._made_before(run)
        except NotShownError:
            return None
        return found.id if found is not None else None

    def has_check_run(self, sha: str, name: str) -> bool:
        """Whether the App has a check run of that name on a commit."""

        def ask(repository: Repository) -> bool:
            there = repository.get_commit(sha).get_check_runs(check_name=name)
            return any(one.app.id == self._door.app_id for one in there)

        return self._call(f"the check runs on {sha}", ask)

    def has_commit(self, sha: str) -> bool:
        """Whether GitHub knows a commit of that sha here; asked by its check runs, for which the App has a permission."""
        try:
            self.has_check_run(sha, OVERALL)
        except (NotShownError, NotFoundError):
            return False
        return True

    def update_check_run(self, check_run_id: int, run: CheckRun) -> None:
        """Make a check run say what `run` says.

        GitHub appends annotations and never removes one. Those already there are taken for the first of
        `run.annotations`, so a repeated update does not double them.
        """
        there = 0
        if run.annotations:
            subject = f"the annotations of check run {check_run_id}"
            there = self._call(subject, lambda it: it.get_check_run(check_run_id).output.annotations_count)
        self._complete(check_run_id, run, run.annotations[there:])

    def create_comment(self, number: int, body: str) -> int:
        """The id of a new comment below a pull request: twice makes two. Raises: MissingPermission, among others."""
        subject = f"a comment on pull request {number}"
        return self._write("POST", f"issues/{number}/comments", {"body": body}, subject, FOR_COMMENTS)

    def update_comment(self, comment_id: int, body: str) -> bool:
        """Make a comment of ours say something else; False where somebody has deleted it."""
        subject = f"comment {comment_id}"
        try:
            self._write("PATCH", f"issues/comments/{comment_id}", {"body": body}, subject, FOR_COMMENTS)
        except NotFoundError:
            return False
        return True

    def find_comment(self, number: int, marker: str) -> int | None:
        """The id of the oldest comment of ours that begins with the marker; all comments of the pull request are read."""

        def ask(repository: Repository) -> list[IssueComment]:
            comments = repository.get_issue(number).get_comments()
            marked = (one for one in comments if (one.body or "").startswith(marker))
            return [one for one in marked if one.user and one.user.type == "Bot"]

        found = self._call(f"the comments on pull request {number}", ask, FOR_COMMENTS)
        return next((one.id for one in found if self._is_ours(one)), None)

    def pull_request(self, number: int) -> PullRequestView:
        """One pull request as it is now, which may be behind the webhook."""
        return self._call(f"pull request {number}", lambda repository: _view(repository.get_pull(number)))

    def open_pull_requests(self) -> Iterator[PullRequestView]:
        """All open pull requests, newest first; all pages are read before the first is given."""
        return iter(
            self._call("the open pull requests", lambda it: [_view(one) for one in it.get_pulls("open")])
        )

    def now(self) -> RepositoryRef:
        """The repository as it is now."""

        def ask(repository: Repository) -> RepositoryRef:
            _, answer = repository.requester.requestJsonAndCheck("GET", f"/repos/{self.full_name}")
            return repository_ref(self._installation_id, Node.of(answer))

        with understood(self.full_name):
            return self._call("the repository", ask)

    def branch_rules(self, branch: str) -> BranchRules:
        """What the rules of a branch require, as far as the App is shown; some three requests."""
        return branch_rules(self._door, self._installation_id, self.id, self.full_name, branch)

    def artifacts(self, run_id: int) -> tuple[Artifact, ...]:
        """All artifacts of one of its workflow runs. Raises: MissingPermission, among others."""
        return artifacts(self._door, self._installation_id, self.id, self.full_name, run_id)

    def download_artifact(self, artifact_id: int, stream: BinaryIO, *, most_bytes: int) -> None:
        """Write the archive of an artifact, a zip file, to `stream`. Raises: TooLargeError, among others."""
        download(
            self._door,
            self._installation_id,
            self.id,
            self.full_name,
            artifact_id,
            stream,
            most_bytes=most_bytes,
        )

    def role(self, login: str) -> str:
        """What a user is here: `admin`, `maintain`, `write`, `triage`, `read`, `none`, or what an organisation made up.

        `none` also where GitHub does not say, as of somebody it does not know any more. Raises: Transient, Gone.
        """
        try:
            return self._call(f"the role of {login}", lambda it: it.get_collaborator_role_name(login))
        except Gone:
            raise
        except Permanent:
            return "none"

    def people_with(self, roles: Collection[str]) -> frozenset[str]:
        """Logins of all people with one of these roles here."""
        found = self._call("the collaborators", lambda it: list(it.get_collaborators()))
        return frozenset(one.login for one in found if one.role_name in roles and one.type == "User")

    def _made_before(self, run: CheckRun) -> SentCheckRun | None:
        wanted = (run.external_id, run.name, self._door.app_id)

        def ask(repository: Repository) -> SentCheckRun | None:
            there = repository.get_commit(run.head_sha).get_check_runs(check_name=run.name, filter="all")
            return next((one for one in there if (one.external_id, one.name, one.app.id) == wanted), None)

        return self._call(f"the check run {run.name!r} on {run.head_sha}", ask)

    def _complete(self, check_run_id: int, run: CheckRun, annotations: tuple[Annotation, ...]) -> None:
        """Update a check run, in as many requests as its annotations need."""
        subject = f"check run {check_run_id}"
        room = MOST - (len(run.annotations) - len(annotations))
        for start in range(0, max(1, min(len(annotations), room)), ANNOTATIONS_A_REQUEST):
            self._write("PATCH", f"check-runs/{check_run_id}", _body(run, annotations[start:room]), subject)

    def _is_ours(self, comment: IssueComment) -> bool:
        """GitHub does not name the App of every comment that one wrote; then the bot's name tells."""
        app = comment.performed_via_github_app
        return app.id == self._door.app_id if app else comment.user.login == self._door.bot()

    def _call(
        self, subject: str, function: Callable[[Repository], T], permissions: Permissions = FOR_API
    ) -> T:
        """The result of `function` with the repository, of which nothing is asked yet.

        GitHub says "not found" of a pull request that is not there as of a repository that we may not see any more.
        """

        def ask(client: Github) -> T:
            return function(client.get_repo(self.full_name))

        subject = f"{subject} of {self.full_name}"
        try:
            return self._door.call(self._installation_id, self.id, subject, ask, permissions=permissions)
        except NotFoundError:
            self._present_name()
            raise

    def _write(
        self,
        verb: str,
        path: str,
        body: dict[str, Any],
        subject: str,
        permissions: Permissions = FOR_API,
    ) -> int:
        """The id GitHub answers with.

        PyGithub takes the 307 of a renamed repository for success and loses the request, so an answer without an id
        is repeated once under the repository's present name.
        """

        def send(repository: Repository) -> object:
            url = f"/repos/{self.full_name}/{path}"
            _, answer = repository.requester.requestJsonAndCheck(verb, url, input=body)
            return answer.get("id") if isinstance(answer, dict) else None

        for _ in range(2):
            number = self._call(subject, send, permissions)
            if isinstance(number, int):
                return number
            self.full_name = self._present_name()
        raise Transient(
            f"GitHub redirects {subject} of {self.full_name}, which is the repository's present name."
        )

    def _present_name(self) -> str:
        """The present name of the repository, from the ones the token may see, which is this one alone. Raises: Gone."""

        def ask(client: Github) -> str | None:
            _, answer = client.requester.requestJsonAndCheck("GET", "/installation/repositories")
            return next((one["full_name"] for one in answer["repositories"] if one["id"] == self.id), None)

        name = self._door.call(self._installation_id, self.id, f"the present name of {self.full_name}", ask)
        if name is None:
            raise Gone(f"The App is not installed on {self.full_name} (id {self.id}) any more.")
        return name


def _view(pull: PullRequest) -> PullRequestView:
    return PullRequestView(
        number=pull.number,
        state=pull.state,
        head_sha=pull.head.sha,
        base_sha=pull.base.sha,
        base_ref=pull.base.ref,
        draft=pull.draft,
        author=pull.user.login if pull.user else "ghost",
        updated_at=pull.updated_at or pull.created_at,
        title=pull.title,
        head_full_name=pull.head.repo.full_name if pull.head.repo else None,
        association=pull.author_association or "",
        merged_at=pull.merged_at,
    )


def _body(run: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    """A check run as the API wants it, with the first annotations of the given ones."""
    output: dict[str, Any] = {"title": run.title, "summary": run.summary}
    if run.text:
        output["text"] = run.text
    if annotations:
        output["annotations"] = [_annotation(one) for one in annotations[:ANNOTATIONS_A_REQUEST]]
    body: dict[str, Any] = {"name": run.name, "status": run.status, "output": output}
    body["actions"] = [
        {"label": one.label, "description": one.description, "identifier": one.identifier}
        for one in run.actions
    ]
    optional = {"external_id": run.external_id, "conclusion": run.conclusion, "details_url": run.details_url}
    return body | {name: value for name, value in optional.items() if value}


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
    }
