"""What a change loosens of its own checks."""

from __future__ import annotations

from gate.core.guard import GUARDED_FILES, loosened
from tests.two_trees import Tree, diff, escaped


def texts(
    base: Tree, head: Tree, before: dict[str, bytes] | None = None, after: dict[str, bytes] | None = None
) -> list[str]:
    found = loosened(
        escaped(base), escaped(head), diff(base, head), base_files=before or {}, head_files=after or {}
    )

    assert {reason.kind for reason in found} <= {"loosened"}
    return [reason.text for reason in found]


def test_added_suppressions_and_skips_are_listed_with_their_line() -> None:
    """
    Those that were there before, wherever they moved, are not.
    """
    base = {"a.py": "import os  # noqa: F401\nx = 1\n", "test_a.py": "def test_a():\n    pass\n"}
    head = {
        "a.py": "\n\nimport os  # noqa: F401\nx = 1  # type: ignore[assignment]\n",
        "test_a.py": "import pytest\n\n\n@pytest.mark.skip\ndef test_a():\n    pass\n",
    }

    assert texts(base, head) == [
        "a.py line 4 adds `# type: ignore`, which hides a type error: # type: ignore[assignment]",
        "test_a.py line 4 adds a skipped test: @pytest.mark.skip",
    ]


def test_deleted_test_files_are_listed() -> None:
    """
    A renamed test is still there; a deleted source file is no loosening.
    """
    assert texts({"test_a.py": "x = 1\n", "a.py": "x = 1\n"}, {}) == ["The test file test_a.py is deleted."]


def test_changed_configuration_is_listed_by_tool() -> None:
    """
    Only the part of a tool counts, wherever it lives.
    """
    before = {
        "pyproject.toml": b"[tool.coverage.report]\nfail_under = 90\n[tool.bandit]\nskips = []\n",
        ".bandit": b"[bandit]\nskips = B101\n",
        "setup.cfg": b"[metadata]\nname = a\n",
    }
    after = {
        "pyproject.toml": b"[tool.coverage.report]\nfail_under = 10\n[tool.bandit]\nskips = []\n",
        ".gate.toml": b"[complexity]\nmaximum = 99\n",
        "setup.cfg": b"[metadata]\nname = b\n",
    }

    assert texts({}, {}, before, after) == [
        "The configuration of bandit in .bandit is removed; it counts once it is merged.",
        "The configuration of gate in .gate.toml is added; it counts once it is merged.",
        "The configuration of coverage in pyproject.toml is changed; it counts once it is merged.",
    ]
    assert {*before, *after} <= {*GUARDED_FILES}


def test_coverages_configuration_in_the_folder_of_a_component_is_listed() -> None:
    """
    Only coverage.py is run there; bandit's files and the policy are the root's alone.
    """
    before = {"api/setup.cfg": b"[coverage:run]\nomit = a.py\n", "api/pyproject.toml": b""}
    after = {"api/setup.cfg": b"", "api/pyproject.toml": b"[tool.bandit]\nskips = ['B101']\n"}

    assert texts({}, {}, before, after) == [
        "The configuration of coverage in api/setup.cfg is changed; it counts once it is merged."
    ]
