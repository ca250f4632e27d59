"""What git prints of a difference, read by itself: a changed file a line, and its hunks; nothing else is taken for one."""

from __future__ import annotations

import pytest

from gate.core.diff import Diff, FileChange, Hunk
from gate.core.failure import Permanent
from gate.git.changes import parse

A, B, NONE = "a" * 40, "b" * 40, "0" * 40


def read(*lines: str) -> Diff:
    return parse([f"{line}\n".encode() for line in lines], 10)


def test_a_change_has_its_hunks() -> None:
    """
    A hunk without counts is of one line; a line of the content begins with its sign and is none.
    """
    found = read(
        f":100644 100755 {A} {B} R087\told.py\tnew.py",
        "",
        "diff --git a/old.py b/new.py",
        "@@ -3,2 +4 @@ def f():",
        "+@@ -1 +1 @@",
    )

    assert found.changes == (
        FileChange("renamed", "old.py", "new.py", A, B, (Hunk(3, 2, 4, 1),), False, "100644", "100755"),
    )


@pytest.mark.parametrize(
    "lines",
    [
        [":100644"],
        [f":100644 100644 {A} {B} X\tapp.py"],
        [f":100644 100644 {A} {B} M"],
        [f":100644 100644 {A} {B} R087\told.py"],
        [f":100644 100644 {A} {B} M\tone.py\ttwo.py"],
        [f":100644 100644 {A[1:]} {B} M\tapp.py"],
        [f":100644 100644 \xff{A} {B} M\tapp.py"],
        [f":100644 100644 {A} {B} M\tapp.py"],
        ["diff --git a/app.py b/app.py"],
        [f":100644 120000 {A} {B} T\tapp.py", "diff --git a/app.py b/app.py"],
        [f":100644 100644 {A} {B} M\tapp.py", "diff --git a/app.py b/app.py", "@@ -x +1 @@"],
        [f":100644 100644 {A} {B} M\tapp.py", "diff --git a/app.py b/app.py", "@@ -1 +" + "9" * 5000 + " @@"],
    ],
)
def test_what_git_does_not_print_is_said_to_be_odd(lines: list[str]) -> None:
    """
    A broken git ends a run with a sentence, not with a fault of ours.
    """
    with pytest.raises(Permanent, match="git printed a diff that cannot be read"):
        read(*lines)


@pytest.mark.parametrize(
    ("quoted", "path"),
    [(r'"tab\there"', "tab\there"), (r'"\303\251"', "é"), (r'"\777"', r"\777"), ('"', '"'), (r'"\"', "\\")],
)
def test_a_quoted_path_is_what_git_meant(quoted: str, path: str) -> None:
    """
    Three octal digits are a byte; of what is none, the text stays.
    """
    found = read(f":000000 100644 {NONE} {B} A\t{quoted}", "diff --git a/x b/x")

    assert found.changes[0].path == path
