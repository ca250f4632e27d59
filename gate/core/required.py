"""Whether the check `gate` is really required on a branch, of whom, and what is missing: sentences with their remedies.

It knows what GitHub shows to an App, and says what that is not. Names are compared letter by letter, as GitHub does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gate.core.branch_rules import BranchRule, BranchRules, RequiredCheck
from gate.core.check_run import OVERALL, name_of
from gate.core.verdict.overall import CHECKS

State = Literal["required", "forgeable", "not required", "unknown"]

_DETAILS = frozenset(name_of(check) for check in CHECKS)
_RULESET_BYPASS = "Who may bypass a ruleset is shown to those alone who may change it."
_PROTECTION_HIDES = (
    "Of a branch protection an App sees neither who else may bypass it, nor whether pull requests have to be up to date, "
    "nor whether it has a merge queue."
)


@dataclass(frozen=True, slots=True)
class Link:
    """Where on GitHub something is changed."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing or wrong."""

    text: str
    """What is the matter and what follows: whole sentences."""
    remedy: str
    """What helps: a whole sentence."""
    links: tuple[Link, ...] = ()
    blocking: bool = True
    """Whether the gate cannot be relied on because of it; otherwise it is worth knowing."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is to be said of one branch."""

    branch: str
    state: State
    headline: str
    """One sentence without a full stop."""
    requirements: tuple[BranchRule, ...] = ()
    """The enforced rules that require `gate` of this App or of anybody."""
    gaps: tuple[Gap, ...] = ()
    strict: bool | None = None
    """Whether pull requests have to be up to date with the branch; None when no rule that is seen says so."""
    merge_queue: bool = False
    unseen: tuple[str, ...] = ()
    """What an App is not shown: whole sentences."""

    @property
    def required(self) -> bool:
        """Whether a pull request that `gate` blocks is kept from being merged."""
        return self.state in {"required", "forgeable"}


def assess(rules: BranchRules, *, app_id: int, web_url: str) -> Assessment:
    """What the rules of a branch mean for the check runs of this App.

    `web_url` is the repository's address on GitHub, e.g. `https://github.com/octo/app`.
    """
    places = _Places(web_url)
    enforced = [rule for rule in rules.rules if rule.enforced]
    bound = [rule for rule in enforced if RequiredCheck(OVERALL, app_id) in rule.checks]
    open_to_all = [rule for rule in enforced if RequiredCheck(OVERALL) in rule.checks]
    state = _state(rules, bound, open_to_all)
    requirements = (*bound, *(rule for rule in open_to_all if rule not in bound))
    gaps: list[Gap] = []
    if state == "not required":
        gaps.append(_not_required(rules, places))
    if state == "forgeable":
        gaps += [_forgeable(rule, places) for rule in open_to_all]
    gaps += [
        gap for rule in enforced for gap in _of_others(rule, app_id, places, required=bool(requirements))
    ]
    gaps += [gap for rule in enforced for gap in _misnamed(rule, places, required=bool(requirements))]
    gaps += [
        _idle(rule, places)
        for rule in rules.rules
        if not rule.enforced and any(check.name == OVERALL for check in rule.checks)
    ]
    if requirements and all(rule.enforcement == "non_admins" for rule in requirements):
        gaps.append(_admins(places))
    return Assessment(
        rules.branch,
        state,
        _headline(state, rules.branch, requirements),
        requirements,
        tuple(gaps),
        _strict(enforced),
        rules.merge_queue,
        (*rules.unseen, *_hidden(enforced)),
    )


def named(rule: BranchRule) -> str:
    """A rule as sentences name it: `the ruleset "main" of octo`."""
    if rule.kind == "protection":
        return "the branch protection"
    name = f'the ruleset "{rule.name}"' if rule.name else f"the ruleset {rule.id}"
    return f"{name} of {rule.source}" if rule.source_type in {"Organization", "Enterprise"} else name


def _state(rules: BranchRules, bound: list[BranchRule], open_to_all: list[BranchRule]) -> State:
    if bound:
        return "required"
    if open_to_all:
        return "forgeable"
    return "unknown" if rules.unseen else "not required"


def _headline(state: State, branch: str, requirements: tuple[BranchRule, ...]) -> str:
    by = " and by ".join(map(named, requirements))
    if state == "unknown":
        return f"Whether `{OVERALL}` is required on `{branch}` is not known"
    if state == "not required":
        return f"`{OVERALL}` is not required on `{branch}`: pull requests can be merged past the gate"
    source = "with this App as expected source" if state == "required" else "from any source"
    return f"`{OVERALL}` is required on `{branch}` by {by}, {source}"


def _strict(enforced: list[BranchRule]) -> bool | None:
    """One strict rule is enough, whatever it requires."""
    said = [rule.strict for rule in enforced if rule.strict is not None]
    return any(said) if said else None


def _hidden(enforced: list[BranchRule]) -> Iterator[str]:
    kinds = {rule.kind for rule in enforced}
    if "ruleset" in kinds:
        yield _RULESET_BYPASS
    if "protection" in kinds:
        yield _PROTECTION_HIDES


@dataclass(frozen=True, slots=True)
class _Places:
    """Addresses of settings on GitHub."""

    web_url: str

    @property
    def rulesets(self) -> Link:
        return Link("Rulesets", f"{self.web_url}/settings/rules")

    @property
    def branches(self) -> Link:
        return Link("Branch protection", f"{self.web_url}/settings/branches")

    def of(self, rule: BranchRule) -> Link:
        if rule.kind == "protection":
            return self.branches
        if rule.source_type == "Organization":
            root = self.web_url.rsplit("/", 2)[0]
            return Link("The ruleset", f"{root}/organizations/{rule.source}/settings/rules/{rule.id}")
        if rule.source_type == "Enterprise":
            return Link("Rulesets", f"{self.web_url}/rules")
        return Link("The ruleset", f"{self.rulesets.url}/{rule.id}")


def _not_required(rules: BranchRules, places: _Places) -> Gap:
    if not rules.plan_has_rules:
        return Gap(
            "GitHub enforces no rules in a private repository of this plan.",
            "Make the repository public, or upgrade the account's plan.",
        )
    return Gap(
        f"Nothing keeps a pull request that the gate blocks from being merged into `{rules.branch}`.",
        f"Add `{OVERALL}` to the required status checks of a ruleset for `{rules.branch}`, or of its branch protection, "
        "with this App as the source.",
        (places.rulesets, places.branches),
    )


def _forgeable(rule: BranchRule, places: _Places) -> Gap:
    return Gap(
        f"{_begin(named(rule))} names no expected source: whoever may write commit statuses here, a workflow for instance, "
        f"can report `{OVERALL}` as passed.",
        f"Choose this App as the source of `{OVERALL}` there.",
        (places.of(rule),),
        blocking=False,
    )


def _of_others(rule: BranchRule, app_id: int, places: _Places, *, required: bool) -> Iterator[Gap]:
    """`gate` of another App: nothing this App reports counts for it."""
    for check in rule.checks:
        if check.name == OVERALL and check.app_id not in {None, app_id}:
            yield Gap(
                f"{_begin(named(rule))} expects `{OVERALL}` from another App (id {check.app_id}), so that pull requests wait "
                "for a check this App cannot give.",
                f"Choose this App (id {app_id}) as the source of `{OVERALL}` there.",
                (places.of(rule),),
                blocking=not required,
            )


def _misnamed(rule: BranchRule, places: _Places, *, required: bool) -> Iterator[Gap]:
    """Names that look like ours, and the details, which are not what to require."""
    for check in rule.checks:
        if check.name in _DETAILS:
            yield Gap(
                f"{_begin(named(rule))} requires `{check.name}`, one of the details: a run that fails gives `{OVERALL}` alone, and "
                "then pull requests wait for the detail for ever.",
                f"Remove `{check.name}` there." if required else f"Require `{OVERALL}` instead.",
                (places.of(rule),),
                blocking=False,
            )
        elif check.name != OVERALL and _looks_like_ours(check.name):
            yield Gap(
                f"{_begin(named(rule))} requires `{check.name}`, which nothing here reports: names are compared letter by "
                "letter, and pull requests wait for it for ever.",
                f"Remove `{check.name}` there." if required else f"Require `{OVERALL}` instead.",
                (places.of(rule),),
                blocking=False,
            )


def _looks_like_ours(name: str) -> bool:
    plain = "".join(name.split()).casefold()
    return plain == OVERALL or plain in {"".join(detail.split()) for detail in _DETAILS}


def _idle(rule: BranchRule, places: _Places) -> Gap:
    remedy = 'Set its enforcement to "Active".' if rule.kind == "ruleset" else "Turn its required checks on."
    return Gap(
        f'{_begin(named(rule))} requires `{OVERALL}`, and its enforcement is "{rule.enforcement}": GitHub enforces nothing of it.',
        remedy,
        (places.of(rule),),
        blocking=False,
    )


def _admins(places: _Places) -> Gap:
    return Gap(
        "The branch protection binds everybody but administrators: they may merge past the gate.",
        'Tick "Do not allow bypassing the above settings" there, if that is not meant.',
        (places.branches,),
        blocking=False,
    )


def _begin(text: str) -> str:
    return text[0].upper() + text[1:]
