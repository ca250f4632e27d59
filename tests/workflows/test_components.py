"""A tree as one suite sees it."""

from __future__ import annotations

import pytest

from gate.core.component import Parts
from gate.core.diff import TreeEntry
from gate.core.policy import DEFAULT, parse
from gate.core.source import sources_of
from gate.workflows.components import seen_by
from gate.workflows.measure import Tree

POLICY = """\
[[component]]
name = "api"
paths = ["services/api/**"]
[component.tests]
timeout_minutes = 1
[[component]]
name = "worker"
paths = ["services/worker/**"]
"""
FILES = (
    "app.py",
    "requirements.txt",
    "services/api/api/app.py",
    "services/api/pytest.ini",
    "services/api/requirements.txt",
    "services/api/tests/test_app.py",
    "services/worker/run.py",
    "tests/test_all.py",
)


def tree_of(*paths: str) -> Tree:
    entries = tuple(TreeEntry(path, "100644", path, 1) for path in paths)
    return Tree("head", entries, sources_of(DEFAULT).select(entries))


def seen(suite: int, *paths: str, policy: str = POLICY) -> Tree | None:
    parts = Parts(parse(policy))
    return seen_by(parts.suites[suite], tree_of(*paths), parts)


def paths(entries: tuple[TreeEntry, ...]) -> list[str]:
    return [entry.path for entry in entries]


def test_the_repositorys_suite_leaves_out_components_with_tests_of_their_own() -> None:
    """
    Components without stay in it, and what is left out is told.
    """
    tree = seen(0, *FILES)

    assert tree is not None
    assert paths(tree.entries) == [
        "app.py",
        "requirements.txt",
        "services/worker/run.py",
        "tests/test_all.py",
    ]
    assert tree.selection.coverage_paths() == ("app.py", "services/worker/run.py")
    assert (tree.suite, tree.folder, tree.others) == ("", "", ("services/api/",))


def test_a_components_suite_sees_its_folder_as_the_root() -> None:
    """
    Manifests and tests are looked for there, under the paths that a person there would use.
    """
    tree = seen(1, *FILES)

    assert tree is not None
    assert paths(tree.entries) == ["api/app.py", "pytest.ini", "requirements.txt", "tests/test_app.py"]
    assert tree.selection.coverage_paths() == ("api/app.py",)
    assert (tree.suite, tree.folder, tree.others, tree.borrowed) == ("api", "services/api", (), False)


def test_without_manifests_of_its_own_a_component_borrows_the_repositorys() -> None:
    """
    Pytest's configuration says nothing of what tests need.
    """
    tree = seen(1, *(path for path in FILES if path != "services/api/requirements.txt"))

    assert tree is not None
    assert paths(tree.entries) == ["api/app.py", "pytest.ini", "tests/test_app.py", "requirements.txt"]
    assert tree.borrowed


def test_a_component_inside_another_is_left_out_of_it() -> None:
    """
    Its tests may need what the outer one's environment has not.
    """
    policy = POLICY.replace('"worker"', '"all"').replace("services/worker/**", "services/**")
    policy += "[component.tests]\ntimeout_minutes = 2\n"

    tree = seen(2, *FILES, policy=policy)

    assert tree is not None
    assert paths(tree.selection.sources) == ["worker/run.py"]
    assert (tree.folder, tree.others) == ("services", ("api/",))


@pytest.mark.parametrize(("suite", "files"), [(0, FILES[2:6]), (1, FILES[:2])])
def test_a_suite_without_anything_to_run_or_to_cover_sees_nothing(suite: int, files: tuple[str, ...]) -> None:
    """
    Nothing is run for it.
    """
    assert seen(suite, *files) is None


def test_a_folder_that_is_not_there_is_not_where_tests_run() -> None:
    """
    A last name without an ending may be that of a file.
    """
    policy = POLICY.replace("services/api/**", "tools/run")
    parts = Parts(parse(policy))
    entries = (TreeEntry("tools/run", "100755", "script", 1),)
    tree = Tree("head", entries, sources_of(DEFAULT).select(entries, {"script"}))

    found = seen_by(parts.suites[1], tree, parts)

    assert found is not None
    assert (found.folder, paths(found.entries)) == ("tools", ["run"])


def test_with_one_suite_the_tree_is_seen_as_it_is() -> None:
    """
    Components that share the repository's tests change nothing about how these run.
    """
    tree = tree_of(*FILES)
    parts = Parts(parse(POLICY.replace("[component.tests]\ntimeout_minutes = 1\n", "")))

    assert seen_by(parts.rest, tree, parts) is tree
