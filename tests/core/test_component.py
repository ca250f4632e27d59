"""Which part of a repository a file belongs to, and where a component's own tests run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.component import Part, Parts, topmost
from gate.core.policy import DEFAULT, parse

MONOREPO = """\
[complexity]
maximum = 12
[[component]]
name = "worker"
paths = ["services/api/worker/**"]
[component.tests]

[[component]]
name = "api"
paths = ["services/api/**", "libs/api_*.py"]
[component.complexity]
maximum = 20
"""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("services/api/app.py", "api"),
        ("libs/api_client.py", "api"),
        # The first component that matches has the file.
        ("services/api/worker/run.py", "worker"),
        # What no component matches is the rest's.
        ("services/apis/app.py", ""),
        ("app.py", ""),
    ],
)
def test_every_file_belongs_to_one_part(path: str, name: str) -> None:
    """
    So a component with a looser limit is really looser, and nothing is judged twice.
    """
    assert Parts(parse(MONOREPO)).of(path).name == name


def test_a_part_is_judged_by_what_its_component_says_and_inherits() -> None:
    """
    Limits, and whose tests measure it, are the component's own where it gives them.
    """
    parts = Parts(parse(MONOREPO))

    found = [(part.name, part.policy.complexity.maximum, part.suite) for part in parts.all]

    assert found == [("", 12, ""), ("worker", 12, "worker"), ("api", 20, "")]
    assert [part.name for part in parts.suites] == ["", "worker"]
    assert [part.name for part in parts.measured_by(parts.rest)] == ["", "api"]


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["services/api/**"], "services/api"),
        (["/services/api/"], "services/api"),
        (["services/api"], "services/api"),
        (["services/api/*.py"], "services/api"),
        (["services/api/main.py"], "services/api"),
        # Several have what all have in common, by whole names.
        (["services/api/**", "services/api_tests/**"], "services"),
        (["services/api/**", "!services/api/old/**"], "services/api"),
        (["services/api/**", "tests/api/**"], ""),
        # Git looks for these in every folder.
        (["api/"], ""),
        (["*.py"], ""),
        (["**/api/**"], ""),
        (["services/a[bc]/x/**"], "services"),
    ],
)
def test_own_tests_run_in_the_folder_that_all_globs_share(paths: list[str], folder: str) -> None:
    """
    As a person would run them.
    """
    assert Part("api", DEFAULT, paths=tuple(paths)).folder == folder


def test_folders_that_hold_nothing_else_are_told_in_one_word() -> None:
    """
    Where a folder is shared its files are told one by one.
    """
    paths = ["a/x.py", "a/b/y.py", "c/x.py", "c/y.py", "c/d/z.py", "e.py"]

    assert topmost(paths, ["a/x.py", "a/b/y.py", "c/y.py", "c/d/z.py"]) == ("a/", "c/d/", "c/y.py")


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)


@given(st.sets(NAMES, max_size=12), st.data())
def test_the_fewest_words_mean_the_chosen_files_and_no_others(paths: set[str], data: st.DataObject) -> None:
    """
    Whatever the tree looks like.
    """
    files = sorted(f"{path}.py" for path in paths)
    chosen = data.draw(st.sets(st.sampled_from(files))) if files else set()

    told = topmost(files, chosen)

    assert {path for path in files if path in told or any(path.startswith(place) for place in told)} == chosen
