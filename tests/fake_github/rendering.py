"""State as the JSON that GitHub's API and webhooks show of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fake_github.check_runs import Annotation, CheckRun
from tests.fake_github.comments import Comment
from tests.fake_github.identity import Installation, Token
from tests.fake_github.plausible import whole
from tests.fake_github.pull_requests import PullRequest
from tests.fake_github.repositories import Repository
from tests.fake_github.state import GitHub

Json = dict[str, Any]


def time(moment: datetime) -> str:
    """As GitHub writes it: whole seconds, UTC, a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _time_or_none(moment: datetime | None) -> str | None:
    return time(moment) if moment else None


def user(github: GitHub, login: str, *, kind: str = "User") -> Json:
    """An account."""
    api, web = f"{github.api_url}/users/{login}", f"{github.url}/{login}"
    return whole(
        "simple-user",
        login=login,
        id=github.user_id(login),
        node_id=f"U_{github.user_id(login)}",
        avatar_url=f"{github.url}/avatars/{login}",
        url=api,
        html_url=web,
        type=kind,
        **{
            f"{name}_url": f"{api}/{name}"
            for name in ("followers", "organizations", "repos", "received_events")
        },
        subscriptions_url=f"{api}/subscriptions",
    )


def repository(subject: Repository, *, schema: str = "repository") -> Json:
    """A repository; `schema` is the description's name of the wanted view."""
    github = subject.github
    api, web = f"{github.api_url}/repos/{subject.full_name}", f"{github.url}/{subject.full_name}"
    created = time(subject.created_at)
    return whole(
        schema,
        id=subject.id,
        node_id=f"R_{subject.id}",
        name=subject.name,
        full_name=subject.full_name,
        owner=user(github, subject.owner, kind="User" if subject.parent else "Organization"),
        private=subject.private,
        visibility="private" if subject.private else "public",
        fork=subject.parent is not None,
        archived=subject.archived,
        default_branch=subject.default_branch,
        url=api,
        html_url=web,
        clone_url=subject.clone_url,
        pulls_url=f"{api}/pulls{{/number}}",
        statuses_url=f"{api}/statuses/{{sha}}",
        created_at=created,
        updated_at=created,
        pushed_at=created,
    )


def installation(github: GitHub, subject: Installation) -> Json:
    """An installation."""
    api = f"{github.api_url}/app/installations/{subject.id}"
    created = time(subject.created_at or github.now())
    return whole(
        "installation",
        id=subject.id,
        account=user(github, subject.account, kind="Organization"),
        app_id=github.app.id,
        app_slug=github.app.slug,
        target_id=github.user_id(subject.account),
        target_type="Organization",
        repository_selection="selected",
        access_tokens_url=f"{api}/access_tokens",
        repositories_url=f"{github.api_url}/installation/repositories",
        html_url=f"{github.url}/organizations/{subject.account}/settings/installations/{subject.id}",
        permissions=dict(subject.permissions),
        events=list(github.app.events),
        created_at=created,
        updated_at=created,
        suspended_at=_time_or_none(subject.suspended_at),
    )


def app(github: GitHub) -> Json:
    """The App as everyone may see it."""
    return whole(
        "integration",
        id=github.app.id,
        node_id=f"A_{github.app.id}",
        slug=github.app.slug,
        client_id=github.app.client_id,
        name=github.app.name,
        owner=user(github, "octo", kind="Organization"),
        html_url=f"{github.url}/github-apps/{github.app.slug}",  # as on GitHub Enterprise Server, with /api/v3
        permissions=dict(github.app.permissions),
        events=list(github.app.events),
        installations_count=len(github.installations),
    )


def token(github: GitHub, subject: Token) -> Json:
    """A new installation token, its text included."""
    shown: Json = {
        "token": subject.text,
        "expires_at": time(subject.expires_at),
        "permissions": dict(subject.permissions),
        "repository_selection": "selected",
    }
    if subject.repository_ids is not None:
        seen = [github.by_id(number) for number in sorted(subject.repository_ids)]
        shown["repositories"] = [repository(one) for one in seen if one]
    return shown


def pull_request(subject: PullRequest, *, schema: str = "pull-request") -> Json:
    """A pull request; lists show `pull-request-simple`."""
    base, github = subject.repository, subject.github
    api = f"{github.api_url}/repos/{base.full_name}/pulls/{subject.number}"
    web = f"{github.url}/{base.full_name}/pull/{subject.number}"
    issue = api.replace("/pulls/", "/issues/")
    statuses = f"{github.api_url}/repos/{base.full_name}/statuses/{subject.head_sha}"
    links = {
        "self": api,
        "html": web,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{github.api_url}/repos/{base.full_name}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": statuses,
    }
    more: Json = {"merged": subject.merged, "mergeable_state": "unknown"} if schema == "pull-request" else {}
    return whole(
        schema,
        id=subject.id,
        node_id=f"PR_{subject.id}",
        number=subject.number,
        state=subject.state,
        title=subject.title,
        draft=subject.draft,
        user=user(github, subject.author),
        url=api,
        html_url=web,
        diff_url=f"{web}.diff",
        patch_url=f"{web}.patch",
        issue_url=issue,
        commits_url=links["commits"],
        comments_url=links["comments"],
        review_comments_url=links["review_comments"],
        review_comment_url=links["review_comment"],
        statuses_url=statuses,
        _links={name: {"href": href} for name, href in links.items()},
        base=_side(github, base, base.owner, subject.base_ref, subject.base_sha),
        head=_side(github, subject.head_repository, subject.author, subject.head_ref, subject.head_sha),
        author_association=subject.association,
        merge_commit_sha=subject.merge_commit_sha,
        created_at=time(subject.created_at),
        updated_at=time(subject.updated_at),
        closed_at=_time_or_none(subject.closed_at),
        merged_at=_time_or_none(subject.closed_at) if subject.merged else None,
        **more,
    )


def issue_of(subject: PullRequest) -> Json:
    """A pull request as the issue it is as well, in the events of its comments."""
    github, shown = subject.github, pull_request(subject)
    links = {name: shown[name] for name in ("url", "html_url", "diff_url", "patch_url")}
    return {
        "id": subject.id,
        "number": subject.number,
        "title": subject.title,
        "state": subject.state,
        "draft": subject.draft,
        "user": user(github, subject.author),
        "pull_request": {**links, "merged_at": shown["merged_at"]},
    }


def comment(subject: Comment) -> Json:
    """A comment below a pull request."""
    pull = subject.pull
    github, issue = pull.github, pull_request(pull)["issue_url"]
    return whole(
        "issue-comment",
        id=subject.id,
        node_id=f"IC_{subject.id}",
        url=f"{issue.rpartition('/')[0]}/comments/{subject.id}",
        html_url=f"{github.url}/{pull.repository.full_name}/pull/{pull.number}#issuecomment-{subject.id}",
        issue_url=issue,
        user=user(github, subject.author, kind="Bot" if subject.author.endswith("[bot]") else "User"),
        body=subject.body,
        author_association="NONE",
        performed_via_github_app=app(github) if subject.through_app else None,
        created_at=time(subject.created_at),
        updated_at=time(subject.updated_at),
    )


def _side(github: GitHub, where: Repository | None, author: str, ref: str, sha: str) -> Json:
    """Head or base; of a deleted fork the account remains."""
    owner = where.owner if where else author
    shown = repository(where) if where else None
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user(github, owner), "repo": shown}


def pull_request_minimal(subject: PullRequest) -> Json:
    """A pull request as check runs and suites list it."""
    base = subject.repository
    api = f"{subject.github.api_url}/repos/{base.full_name}"
    shown = {"id": base.id, "url": api, "name": base.name}
    return {
        "id": subject.id,
        "number": subject.number,
        "url": f"{api}/pulls/{subject.number}",
        "head": {"ref": subject.head_ref, "sha": subject.head_sha, "repo": shown},
        "base": {"ref": subject.base_ref, "sha": subject.base_sha, "repo": shown},
    }


def pull_requests_of(where: Repository, sha: str) -> list[Json]:
    """The open pull requests of a head, as check runs list them: none of them from a fork."""
    own = [pull for pull in where.pull_requests if pull.fork is None and pull.state == "open"]
    return [pull_request_minimal(pull) for pull in own if pull.head_sha == sha]


def check_run(subject: CheckRun) -> Json:
    """A check run."""
    where = subject.repository
    api = f"{where.github.api_url}/repos/{where.full_name}/check-runs/{subject.id}"
    web = f"{where.github.url}/{where.full_name}/runs/{subject.id}"
    return whole(
        "check-run",
        id=subject.id,
        node_id=f"CR_{subject.id}",
        head_sha=subject.head_sha,
        name=subject.name,
        external_id=subject.external_id,
        status=subject.status,
        conclusion=subject.conclusion or None,
        url=api,
        html_url=web,
        details_url=subject.details_url or web,
        started_at=_time_or_none(subject.started_at),
        completed_at=_time_or_none(subject.completed_at),
        check_suite={"id": subject.suite_id},
        app={**app(where.github), "id": subject.app_id},
        pull_requests=pull_requests_of(where, subject.head_sha),
        output={
            "title": subject.title or None,
            "summary": subject.summary or None,
            "text": subject.text or None,
            "annotations_count": len(subject.annotations),
            "annotations_url": f"{api}/annotations",
        },
    )


def annotation(run: CheckRun, subject: Annotation) -> Json:
    """One annotation of a check run."""
    where = run.repository
    return {
        "path": subject.path,
        "blob_href": f"{where.github.url}/{where.full_name}/blob/{run.head_sha}/{subject.path}",
        "start_line": subject.start_line,
        "end_line": subject.end_line,
        "start_column": subject.start_column,
        "end_column": subject.end_column,
        "annotation_level": subject.level,
        "title": subject.title or None,
        "message": subject.message,
        "raw_details": subject.raw_details or None,
    }
