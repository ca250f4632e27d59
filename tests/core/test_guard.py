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


def test_loosening_is_told_from_further_loosening() -> None:
    """
    A shifted suppression and an equal configuration are the same; another one in the same place is not.
    """

    def found(head: str, policy: bytes) -> list[tuple[str, ...]]:
        trees = {"a.py": "import os\n"}, {"a.py": head}
        reasons = loosened(
            escaped(trees[0]),
            escaped(trees[1]),
            diff(*trees),
            base_files={},
            head_files={".gate.toml": policy},
        )
        return [reason.identity for reason in reasons]

    first = found("import os  # noqa: F401\n", b"[complexity]\nmaximum = 20\n")
    shifted = found("\n\nimport os  # noqa: F401\n", b"# more\n[complexity]\nmaximum = 20\n")
    further = found("import os  # noqa: F401, E501\n", b"[complexity]\nmaximum = 30\n")

    assert shifted == first
    assert not {*first} & {*further}
    assert all(identity for identity in (*first, *further))


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
