"""`.gate.toml` is read strictly, and every mistake is told at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.policy import (
    DEFAULT,
    Complexity,
    Coverage,
    Gate,
    Policy,
    PolicyError,
    Tests,
    digest,
    origins,
    parse,
)

MISTAKES = [
    # Types: a number is no text, true is no number, a float is no whole number.
    (
        "[complexity]\nmaximum = 'ten'",
        "line 2: `complexity.maximum`: expected a whole number from 1 to 1000, got 'ten'",
    ),
    (
        "[complexity]\nmaximum = true",
        "line 2: `complexity.maximum`: expected a whole number from 1 to 1000, got true",
    ),
    (
        "[coverage]\npatch = 80.5",
        'line 2: `coverage.patch`: expected a whole number from 0 to 100, or "auto", got 80.5',
    ),
    ("[coverage]\nbranches = 1", "line 2: `coverage.branches`: expected true or false, got 1"),
    ("[gate]\nexclude = 'a'", "line 2: `gate.exclude`: expected a list of gitignore globs, got 'a'"),
    (
        "[tests]\ncommand = 1979-05-27",
        "line 2: `tests.command`: expected a command line as a string, got 1979-05-27",
    ),
    ("complexity = 3", "line 1: `complexity`: expected a table, got 3"),
    ("[[complexity]]", "line 1: `complexity`: expected a table, got [{}]"),
    ("component = 3", "line 1: `component`: expected tables, each begun by [[component]], got 3"),
    ("component = [3]", "line 1: `component`: expected tables, each begun by [[component]], got [3]"),
    # Ranges, both ends.
    (
        "[complexity]\nmaximum = 0",
        "line 2: `complexity.maximum`: expected a whole number from 1 to 1000, got 0",
    ),
    (
        "[complexity]\nmaximum = 1001",
        "line 2: `complexity.maximum`: expected a whole number from 1 to 1000, got 1001",
    ),
    (
        "[coverage]\npatch = 101",
        'line 2: `coverage.patch`: expected a whole number from 0 to 100, or "auto", got 101',
    ),
    ("[tests]\nprocesses = 0", "line 2: `tests.processes`: expected a whole number from 1 to 256, got 0"),
    # Words.
    ("[gate]\nmode = 'warn'", 'line 2: `gate.mode`: expected "enforce" or "advise", got \'warn\''),
    (
        "[security]\nseverity = 'undefined'",
        'line 2: `security.severity`: expected "low", "medium" or "high", got \'undefined\'',
    ),
    (
        "[gate]\nmode = 'Advice'",
        'line 2: `gate.mode`: expected "enforce" or "advise", got \'Advice\'; did you mean "advise"?',
    ),
    (
        "[coverage]\npatch = 'aut'",
        'line 2: `coverage.patch`: expected a whole number from 0 to 100, or "auto", got \'aut\'; did you mean "auto"?',
    ),
    # Forms.
    (
        "[gate]\ntimezone = '../etc'",
        "line 2: `gate.timezone`: expected the name of a time zone, e.g. \"Europe/Berlin\", got '../etc'",
    ),
    (
        "[tests]\npython = 'three'",
        'line 2: `tests.python`: expected a version or specifier of Python, e.g. "3.12" or ">=3.11", got \'three\'',
    ),
    ("[gate]\ntests = ['!']", "line 2: `gate.tests`: expected a list of gitignore globs, got '!' as item 1"),
    (
        "[gate]\ntests = [\n  'a',\n  '[z-a]', # b\n  3,\n]",
        (
            "line 4: `gate.tests`: expected a list of gitignore globs, got '[z-a]' as item 2\n"
            ".gate.toml line 5: `gate.tests`: expected a list of gitignore globs, got 3 as item 3"
        ),
    ),
    (
        "[gate]\nbranches = ['']",
        "line 2: `gate.branches`: expected a list of branch names or globs, got '' as item 1",
    ),
    (
        "[tests.env]\n'A=B' = ''",
        "line 2: `tests.env.A=B`: expected a table of strings whose names are letters, digits and _, got the name 'A=B'",
    ),
    (
        "[tests]\nenv = { A = 'a', B = 3 }",
        "line 2: `tests.env.B`: expected a table of strings whose names are letters, digits and _, got 3",
    ),
    (
        '[tests]\nenv.A = "\\u0000"',
        "line 2: `tests.env.A`: expected a table of strings whose names are letters, digits and _, got a NUL character",
    ),
    # Unknown keys, with what was meant.
    ("[complexity]\nmaximun = 9", "line 2: `complexity.maximun`: unknown key; did you mean `maximum`?"),
    ("[gate]\ntsets = []", "line 2: `gate.tsets`: unknown key; did you mean `tests`?"),
    ("[complexity]\nzzz = 9", "line 2: `complexity.zzz`: unknown key; known are maximum"),
    ("Complexity.maximum = 9", "line 1: `Complexity`: unknown key; did you mean `complexity`?"),
    ("maximum = 9", "line 1: `maximum`: unknown key; did you mean `complexity.maximum`?"),
    ("[coverage]\nmaximum = 9", "line 2: `coverage.maximum`: unknown key; did you mean `minimum`?"),
    ("[complexity]\n7 = 9", "line 2: `complexity.7`: unknown key; known are maximum"),
    ("[coverge]", "line 1: `coverge`: unknown key; did you mean `coverage`?"),
    # Components.
    (
        "[[component]]\npaths = ['a']",
        "line 1: `component.name`: is missing: a component needs a name and paths",
    ),
    (
        "[[component]]\nname = 'a'\npaths = []",
        "line 3: `component.paths`: expected a list of gitignore globs, at least one, got []",
    ),
    (
        "[[component]]\nname = 'a'\npaths = ['a']\n[[component]]\nname = 'a'\npaths = ['b']",
        "line 5: `component.name`: a component 'a' is already there",
    ),
    (
        "[[component]]\nname = 'a'\npaths = ['a']\n[component.gate]\nmode = 'advise'",
        "line 4: `component.gate`: unknown key; known are name, paths, tests, coverage, complexity, security",
    ),
    (
        "component = [\n  { name = 'a', paths = ['a'] },\n  { name = 'b', paths = ['b'],\n    coverage.lost = -1 },\n]".replace(
            ",\n    c", ", c"
        ),
        "line 3: `component.coverage.lost`: expected a whole number from 0 to 1000000, got -1",
    ),
    # A long value is cut short.
    (
        f"[gate]\nmode = '{'x' * 99}'",
        f'line 2: `gate.mode`: expected "enforce" or "advise", got \'{"x" * 58}…',
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_told_with_line_key_value_and_what_is_allowed(text: str, message: str) -> None:
    """
    Nothing is guessed and nothing is ignored: the message alone is enough to repair the file.
    """
    with pytest.raises(PolicyError) as raised:
        parse(text)

    assert str(raised.value) == f".gate.toml {message}"


BROKEN = [
    ("a = [", ".gate.toml line 1: not valid TOML: Invalid value, at 'a'"),
    (
        "a = 1\nb 2",
        ".gate.toml line 2: not valid TOML: Expected '=' after a key in a key/value pair, at 'b 2'",
    ),
    ("[a]\nb = 1\nb = 2\nc = 3", ".gate.toml line 3: not valid TOML: Cannot overwrite a value, at 'b'"),
    ("[a]\n\n[b]\n[a]\n", ".gate.toml line 4: not valid TOML: Cannot declare ('a',) twice, at '[a]'"),
    ("a.b = 1\n[a]\n", ".gate.toml line 2: not valid TOML: Cannot declare ('a',) twice, at '[a]'"),
    ("a = " + "[" * 5000, ".gate.toml: not valid TOML: tables or lists are nested too deeply"),
    (b"# gr\xfcn", ".gate.toml line 1: not UTF-8, which TOML has to be"),
    (b"a = 1\n\n\xff", ".gate.toml line 3: not UTF-8, which TOML has to be"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_file_that_is_no_toml_is_refused_with_the_place(text: str | bytes, message: str) -> None:
    """
    What cannot be parsed at all is told as one mistake.
    """
    with pytest.raises(PolicyError) as raised:
        parse(text)

    assert str(raised.value) == message


def test_a_number_that_python_refuses_to_read_is_refused_too() -> None:
    """
    A number of 5,000 digits is a mistake of the file, not an accident of the reader.
    """
    with pytest.raises(PolicyError, match="not valid TOML: Exceeds the limit"):
        parse("[complexity]\nmaximum = " + "9" * 5000)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines() -> None:
    """
    Whoever repairs a policy does it once.
    """
    text = "[complexity]\nmaximum = 'ten'\n[gate]\nmode = 1\nexclude = 2\n[nothing]\n"

    with pytest.raises(PolicyError) as raised:
        parse(text, source="org.toml")

    lines = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [f"org.toml line {number}" for number in (2, 4, 5, 6)]


def test_of_very_many_mistakes_fifty_are_told() -> None:
    """
    A file of another program does not fill a check run.
    """
    with pytest.raises(PolicyError) as raised:
        parse("\n".join(f"key{number} = 1" for number in range(60)))

    lines = str(raised.value).splitlines()
    assert len(lines) == 51
    assert lines[-1] == "and 10 more mistakes"


def test_an_empty_file_is_the_defaults() -> None:
    """
    Without any key the defaults hold, which block only worsening.
    """
    assert parse("") == DEFAULT == Policy()


def test_given_keys_are_read_and_the_others_keep_their_defaults() -> None:
    """
    A key changes itself and nothing else.
    """
    policy = parse(
        '[coverage]\npatch = 80\n[tests]\ninstall = ["dev"]\nenv = {B = "2", A = "1"}\npython = ">=3.11, <4"\n'
    )

    assert policy.coverage == Coverage(patch=80)
    assert policy.tests == Tests(install=("dev",), env=(("A", "1"), ("B", "2")), python=">=3.11, <4")
    assert policy.complexity == DEFAULT.complexity


def test_keys_that_are_not_given_are_those_of_the_policy_below() -> None:
    """
    An organisation's defaults hold key by key where a repository says nothing; a list it gives replaces theirs.
    """
    below = parse(
        "[complexity]\nmaximum = 15\n[coverage]\npatch = 90\n[gate]\nexclude = ['a']\ntests = ['t']"
    )

    policy = parse("[coverage]\nminimum = 70\n[gate]\nexclude = ['b']", over=below)

    assert policy == replace(
        below, coverage=Coverage(patch=90, minimum=70), gate=Gate(exclude=("b",), tests=("t",))
    )


def test_components_are_not_inherited() -> None:
    """
    Their paths are of one repository; its own inherit the effective sections.
    """
    below = parse("[complexity]\nmaximum = 15\n[[component]]\nname = 'a'\npaths = ['a']")

    assert parse("", over=below).components == ()
    assert (
        parse("[[component]]\nname = 'b'\npaths = ['b']", over=below).components[0].complexity.maximum == 15
    )


def test_a_component_inherits_what_it_does_not_say() -> None:
    """
    A sub-verdict has own thresholds where it names them, and the repository's elsewhere.
    """
    policy = parse(
        "[coverage]\npatch = 70\nlost = 3\n[complexity]\nmaximum = 12\n"
        '[[component]]\nname = "api"\npaths = ["services/api/**"]\n[component.coverage]\npatch = 95\n'
    )

    component = policy.components[0]

    assert (component.name, component.paths, component.own) == ("api", ("services/api/**",), ("coverage",))
    assert component.coverage == Coverage(patch=95, lost=3)
    assert component.complexity == Complexity(maximum=12)


def test_origins_name_file_and_line_of_every_given_key() -> None:
    """
    `gate policy show` tells where each value comes from.
    """
    text = "complexity.maximum = 9\n\n[coverage]\npatch = 80\n"

    assert origins(text) == {"complexity.maximum": ".gate.toml line 1", "coverage.patch": ".gate.toml line 4"}


@given(st.text(alphabet="[]{}=.\"'\n#a1 component", max_size=40))
def test_any_text_is_a_policy_or_a_policy_error(text: str) -> None:
    """
    Nothing a repository can write makes the reader fail in another way.
    """
    with suppress(PolicyError):
        digest(parse(text))
