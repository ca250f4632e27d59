"""`[gate] comment = "failure"`: one comment below a pull request, for as long as it lives, and only where something failed."""

from __future__ import annotations

import pytest

from tests.fake_github import Comment, PullRequest, Repository
from tests.fake_github.faults import (
    BAD_GATEWAY_BUT_APPLIED,
    CREATE_COMMENT,
    CUT_BUT_APPLIED,
    LIST_COMMENTS,
    UPDATE_COMMENT,
    Fault,
)
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

POLICY = '[gate]\ncomment = "failure"\n\n[coverage]\npatch = 0\n'
WATCHED = {**SHOP, ".gate.toml": POLICY}
TANGLED = {"shop.py": SOURCE + TANGLE}
HARMLESS = {"shop.py": SOURCE + "\n# harmless\n"}


def comment_of(world: World, pull: PullRequest, *, saying: str) -> Comment:
    """The only comment of ours, once it says that."""
    world.until(
        lambda: any(saying in one.body for one in pull.own_comments), f"a comment on {pull} with {saying!r}"
    )
    (own,) = pull.own_comments
    return own


def blocked(world: World, repository: Repository, *, author: str = "octocat") -> PullRequest:
    """A pull request that a function of complexity 12 blocks, with its comment."""
    pull = repository.open_pull_request(TANGLED, author=author)
    comment_of(world, pull, saying="Blocked")
    return pull


def later(world: World, repository: Repository) -> None:
    """Waits until another pull request has gone all the way: what was to come of the ones before has come."""
    pull = repository.open_pull_request({**TANGLED, "later.txt": "later\n"})
    comment_of(world, pull, saying="Blocked")


def requests_for_comments(world: World, repository: Repository) -> list[str]:
    """What was asked of GitHub about the comments of a repository."""
    path = f"/repos/{repository.full_name}/issues/"
    return [one.operation for one in world.github.exchanges if one.path.startswith(path)]


def test_what_fails_is_told_once_and_edited_when_it_passes(world: World) -> None:
    """
    Red: one comment with what to do. Red again: the same one, edited. Green: the same one, one line. One notification.
    """
    repository = world.repository(WATCHED)
    pull = blocked(world, repository)
    first = comment_of(world, pull, saying=pull.head_sha[:7])

    pull.push({"shop.py": SOURCE + "\n# more\n" + TANGLE})
    second = comment_of(world, pull, saying=pull.head_sha[:7])
    pull.push(HARMLESS)
    third = comment_of(world, pull, saying="✅ **Passed**")

    assert first is second is third
    assert "### ❌ **Blocked**: complexity" in third.history[0]
    assert "1. Bring [`tangle`]" in third.history[0]
    assert "| `main` |" in third.history[0]
    assert third.body.startswith(f"<!-- gate:sticky repo={repository.id} pr={pull.number} -->\n✅ ")
    assert third.body.count("\n") == 2
    assert pull.notifications == 1
    assert requests_for_comments(world, repository) == [CREATE_COMMENT, UPDATE_COMMENT, UPDATE_COMMENT]


@pytest.mark.long
def test_what_never_failed_is_left_in_peace(world: World) -> None:
    """
    A pull request that passes gets no comment, nor does one where the policy does not ask for it, or only advises.
    """
    watched = world.repository(WATCHED)
    advised = world.repository({**WATCHED, ".gate.toml": POLICY.replace("[gate]", '[gate]\nmode = "advise"')})
    quiet = world.repository({**SHOP, ".gate.toml": "[coverage]\npatch = 0\n"})
    passing = watched.open_pull_request(HARMLESS)
    others = [repository.open_pull_request(TANGLED) for repository in (quiet, advised)]

    world.settled(passing, *others)
    later(world, watched)

    assert passing.check_run.conclusion == "success"
    assert [pull.check_run.conclusion for pull in others] == ["failure", "neutral"]
    assert [pull.comments for pull in (passing, *others)] == [[], [], []]


@pytest.mark.parametrize("fault", [BAD_GATEWAY_BUT_APPLIED, CUT_BUT_APPLIED])
def test_a_lost_answer_makes_no_second_comment(world: World, fault: Fault) -> None:
    """
    GitHub has made the comment and nobody heard: it is looked for before another one is made, and only then.
    """
    repository = world.repository(WATCHED)
    world.github.faults.script(CREATE_COMMENT, fault)

    pull = repository.open_pull_request(TANGLED)

    world.until(lambda: UPDATE_COMMENT in requests_for_comments(world, repository), "the lost comment")
    pull.push(HARMLESS)
    comment_of(world, pull, saying="✅ **Passed**")
    assert pull.notifications == 1
    expected = [CREATE_COMMENT, LIST_COMMENTS, UPDATE_COMMENT, UPDATE_COMMENT]
    # An answer is noted after what it tells of.
    world.until(lambda: len(requests_for_comments(world, repository)) >= len(expected), "the last answer")
    assert requests_for_comments(world, repository) == expected


def test_a_comment_that_was_not_made_is_made(world: World) -> None:
    """
    Where the request itself got lost, nothing is found, and the comment is made after all.
    """
    repository = world.repository(WATCHED)
    world.github.faults.script(CREATE_COMMENT, Fault())

    pull = blocked(world, repository)

    assert pull.notifications == 1
    assert requests_for_comments(world, repository) == [CREATE_COMMENT, LIST_COMMENTS, CREATE_COMMENT]


@pytest.mark.long
def test_a_missing_permission_harms_no_verdict(world: World) -> None:
    """
    The verdict stands, and `gate` says in a line what is missing; once it is granted, the line goes and the comment comes.
    """
    repository = world.repository(WATCHED, owner="strict")
    installation = world.github.installation_of(repository)
    assert installation is not None
    installation.permissions["pull_requests"] = "read"
    pull = repository.open_pull_request(TANGLED)
    world.until(
        lambda: "gate" in pull.check_runs and "lacks the permission" in pull.check_run.summary, "the line"
    )
    told = pull.check_run

    installation.permissions["pull_requests"] = "write"
    pull.push({"shop.py": SOURCE + "\n# more\n" + TANGLE})

    comment_of(world, pull, saying="Blocked")
    world.until(lambda: "could not be written" not in pull.check_run.summary, "no line any more")
    assert (told.conclusion, told.title) == ("failure", "Blocked: complexity")
    assert "The comment below the pull request could not be written." in told.summary
    assert pull.check_run.conclusion == "failure"


@pytest.mark.long
def test_a_waiver_is_told_in_the_comment(world: World) -> None:
    """
    What somebody waived blocks nothing: the comment becomes one line that says who did, and is no command itself.
    """
    repository = world.repository(WATCHED)
    repository.collaborators["mona"] = "maintain"
    pull = blocked(world, repository)

    pull.comment("/gate waive complexity the rewrite is planned", author="mona")

    own = comment_of(world, pull, saying="✅ **Waived**")
    assert "by mona: the rewrite is planned" in own.body
    world.github.webhooks.settle()
    told = [one for one in world.github.deliveries if one.repository_id == repository.id]
    assert [
        (one.action, one.status_code)
        for one in told
        if one.event == "issue_comment" and one.payload["sender"]["type"] == "Bot"
    ] == [("created", 200), ("edited", 200)]


@pytest.mark.long
def test_a_deleted_comment_comes_back_only_for_what_fails(world: World) -> None:
    """
    Somebody deleted it: nothing is said of a head that passes, and a head that fails gets a new one.
    """
    repository = world.repository(WATCHED)
    pull = blocked(world, repository)
    pull.comments[0].delete()

    pull.push(HARMLESS)
    world.settled(pull)
    later(world, repository)
    silent = list(pull.own_comments)
    pull.push(TANGLED)

    assert silent == []
    comment_of(world, pull, saying="Blocked")
    assert pull.notifications == 2


@pytest.mark.long
def test_a_closed_pull_request_is_left_alone(world: World) -> None:
    """
    Whatever is written below it afterwards, its comment stays as it was.
    """
    repository = world.repository(WATCHED)
    repository.collaborators["mona"] = "maintain"
    pull = blocked(world, repository)
    before = list(comment_of(world, pull, saying="Blocked").history)
    pull.close()
    world.until(lambda: ", closed" in world.page(f"/r/{repository.full_name}/pulls"), "the closing")

    pull.comment("/gate waive complexity too late", author="mona")
    later(world, repository)

    assert pull.own_comments[0].history == before


@pytest.mark.long
def test_a_comment_that_nobody_wants_any_more_stays_true(world: World) -> None:
    """
    The policy has `comment = "never"` now: the comment of before is edited, in one line, and no other pull request gets one.
    """
    repository = world.repository(WATCHED)
    pull = blocked(world, repository)

    repository.push("main", {".gate.toml": POLICY.replace("failure", "never")})

    world.until(lambda: pull.own_comments[0].body.count("\n") == 2, "one line")
    assert "❌ **Blocked**: complexity." in pull.own_comments[0].body
    other = repository.open_pull_request(TANGLED)
    world.settled(other)
    assert other.comments == []
