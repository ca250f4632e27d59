"""The policy: what `.gate.toml` says, as a value. Reading the file and choosing the revision is not its work."""

from __future__ import annotations

from gate.core.failure import PolicyError
from gate.core.policy.defaults import NO_DEFAULTS, Defaults, read_defaults, told
from gate.core.policy.definition import (
    DEFAULT,
    Complexity,
    Component,
    Coverage,
    Digest,
    Gate,
    Guard,
    Policy,
    Security,
    Tests,
    Waivers,
    digest,
    with_tests_of,
)
from gate.core.policy.differences import differences
from gate.core.policy.listing import json_schema, show, starter
from gate.core.policy.parsing import origins, parse

__all__ = (
    "DEFAULT",
    "NO_DEFAULTS",
    "Complexity",
    "Component",
    "Coverage",
    "Defaults",
    "Digest",
    "Gate",
    "Guard",
    "Policy",
    "PolicyError",
    "Security",
    "Tests",
    "Waivers",
    "differences",
    "digest",
    "json_schema",
    "origins",
    "parse",
    "read_defaults",
    "show",
    "starter",
    "told",
    "with_tests_of",
)
