"""The JSON of a verdict: its contract, its order, its schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gate.core.comparison import ComplexityFacts, CoverageFacts, FunctionChange, Ratio, SecurityFacts
from gate.core.explanation import Explained, Explanation, FileExplained
from gate.core.verdict import Outcome, Verdict
from gate.core.verdict_json import as_json
from tests import verdicts
from tests.goldens import assert_golden

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "verdict.schema.json").read_text(encoding="utf-8"))


def printed(verdict: Verdict) -> str:
    return json.dumps(as_json(verdict), indent=2, ensure_ascii=False) + "\n"


COMPONENTS = replace(verdicts.PASSED, components=(("api", Outcome.PASSED, verdicts.PASSED.checks),))
ONE_CHECK = replace(verdicts.PASSED, checks=(verdicts.SECURITY,))
BRANCHES = replace(verdicts.BLOCKED, checks=(verdicts.BRANCHES,))
WORKING_TREE = replace(
    verdicts.PASSED, provenance=replace(verdicts.PROVENANCE, head="working tree", base="", policy_sha="")
)


@pytest.mark.parametrize(
    "verdict",
    [
        verdicts.BLOCKED,
        verdicts.PASSED,
        verdicts.COULD_NOT_MEASURE,
        COMPONENTS,
        ONE_CHECK,
        BRANCHES,
        WORKING_TREE,
        verdicts.HALF_WAIVED,
        replace(verdicts.BLOCKED, preview=verdicts.PREVIEW),
        replace(verdicts.BLOCKED, preview=verdicts.BROKEN_PREVIEW),
    ],
    ids=[
        "blocked",
        "passed",
        "could_not_measure",
        "components",
        "one_check",
        "branches",
        "working_tree",
        "half_waived",
        "preview",
        "broken_preview",
    ],
)
def test_every_verdict_follows_the_schema(verdict: Verdict) -> None:
    """
    What is printed is what `docs/verdict.schema.json` promises.
    """
    Draft202012Validator.check_schema(SCHEMA)

    mistakes = list(Draft202012Validator(SCHEMA).iter_errors(json.loads(printed(verdict))))

    assert mistakes == []


def test_blocked_verdict_word_for_word() -> None:
    """
    A blocked verdict is printed as in the golden file.
    """
    actual = printed(verdicts.BLOCKED)

    assert_golden("verdict/blocked.json", actual)


def test_a_preview_tells_what_would_differ() -> None:
    """
    Checks that would be judged the same are not in it; what is not known has no outcome.
    """
    actual = as_json(replace(verdicts.BLOCKED, preview=verdicts.PREVIEW))

    assert actual["preview"] == {
        "outcome": "passed",
        "advise": False,
        "checks": {
            "complexity": {"outcome": "passed", "title": "No changed function over 25 (highest 21)"},
            "coverage": {"outcome": None, "title": "other files or branches count"},
        },
        "mistakes": [],
    }


def test_top_level_keys_are_the_contract() -> None:
    """
    A verdict has the keys scripts rely on, and no others.
    """
    actual = as_json(verdicts.BLOCKED)

    assert list(actual) == ["outcome", "base", "head", "policy", "checks", "components", "to_pass", "preview"]


def test_waivers_stand_with_what_they_cover() -> None:
    """
    A waived check names who, when and why, and keeps the waived reasons apart from those that block.
    """
    checks = json.loads(printed(verdicts.HALF_WAIVED))["checks"]

    waived = checks["complexity"]
    assert (waived["outcome"], waived["reasons"]) == ("waived", [])
    assert [reason["name"] for reason in waived["waived"]] == ["RetryBudget.plan"]
    assert waived["waivers"] == [
        {
            "person": "mira-k",
            "role": "maintain",
            "given_at": "2026-11-23T11:20:00+00:00",
            "why": "hotfix, the rewrite is #7",
            "head": verdicts.HEAD,
            "by_author": False,
        }
    ]
    assert "waived" not in checks["coverage"]


EXPLANATION = Explanation(
    (
        FileExplained(
            b"caf\xe9.py".decode("utf-8", "surrogateescape"),
            "modified",
            "",
            (
                Explained("line", 3, counts=True, rule="new", text="new, covered: why", covered=True),
                Explained(
                    "function", 1, counts=False, rule="body", text="moved", name="f", before=2, after=2
                ),
            ),
        ),
        FileExplained("test_a.py", "added", "a test file"),
    ),
    (replace(verdicts.LOOSENED, author="Ann"),),
    ("coverage",),
)


def test_an_explanation_follows_the_schema() -> None:
    """
    It is one more key, and only where it was asked for.
    """
    actual = json.loads(json.dumps(as_json(verdicts.BLOCKED, EXPLANATION)))

    assert list(Draft202012Validator(SCHEMA).iter_errors(actual)) == []
    assert actual["explanation"]["files"][0]["path"] == "caf\\udce9.py"
    assert actual["explanation"]["files"][0]["items"][0]["counts"] is True
    assert actual["explanation"]["loosened"][0]["author"] == "Ann"
    assert actual.keys() - as_json(verdicts.BLOCKED).keys() == {"explanation"}


def test_schema_rejects_unknown_keys() -> None:
    """
    The schema is closed: a key nobody described is a mistake.
    """
    extended = {**as_json(verdicts.PASSED), "surprise": 1}

    assert not Draft202012Validator(SCHEMA).is_valid(extended)


def test_every_field_is_described() -> None:
    """
    Each property of the schema says in words what it holds.
    """
    definitions = [SCHEMA, *SCHEMA["$defs"].values()]

    undescribed = [
        name
        for definition in definitions
        for name, field in definition.get("properties", {}).items()
        if "description" not in field
        and "description" not in SCHEMA["$defs"].get(field.get("$ref", "")[8:], {})
    ]

    assert undescribed == []


def test_order_of_facts_does_not_matter() -> None:
    """
    Equal facts in another order give the same text.
    """
    functions = (
        FunctionChange("b.py", "f", 1, 1, 2, "worse"),
        FunctionChange("a.py", "g", 9, None, 3, "new"),
    )
    facts = verdicts.PASSING_COMPLEXITY.facts
    assert isinstance(facts, ComplexityFacts)

    forward, backward = (
        replace(
            verdicts.PASSED,
            checks=(replace(verdicts.PASSING_COMPLEXITY, facts=replace(facts, functions=ordered)),),
        )
        for ordered in (functions, functions[::-1])
    )

    assert printed(forward) == printed(backward)


def test_findings_and_lines_are_sorted() -> None:
    """
    Findings stand by path and line, uncovered lines by path.
    """
    late, early = verdicts.finding("B602", 9, "high", "late"), verdicts.finding("B101", 2, "low", "early")
    security = replace(verdicts.SECURITY, facts=SecurityFacts((late, early), (), ()))
    coverage = replace(
        verdicts.PASSING_COVERAGE,
        facts=CoverageFacts(None, Ratio(1, 2), Ratio(0, 1), (("b.py", (3,)), ("a.py", (1,))), ()),
    )

    checks = json.loads(printed(replace(verdicts.PASSED, checks=(coverage, security))))["checks"]

    assert [finding["line"] for finding in checks["security"]["introduced"]] == [2, 9]
    assert list(checks["coverage"]["uncovered"]) == ["a.py", "b.py"]
    assert checks["coverage"]["base"] is None


def test_branches_and_what_flips_are_in_the_json() -> None:
    """
    Branches as coverage.py has them, from line to line; a way out is negative.
    """
    coverage = json.loads(printed(BRANCHES))["checks"]["coverage"]

    assert coverage["branches"] is True
    assert coverage["uncovered_branches"] == {"delivery/retry.py": [[94, 95], [94, 96], [120, 124]]}
    assert coverage["lost_branches"] == {"delivery/worker.py": [[12, -10]]}
    assert coverage["unstable"] == {"delivery/worker.py": [40, 41]}
    assert coverage["flaky"] == ["tests/test_slow.py::test_clock"]


def test_functions_that_are_the_same_are_left_out() -> None:
    """
    Only functions that changed are listed.
    """
    same = FunctionChange("a.py", "f", 1, 2, 2, "same")
    facts = verdicts.PASSING_COMPLEXITY.facts
    assert isinstance(facts, ComplexityFacts)
    check = replace(verdicts.PASSING_COMPLEXITY, facts=replace(facts, functions=(same,)))

    checks = json.loads(printed(replace(verdicts.PASSED, checks=(check,))))["checks"]

    assert checks["complexity"]["functions"] == []


def test_undecodable_paths_are_valid_text() -> None:
    """
    A path that is not UTF-8 can be printed and read again.
    """
    path = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    check = replace(
        verdicts.COMPLEXITY,
        reasons=(replace(verdicts.COMPLEXITY.reasons[0], path=path, after="\udce9"),),
    )

    actual = printed(replace(verdicts.BLOCKED, checks=(check,)))

    assert (
        json.loads(actual.encode().decode())["checks"]["complexity"]["reasons"][0]["path"] == "caf\\udce9.py"
    )
