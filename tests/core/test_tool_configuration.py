"""The configuration of bandit and coverage.py."""

from __future__ import annotations

import pytest

from gate.core.failure import PolicyError
from gate.core.tool_configuration import bandit_options, bandit_tables

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


def test_a_file_that_cannot_be_read_says_nothing_to_compare() -> None:
    """
    Whoever compares two sides is not stopped by the one that bandit could not read either.
    """
    files = {
        "bandit.yaml": b"a: [",
        ".bandit": b"[bandit]\nskips = B101\n",
        "pyproject.toml": b"[tool.black]\n",
    }

    assert dict(bandit_tables(files)) == {".bandit": {"skips": "B101"}, "pyproject.toml": {}}
