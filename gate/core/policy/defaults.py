"""What an organisation's `.gate.toml` says for all its repositories, and how that is told; reading it from GitHub is not its work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.core.policy.definition import DEFAULT, Policy
from gate.core.policy.parsing import parse

REPOSITORY = ".github"
"""The repository of an account that speaks for all the others. Source: docs.github.com, "Creating a default community health file"."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The policy below every repository's own, and where it comes from."""

    policy: Policy = DEFAULT
    """Without components: paths are those of one repository."""
    source: str = ""
    """For people: `acme/.github/.gate.toml at blob 1a2b3c4`; empty where there is none."""
    absent: str = ""
    """Why there is none, for people: `Gate sees no acme/.github`; empty where that needs no word."""


NO_DEFAULTS = Defaults()


def read_defaults(content: str | bytes, *, source: str, version: str = "") -> Defaults:
    """The defaults a file gives. `version` tells its versions apart, for people.

    Raises: PolicyError, each line naming `source`.
    """
    policy = replace(parse(content, source=source), components=())
    return Defaults(policy, f"{source} at {version}" if version else source)


def told(own: str, remark: str, defaults: Defaults) -> str:
    """Where an effective policy comes from, for people: the repository's file (empty: there is none), and what is below it.

    `remark` says more of the file: the branch it is on, or why there is none.
    """
    absent = f"no organisation policy: {defaults.absent}" if defaults.absent else ""
    remarks = "; ".join(filter(None, (remark, absent)))
    below = f" over {defaults.source}" if own and defaults.source else ""
    return (own or defaults.source or "the defaults") + (f" ({remarks})" if remarks else "") + below
