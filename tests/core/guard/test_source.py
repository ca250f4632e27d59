"""Suppressions, skips and test files: what a change adds or loses of them, with line, author and remedy."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from checks import security
from gate.core.guard import author_name, loosened, with_authors
from gate.core.verdict import Reason
from gate.core.verdict.wording import NOT_COMMITTED
from tests.two_trees import Tree, diff, escaped, reports


def found(
    base: Tree,
    head: Tree,
    renames: Mapping[str, str] | None = None,
    authors: Mapping[tuple[str, int], str] | None = None,
) -> tuple[Reason, ...]:
    return with_authors(
        loosened(
            escaped(base),
            escaped(head),
            diff(base, head, renames),
            base_files={},
            head_files={},
            findings=reports(security.measure, head).files,
        ),
        authors or {},
    )


PLAIN = "import os\nx = 1\n"
TEST = "import pytest\nimport unittest\n\n\ndef test_a():\n    pass\n"
ADDED = {
    "noqa": (
        "a.py",
        PLAIN,
        "import os  # noqa: F401\nx = 1\n",
        "a.py line 1 adds `# noqa`, which hides a lint finding: # noqa: F401",
        "Take `# noqa` out of a.py line 1.",
    ),
    "type-ignore": (
        "a.py",
        PLAIN,
        "import os\nx = 1  # type: ignore[assignment]\n",
        "a.py line 2 adds `# type: ignore`, which hides a type error: # type: ignore[assignment]",
        "Take `# type: ignore` out of a.py line 2.",
    ),
    "no-cover": (
        "a.py",
        PLAIN,
        "import os\nx = 1  # pragma: no cover\n",
        "a.py line 2 adds `pragma: no cover`, which leaves lines out of coverage: # pragma: no cover",
        "Take `pragma: no cover` out of a.py line 2.",
    ),
    "nosec": (
        "a.py",
        PLAIN + "exec('')\n",
        PLAIN + "exec('')  # nosec B102\n",
        "a.py line 3 adds `# nosec`, which hides B102 (medium severity): # nosec B102",
        "Take `# nosec` out of a.py line 3.",
    ),
    "nosec of a rule that finds nothing": (
        "a.py",
        PLAIN,
        "import os\nx = 1  # nosec: B602\n",
        "a.py line 2 adds `# nosec`, which hides security findings of the rules it names: # nosec: B602",
        "Take `# nosec` out of a.py line 2.",
    ),
    "blanket nosec": (
        "a.py",
        PLAIN + "exec('')\n",
        PLAIN + "exec('')  # nosec\n",
        "a.py line 3 adds `# nosec` without a rule id, which hides nothing here: # nosec",
        "Take `# nosec` without a rule id out of a.py line 3.",
    ),
    "skip": (
        "test_a.py",
        TEST,
        TEST.replace("def ", "@pytest.mark.skip\ndef "),
        "test_a.py line 5 adds a skipped test: @pytest.mark.skip",
        "Let the test at test_a.py line 5 run and pass.",
    ),
    "skipif": (
        "test_a.py",
        TEST,
        TEST.replace("def ", "@unittest.skipIf(True, 'slow')\ndef "),
        "test_a.py line 5 adds a conditionally skipped test: @unittest.skipIf(True, 'slow')",
        "Let the test at test_a.py line 5 run and pass.",
    ),
    "xfail": (
        "test_a.py",
        TEST,
        TEST.replace("def ", "@pytest.mark.xfail\ndef "),
        "test_a.py line 5 adds a test that is expected to fail: @pytest.mark.xfail",
        "Let the test at test_a.py line 5 run and pass.",
    ),
}


@pytest.mark.parametrize("kind", ADDED)
def test_what_is_added_is_listed_and_what_is_removed_or_moved_is_not(kind: str) -> None:
    """
    Each kind both ways: with line and remedy when it comes, nothing when it goes or stands elsewhere.
    """
    path, without, with_it, text, remedy = ADDED[kind]

    there = found({path: without}, {path: with_it})

    assert [(reason.kind, reason.text, reason.remedy) for reason in there] == [("loosened", text, remedy)]
    assert found({path: with_it}, {path: without}) == ()
    assert found({path: with_it}, {path: f"# first\n\n{with_it}y = 1\n"}) == ()
    moved = path.replace("a.py", "b.py")
    assert found({path: with_it}, {moved: with_it}, {path: moved}) == ()


def test_a_second_equal_one_is_one_more() -> None:
    """
    They are counted: the copy of a line that was there brings its suppression again.
    """
    there = found({"a.py": "x = 1  # noqa\n"}, {"a.py": "x = 1  # noqa\nx = 1  # noqa\n"})

    assert len(there) == 1


@pytest.mark.parametrize(
    ("old", "new", "is_lost"),
    [
        ("tests/test_a.py", "tests/helper_a.py", True),
        ("tests/test_a.py", "old/test_a.py.txt", True),
        ("test_a.py", "a_test.py", False),
        ("tests/test_a.py", "tests/unit/test_a.py", False),
        ("conftest.py", "tests/conftest.py", False),
        ("tests/data.py", "tests/data_of_tests.py", False),
        ("tests/data.py", "src/data.py", True),
        # To take a helper for a test loosens nothing.
        ("tests/helper_a.py", "tests/test_a.py", False),
    ],
)
def test_tests_that_are_renamed_away_are_listed(old: str, new: str, is_lost: bool) -> None:
    """
    A rename to what no runner collects is as good as a deletion; any other is none.
    """
    there = found({old: TEST}, {new: TEST}, {old: new}, {(old, 0): "Ann"})

    text = f"{old} (by Ann) is renamed to {new}, which test runners do not collect by themselves."
    remedy = f"Give {new} a name that test runners collect, as {old} was."
    assert [(reason.text, reason.remedy) for reason in there] == ([(text, remedy)] if is_lost else [])


def test_deleted_test_files_are_listed_and_new_ones_are_not() -> None:
    """
    With whoever deleted it; a deleted source file is no loosening.
    """
    base = {"test_a.py": TEST, "a.py": PLAIN}

    (deleted,) = found(base, {}, authors={("test_a.py", 0): "Ann"})

    assert deleted.text == "test_a.py (by Ann) is deleted, a test file."
    assert deleted.remedy == "Bring the test file test_a.py back."
    assert found({}, base) == ()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Ann", "a.py line 1 (by Ann) adds"),
        (NOT_COMMITTED, "a.py line 1 (not committed yet) adds"),
        ("", "a.py line 1 adds"),
    ],
)
def test_the_author_stands_behind_the_line(written: str, text: str) -> None:
    """
    Where one is known.
    """
    (reason,) = found({"a.py": PLAIN}, {"a.py": "import os  # noqa\nx = 1\n"}, authors={("a.py", 1): written})

    assert reason.text.startswith(text)
    assert reason.author == written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ann Ünal", "Ann Ünal"),
        ("ann@example.org", "ann"),
        ("Ann <ann@example.org>", "Ann <ann"),
        ("@", ""),
        ("  \t ", ""),
        ("Ann\x1b[2J\u202eevil", "Ann\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}evil"),
        ("A" * 200, "A" * 59 + "…"),
        ("ghp_" + "a" * 40, "[redacted]"),
    ],
)
def test_names_are_hostile_text(written: str, shown: str) -> None:
    """
    One short line without control characters, secrets and addresses.
    """
    assert author_name(written) == shown


def test_loosening_is_told_from_further_loosening() -> None:
    """A shifted suppression is the same as at an earlier head; another one in the same place is not."""

    def identity(head: str) -> tuple[str, ...]:
        (reason,) = found({"a.py": "import os\n"}, {"a.py": head})
        return reason.identity

    first = identity("import os  # noqa: F401\n")

    assert first
    assert identity("\n\nimport os  # noqa: F401\n") == first
    assert identity("import os  # noqa: F401, E501\n") != first
