"""Webhook signatures and payloads: what is refused, what is ignored, and what is read."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.event import (
    AuthorizationEvent,
    CheckRunEvent,
    CheckSuiteEvent,
    CommandEvent,
    InstallationEvent,
    MergeGroupEvent,
    PullRequestEvent,
    PushEvent,
    RepositoryEvent,
    RepositoryRef,
    SignatureError,
    TagEvent,
    WorkflowRunEvent,
    parse,
    verify,
)
from gate.core.payload import PayloadError

SHA = "0123456789" * 4
OTHER_SHA = "b" * 40
# The example of GitHub's documentation.
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

REPOSITORY = {"id": 2, "full_name": "owner/name", "default_branch": "main", "private": True}
INSTALLATION = {"id": 1}
REF = RepositoryRef(1, 2, "owner/name", "main", private=True)


def pull_request_payload(action: str = "opened", **changes: object) -> dict[str, Any]:
    return {
        "action": action,
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "pull_request": {
            "number": 7,
            "head": {"sha": SHA, "repo": {"full_name": "fork/name"}},
            "base": {"sha": OTHER_SHA, "ref": "release/1.x"},
            "draft": False,
            "user": {"login": "somebody"},
            "updated_at": "2026-11-23T07:44:00Z",
            "title": "Make it work",
        }
        | changes,
    }


def changed(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with the value at the dotted path replaced."""
    result = copy.deepcopy(payload)
    *parents, last = path.split(".")
    target = result
    for parent in parents:
        target = target[parent]
    target[last] = value
    return result


@pytest.mark.parametrize("secrets", [(SECRET,), ("the new one", SECRET), (SECRET, "the old one")])
def test_a_body_signed_with_any_secret_is_accepted(secrets: tuple[str, ...]) -> None:
    """
    During rotation the previous secret holds as well as the current one.
    """
    verify(BODY, SIGNATURE, secrets)


@pytest.mark.parametrize(
    ("body", "signature", "secrets"),
    [
        (BODY, None, (SECRET,)),  # no header
        (BODY, "", (SECRET,)),
        (BODY, SIGNATURE.removeprefix("sha256="), (SECRET,)),
        (BODY, "sha1=" + SIGNATURE[7:47], (SECRET,)),  # the legacy header's value
        (BODY, SIGNATURE.upper(), (SECRET,)),
        (BODY, SIGNATURE[:-1] + "8", (SECRET,)),  # one digit off
        (BODY, "sha256=" + "é" * 64, (SECRET,)),  # compare_digest would raise TypeError
        (BODY, "sha256=\ud800" + "0" * 63, (SECRET,)),
        (BODY + b"\n", SIGNATURE, (SECRET,)),  # raw bytes count
        (BODY, SIGNATURE, ("another",)),
        (BODY, SIGNATURE, ()),  # without a secret nothing is signed
        (BODY, "sha256=" + "0" * 64, ("",)),
    ],
)
def test_anything_else_is_refused(body: bytes, signature: str | None, secrets: tuple[str, ...]) -> None:
    """
    A missing, malformed or wrong signature is refused as such, never as a fault of ours.
    """
    with pytest.raises(SignatureError):
        verify(body, signature, secrets)


def test_an_empty_secret_signs_nothing() -> None:
    """
    A body signed with the empty key is refused even where an empty secret slipped in.
    """
    signed_with_nothing = "sha256=" + "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"

    with pytest.raises(SignatureError):
        verify(b"", signed_with_nothing, ("",))


def test_a_pull_request_is_read_whole() -> None:
    """
    All that work is planned from is in the event.
    """
    event = parse("pull_request", pull_request_payload())

    assert event == PullRequestEvent(
        action="opened",
        repository=REF,
        number=7,
        head_sha=SHA,
        base_sha=OTHER_SHA,
        base_ref="release/1.x",
        head_full_name="fork/name",
        draft=False,
        author="somebody",
        updated_at=datetime(2026, 11, 23, 7, 44, tzinfo=UTC),
        title="Make it work",
    )


def test_the_number_of_a_merge_group_is_in_its_branch() -> None:
    """
    Its waivers are those of the pull request it adds; a branch of another form names none.
    """
    group = MergeGroupEvent("destroyed", REF, SHA, f"gh-readonly-queue/a/b/pr-17-{OTHER_SHA}", SHA, "a/b")

    assert group.number == 17
    assert replace(group, head_ref=f"gh-readonly-queue/main/pr-0-{SHA}").number == 0
    assert replace(group, head_ref=f"queue/main/pr-7-{SHA}").number == 0


def test_who_takes_the_authorization_back_is_known_by_id() -> None:
    """
    It is about a person, and belongs to no installation.
    """
    payload = {"action": "revoked", "sender": {"login": "mona", "id": 5}}

    assert parse("github_app_authorization", payload) == AuthorizationEvent(5)


def test_another_default_branch_is_an_event() -> None:
    """
    It changes the rules for every pull request.
    """
    payload = {
        "action": "edited",
        "installation": INSTALLATION,
        "repository": REPOSITORY | {"archived": True},
        "changes": {"default_branch": {"from": "master"}},
    }

    assert parse("repository", payload) == RepositoryEvent(
        "edited", replace(REF, archived=True), previous_default_branch="master"
    )


def test_deleted_forks_and_deleted_authors_are_no_mistakes() -> None:
    """
    GitHub sends null for a fork or an account that is gone.
    """
    event = parse("pull_request", pull_request_payload(head={"sha": SHA, "repo": None}, user=None))

    assert isinstance(event, PullRequestEvent)
    assert (event.head_full_name, event.author) == (None, "ghost")


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("ping", {"zen": "Keep it logically awesome."}),
        ("star", {"action": "created"}),
        ("pull_request", pull_request_payload("labeled")),
        ("pull_request", pull_request_payload("edited") | {"changes": {"title": {"from": "x"}}}),
        ("push", {"ref": "refs/tags/v1", "after": SHA}),
        ("push", {"ref": "refs/heads/gone", "after": "0" * 40}),
        ("push", {"ref": "refs/heads/gh-readonly-queue/main/pr-1-x", "after": SHA}),
        ("check_run", {"action": "created"}),
        ("check_suite", {"action": "requested"}),
        ("repository", {"action": "edited", "changes": {"description": {"from": None}}}),
        # The webhook of a repository instead of the App's: there is no token to do anything with.
        ("pull_request", pull_request_payload() | {"installation": None}),
        ("push", {"ref": "refs/heads/main", "before": SHA, "after": SHA, "repository": REPOSITORY}),
    ],
)
def test_what_gate_does_not_act_on_is_nothing(name: str, payload: dict[str, Any]) -> None:
    """
    Unknown events, actions without consequence, tags, deletions and queue branches are ignored, however they look.
    """
    assert parse(name, payload) is None


def test_another_base_branch_is_an_event() -> None:
    """
    Of `edited`, only a changed base changes the verdict.
    """
    payload = pull_request_payload("edited") | {"changes": {"base": {"ref": {"from": "main"}}}}

    event = parse("pull_request", payload)

    assert isinstance(event, PullRequestEvent)
    assert event.previous_base_ref == "main"


def test_a_push_names_its_branch() -> None:
    """
    Branch names keep their slashes.
    """
    payload = {
        "ref": "refs/heads/feature/a",
        "before": "0" * 40,
        "after": SHA,
        "repository": REPOSITORY,
        "installation": INSTALLATION,
    }

    assert parse("push", payload) == PushEvent(REF, "feature/a", "0" * 40, SHA)


TAGGED = {
    "ref": "refs/tags/v1.2.0",
    "after": OTHER_SHA,
    "repository": REPOSITORY,
    "installation": INSTALLATION,
    "head_commit": {"id": SHA, "timestamp": "2026-11-23T08:44:00+01:00"},
}


@pytest.mark.parametrize(
    "tag", ["v1.2.0", "2026.1", "1.0rc1", "api-1.2.0", "@scope/pkg@1.2.0", "release/v2.0"]
)
def test_a_version_that_is_tagged_is_a_release(tag: str) -> None:
    """
    The commit counts, not the id of an annotated tag, which `after` is.
    """
    assert parse("push", TAGGED | {"ref": f"refs/tags/{tag}"}) == TagEvent(
        REF, tag, SHA, datetime(2026, 11, 23, 7, 44, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "changed",
    [{"ref": "refs/tags/nightly"}, {"ref": "refs/tags/v1"}, {"head_commit": None, "after": "0" * 40}],
)
def test_other_tags_are_nothing(changed: dict[str, object]) -> None:
    """
    Neither those that are no version, nor one that was removed.
    """
    assert parse("push", TAGGED | changed) is None


def test_a_merge_has_its_time() -> None:
    """
    A pull request that was closed without one has none.
    """
    merged = parse("pull_request", pull_request_payload("closed", merged_at="2026-11-23T07:44:00Z"))
    closed = parse("pull_request", pull_request_payload("closed", merged_at=None))

    assert isinstance(merged, PullRequestEvent)
    assert isinstance(closed, PullRequestEvent)
    assert merged.merged_at == datetime(2026, 11, 23, 7, 44, tzinfo=UTC)
    assert closed.merged_at is None


def test_pull_requests_to_other_repositories_are_left_out() -> None:
    """
    GitHub lists pull requests from this repository to another one as well; they are not ours to judge here.
    """
    payload = {
        "action": "rerequested",
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "sender": {"login": "somebody"},
        "check_run": {
            "id": 5,
            "name": "gate",
            "external_id": None,
            "head_sha": SHA,
            "app": {"id": 9},
            "pull_requests": [
                {"number": 8, "base": {"repo": {"id": 2}}},
                {"number": 3, "base": {"repo": {"id": 99}}},
            ],
        },
    }

    event = parse("check_run", payload)

    assert isinstance(event, CheckRunEvent)
    assert (event.pull_requests, event.app_id, event.external_id) == ((8,), 9, "")


def test_rerun_of_all_checks_is_read() -> None:
    """
    "Re-run all checks" sends no check run, and of a fork no pull requests either.
    """
    check_suite = {"head_sha": SHA, "app": {"id": 9}, "pull_requests": []}
    payload = {
        "action": "rerequested",
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "check_suite": check_suite,
    }

    assert parse("check_suite", payload) == CheckSuiteEvent(REF, 9, SHA)


@pytest.mark.parametrize("pull_requests", [5, [5]])
def test_a_list_of_something_else_is_refused(pull_requests: object) -> None:
    """
    Lists are read as strictly as single values.
    """
    check_suite = {"head_sha": SHA, "app": {"id": 9}, "pull_requests": pull_requests}
    payload = {
        "action": "rerequested",
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "check_suite": check_suite,
    }

    with pytest.raises(PayloadError, match="pull_requests"):
        parse("check_suite", payload)


def test_a_merge_group_is_read() -> None:
    """
    Its branches come as full refs and are kept as names.
    """
    group = {
        "head_sha": SHA,
        "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-x",
        "base_sha": OTHER_SHA,
        "base_ref": "refs/heads/main",
    }
    payload = {
        "action": "checks_requested",
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "merge_group": group,
    }

    assert parse("merge_group", payload) == MergeGroupEvent(
        "checks_requested", REF, SHA, "gh-readonly-queue/main/pr-7-x", OTHER_SHA, "main"
    )


def test_a_changed_repository_is_read() -> None:
    """
    Its new name, visibility and default branch are in the reference.
    """
    payload = {"action": "privatized", "installation": INSTALLATION, "repository": REPOSITORY}

    assert parse("repository", payload) == RepositoryEvent("privatized", REF)


@pytest.mark.parametrize("name", ["installation", "installation_repositories"])
def test_installations_are_read_without_a_repository(name: str) -> None:
    """
    Their payloads have lists that may be empty, so only the id counts.
    """
    action = "created" if name == "installation" else "added"

    event = parse(name, {"action": action, "installation": INSTALLATION, "repositories_added": []})

    assert event == InstallationEvent(action, 1)  # type: ignore[arg-type]  # two of the literals


@pytest.mark.parametrize(
    ("path", "value"),
    [
        # Shas end in git commands.
        ("pull_request.head.sha", SHA[:-1]),
        ("pull_request.head.sha", SHA.upper().replace("0", "A")),
        ("pull_request.head.sha", SHA + "\n"),
        ("pull_request.head.sha", "--upload-pack=x"),
        ("pull_request.head.sha", None),
        ("pull_request.base.sha", ["a" * 40]),
        # Names end in addresses and paths.
        ("repository.full_name", "owner"),
        ("repository.full_name", "owner/.."),
        ("repository.full_name", "../../etc/passwd"),
        ("repository.full_name", "owner/name/more"),
        ("repository.full_name", "owner/na me"),
        ("repository.full_name", "owner/name\n"),
        ("pull_request.head.repo.full_name", "a@evil.example/b"),
        # Refs that git itself refuses, or would take for an option.
        ("pull_request.base.ref", "-x"),
        ("pull_request.base.ref", "a..b"),
        ("pull_request.base.ref", "a b"),
        ("pull_request.base.ref", "a:b"),
        ("pull_request.base.ref", "a.lock"),
        ("pull_request.base.ref", "a/.b"),
        ("pull_request.base.ref", "@"),
        ("pull_request.base.ref", ""),
        ("pull_request.base.ref", "x" * 2000),
        ("pull_request.base.ref", "\ud800"),
        # Numbers end in database columns.
        ("pull_request.number", 0),
        ("pull_request.number", -1),
        ("pull_request.number", True),
        ("pull_request.number", "7"),
        ("pull_request.number", 7.0),
        ("repository.id", 2**63),
        ("repository.private", 1),
        # Structure.
        ("installation", {}),
        ("pull_request", []),
        ("pull_request.head", "x"),
        ("pull_request.draft", "false"),
        ("pull_request.updated_at", "yesterday"),
        ("pull_request.updated_at", "2026-11-23T07:44:00"),  # no zone
        ("pull_request.updated_at", "0001-01-01T00:00:00+23:59"),  # before the first year in UTC
        ("pull_request.title", 5),
        ("action", 5),
    ],
)
def test_hostile_and_broken_values_are_refused(path: str, value: object) -> None:
    """
    Each is a payload error that names the place, and none gets further.
    """
    with pytest.raises(PayloadError, match=path.rpartition(".")[2]):
        parse("pull_request", changed(pull_request_payload(), path, value))


@pytest.mark.parametrize("payload", [None, [], "x", 5, True])
def test_a_payload_is_an_object(payload: object) -> None:
    """
    Anything else is refused, for ignored events too.
    """
    with pytest.raises(PayloadError, match="expected an object"):
        parse("pull_request", payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLACES = [
    ("action",),
    ("installation",),
    ("repository",),
    ("repository", "full_name"),
    ("pull_request",),
    ("pull_request", "head"),
    ("pull_request", "head", "repo"),
    ("pull_request", "base", "ref"),
    ("pull_request", "user"),
    ("pull_request", "updated_at"),
    ("changes",),
]


@given(place=st.sampled_from(PLACES), value=JSON, action=st.sampled_from(["opened", "edited", "closed"]))
def test_whatever_stands_anywhere_is_read_or_refused(
    place: tuple[str, ...], value: object, action: str
) -> None:
    """
    No JSON value at any place makes reading fail in another way.
    """
    payload = changed(pull_request_payload(action), ".".join(place), value)

    try:
        event = parse("pull_request", payload)
    except PayloadError:
        return

    assert event is None or isinstance(event, PullRequestEvent)


def test_texts_for_people_lose_what_databases_choke_on() -> None:
    """
    Control characters and lone surrogates are replaced, and long texts are cut.
    """
    event = parse("pull_request", pull_request_payload(title="a\x00b\x1b[31m\ud800" + "x" * 5000))

    assert isinstance(event, PullRequestEvent)
    assert event.title.startswith("a\ufffdb\ufffd[31m\ufffdx")
    assert len(event.title) == 1000


def comment_payload(body: object = "/gate waive security why", **changes: object) -> dict[str, Any]:
    return {
        "action": "created",
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "issue": {"number": 7, "pull_request": {"url": "x"}, "user": {"login": "somebody"}},
        "comment": {
            "id": 17,
            "body": body,
            "created_at": "2026-11-23T07:44:00Z",
            "user": {"login": "mona_octo", "type": "User"},
            "performed_via_github_app": None,
        }
        | changes,
    }


def test_a_command_below_a_pull_request_is_read() -> None:
    """
    Who wrote which commands where, and whose pull request it is.
    """
    assert parse("issue_comment", comment_payload("Well.\r\n/gate waive security why\r\n")) == CommandEvent(
        REF,
        7,
        17,
        ("/gate waive security why",),
        datetime(2026, 11, 23, 7, 44, tzinfo=UTC),
        person="mona_octo",
        author="somebody",
    )


def test_the_author_may_be_gone() -> None:
    """
    Deleted accounts are null; GitHub shows them as ghost.
    """
    event = parse("issue_comment", changed(comment_payload(), "issue.user", None))

    assert isinstance(event, CommandEvent)
    assert event.author == "ghost"


@pytest.mark.parametrize(
    "payload",
    [
        comment_payload("A comment like all the others, which mentions /gate."),
        comment_payload(None),
        changed(comment_payload(), "action", "edited"),
        changed(comment_payload(), "action", "deleted"),
        changed(comment_payload(), "issue", {"number": 7, "user": {"login": "somebody"}}),  # no pull request
        comment_payload(user={"login": "gate[bot]", "type": "Bot"}),
        comment_payload(user={"login": "octo", "type": "Organization"}),
        comment_payload(user=None),
        comment_payload(performed_via_github_app={"id": 1}),
        # Nothing else is looked at before that is known.
        comment_payload("Hello", id="no number") | {"repository": None},
    ],
)
def test_other_comments_are_no_events(payload: dict[str, Any]) -> None:
    """
    Only what a person wrote, now, below a pull request, that is a command; a program's word is no waiver.
    """
    assert parse("issue_comment", payload) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [("comment.body", 7), ("comment.id", 0), ("comment.user.login", "a/b"), ("issue.number", "7")],
)
def test_a_command_that_makes_no_sense_is_an_error(path: str, value: object) -> None:
    """
    What ends in addresses and texts matches its pattern.
    """
    with pytest.raises(PayloadError, match=path.rpartition(".")[2]):
        parse("issue_comment", changed(comment_payload(), path, value))


def workflow_payload(**changes: object) -> dict[str, Any]:
    return {
        "action": "completed",
        "installation": INSTALLATION,
        "repository": REPOSITORY,
        "workflow_run": {
            "id": 5,
            "event": "pull_request",
            "head_sha": SHA,
            "path": ".github/workflows/ci.yml",
            "pull_requests": [],  # for forks, says GitHub
            "head_repository": {"id": 3, "full_name": "fork/name"},
        }
        | changes,
    }


def test_the_workflow_of_a_fork_that_ended_is_an_event() -> None:
    """
    Which run, for which head; the pull request is not in it.
    """
    event = WorkflowRunEvent(REF, 5, SHA, "fork/name", ".github/workflows/ci.yml")

    assert parse("workflow_run", workflow_payload()) == event
    assert parse("workflow_run", workflow_payload(path=None)) == replace(event, workflow="")


@pytest.mark.parametrize(
    "payload",
    [
        workflow_payload() | {"action": "requested"},
        workflow_payload() | {"action": "in_progress"},
        workflow_payload() | {"installation": None},
        # What has secrets, or runs for another commit.
        *(
            workflow_payload(event=name)
            for name in ("push", "pull_request_target", "workflow_run", "schedule")
        ),
        # The repository's own branches: their workflows send their reports.
        workflow_payload(head_repository={"id": 2, "full_name": "owner/name"}),
        # The fork is gone.
        workflow_payload(head_repository=None),
    ],
)
def test_other_workflows_are_no_events(payload: dict[str, Any]) -> None:
    """
    A repository has some 25 for each head.
    """
    assert parse("workflow_run", payload) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("workflow_run", None),
        ("workflow_run.id", 0),
        ("workflow_run.id", "5"),
        ("workflow_run.event", None),
        ("workflow_run.head_sha", "main"),
        ("workflow_run.path", 7),
        ("workflow_run.head_repository.id", None),
        ("workflow_run.head_repository.full_name", "../.."),
        ("repository.full_name", "owner"),
    ],
)
def test_a_workflow_run_that_makes_no_sense_is_an_error(path: str, value: object) -> None:
    """
    As with every payload.
    """
    with pytest.raises(PayloadError, match=path.rpartition(".")[2]):
        parse("workflow_run", changed(workflow_payload(), path, value))
