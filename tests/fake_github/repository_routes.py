"""Operations that read repositories, branches, commits and pull requests."""

from __future__ import annotations

import base64

from tests.fake_github import rendering
from tests.fake_github.plausible import whole
from tests.fake_github.protection import Protection, active_rules
from tests.fake_github.pull_requests import PullRequest
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route

ROLES = {
    "admin": "admin",
    "maintain": "write",
    "write": "write",
    "triage": "read",
    "read": "read",
    "none": "none",
}
"""Role to the coarser permission the API also tells."""


@route("GET /repos/{owner}/{repo}", needs="metadata:read")
def read_repository(call: Call) -> Answer:
    """The repository."""
    return Answer(rendering.repository(call.repository, schema="full-repository"))


@route("GET /repos/{owner}/{repo}/pulls", needs="pull_requests:read")
def list_pull_requests(call: Call) -> Answer:
    """Pull requests, newest first unless told."""
    wanted = call.query.get("state", "open")
    found = [pull for pull in call.repository.pull_requests if wanted in {pull.state, "all"}]
    if "base" in call.query:
        found = [pull for pull in found if pull.base_ref == call.query["base"]]
    if "head" in call.query:
        found = [pull for pull in found if f"{_head_owner(pull)}:{pull.head_ref}" == call.query["head"]]
    if call.query.get("sort", "created") == "updated":
        found.sort(key=lambda pull: pull.updated_at)
    if call.query.get("direction", "asc" if "sort" in call.query else "desc") == "desc":
        found.reverse()
    return call.page([rendering.pull_request(pull, schema="pull-request-simple") for pull in found])


@route("GET /repos/{owner}/{repo}/pulls/{pull_number}", needs="pull_requests:read")
def read_pull_request(call: Call) -> Answer:
    """One pull request."""
    found = call.repository.pull_request(int(call.parameters["pull_number"]))
    if found is None:
        raise not_found()
    return Answer(rendering.pull_request(found))


@route("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", needs="pull_requests:read")
def pull_requests_of_commit(call: Call) -> Answer:
    """The open pull requests whose head is this commit, and the merged one that brought it."""
    sha = call.commit(call.parameters["commit_sha"])
    found = [pull for pull in call.repository.pull_requests if sha in {pull.head_sha, pull.merge_commit_sha}]
    return call.page([rendering.pull_request(pull, schema="pull-request-simple") for pull in found])


@route("GET /repos/{owner}/{repo}/git/ref/{ref}", needs="contents:read")
def read_ref(call: Call) -> Answer:
    """What a ref points at."""
    ref = f"refs/{call.parameters['ref']}"
    sha = call.repository.git.resolve(ref)
    if sha is None:
        raise not_found()
    target = {"type": "commit", "sha": sha, "url": f"{call.api}/git/commits/{sha}"}
    return Answer({"ref": ref, "node_id": "", "url": f"{call.api}/git/{ref}", "object": target})


@route("GET /repos/{owner}/{repo}/commits/{ref}", needs="contents:read")
def read_commit(call: Call) -> Answer:
    """One commit."""
    return Answer(_commit(call, call.commit(call.parameters["ref"])))


@route("GET /repos/{owner}/{repo}/branches/{branch}", needs="contents:read")
def read_branch(call: Call) -> Answer:
    """A branch and the checks it requires."""
    branch = call.parameters["branch"]
    sha = call.repository.git.resolve(f"refs/heads/{branch}")
    if sha is None:
        raise RefusedError(404, "Branch not found")
    repository, url = call.repository, f"{call.api}/branches/{branch}"
    found = repository.protections.get(branch)
    values = {
        "name": branch,
        "commit": _commit(call, sha),
        "protected": found is not None or bool(active_rules(repository, branch)),
        "protection": _protection(found),
        "protection_url": f"{url}/protection",
    }
    shown = whole("branch-with-protection", **values, _links={"html": call.github.url, "self": url})
    if repository.hides_protection:
        del shown["protection"]
    return Answer(shown)


@route("GET /repos/{owner}/{repo}/contents/{path}", needs="contents:read")
def read_contents(call: Call) -> Answer:
    """A file at the tip of the default branch. Gate may ask with a token for this repository's contents alone."""
    token, repository = call.token, call.repository
    if token and (
        token.repository_ids != frozenset({repository.id})
        or set(token.permissions) - {"contents", "metadata"}
    ):
        call.github.problems.append(f"{call.path} was asked for with a token that reaches further")
        raise RefusedError(403, "Resource not accessible by integration")
    path = call.parameters["path"]
    found = repository.git.file(f"refs/heads/{repository.default_branch}", path)
    if found is None:
        raise not_found()
    etag = f'"{found[0]}"'
    if call.etag.removeprefix("W/") == etag:
        return Answer(None, 304, {"ETag": etag})
    return Answer(_file(call, path, *found), headers={"ETag": etag})


@route("GET /repos/{owner}/{repo}/collaborators/{username}/permission", needs="metadata:read")
def read_permission(call: Call) -> Answer:
    """The role of a user; of a public repository everyone may read."""
    login = call.parameters["username"]
    role = call.repository.collaborators.get(login, "none" if call.repository.private else "read")
    account = whole("nullable-collaborator", **rendering.user(call.github, login), role_name=role)
    return Answer({"permission": ROLES[role], "role_name": role, "user": account})


@route("GET /repos/{owner}/{repo}/collaborators", needs="metadata:read")
def list_collaborators(call: Call) -> Answer:
    """Everybody with a role of their own."""
    if call.repository.hides_collaborators:
        raise RefusedError(403, "Resource not accessible by integration")
    accounts = [
        whole(
            "nullable-collaborator", **rendering.user(call.github, login, kind=_kind(login)), role_name=role
        )
        for login, role in sorted(call.repository.collaborators.items())
    ]
    return call.page(accounts)


def _protection(found: Protection | None) -> rendering.Json:
    """The part of a protection that a branch shows: whether `strict` it does not say."""
    checks = found.checks if found else ()
    required = {
        "enforcement_level": found.level if found else "off",
        "contexts": [name for name, _ in checks],
        "checks": [{"context": name, "app_id": app_id} for name, app_id in checks],
    }
    return {"enabled": found is not None, "required_status_checks": required}


def _kind(login: str) -> str:
    return "Bot" if login.endswith("[bot]") else "User"


def _head_owner(pull: PullRequest) -> str:
    return pull.head_repository.owner if pull.head_repository else pull.author


def _file(call: Call, path: str, blob: str, content: bytes) -> rendering.Json:
    """Of a file larger than 1 MB all but its content."""
    small = len(content) <= 1024 * 1024
    url, git_url = f"{call.api}/contents/{path}", f"{call.api}/git/blobs/{blob}"
    return whole(
        "content-file",
        type="file",
        name=path.rpartition("/")[2],
        path=path,
        sha=blob,
        size=len(content),
        encoding="base64" if small else "none",
        content=base64.encodebytes(content).decode() if small else "",
        url=url,
        git_url=git_url,
        _links={"git": git_url, "html": url, "self": url},
    )


def _commit(call: Call, sha: str) -> rendering.Json:
    git = call.repository.git
    shown = git.run("show", "--no-patch", "--format=%an%x00%ae%x00%cI%x00%T%x00%P%x00%B", sha).split("\0")
    name, email, moment, tree, parents, message = shown
    api = call.api
    person = {"name": name, "email": email, "date": moment}
    detail = {
        "url": f"{api}/git/commits/{sha}",
        "author": person,
        "committer": person,
        "message": message,
        "comment_count": 0,
        "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
    }
    above = [{"sha": parent, "url": f"{api}/commits/{parent}"} for parent in parents.split()]
    account = rendering.user(call.github, name)
    return whole(
        "commit",
        sha=sha,
        node_id=f"C_{sha}",
        url=f"{api}/commits/{sha}",
        html_url=f"{call.github.url}/{call.repository.full_name}/commit/{sha}",
        comments_url=f"{api}/commits/{sha}/comments",
        commit=detail,
        author=account,
        committer=account,
        parents=above,
    )
