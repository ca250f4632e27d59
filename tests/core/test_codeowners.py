"""Which mail addresses CODEOWNERS names for a file."""

from __future__ import annotations

import pytest

from gate.core.codeowners import addresses

TEXT = """\
# a comment
*            everybody@x.example
/src/        @octo/team src@x.example   # a comment
*.md
/src/a.py    Ada@X.example other@y.example
!negated     no@x.example
\\            broken@x.example
"""


@pytest.mark.parametrize(
    ("paths", "owners"),
    [
        (["setup.py"], ("everybody@x.example",)),
        (["src/b.py"], ("src@x.example",)),
        # The last rule that fits decides; one without owners takes them away.
        (["src/a.py"], ("ada@x.example", "other@y.example")),
        (["src/readme.md"], ()),
        (["setup.py", "src/b.py"], ("everybody@x.example", "src@x.example")),
        ([], ()),
    ],
)
def test_the_last_rule_that_fits_decides(paths: list[str], owners: tuple[str, ...]) -> None:
    """
    Logins and teams have no address that Gate knows.
    """
    assert addresses(TEXT, paths) == owners


def test_a_file_of_nothing_names_nobody() -> None:
    """
    Empty, and of lines that git would not take.
    """
    assert addresses("\n\n", ["a.py"]) == ()
