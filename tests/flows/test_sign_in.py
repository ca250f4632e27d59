"""People in front of the running service: what they see before and after signing in, and what their waivers do."""

from __future__ import annotations

import re

import pytest
import requests

from tests.fake_github import PullRequest, Repository
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

ONLY_COMPLEXITY = {**SHOP, ".gate.toml": "[coverage]\npatch = 0\n"}
WHY = "the rewrite is planned"


class Person:
    """Somebody with a browser, which follows redirects as browsers do."""

    def __init__(self, world: World, login: str) -> None:
        self.world = world
        self.login = login
        self.browser = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.browser.get(f"{self.world.service.url}{path}", timeout=30)

    def post(self, path: str, form: dict[str, str]) -> requests.Response:
        headers = {"Origin": self.world.service.url}
        return self.browser.post(f"{self.world.service.url}{path}", data=form, headers=headers, timeout=30)

    def sign_in(self, come_from: str) -> requests.Response:
        """The page one ends on, by way of GitHub."""
        url = self.world.service.url
        self.world.github.at_browser = self.login
        return self.browser.get(f"{url}/sign-in", headers={"Referer": f"{url}{come_from}"}, timeout=30)

    def waive(self, run: str, why: str) -> requests.Response:
        """The page one ends on after filling in the form of a run with one check that blocks."""
        form = self.get(f"{run}/waive").text.partition('<form class="waive"')[2]
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        (check,) = re.findall(r'name="check" value="(\w+)"', form)
        return self.post(f"{run}/waive", {**fields, "check": check, "why": why})


@pytest.fixture
def repository(world: World) -> Repository:
    """Private, and mona's to maintain."""
    made = world.repository(ONLY_COMPLEXITY, private=True, owner="secretive")
    made.collaborators["mona"] = "maintain"
    return made


@pytest.fixture
def pull(world: World, repository: Repository) -> PullRequest:
    """Blocked by a function of complexity 12."""
    made = repository.open_pull_request({"shop.py": SOURCE + TANGLE}, author="tomas")
    assert world.verdict(made).conclusion == "failure"
    world.settled(made)
    return made


def run_of(world: World, pull: PullRequest) -> str:
    """The page that the check run on GitHub leads to."""
    url = pull.check_run.details_url
    assert url.startswith(world.service.url)
    return url.removeprefix(world.service.url)


@pytest.mark.long
def test_a_private_repository_is_seen_while_github_shows_it(
    world: World, repository: Repository, pull: PullRequest
) -> None:
    """
    Not there before sign-in; there for who has a role, and not for who has none; gone with the authorization.
    """
    run = run_of(world, pull)
    mona, wes = Person(world, "mona"), Person(world, "wes")
    before = mona.get(run)

    after, others = mona.sign_in(run), wes.sign_in(run)
    own = mona.get(f"/r/{repository.full_name}")
    world.github.revoke_authorization("mona")
    # Nothing tells of it before the next look at GitHub, which what one does cannot wait for.
    token = re.findall(r'name="form_token" value="(\w+)"', after.text)[0]
    refused = mona.post(f"{run}/waive", {"form_token": token, "check": "complexity", "why": WHY})

    assert (before.status_code, after.status_code, others.status_code) == (404, 200, 404)
    assert after.url == f"{world.service.url}{run}"
    assert "Blocked" in after.text
    assert own.status_code == 200
    assert refused.status_code == 403
    assert mona.get(run).status_code == 404


def test_a_waiver_by_form_turns_the_check_green(world: World, pull: PullRequest) -> None:
    """
    The check run's link, the form, a worker: and GitHub says who waived what and why, as for a comment.
    """
    run, mona = run_of(world, pull), Person(world, "mona")
    mona.sign_in(run)

    sent = mona.waive(run, WHY)
    assert sent.url.startswith(f"{world.service.url}{run}?asked=")
    world.until(lambda: "is being carried out" not in mona.get(_path(world, sent)).text, "an answer")

    world.until(lambda: pull.check_run.conclusion == "success", "green")
    assert pull.check_run.title == f"Waived: complexity, by mona: {WHY}"
    assert pull.check_runs["gate / complexity"].title.startswith("Waived by mona: tangle is 12")
    page = mona.get(run).text
    assert "Waived by mona (maintain)" in page
    assert "Waive…" not in page
    listed = world.service.output("waivers", "--repository", pull.repository.full_name)
    assert WHY in listed


@pytest.mark.long
def test_who_may_not_waive_is_told_so(world: World, repository: Repository, pull: PullRequest) -> None:
    """
    By the rules of the commands, in the check run and on the page; the role is read in that moment.
    """
    repository.collaborators["wes"] = "write"
    run, wes = run_of(world, pull), Person(world, "wes")
    wes.sign_in(run)

    sent = wes.waive(run, WHY)
    world.until(lambda: "was not accepted" in pull.check_run.summary, "a refusal")

    assert pull.check_run.conclusion == "failure"
    page = wes.get(_path(world, sent)).text
    assert "is being carried out" not in page
    assert "A waiver needs the role admin or maintain here, and wes has write." in page


@pytest.mark.long
def test_an_author_is_refused_here_too(world: World, repository: Repository, pull: PullRequest) -> None:
    """
    What one wrote oneself is for others to waive.
    """
    repository.collaborators["tomas"] = "admin"
    run, tomas = run_of(world, pull), Person(world, "tomas")
    tomas.sign_in(run)

    tomas.waive(run, WHY)

    world.until(lambda: "tomas is the author" in pull.check_run.summary, "a refusal")
    assert pull.check_run.conclusion == "failure"


def _path(world: World, answer: requests.Response) -> str:
    return answer.url.removeprefix(world.service.url)
