"""Pull requests that are large or oddly named, and what they cost of GitHub's budget."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.fake_github import PullRequest
from tests.flows.conftest import SHOP, SOURCE, TANGLE, World, runs_of, said_once

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

ODD_NAMES = (
    "with space.py",
    'quo"te.py',
    "it's.py",
    "naïve.py",
    "日本/語.py",
    "new\nline.py",
    "tab\tstop.py",
    "-dash.py",
    "back\\slash.py",
    "$(id) `id` %s {0}.py",
    ":(glob)*.py",
)


def tangles(number: int) -> str:
    """So many functions of complexity 12."""
    ors = " or ".join(f"a == {n}" for n in range(12))
    return "".join(f"def tangle_{n}(a):\n    return {ors}\n\n\n" for n in range(number))


def written(world: World, pull: PullRequest) -> list[str]:
    """The content-creating requests for the pull request's repository: `POST` and `PATCH` of check runs."""
    path = f"/repos/{pull.repository.full_name}/check-runs"
    return [
        one.method
        for one in world.github.exchanges
        if one.path.startswith(path) and one.method in {"POST", "PATCH"}
    ]


def test_what_a_pull_request_costs_of_githubs_limits(world: World) -> None:
    """
    At most nine requests, the cached tokens aside, four of which make something: so many pull requests an hour fit.
    """
    repository = world.repository()
    world.settled(repository.open_pull_request({"README.md": "first\n"}))
    before = len(world.github.exchanges)

    pull = repository.open_pull_request({"shop.py": SOURCE + TANGLE})
    world.settled(pull)

    where = (f"/repos/{repository.full_name}/", f"/repos/{repository.owner}/.github/")
    made = [one for one in world.github.exchanges[before:] if one.path.startswith(where)]
    assert len(made) <= 9
    assert [one.method for one in made].count("POST") == 4
    assert said_once(pull)


@pytest.mark.long
def test_more_annotations_than_github_shows(world: World) -> None:
    """
    Of more than 200 annotations the first 200 are sent, 50 a request, each once, and the summary says so.
    """
    pull = world.repository().open_pull_request({"tangles.py": tangles(230)})

    world.settled(pull)

    complexity = pull.check_runs["gate / complexity"]
    assert complexity.conclusion == "failure"
    assert len({note.start_line for note in complexity.annotations}) == len(complexity.annotations) == 200
    assert "200 of 230 annotations" in complexity.summary
    assert written(world, pull).count("PATCH") <= 2 + 3 + 3  # of `gate`, of complexity, of coverage


@pytest.mark.long
def test_three_thousand_changed_files(world: World) -> None:
    """
    GitHub's lists of files end at 300 or 3,000; git's do not, and every file is judged.
    """
    files = {f"package/part_{n}.py": f"def part_{n}():\n    return {n}\n" for n in range(3000)}

    pull = world.repository().open_pull_request({**files, "package/part_2999.py": tangles(1)})

    world.settled(pull)
    assert pull.check_runs["gate / complexity"].title == "tangle_0 is 12, limit 10"
    assert said_once(pull)


@pytest.mark.long
def test_five_thousand_findings(world: World) -> None:
    """
    The verdict counts them all, GitHub shows the worst 200, and the page of the run has the rest.
    """
    findings = "".join(f"eval(input('{n}'))\n" for n in range(5000))

    pull = world.repository().open_pull_request({f"part_{n}.py": findings for n in range(1)})

    world.settled(pull)
    security = pull.check_runs["gate / security"]
    assert security.conclusion == "failure"
    assert len(security.annotations) == 200
    assert "200 of 5,000 annotations" in security.summary
    assert world.page(f"/runs/{quote(security.external_id, safe='')}").count("B307") >= 5000
    assert said_once(pull)


@pytest.mark.long
def test_twenty_thousand_changed_lines(world: World) -> None:
    """
    A long diff has a whole verdict, and no request that GitHub would refuse.
    """
    body = "".join(f"    total += {n} * quantity\n" for n in range(20_000))

    pull = world.repository().open_pull_request(
        {"shop.py": f"{SOURCE}\n\ndef long(quantity):\n    total = 0\n{body}    return total\n"}
    )

    world.settled(pull)
    assert pull.check_run.conclusion == "failure"
    assert "20,00" in pull.check_runs["gate / coverage"].summary
    assert said_once(pull)


def test_names_that_need_quoting(world: World) -> None:
    """
    Spaces, quotes, line breaks and whatever else git allows in a name: each file is judged, and annotated where GitHub can.
    """
    repository = world.repository({**SHOP, **dict.fromkeys(ODD_NAMES[:3], SOURCE)})

    pull = repository.open_pull_request(dict.fromkeys(ODD_NAMES, SOURCE + TANGLE))

    world.settled(pull)
    complexity = pull.check_runs["gate / complexity"]
    assert complexity.title.endswith(f"and {len(ODD_NAMES) - 1} more")
    assert {note.path for note in complexity.annotations} == {
        name for name in ODD_NAMES if name.isprintable()
    }
    assert {run.conclusion for run in runs_of(pull) if run.name == "gate"} == {"failure"}
