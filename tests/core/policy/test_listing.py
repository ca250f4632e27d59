"""The policy for people and editors."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.core.comparison import Ratio
from gate.core.policy import (
    DEFAULT,
    Policy,
    PolicyError,
    digest,
    json_schema,
    origins,
    parse,
    show,
    starter,
    with_tests_of,
)
from tests.core.policy.test_parsing import MISTAKES

FULL = """\
[gate]
mode = "advise"
exclude = ["vendor/", "*_gen.py"]
[tests]
install = ["dev", "requirements.txt"]
env = { A = "1", B = "two \\u007F" }
[coverage]
patch = 80
[[component]]
name = "api"
paths = ["services/api/**"]
[component.complexity]
maximum = 7
"""
JUDGED_BY_MORE_THAN_A_SCHEMA = (
    "[gate]\ntests = ['!']",
    "[gate]\ntests = ['[z-a]']",
    "[gate]\nbranches = ['']",
)


@pytest.mark.parametrize("policy", [DEFAULT, parse(FULL)], ids=["defaults", "full"])
def test_the_listing_is_itself_a_policy_with_the_same_meaning(policy: Policy) -> None:
    """
    What `gate policy show` prints can be used as the file it describes.
    """
    assert parse(show(policy, {})) == policy


def test_the_listing_tells_where_each_key_comes_from() -> None:
    """
    A key is a default, or was given on a line of a file.
    """
    lines = show(parse(FULL), origins(FULL)).splitlines()

    assert 'mode = "advise"  # .gate.toml line 2' in lines
    assert "branches = []  # default" in lines
    assert 'env = { A = "1", B = "two \\u007F" }  # .gate.toml line 6' in lines
    assert lines[lines.index("[[component]]") + 1] == 'name = "api"  # .gate.toml line 10'
    assert lines[lines.index("[component.complexity]") + 1] == "maximum = 7  # .gate.toml line 13"


def test_a_components_section_tells_what_it_inherits() -> None:
    """
    A key its section does not give comes from the whole repository's, or from the file of the organisation below.
    """
    organisation = "[coverage]\nlost = 3\n"
    own = "[coverage]\npatch = 80\n[[component]]\nname = 'a'\npaths = ['a']\n[component.coverage]\nminimum = 9\n"
    given = origins(organisation, source="org.toml") | origins(own)

    lines = show(parse(own, over=parse(organisation)), given).splitlines()

    of_component = lines[lines.index("[component.coverage]") :]
    assert "patch = 80  # .gate.toml line 2" in of_component
    assert "lost = 3  # org.toml line 2" in of_component
    assert "minimum = 9  # .gate.toml line 7" in of_component
    assert "branches = false  # default" in of_component


def test_the_schema_accepts_every_default_and_every_full_file() -> None:
    """
    Editors accept what Gate accepts.
    """
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    for text in ("", FULL, show(DEFAULT, {}), show(parse(FULL), {})):
        validator.validate(tomllib.loads(text))


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES if text not in JUDGED_BY_MORE_THAN_A_SCHEMA])
def test_the_schema_refuses_what_the_parser_refuses(text: str) -> None:
    """
    Schema and parser are made of one definition; only dates, globs and equal names are beyond a schema.
    """
    content = tomllib.loads(text)
    names = (
        [table.get("name") for table in content.get("component", []) if isinstance(table, dict)]
        if isinstance(content.get("component"), list)
        else []
    )

    valid = Draft202012Validator(json_schema()).is_valid(content)

    assert valid is (len(names) != len(set(names)))


def test_every_key_has_a_default_and_a_meaning_in_the_schema() -> None:
    """
    An editor shows what a key does and what holds without it.
    """
    schema = json_schema()

    sections = {name: table for name, table in schema["properties"].items() if name != "component"}  # type: ignore[attr-defined]  # JSON is untyped

    assert [
        (name, key)
        for name, table in sections.items()
        for key, each in table["properties"].items()
        if not (each["description"] and "default" in each)
    ] == []
    assert sections["complexity"]["properties"]["maximum"]["default"] == 10


@pytest.mark.parametrize(
    ("coverage", "most_complex", "findings", "wanted"),
    [
        (None, None, None, {"complexity": {"maximum": 10}}),
        (Ratio(0, 0), 3, 0, {"complexity": {"maximum": 10}}),
        (Ratio(839, 1000), 24, 3, {"coverage": {"patch": "auto", "minimum": 83}}),
        (Ratio(999, 1000), 10, 1, {"coverage": {"patch": "auto", "minimum": 99}}),
    ],
)
def test_the_starter_is_valid_and_blocks_nothing_of_today(
    coverage: Ratio | None, most_complex: int | None, findings: int | None, wanted: dict[str, object]
) -> None:
    """
    The floor is the present share rounded down, and the limits are the defaults.
    """
    text = starter(coverage=coverage, most_complex=most_complex, findings=findings)

    parse(text)
    assert tomllib.loads(text).items() >= wanted.items()
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_digest_is_of_the_meaning_not_of_the_text() -> None:
    """
    Comments, order and defaults written out do not change it; every value does.
    """
    first = parse("[complexity]\nmaximum = 10\n[tests]\nenv = {A = '1', B = '2'}")
    same = parse("# a comment\n[tests]\nenv.B = '2'\nenv.A = '1'\n")

    assert digest(first) == digest(same)
    assert digest(first) != digest(DEFAULT)
    assert len(digest(DEFAULT)) == 64


def test_only_the_tests_are_taken_from_the_head() -> None:
    """
    A pull request says how its suite is run, and nothing about what is judged.
    """
    policy = parse(
        "[complexity]\nmaximum = 5\n[[component]]\nname = 'a'\npaths = ['a']\n[[component]]\nname = 'b'\npaths = ['b']"
    )
    head = parse(
        "[complexity]\nmaximum = 99\n[tests]\ncommand = 'tox'\n[[component]]\nname = 'a'\npaths = ['x']\n[component.tests]\npython = '3.12'"
    )

    effective = with_tests_of(policy, head)

    assert effective.complexity.maximum == 5
    assert effective.tests.command == "tox"
    assert [component.paths for component in effective.components] == [("a",), ("b",)]
    assert [(each.tests.command, each.tests.python) for each in effective.components] == [
        ("tox", "3.12"),
        ("tox", ""),
    ]


def test_a_component_the_head_does_not_know_keeps_tests_of_its_own() -> None:
    """
    A head may be older than the component, and its own tests would be run in the wrong way.
    """
    policy = parse("[[component]]\nname = 'a'\npaths = ['a/**']\n[component.tests]\ncommand = 'tox -e a'")

    effective = with_tests_of(policy, parse("[tests]\ncommand = 'tox'"))

    assert (effective.tests.command, effective.components[0].tests.command) == ("tox", "tox -e a")


@given(
    st.dictionaries(
        st.from_regex("[A-Z_]{1,5}", fullmatch=True),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    )
)
def test_variables_of_any_text_survive_the_listing(variables: dict[str, str]) -> None:
    """
    Quotes, backslashes and control characters are written as TOML wants them.
    """
    policy = Policy(tests=type(DEFAULT.tests)(env=tuple(sorted(variables.items()))))

    assert parse(show(policy, {})) == policy


def test_the_documented_defaults_are_the_defaults() -> None:
    """
    The file in docs/policy.md says what holds without one.
    """
    page = Path("docs/policy.md")
    if not page.exists():
        pytest.skip("docs/policy.md is not written yet")
    text = page.read_text(encoding="utf-8").split("```toml")[1].split("```")[0].split("[[component]]")[0]

    try:
        documented = parse(text)
    except PolicyError as error:
        pytest.fail(str(error))

    assert documented == DEFAULT
