"""`/gate` commands: which lines are some, what they ask for, and who gets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gate.core.command import Asker, Command, MisusedError, commands_in, decide, parse, waivable, written
from gate.core.verdict import Outcome, Refusal, Verdict, Waiver
from gate.core.waiver import snapshot, with_waivers
from tests import verdicts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAINTAINER = Asker("mona", "maintain", author=False)
LINE = "/gate waive complexity because the rewrite is planned"


@pytest.mark.parametrize(
    ("body", "commands"),
    [
        ("/gate waive security why", ("/gate waive security why",)),
        ("Well.\r\n/gate waive security why\r\nThanks", ("/gate waive security why",)),
        ("/gate a\n/gate b", ("/gate a", "/gate b")),
        ("/gate", ("/gate",)),
        ("/gate  waive\tsecurity  why ", ("/gate waive security why",)),
        # Only at the beginning of a line, and only our own word.
        ("see /gate waive security why", ()),
        (" /gate waive security why", ()),
        ("> /gate waive security why", ()),
        ("/gatekeeper hello", ()),
        ("/Gate waive", ()),
        ("", ()),
        # What stands in a code block is quoted.
        ("```\n/gate waive security why\n```", ()),
        ("~~~text\n/gate a\n```\n/gate b\n~~~\n/gate c", ("/gate c",)),
        ("/gate x\n" * 9, ("/gate x",) * 5),
        ("/gate " + "x" * 3000, ("/gate " + "x" * 993 + "…",)),
        ("/gate waive security a\x00b\u202ec", ("/gate waive security a�b�c",)),
    ],
)
def test_lines_that_begin_with_the_word_are_commands(body: str, commands: tuple[str, ...]) -> None:
    """
    Everything else of a comment is talk.
    """
    assert commands_in(body) == commands


@pytest.mark.parametrize("check", ["coverage", "complexity", "security", "loosening"])
def test_a_waiver_names_a_check_and_why(check: str) -> None:
    """
    What follows the check is the reason, word for word.
    """
    assert parse(f"/gate waive {check} it is  a hotfix") == Command(check, "it is  a hotfix")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("/gate", "A command is missing. Write `/gate waive CHECK WHY`."),
        ("/gate help", "Gate knows no command `help`. Write `/gate waive CHECK WHY`."),
        ("/gate waive", "CHECK is one of coverage, complexity, security or loosening, not ``."),
        ("/gate waive tests why", "not `tests`"),
        ("/gate waive Security why", "not `Security`"),
        ("/gate waive security", "The reason is missing: say why security may be as it is."),
        ("/gate waive security ...", "The reason is missing"),
        ("/gate waive security " + "y" * 501, "The reason has 501 characters, and at most 500 are kept."),
    ],
)
def test_a_misused_command_is_told_how_to_be_written(line: str, text: str) -> None:
    """
    The text names what is wrong and what would be right.
    """
    with pytest.raises(MisusedError) as raised:
        parse(line)

    assert text in str(raised.value)


def test_who_has_the_role_gets_the_waiver() -> None:
    """
    It names person, role, time, head, and all that blocks the check.
    """
    given = decide(LINE, MAINTAINER, verdicts.JUDGED, NOW)

    assert isinstance(given, Waiver)
    assert (given.check, given.person, given.role, given.given_at) == ("complexity", "mona", "maintain", NOW)
    assert (given.why, given.head_sha, given.own) == ("because the rewrite is planned", verdicts.HEAD, False)
    assert [reason.name for reason in given.reasons] == ["RetryBudget.plan"]


AUTHOR = Asker("mona", "admin", author=True, alone=False)
REFUSED = [
    (LINE, Asker("wes", "write", author=False), "A waiver needs the role admin or maintain here, and wes has write."),
    (LINE, Asker("eve", "none", author=False), "eve has none."),
    # A role is compared as a whole, and the author's own role helps nobody.
    (LINE, Asker("wes", "admin,maintain", author=False), "A waiver needs the role"),
    (LINE, Asker("wes", "write", author=True, alone=True), "wes has write."),
    (LINE, AUTHOR, "mona is the author, and authors give no waiver for what is their own: somebody else with"),
    (LINE, replace(AUTHOR, alone=None), "GitHub does not tell whether somebody else has such a role."),
    ("/gate waive security why", MAINTAINER, "security does not block, so there is nothing to waive."),
    ("/gate waive loosening why", MAINTAINER, "loosening does not block, so there is nothing to waive."),
    ("/gate open", MAINTAINER, "Gate knows no command `open`."),
]  # fmt: skip


@pytest.mark.parametrize(("line", "asker", "text"), REFUSED)
def test_whoever_may_not_is_told_why(line: str, asker: Asker, text: str) -> None:
    """
    A refusal names the person, what was asked and the cause.
    """
    refused = decide(line, asker, verdicts.JUDGED, NOW)

    assert isinstance(refused, Refusal)
    assert text in refused.text
    assert (refused.person, refused.given_at) == (asker.person, NOW)
    assert line.startswith(refused.command.rstrip("…"))


def test_the_only_person_may_waive_their_own() -> None:
    """
    An author may when nobody else can, and the waiver says so.
    """
    given = decide(LINE, replace(AUTHOR, alone=True), verdicts.JUDGED, NOW)

    assert isinstance(given, Waiver)
    assert given.own


@pytest.mark.parametrize(
    ("verdict", "line", "text"),
    [
        (None, LINE, "Nothing is judged yet: write it again when the verdict is there."),
        (verdicts.BLOCKED, LINE, "This verdict cannot be waived: measure again"),
        (
            replace(verdicts.COULD_NOT_MEASURE, waiver_roles=("maintain",)),
            LINE,
            "complexity could not be measured, and only what was measured can be waived.",
        ),
    ],
)
def test_only_what_was_judged_can_be_waived(verdict: object, line: str, text: str) -> None:
    """
    Without a verdict, without roles in it, or without a measurement there is nothing to go by.
    """
    refused = decide(line, MAINTAINER, verdict, NOW)  # type: ignore[arg-type]  # a Verdict or None, from the table

    assert isinstance(refused, Refusal)
    assert text in refused.text


@pytest.mark.parametrize("why", ["it is planned", "  it is\r\n planned ", "see `x` and /gate waive security"])
def test_what_a_form_asks_for_is_a_command(why: str) -> None:
    """
    Read like one that somebody wrote, whatever the reason looks like.
    """
    assert parse(written("complexity", why)) == Command("complexity", " ".join(why.split()))


@pytest.mark.parametrize(
    ("verdict", "checks"),
    [
        (verdicts.JUDGED, ["coverage", "complexity"]),
        (verdicts.PASSED, []),
        (verdicts.COULD_NOT_MEASURE, []),
        # What is waived already is not asked for again.
        (with_waivers(verdicts.JUDGED, [verdicts.WAIVER]), ["coverage"]),
        (replace(verdicts.PASSED, loosened=(verdicts.LOOSENED,)), []),
        (replace(verdicts.PASSED, loosened=(verdicts.LOOSENED,), loosening_blocks=True), ["loosening"]),
        (
            replace(verdicts.PASSED, components=(("api", Outcome.BLOCKED, (verdicts.COMPLEXITY,)),)),
            ["complexity"],
        ),
    ],
)
def test_what_blocks_can_be_waived(verdict: Verdict, checks: list[str]) -> None:
    """
    Check by check, with what a waiver given now would cover.
    """
    assert waivable(verdict) == tuple((check, snapshot(verdict, check)) for check in checks)
