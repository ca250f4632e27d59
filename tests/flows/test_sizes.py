"""Pull requests that are large or oddly named, and what they cost of GitHub's budget."""

from __future__ import annotations

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


def test_a_pull_request_costs_four_creates_and_few_updates(world: World) -> None:
    """
    GitHub allows 500 content-creating requests an hour: each check run is made once, and `gate` alone is updated.
    """
    pull = world.repository().open_pull_request({"shop.py": SOURCE + TANGLE})

    world.settled(pull)

    requests = written(world, pull)
    assert requests.count("POST") == 4
    assert requests.count("PATCH") <= 3
    assert said_once(pull)


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


def test_three_hundred_changed_files(world: World) -> None:
    """
    GitHub's lists of files end at 300; git's do not.
    """
    files = {f"package/part_{n}.py": f"def part_{n}():\n    return {n}\n" for n in range(300)}

    pull = world.repository().open_pull_request({**files, "package/part_299.py": tangles(1)})

    world.settled(pull)
    assert pull.check_runs["gate / complexity"].title == "tangle_0 is 12, limit 10"
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
