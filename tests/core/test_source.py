"""Which files count."""

from __future__ import annotations

import pytest

from gate.core import source
from gate.core.diff import Diff, FileChange, TreeEntry
from gate.core.policy import DEFAULT, parse
from gate.core.source import (
    Exclusion,
    Selection,
    counts_for_coverage,
    has_usual_test_name,
    is_python_script,
    may_be_script,
    moved_out,
    sources_of,
)


def entry(path: str, mode: str = "100644", blob: str = "b0", size: int = 3) -> TreeEntry:
    return TreeEntry(path, mode, blob, size)


def paths(entries: tuple[TreeEntry, ...]) -> list[str]:
    return [each.path for each in entries]


def test_every_file_that_could_be_source_has_its_place() -> None:
    """
    Nothing is left out silently: links, submodules, notebooks and folders named like source are told.
    """
    tree = [
        entry("z.py"),
        entry(".hidden/a.py", "100755"),
        entry("tests/test_a.py"),
        entry("bin/tool", blob="script"),
        entry("bin/shell"),
        entry("link.py", "120000"),
        entry("readme", "120000"),
        entry("vendored_repository", "160000"),
        entry("study.ipynb"),
        entry("folder.py/inner.py/data.txt"),
        entry("folder.py/code.py"),
    ]

    selection = sources_of(DEFAULT).select(tree, {"script"})

    assert paths(selection.sources) == [".hidden/a.py", "bin/tool", "folder.py/code.py", "z.py"]
    assert paths(selection.tests) == ["tests/test_a.py"]
    assert selection.test_paths == {"tests/test_a.py"}
    assert paths(selection.measured) == [
        ".hidden/a.py",
        "bin/tool",
        "folder.py/code.py",
        "tests/test_a.py",
        "z.py",
    ]
    assert (selection.links, selection.submodules, selection.notebooks, selection.directories) == (
        ("link.py",),
        ("vendored_repository",),
        ("study.ipynb",),
        ("folder.py", "folder.py/inner.py"),
    )


def test_excluded_files_are_counted_with_their_cause() -> None:
    """
    The policy's globs mean what they mean in .gitignore; generated and vendored files are left out without being asked.
    """
    policy = parse('[gate]\nexclude = ["/build", "*_gen.py", "!keep_gen.py"]')
    attributes = {
        "made.py": frozenset({"linguist-generated"}),
        "third/party.py": frozenset({"linguist-vendored"}),
        "plain.py": frozenset({"text"}),
    }
    names = [
        "build/a.py",
        "src/build/b.py",
        "a_gen.py",
        "keep_gen.py",
        "made.py",
        "third/party.py",
        "plain.py",
        "api_pb2.py",
    ]

    selection = sources_of(policy, lambda path: attributes.get(path, frozenset())).select(
        [*map(entry, names), entry("build/notes.txt")]
    )

    assert paths(selection.sources) == ["keep_gen.py", "plain.py", "src/build/b.py"]
    assert selection.excluded == (
        Exclusion("a_gen.py", "policy"),
        Exclusion("api_pb2.py", "generated"),
        Exclusion("build/a.py", "policy"),
        Exclusion("made.py", "generated"),
        Exclusion("third/party.py", "vendored"),
    )


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        # What pytest, unittest and Django collect, and folders of tests.
        ("test_a.py", True),
        ("a_test.py", True),
        ("app/tests.py", True),
        ("conftest.py", True),
        ("pkg/tests/support.py", True),
        ("test/support.py", True),
        # Code that helps others to test is source.
        ("django/test/client.py", False),
        ("flask/testing.py", False),
        ("contest.py", False),
        ("latest_a.py", False),
        ("tests_data.py", False),
    ],
)
def test_usual_names_tell_tests_from_source(path: str, is_test: bool) -> None:
    """
    A test file is known by its name or by a folder of tests.
    """
    assert has_usual_test_name(path) is is_test


def test_the_policy_adds_test_files() -> None:
    """
    `[gate] tests` adds to the usual names and takes none away.
    """
    sources = sources_of(parse('[gate]\ntests = ["spec/**", "!test_a.py"]'))

    assert [sources.is_test(path) for path in ("spec/a.py", "test_a.py", "src/a.py")] == [True, True, False]


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("src/a.py", True),
        ("setup.py", False),
        ("services/api/noxfile.py", False),
        ("pkg/conftest.py", False),
        ("docs/conf.py", False),
        ("src/docs/a.py", True),
    ],
)
def test_what_builds_or_documents_is_not_in_the_denominator(path: str, counts: bool) -> None:
    """
    Coverage is of source; what builds, documents or tests it is not.
    """
    selection = Selection(sources=(entry(path),))

    assert counts_for_coverage(path) is counts
    assert selection.coverage_paths() == ((path,) if counts else ())


@pytest.mark.parametrize(
    ("named", "paths"),
    [
        ((), ("src/a.py",)),
        (("tests",), ("src/a.py", "tests/test_a.py")),
        (("docs", "setup.py"), ("docs/conf.py", "setup.py", "src/a.py")),
        (("src/tests",), ("src/a.py", "src/tests/test_b.py")),
        # A folder that holds tests beside sources does not name them.
        (("src", "test", "."), ("src/a.py",)),
    ],
)
def test_what_coverages_configuration_names_counts(named: tuple[str, ...], paths: tuple[str, ...]) -> None:
    """
    A project that measures its tests says so, by their own folder.
    """
    selection = Selection(
        sources=tuple(map(entry, ("docs/conf.py", "setup.py", "src/a.py"))),
        tests=tuple(map(entry, ("src/tests/test_b.py", "tests/test_a.py"))),
    )

    assert selection.coverage_paths(named) == paths


@pytest.mark.parametrize(
    ("line", "python"),
    [
        (b"#!/usr/bin/env python3\n", True),
        (b"#!/usr/bin/python\r\n", True),
        (b"#! /opt/python3.12/bin/python3.12 -I", True),
        (b"#!/usr/bin/env -S python3 -u", True),
        (b"#!/usr/bin/env LANG=C python", True),
        (b"#!python", True),
        (b"\xef\xbb\xbf#!/usr/bin/env python\n", True),
        (b"#!/bin/sh python", False),
        (b"#!/usr/bin/pythonista", False),
        (b"# python", False),
        (b"", False),
    ],
)
def test_scripts_are_known_by_their_first_line(line: bytes, python: bool) -> None:
    """
    A `#!` line that hands the file to Python makes it source.
    """
    assert is_python_script(line) is python


def test_first_lines_are_read_only_where_they_can_matter() -> None:
    """
    Links, submodules, empty files, notebooks and what is source anyway are not opened.
    """
    asked = [
        entry("tool"),
        entry("tool.cgi", "100755"),
        entry("a.py"),
        entry("b.ipynb"),
        entry("link", "120000"),
        entry("sub", "160000", size=0),
        entry("empty", size=0),
    ]

    assert [each.path for each in asked if may_be_script(each)] == ["tool", "tool.cgi"]


def test_a_file_moved_to_an_excluded_place_is_told() -> None:
    """
    A change cannot hide a file by moving it.
    """
    sources = sources_of(parse('[gate]\nexclude = ["vendor/"]'))
    base = sources.select([entry("a.py"), entry("vendor/old.py")])
    head = sources.select([entry("vendor/a.py"), entry("vendor/old.py"), entry("vendor/new.py")])
    diff = Diff(
        (
            FileChange("renamed", "a.py", "vendor/a.py", "", ""),
            FileChange("added", "", "vendor/new.py", "", ""),
        )
    )

    moved = moved_out(base, head, diff)

    assert moved == (Exclusion("vendor/a.py", "policy"),)
    assert source.left_out(head.left_out(), moved) == (
        "left out: 3 excluded by the policy, vendor/a.py, which this change moves to an excluded place"
    )


def test_what_is_left_out_is_counted_by_cause() -> None:
    """
    Each cause is said with its number; a tree without any says nothing.
    """
    selection = Selection(
        excluded=(
            Exclusion("a_pb2.py", "generated"),
            Exclusion("v/a.py", "vendored"),
            Exclusion("v/b.py", "vendored"),
        ),
        links=("link.py",),
        submodules=("other",),
        notebooks=("a.ipynb", "b.ipynb"),
    )

    assert source.left_out(selection.left_out()) == (
        "left out: 1 generated, 2 vendored, 1 links not followed, 1 submodules, 2 notebooks not measured"
    )
    assert source.left_out(Selection().left_out()) == ""


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (FileChange("modified", "tests/a.py", "tests/a.py", "", ""), True),
        (FileChange("deleted", "tests/a.py", "", "", ""), True),
        (FileChange("renamed", "tests/a.py", "tests/b.py", "", ""), True),
        (FileChange("modified", "setup.cfg", "setup.cfg", "", ""), True),
        (FileChange("added", "", "pkg/conftest.py", "", ""), True),
        # A source file that becomes a test, and what tests read.
        (FileChange("renamed", "src/a.py", "tests/d.py", "", ""), True),
        (FileChange("renamed", "tests/a.py", "src/b.py", "", ""), True),
        (FileChange("modified", "tests/cases.json", "tests/cases.json", "", ""), True),
        (FileChange("deleted", "pkg/conftest.py", "", "", ""), True),
        # New tests cannot take coverage away.
        (FileChange("copied", "tests/a.py", "tests/d.py", "", ""), False),
        (FileChange("added", "", "tests/cases.json", "", ""), False),
        (FileChange("added", "", "tests/c.py", "", ""), False),
        (FileChange("modified", "src/a.py", "src/a.py", "", ""), False),
    ],
)
def test_lost_lines_are_judged_everywhere_when_tests_were_touched(change: FileChange, touched: bool) -> None:
    """
    Edited, moved or removed tests, and files that decide how they run, may cost coverage anywhere.
    """
    assert source.tests_touched(Diff((change,)), {"tests/a.py"}, {"tests/d.py"}) is touched
