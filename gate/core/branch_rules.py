"""Which checks the rules of one branch require, as GitHub tells it, as values. It judges nothing and asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gate.core.payload import Node, PayloadError

ANY_APP = -1
"""What GitHub's API takes, and may show, for a check that any App may report."""


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """One name that has to be green."""

    name: str
    app_id: int | None = None
    """The App whose check runs alone count: its "expected source". None: anybody's, and commit statuses, too."""


@dataclass(frozen=True, slots=True)
class BranchRule:
    """A ruleset, or the branch protection, and what it requires."""

    kind: Literal["ruleset", "protection"]
    checks: tuple[RequiredCheck, ...]
    enforcement: str
    """Of a ruleset `active`, `evaluate` or `disabled`; of a protection `everyone`, `non_admins` or `off`."""
    strict: bool | None = None
    """Whether the head has to hold the base's tip; of a protection GitHub does not say."""
    id: int = 0
    """Of the ruleset."""
    name: str = ""
    """Of the ruleset; empty where GitHub does not list it."""
    source: str = ""
    """Whose ruleset it is: `owner/name`, or an organisation or enterprise."""
    source_type: str = ""
    """`Repository`, `Organization` or `Enterprise`."""

    @property
    def enforced(self) -> bool:
        """Whether GitHub enforces it, for those at least who are no administrators."""
        return self.enforcement in {"active", "everyone", "non_admins"}


@dataclass(frozen=True, slots=True)
class BranchRules:
    """Everything an App sees of what a branch requires."""

    branch: str
    rules: tuple[BranchRule, ...] = ()
    """Those that are not enforced, too."""
    merge_queue: bool = False
    """Whether a ruleset sends every merge through a queue."""
    unseen: tuple[str, ...] = ()
    """What could not be read, and why: whole sentences."""
    plan_has_rules: bool = True
    """Whether GitHub enforces anything at all here: not in a private repository of the free plan."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A ruleset as the list of them shows it."""

    id: int
    name: str
    enforcement: str
    for_branches: bool


def listed(answer: Iterable[object]) -> tuple[Listed, ...]:
    """The rulesets of `GET /repos/{owner}/{repo}/rulesets`. Raises: PayloadError."""
    return tuple(
        Listed(
            node.integer("id"),
            node.text("name"),
            node.text("enforcement"),
            (node.optional_text("target") or "branch") == "branch",
        )
        for node in map(Node.of, answer)
    )


def active(answer: Iterable[object], rulesets: Iterable[Listed]) -> Iterator[BranchRule]:
    """The rulesets of `GET /repos/{owner}/{repo}/rules/branches/{branch}` that require checks. Raises: PayloadError.

    The answer has the active rules of every level and no names, which the list of rulesets has.
    """
    names = {one.id: one.name for one in rulesets}
    for node in map(Node.of, answer):
        if node.text("type") == "required_status_checks":
            ruleset = node.integer("ruleset_id") if node.has("ruleset_id") else 0
            yield _ruleset(
                node.optional_child("parameters"),
                enforcement="active",
                number=ruleset,
                name=names.get(ruleset, ""),
                source=node.optional_text("ruleset_source"),
                source_type=node.optional_text("ruleset_source_type"),
            )


def queued(answer: Iterable[object]) -> bool:
    """Whether the same answer has a merge queue. Raises: PayloadError."""
    return any(node.text("type") == "merge_queue" for node in map(Node.of, answer))


def inactive(answer: object) -> Iterator[BranchRule]:
    """What a ruleset of `GET /repos/{owner}/{repo}/rulesets/{id}` would require if it were active. Raises: PayloadError."""
    ruleset = Node.of(answer)
    for rule in ruleset.children("rules"):
        if rule.text("type") == "required_status_checks":
            yield _ruleset(
                rule.optional_child("parameters"),
                enforcement=ruleset.text("enforcement"),
                number=ruleset.integer("id"),
                name=ruleset.text("name"),
                source=ruleset.optional_text("source"),
                source_type=ruleset.optional_text("source_type"),
            )


def protection(answer: object) -> BranchRule | None:
    """The branch protection in `GET /repos/{owner}/{repo}/branches/{branch}`; None when it requires no checks.

    Raises: PayloadError, also when the protection is left out, as GitHub does for who may not see it: that is no
    unprotected branch.
    """
    required = Node.of(answer).child("protection").optional_child("required_status_checks")
    bound = [
        RequiredCheck(node.text("context"), _app(node, "app_id")) for node in required.children("checks")
    ]
    contexts = required.values.get("contexts") or []
    if not isinstance(contexts, list):
        raise PayloadError("payload.protection.required_status_checks.contexts: expected a list")
    # An older GitHub Enterprise Server tells the names alone.
    known = {check.name for check in bound}
    bound += [RequiredCheck(name) for name in contexts if isinstance(name, str) and name not in known]
    if not bound:
        return None
    return BranchRule("protection", tuple(bound), required.optional_text("enforcement_level") or "non_admins")


def _ruleset(
    parameters: Node, *, enforcement: str, number: int, name: str, source: str, source_type: str
) -> BranchRule:
    checks = tuple(
        RequiredCheck(node.text("context"), _app(node, "integration_id"))
        for node in parameters.children("required_status_checks")
    )
    strict = parameters.values.get("strict_required_status_checks_policy") is True
    return BranchRule("ruleset", checks, enforcement, strict, number, name, source, source_type)


def _app(node: Node, key: str) -> int | None:
    if node.values.get(key) == ANY_APP:
        return None
    return node.integer(key) if node.has(key) else None
