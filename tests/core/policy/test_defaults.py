"""What an organisation says for all its repositories."""

from __future__ import annotations

import pytest

from gate.core.policy import NO_DEFAULTS, Defaults, PolicyError, parse, read_defaults, told

SOURCE = "acme/.github/.gate.toml"
THEIRS = read_defaults("[complexity]\nmaximum = 7\n", source=SOURCE, version="blob 1a2b3c4")
UNSEEN = Defaults(absent="Gate sees no acme/.github")


def test_components_are_left_out() -> None:
    """
    The paths of a component are those of one repository.
    """
    text = "[complexity]\nmaximum = 7\n[[component]]\nname = 'api'\npaths = ['api']\n"

    assert read_defaults(text, source=SOURCE).policy == parse("[complexity]\nmaximum = 7\n")


def test_mistakes_name_the_repository_of_the_file() -> None:
    """
    Whoever reads the check run of another repository knows where to repair it.
    """
    with pytest.raises(
        PolicyError, match=r"^acme/\.github/\.gate\.toml line 1: `complexity`: expected a table"
    ):
        read_defaults("complexity = 1", source=SOURCE)


@pytest.mark.parametrize(
    ("own", "remark", "defaults", "text"),
    [
        (".gate.toml at 1234567", "main", NO_DEFAULTS, ".gate.toml at 1234567 (main)"),
        (
            ".gate.toml at 1234567",
            "main",
            THEIRS,
            ".gate.toml at 1234567 (main) over acme/.github/.gate.toml at blob 1a2b3c4",
        ),
        (
            ".gate.toml at 1234567",
            "main",
            UNSEEN,
            ".gate.toml at 1234567 (main; no organisation policy: Gate sees no acme/.github)",
        ),
        ("", "no .gate.toml", THEIRS, "acme/.github/.gate.toml at blob 1a2b3c4 (no .gate.toml)"),
        (
            "",
            "no .gate.toml",
            UNSEEN,
            "the defaults (no .gate.toml; no organisation policy: Gate sees no acme/.github)",
        ),
        ("own.toml", "", read_defaults("", source="org.toml"), "own.toml over org.toml"),
    ],
)
def test_where_a_policy_comes_from_is_told_in_a_clause(
    own: str, remark: str, defaults: Defaults, text: str
) -> None:
    """
    The repository's file, what is below it, or why there is nothing.
    """
    assert told(own, remark, defaults) == text
