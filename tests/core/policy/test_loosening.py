"""Which changes of `.gate.toml` loosen the gate, key by key."""

from __future__ import annotations

import pytest

from gate.core.direction import Way
from gate.core.policy import DEFAULT, parse
from gate.core.policy.definition import SECTIONS, Component, keys, section_of
from gate.core.policy.loosening import DIRECTIONS, loosened_keys

LOOSER = {
    "gate.mode": ('"enforce"', '"advise"'),
    "gate.exclude": ('["a"]', '["a", "b"]'),
    "gate.tests": ("[]", '["checks/*.py"]'),
    "gate.forks": ('"approve"', '"run"'),
    "coverage.patch": ("80", "79"),
    "coverage.patch_allowance": ("2", "3"),
    "coverage.lost": ("0", "1"),
    "coverage.minimum": ("1", "0"),
    "coverage.branches": ("true", "false"),
    "coverage.failing": ('"block"', '"ignore"'),
    "complexity.maximum": ("10", "11"),
    "security.severity": ('"low"', '"medium"'),
    "security.confidence": ('"medium"', '"high"'),
    "guard.loosening": ('"block"', '"report"'),
    "waivers.roles": ('["admin"]', '["admin", "write"]'),
}
"""(strict, loose) of every key with a direction, as the file writes it."""
UNKNOWN = {
    "gate.branches": ("[]", '["release/*"]'),
    "tests.command": ('"pytest"', '"pytest -k fast"'),
    "tests.install": ('"auto"', '["dev"]'),
    "tests.python": ('"3.11"', '"3.12"'),
    "tests.env": ("{}", '{ FAST = "1" }'),
    "coverage.source": ('"run"', '"upload"'),
    "coverage.reports": ('["unit"]', '["unit", "slow"]'),
}
NEITHER = {
    "gate.comment": ('"never"', '"failure"'),
    "gate.timezone": ('"UTC"', '"Europe/Berlin"'),
    "tests.processes": ("1", "2"),
    "tests.timeout_minutes": ("15", "30"),
    "tests.memory_mb": ("2048", "4096"),
    "tests.sdists": ("false", "true"),
    "coverage.wait_minutes": ("30", "60"),
    "digest.recipients": ("[]", '["a@example.org"]'),
    "digest.quiet_weeks": ('"skip"', '"send"'),
}
EVERY_KEY = {f"{name}.{key}" for name in SECTIONS for key, _, _ in keys(section_of(DEFAULT, name))}


def effects(key: str, before: str, after: str) -> list[tuple[str, str]]:
    section, _, name = key.partition(".")
    old, new = (parse(f"[{section}]\n{name} = {value}\n") for value in (before, after))
    return [(change.key, change.effect) for change in loosened_keys(old, new)]


def test_every_key_has_a_direction() -> None:
    """
    A key that somebody adds to the definition needs one, and none stands here that is not in the definition.
    """
    of_components = {f"component.{key}" for key, _, _ in keys(Component())}

    assert DIRECTIONS.keys() == EVERY_KEY | of_components
    assert LOOSER.keys() | UNKNOWN.keys() | NEITHER.keys() == EVERY_KEY
    assert {key for key in EVERY_KEY if DIRECTIONS[key] is Way.NEITHER} == NEITHER.keys()


@pytest.mark.parametrize("key", LOOSER)
def test_loosening_is_found_and_tightening_is_not(key: str) -> None:
    """
    The one way a key loosens, the other way nothing is said.
    """
    strict, loose = LOOSER[key]

    assert effects(key, strict, loose) == [(key, "looser")]
    assert effects(key, loose, strict) == []


@pytest.mark.parametrize("key", UNKNOWN)
def test_what_may_be_either_counts_as_a_change_both_ways(key: str) -> None:
    """
    Nobody is told that it loosens, and nobody that it does not.
    """
    one, other = UNKNOWN[key]

    assert effects(key, one, other) == effects(key, other, one) == [(key, "unknown")]


@pytest.mark.parametrize("key", NEITHER)
def test_what_has_no_say_is_no_loosening(key: str) -> None:
    """
    Limits of the run, the digest and the like.
    """
    one, other = NEITHER[key]

    assert effects(key, one, other) == effects(key, other, one) == []


API = '[[component]]\nname = "api"\npaths = ["api/**"]\n'


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            API,
            API + "[component.complexity]\nmaximum = 20\n",
            [("component api: complexity.maximum", "looser")],
        ),
        (API, API + "[component.complexity]\nmaximum = 5\n", []),
        (API, API.replace("api/**", "api/v1/**"), [("component api: component.paths", "unknown")]),
        (API, "", [("component.name", "unknown")]),
        ("", API, [("component.name", "unknown")]),
        # What a component inherits is told once.
        (API, "[complexity]\nmaximum = 20\n" + API, [("complexity.maximum", "looser")]),
    ],
)
def test_components_are_followed_by_name(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    """
    Their own thresholds count as the repository's do; a component that comes or goes is a change.
    """
    assert [(change.key, change.effect) for change in loosened_keys(parse(before), parse(after))] == expected
