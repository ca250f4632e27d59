"""The configuration of bandit and coverage.py."""

from __future__ import annotations

import pytest

from gate.core.failure import PolicyError
from gate.core.tool_configuration import bandit_options, settings_of

DEEP = b"a: " + b"[" * 30 + b"]" * 30
ALIASES = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n".encode()
    for before, name in zip("abcde", "bcdef", strict=True)
)


def test_bandits_files_are_united() -> None:
    """
    Each of the three places counts; tables of plugins are handed on, `profiles` and exclusions have no effect.
    """
    files = {
        "pyproject.toml": b'[tool.bandit]\nskips = ["B101"]\nexclude_dirs = ["x"]\n[tool.bandit.assert_used]\nskips = ["*_t.py"]\n',
        "bandit.yaml": b"tests: [B201, B301]\nassert_used:\n  skips: ['*/t.py']\nprofiles: {a: {}}\nany: {day: 2020-01-01, list: [1, 2.5, null]}\n",
        ".bandit": b"[bandit]\nskips: B102, B103,\ntargets: src\n",
    }

    options = bandit_options(files)

    assert options == {
        "tests": ["B201", "B301"],
        "skips": ["B101", "B102", "B103"],
        "config": {
            "any": {"day": "2020-01-01", "list": [1, 2.5, None]},
            "assert_used": {"skips": ["*/t.py"]},
        },
    }


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pyproject.toml": b"[project]\nname = 'a'\n"},
        {"pyproject.toml": b"tool = 3\n"},
        {"bandit.yaml": b"\n"},
        {".bandit": b"[other]\na = 1\n"},
        {"bandit.yaml": b"skips: 3\n"},
    ],
)
def test_without_bandit_options_there_are_none(files: dict[str, bytes]) -> None:
    """
    Files that say nothing about bandit change nothing.
    """
    assert bandit_options(files) == {"tests": [], "skips": [], "config": {}}


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"pyproject.toml": b"a ="}, "pyproject.toml: not valid TOML: Invalid value"),
        ({"bandit.yaml": b"a: [\n"}, "bandit.yaml: not valid YAML: "),
        ({"bandit.yaml": b"- B101\n"}, "bandit.yaml: expected a table of bandit's options, got list"),
        ({"bandit.yaml": DEEP}, "bandit.yaml: more than 10000 values, or nested more than 20 deep"),
        ({"bandit.yaml": ALIASES}, "bandit.yaml: more than 10000 values, or nested more than 20 deep"),
        ({".bandit": b"skips = B101\n"}, ".bandit: not a valid ini file: "),
        (
            {"bandit.yaml": b"tests: [B101]\n", ".bandit": b"[bandit]\nskips = B101\n"},
            "bandit's configuration both selects and skips B101",
        ),
    ],
)
def test_a_broken_configuration_is_told_and_not_ignored(files: dict[str, bytes], text: str) -> None:
    """
    A file that bandit could not read either stops the gate with its name.
    """
    with pytest.raises(PolicyError) as raised:
        bandit_options(files)

    assert str(raised.value).startswith(text)


@pytest.mark.parametrize(
    ("path", "before", "after", "same"),
    [
        # Only the tool's own part counts where a file has many.
        (
            "pyproject.toml",
            b"[tool.coverage.run]\nbranch = true",
            b"[tool.black]\n[tool.coverage.run]\nbranch = true",
            True,
        ),
        (
            "pyproject.toml",
            b"[tool.coverage.run]\nbranch = true",
            b"[tool.coverage.run]\nomit = ['a']",
            False,
        ),
        ("pyproject.toml", b"tool = 1", b"", True),
        (
            "setup.cfg",
            b"[coverage:run]\nbranch = 1\n",
            b"[metadata]\nname = a\n[coverage:run]\nbranch = 1\n",
            True,
        ),
        ("setup.cfg", b"[coverage:run]\nbranch = 1\n", b"", False),
        # Files of its own count as a whole, comments and order aside.
        (".coveragerc", b"[run]\nbranch = 1\n", b"# why\n[run]\nbranch=1\n", True),
        (".coveragerc", b"[run]\nomit = a%b\n", b"", False),
        (".coveragerc.toml", b"[run]\nbranch = true", b"run = {branch = true}", True),
        ("bandit.yaml", b"skips: [B101]", b"skips: [B102]", False),
        # What cannot be read is compared as it is.
        (".coveragerc", b"no section", b"no  section", False),
        ("pyproject.toml", b"a =", b"a =", True),
    ],
)
def test_settings_are_compared_by_meaning(path: str, before: bytes, after: bytes, same: bool) -> None:
    """
    An edit elsewhere in a file of many tools is no edit of the tool's settings.
    """
    assert (settings_of(path, before, "coverage") == settings_of(path, after, "coverage")) is same
