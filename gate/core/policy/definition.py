"""The one definition of `.gate.toml`: every key with its default, what it may be, and what it means.

Parsing, listing, the JSON Schema and the starter file are all made from these fields. It reads no text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Literal

from gate.core.policy.allowed import Allowed, Choice, Switch, Text, Texts, Variables, Whole

_GLOBS = Texts("a list of gitignore globs", globs=True)
_LEVEL = Choice(("low", "medium", "high"))
_ZONE = Text(
    'the name of a time zone, e.g. "Europe/Berlin"', "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}"
)
_VERSION = r" *((===|==|~=|!=|<=|>=|<|>) *)?[0-9]+(\.[0-9]+)*(\.\*)?"
_PYTHON = Text(
    'a version or specifier of Python, e.g. "3.12" or ">=3.11"', f"({_VERSION}( *,{_VERSION})*)? *"
)


def _meaning(allowed: Allowed, text: str) -> dict[str, object]:
    """What a field carries beside its default: what is allowed, and the sentence editors and listings show."""
    return {"allowed": allowed, "text": text}


@dataclass(frozen=True, slots=True)
class Gate:
    """What counts, and how the verdict is told."""

    mode: Literal["enforce", "advise"] = field(
        default="enforce",
        metadata=_meaning(Choice(("enforce", "advise")), '"advise": report, conclude neutral'),
    )
    branches: tuple[str, ...] = field(
        default=(),
        metadata=_meaning(
            Texts("a list of branch names or globs"),
            "base branches, besides the default one, that bring their own policy",
        ),
    )
    exclude: tuple[str, ...] = field(
        default=(),
        metadata=_meaning(
            _GLOBS, "files left out; vendored and generated files (linguist, *_pb2.py) are already"
        ),
    )
    tests: tuple[str, ...] = field(
        default=(),
        metadata=_meaning(_GLOBS, "test files, added to the usual ones: reported, not judged"),
    )
    comment: Literal["never", "failure"] = field(
        default="never",
        metadata=_meaning(Choice(("never", "failure")), '"failure": one sticky comment, edited in place'),
    )
    forks: Literal["run", "approve"] = field(
        default="run",
        metadata=_meaning(
            Choice(("run", "approve")), '"approve": a maintainer starts tests of first-time contributors'
        ),
    )
    timezone: str = field(default="UTC", metadata=_meaning(_ZONE, "weeks of trends and mail"))


@dataclass(frozen=True, slots=True)
class Tests:
    """How the suite is run; the only part that is read from the head."""

    __test__ = False  # the name is the section's; pytest must not collect it

    command: str = field(
        default="",
        metadata=_meaning(
            Text("a command line as a string"), "detected when empty: pytest, manage.py test, unittest"
        ),
    )
    install: Literal["auto"] | tuple[str, ...] = field(
        default="auto",
        metadata=_meaning(
            Texts('a list of strings, or "auto"', or_word="auto"), "requirement files, extras and groups"
        ),
    )
    python: str = field(default="", metadata=_meaning(_PYTHON, "from requires-python when empty"))
    processes: int = field(
        default=1,
        metadata=_meaning(Whole(1, 256), "handed to pytest-xdist when the environment has it"),
    )
    timeout_minutes: int = field(
        default=15, metadata=_meaning(Whole(1, 1440), "goes up to the operator's maximum")
    )
    memory_mb: int = field(
        default=2048, metadata=_meaning(Whole(64, 1048576), "goes up to the operator's maximum")
    )
    sdists: bool = field(
        default=False,
        metadata=_meaning(Switch(), "build source distributions during install (they run code)"),
    )
    env: tuple[tuple[str, str], ...] = field(
        default=(), metadata=_meaning(Variables(), "plain variables for the suite")
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """What coverage may not lose."""

    patch: Literal["auto"] | int = field(
        default="auto",
        metadata=_meaning(
            Whole(0, 100, or_word="auto"),
            'per cent of new executable lines tests must run; "auto": as covered as the base is',
        ),
    )
    patch_allowance: int = field(
        default=2, metadata=_meaning(Whole(0, 1000000), "that many uncovered new lines always pass")
    )
    lost: int = field(
        default=0, metadata=_meaning(Whole(0, 1000000), "surviving lines that may lose their coverage")
    )
    minimum: int = field(
        default=0,
        metadata=_meaning(
            Whole(0, 100), "floor for the whole tree, per cent; blocks only when the head is below the base"
        ),
    )
    branches: bool = field(default=False, metadata=_meaning(Switch(), "also judge branches"))
    failing: Literal["block", "ignore"] = field(
        default="block",
        metadata=_meaning(
            Choice(("block", "ignore")), "tests that fail here and passed at the base, or are new"
        ),
    )
    source: Literal["run", "upload", "either"] = field(
        default="run",
        metadata=_meaning(Choice(("run", "upload", "either")), '"upload": reports come from CI'),
    )
    reports: tuple[str, ...] = field(
        default=(),
        metadata=_meaning(
            Texts("a list of names or globs"), "names of the uploads to wait for; learnt when empty"
        ),
    )
    wait_minutes: int = field(
        default=30, metadata=_meaning(Whole(1, 1440), 'for uploads; then "could not measure"')
    )


@dataclass(frozen=True, slots=True)
class Complexity:
    """How complex a function may become."""

    maximum: int = field(
        default=10,
        metadata=_meaning(Whole(1, 1000), "cyclomatic complexity no function may newly pass"),
    )


@dataclass(frozen=True, slots=True)
class Security:
    """Which introduced findings block: those at or above both levels."""

    severity: Literal["low", "medium", "high"] = field(
        default="medium", metadata=_meaning(_LEVEL, "introduced findings at or above both levels block")
    )
    confidence: Literal["low", "medium", "high"] = field(
        default="medium", metadata=_meaning(_LEVEL, "introduced findings at or above both levels block")
    )


@dataclass(frozen=True, slots=True)
class Guard:
    """What happens when a change loosens its own checks."""

    loosening: Literal["report", "block"] = field(
        default="report",
        metadata=_meaning(Choice(("report", "block")), "suppressions and edited thresholds of a change"),
    )


@dataclass(frozen=True, slots=True)
class Waivers:
    """Who may overrule the gate."""

    roles: tuple[str, ...] = field(
        default=("admin", "maintain"),
        metadata=_meaning(Texts("a list of roles on GitHub"), "who may give a waiver"),
    )


@dataclass(frozen=True, slots=True)
class Digest:
    """The weekly mail."""

    recipients: tuple[str, ...] = field(
        default=(),
        metadata=_meaning(
            Texts("a list of mail addresses"),
            "each confirms by mail, unless the operator allows the domain",
        ),
    )
    quiet_weeks: Literal["skip", "send"] = field(
        default="skip", metadata=_meaning(Choice(("skip", "send")), "mail for a week without changes")
    )


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a monorepo: a sub-verdict with thresholds of its own, where it does not inherit them."""

    name: str = field(
        default="",
        metadata=_meaning(
            Text("letters, digits, spaces and _ . / -, at most 60", r"[A-Za-z0-9][A-Za-z0-9 _./-]{0,59}"),
            "the name people read",
        ),
    )
    paths: tuple[str, ...] = field(
        default=(),
        metadata=_meaning(
            Texts("a list of gitignore globs, at least one", required=True, globs=True),
            "files that belong to the component",
        ),
    )
    tests: Tests = Tests()
    coverage: Coverage = Coverage()
    complexity: Complexity = Complexity()
    security: Security = Security()
    own: tuple[str, ...] = ()
    """Names of the sections it gives itself; the others are those of the whole repository."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything `.gate.toml` can say; without one, the defaults, which block only worsening."""

    gate: Gate = Gate()
    tests: Tests = Tests()
    coverage: Coverage = Coverage()
    complexity: Complexity = Complexity()
    security: Security = Security()
    guard: Guard = Guard()
    waivers: Waivers = Waivers()
    digest: Digest = Digest()
    components: tuple[Component, ...] = ()
    """In the order of the file, where each is a `[[component]]`."""


Section = Gate | Tests | Coverage | Complexity | Security | Guard | Waivers | Digest

DEFAULT = Policy()
SECTIONS = ("gate", "tests", "coverage", "complexity", "security", "guard", "waivers", "digest")
COMPONENT_SECTIONS = ("tests", "coverage", "complexity", "security")
COMPONENT_KEYS = ("name", "paths")


def section_of(policy: Policy | Component, name: str) -> Section:
    """The section of that name, one of `SECTIONS` or of `COMPONENT_SECTIONS`."""
    section: Section = getattr(policy, name)
    return section


def keys(section: Section | Component) -> Iterator[tuple[str, Allowed, str]]:
    """Every key of the section with what is allowed and what it means, in the order of the file."""
    for each in fields(section):
        if each.metadata:
            allowed: Allowed = each.metadata["allowed"]
            text: str = each.metadata["text"]
            yield each.name, allowed, text


def value_of(section: Section | Component, key: str) -> object:
    """What the section says of one of its keys."""
    value: object = getattr(section, key)
    return value


def digest(policy: Policy) -> str:
    """SHA-256 of everything the policy says, in hexadecimal: equal for equal meaning, however it was written."""
    text = json.dumps(asdict(policy), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def with_tests_of(policy: Policy, head: Policy) -> Policy:
    """The policy with `[tests]` as the head's policy has it, its components' too: the only part a head may say.

    A component that the head does not know keeps tests of its own, for a head may be older than the component.
    """
    of_head = {component.name: component.tests for component in head.components}
    components = tuple(
        replace(
            component,
            tests=of_head.get(component.name, component.tests if "tests" in component.own else head.tests),
        )
        for component in policy.components
    )
    return replace(policy, tests=head.tests, components=components)
