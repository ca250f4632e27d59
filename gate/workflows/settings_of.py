"""What a revision itself says of how it is judged: its policy, and the settings of the tools."""

from __future__ import annotations

from collections.abc import Iterable

from gate.core import policy as policies
from gate.core.policy import NO_DEFAULTS, Defaults, Policy, told
from gate.git import Repository

POLICY_FILE = ".gate.toml"


def policy_at(git: Repository, revision: str, over: Policy = policies.DEFAULT) -> Policy:
    """The policy of a revision; `over` where it has no `.gate.toml`, or for an empty revision.

    Raises: PolicyError.
    """
    content = git.file(revision, POLICY_FILE) if revision else None
    return over if content is None else policies.parse(content, over=over)


def policy_source(git: Repository, revision: str, name: str, defaults: Defaults = NO_DEFAULTS) -> str:
    """Where the policy of a revision comes from, for people; `name` is the branch or what was asked for."""
    if not revision:
        return told("", "nothing before the first commit", defaults)
    if git.file(revision, POLICY_FILE) is None:
        return told("", f"no {POLICY_FILE} at {revision[:7]}, {name}", defaults)
    return told(f"{POLICY_FILE} at {revision[:7]}", name, defaults)


def files_at(git: Repository, revision: str, names: Iterable[str], folder: str = "") -> dict[str, bytes]:
    """Those of the named files of a folder, the root's without one, that a revision has; by name.

    None for an empty revision. Raises: PolicyError.
    """
    start = f"{folder}/" if folder else ""
    found = git.files(revision, [start + name for name in names]) if revision else {}
    return {path.removeprefix(start): content for path, content in found.items()}
