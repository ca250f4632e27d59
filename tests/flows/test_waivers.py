"""`/gate waive` in a comment, check runs out: who may, what it covers, how long it holds, and what is told to whom may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.fake_github import CheckRun, PullRequest, Repository
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World, runs_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

UNTESTED = "\n\ndef untested(a):\n    b = a + 1\n    c = b + 1\n    d = c + 1\n    return d\n"
COMMAND = "/gate waive complexity the rewrite is planned"
SIMPLER = TANGLE.replace("    if a == 10:\n        return 10\n", "")
"""The tangle with a complexity of 11."""
KNOT = TANGLE.replace("tangle", "knot")
ONLY_COMPLEXITY = {**SHOP, ".gate.toml": "[coverage]\npatch = 0\n"}
"""Where a tangle that no test runs is blocked for its complexity alone."""
TANGLED = {"shop.py": SOURCE + TANGLE}


def watched(world: World, **people: str) -> Repository:
    """A repository with these people in their roles."""
    repository = world.repository(ONLY_COMPLEXITY)
    repository.collaborators.update(people)
    return repository


def blocked(world: World, repository: Repository, *, author: str = "octocat") -> PullRequest:
    """A pull request that a function of complexity 12 blocks."""
    pull = repository.open_pull_request(TANGLED, author=author)
    assert world.verdict(pull).conclusion == "failure"
    world.settled(pull)
    return pull


def green(world: World, pull: PullRequest) -> CheckRun:
    """The `gate` of the present head, once it is successful."""
    world.until(lambda: "gate" in pull.check_runs and pull.check_run.conclusion == "success", f"green {pull}")
    return pull.check_run


def refused(world: World, pull: PullRequest) -> str:
    """What `gate` says once somebody's command was refused."""
    world.until(lambda: "was not accepted" in pull.check_run.summary, f"a refusal on {pull}")
    assert pull.check_run.conclusion == "failure"
    return pull.check_run.summary


def test_a_maintainer_waives_what_blocks(world: World) -> None:
    """
    The same check runs turn green, without another measurement, and say who waived what and why.
    """
    pull = blocked(world, watched(world, mona="maintain"))
    before = {run.id for run in runs_of(pull)}

    pull.comment(f"This is a hotfix.\r\n{COMMAND}\r\n", author="mona")

    assert green(world, pull).title == "Waived: complexity, by mona: the rewrite is planned"
    complexity = pull.check_runs["gate / complexity"]
    assert complexity.conclusion == "success"
    assert complexity.title == "Waived by mona: tangle is 12, limit 10 (the rewrite is planned)"
    assert "by mona, who has the role maintain" in pull.check_run.summary
    assert {run.id for run in runs_of(pull)} == before


@pytest.mark.long
def test_the_waiver_is_on_the_page(world: World) -> None:
    """
    The page of the run says it as the check run does.
    """
    pull = blocked(world, watched(world, mona="admin"))

    pull.comment(COMMAND, author="mona")
    green(world, pull)

    page = world.page(f"/r/{pull.repository.full_name}/pull/{pull.number}")
    assert "Waived by mona (admin)" in page
    assert "the rewrite is planned" in page


def test_an_author_is_refused_while_somebody_else_could(world: World) -> None:
    """
    What one wrote oneself is for others to waive; the answer stands in `gate`.
    """
    pull = blocked(world, watched(world, mona="admin", ada="maintain"), author="mona")

    pull.comment(COMMAND, author="mona")

    assert "mona is the author" in refused(world, pull)


@pytest.mark.long
def test_the_only_person_may_waive_their_own_and_everybody_sees_it(world: World) -> None:
    """
    Nobody else could, so the author may: the titles say whose waiver it is.
    """
    pull = blocked(world, watched(world, mona="admin", wes="write"), author="mona")

    pull.comment(COMMAND, author="mona")

    assert "by mona, the author" in green(world, pull).title
    assert "By the author of this very change" in pull.check_run.summary


@pytest.mark.long
def test_an_author_is_refused_where_github_does_not_tell_who_else(world: World) -> None:
    """
    An App that may not list the collaborators takes nobody for the only one.
    """
    repository = watched(world, mona="admin")
    repository.hides_collaborators = True
    pull = blocked(world, repository, author="mona")

    pull.comment(COMMAND, author="mona")

    assert "GitHub does not tell" in refused(world, pull)


@pytest.mark.long
def test_the_role_is_read_when_the_command_comes(world: World) -> None:
    """
    Who may only write is refused, and may after a promotion; unknown commands and checks are answered as well.
    """
    repository = watched(world, wes="write")
    pull = blocked(world, repository)

    pull.comment(COMMAND, author="wes")
    summary = refused(world, pull)
    pull.comment("/gate open sesame\n/gate waive security there is nothing", author="wes")
    world.until(lambda: "nothing to waive" in pull.check_run.summary, "both answers")
    repository.collaborators["wes"] = "maintain"
    pull.comment(COMMAND, author="wes")

    assert "A waiver needs the role admin or maintain here, and wes has write." in summary
    assert "open" in green(world, pull).summary


@pytest.mark.long
def test_programs_and_talk_waive_nothing(world: World) -> None:
    """
    Comments by Apps, through Apps, and such as only mention the command change nothing.
    """
    pull = blocked(world, watched(world, **{"mona": "admin", "helper[bot]": "admin"}))
    before = [run.history[:] for run in runs_of(pull)]

    pull.comment(COMMAND, author="helper[bot]")
    pull.comment(COMMAND, author="mona", through_app=True)
    pull.comment(f"Write `{COMMAND}`:\n```\n{COMMAND}\n```\n> {COMMAND}", author="mona")
    world.github.webhooks.settle()
    later = blocked(world, pull.repository)

    assert later.check_run.conclusion == "failure"
    assert [run.history for run in runs_of(pull)] == before


def test_a_later_head_with_the_same_reasons_stays_waived(world: World) -> None:
    """
    Lines shift and the function is simplified a little: it is what was waived.
    """
    pull = blocked(world, watched(world, mona="admin"))
    pull.comment(COMMAND, author="mona")
    green(world, pull)

    pull.push({"shop.py": "# A shop.\n\n" + SOURCE + SIMPLER})

    assert green(world, pull).title == "Waived: complexity, by mona: the rewrite is planned"
    assert [run.conclusion for run in pull.check_run.history if run.conclusion] == ["success"]


@pytest.mark.long
def test_a_renamed_file_stays_waived(world: World) -> None:
    """
    The reason is found through the rename of a file that the base has.
    """
    repository = world.repository({**ONLY_COMPLEXITY, "deep.py": SOURCE + "# far below\n" * 40})
    repository.collaborators["mona"] = "admin"
    pull = repository.open_pull_request({"deep.py": SOURCE + "# far below\n" * 40 + TANGLE})
    world.verdict(pull)
    pull.comment(COMMAND, author="mona")
    green(world, pull)

    pull.push({"deep.py": None, "deeper.py": SOURCE + "# far below\n" * 40 + TANGLE})

    assert "mona" in green(world, pull).title


def test_a_new_reason_blocks_again_and_is_named(world: World) -> None:
    """
    Beside what was waived, another tangle blocks; the title and the list "to pass" have only that one.
    """
    pull = blocked(world, watched(world, mona="admin"))
    pull.comment(COMMAND, author="mona")
    green(world, pull)

    pull.push({"shop.py": SOURCE + TANGLE + KNOT})

    assert world.verdict(pull).conclusion == "failure"
    complexity = pull.check_runs["gate / complexity"]
    assert complexity.title.startswith("New since the waiver by mona: knot is new with a complexity of 12")
    assert "knot" in pull.check_run.summary.partition("To pass")[2].partition("Why")[0]
    assert "tangle" not in pull.check_run.summary.partition("To pass")[2].partition("Why")[0]


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_untested_lines_are_waived_one_by_one(world: World) -> None:
    """
    Shifted lines are those that were waived; one more is new, though there are no more of them than before.
    """
    repository = world.repository()
    repository.collaborators["mona"] = "admin"
    pull = repository.open_pull_request({"shop.py": SOURCE + UNTESTED})
    assert world.verdict(pull).conclusion == "failure"
    pull.comment("/gate waive coverage no test can reach it", author="mona")
    green(world, pull)

    pull.push({"shop.py": "# A shop.\n\n" + SOURCE + UNTESTED})
    shifted = green(world, pull).title
    pull.push({"shop.py": SOURCE + UNTESTED.replace("d = c + 1", "d = c - 1")})

    assert shifted == "Waived: coverage, by mona: no test can reach it"
    assert world.verdict(pull).conclusion == "failure"
    title = pull.check_runs["gate / coverage"].title
    assert title.startswith("New since the waiver by mona: shop.py 10 was not waived.")


@pytest.mark.long
def test_a_rerun_keeps_it(world: World) -> None:
    """
    Measured again, the same head is waived again.
    """
    pull = blocked(world, watched(world, mona="admin"))
    pull.comment(COMMAND, author="mona")
    first = green(world, pull)

    first.rerequest()

    world.until(
        lambda: pull.check_run.id != first.id and pull.check_run.status == "completed", "a second gate"
    )
    assert pull.check_run.title == first.title


def test_a_redelivered_comment_waives_once(world: World) -> None:
    """
    The same comment delivered three times is one waiver; `gate waivers` lists it.
    """
    repository = watched(world, mona="admin")
    pull = blocked(world, repository)
    pull.comment(COMMAND, author="mona")
    green(world, pull)
    (first,) = (
        one
        for one in world.github.deliveries
        if one.event == "issue_comment" and one.repository_id == repository.id
    )

    again = world.github.deliver(*(world.github.webhooks.redeliver(first) for _ in range(2)))
    later = blocked(world, repository)

    assert {one.status for one in again} == {"OK"}
    assert later.check_run.conclusion == "failure"
    listed = world.service.output(
        "waivers", "--format", "csv", "--repository", repository.full_name
    ).splitlines()
    assert len(listed) == 2
    assert "mona,admin" in listed[1]


@pytest.mark.long
def test_a_waiver_holds_on_its_own_pull_request_alone(world: World) -> None:
    """
    The same function in another pull request blocks.
    """
    repository = watched(world, mona="admin")
    pull = blocked(world, repository)
    pull.comment(COMMAND, author="mona")
    green(world, pull)

    other = repository.open_pull_request(TANGLED)

    assert world.verdict(other).conclusion == "failure"


@pytest.mark.long
def test_a_command_before_any_verdict_is_answered_with_it(world: World) -> None:
    """
    Nothing can be waived that nobody has seen; the answer comes with the verdict.
    """
    repository = watched(world, mona="admin")
    pull = _hidden(world, lambda: repository.open_pull_request(TANGLED))

    pull.comment(COMMAND, author="mona")
    world.until(lambda: _asked(world, repository, "mona"), "the question for the role")
    repository.invisible.clear()

    world.verdict(pull)
    assert "Nothing is judged yet" in refused(world, pull)


@pytest.mark.long
def test_a_command_that_comes_before_its_pull_request_is_answered(world: World) -> None:
    """
    GitHub promises no order: what is not known yet is asked for, and the answer comes with the verdict.
    """
    repository = watched(world, mona="admin")
    world.github.webhooks.held = True
    pull = repository.open_pull_request(TANGLED)
    pull.comment(COMMAND, author="mona")
    waiting = {one.event: one for one in world.github.webhooks.pending}
    world.github.webhooks.held = False

    world.github.deliver(waiting["issue_comment"])
    world.until(lambda: _asked(world, repository, "mona"), "the question for the role")
    world.github.deliver(waiting["pull_request"])

    world.verdict(pull)
    assert "Nothing is judged yet" in refused(world, pull)


@pytest.mark.long
def test_a_command_while_a_newer_head_is_judged_holds_for_it(world: World) -> None:
    """
    It covers what the person saw, the verdict on the head before; the newer head's verdict has it.
    """
    repository = watched(world, mona="admin")
    pull = blocked(world, repository)

    def push() -> PullRequest:
        pull.push({"shop.py": SOURCE + "\n# harmless\n" + TANGLE})
        return pull

    _hidden(world, push)

    pull.comment(COMMAND, author="mona")
    world.until(
        lambda: "mona" in world.service.output("waivers", "--repository", repository.full_name), "a waiver"
    )
    repository.invisible.clear()

    assert green(world, pull).title == "Waived: complexity, by mona: the rewrite is planned"


@pytest.mark.long
def test_a_command_that_arrives_late_covers_what_its_writer_saw(world: World) -> None:
    """
    A head that was pushed and judged after the comment has its own new reasons: nobody waived those.
    """
    pull = blocked(world, watched(world, mona="admin"))
    world.github.webhooks.held = True
    pull.comment(COMMAND, author="mona")
    # Deliveries of before may still be on their way.
    (late,) = (one for one in world.github.webhooks.pending if one.event == "issue_comment")
    world.github.webhooks.held = False
    # GitHub's times are whole seconds.
    world.until(lambda: world.github.now() > late.made_at + timedelta(seconds=2), "the next second")
    pull.push({"shop.py": SOURCE + TANGLE + KNOT})
    world.verdict(pull)
    world.settled(pull)

    world.github.deliver(late)

    complexity = pull.check_runs["gate / complexity"]
    world.until(lambda: complexity.title.startswith("New since the waiver by mona: knot"), "what is new")
    assert pull.check_run.conclusion == "failure"


def _asked(world: World, repository: Repository, person: str) -> bool:
    """Whether GitHub was asked for somebody's role, which comes after the look at the newest verdict."""
    path = f"/repos/{repository.full_name}/collaborators/{person}/permission"
    return any(exchange.path == path for exchange in world.github.exchanges)


def _hidden(world: World, change: Callable[[], PullRequest]) -> PullRequest:
    """Makes a head that the API does not know of yet, so that its evaluation cannot get further than its start."""
    world.github.webhooks.held = True
    pull = change()
    pull.repository.invisible.add(pull.head_sha)
    world.github.webhooks.held = False
    world.github.deliver()
    return pull
