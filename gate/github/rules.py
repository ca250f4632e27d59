"""What the rules of a branch require: rulesets of every level, and the branch protection. It reads; it judges nothing.

Needs `metadata: read` for the one and `contents: read` for the other. Who may bypass them GitHub shows to administrators.

Source: https://docs.github.com/en/rest/repos/rules and https://docs.github.com/en/rest/branches/branches
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from github import Github

from gate.core.branch_rules import BranchRule, BranchRules, active, inactive, listed, protection, queued
from gate.core.failure import MissingPermission
from gate.github.failure import NotFoundError, PlanError, understood
from gate.github.paging import all_pages
from gate.github.token_permissions import FOR_GIT

if TYPE_CHECKING:
    from gate.github.app import GitHub

T = TypeVar("T")

MOST_INACTIVE = 10
"""Rulesets that are not active are read one by one, to tell whether they would require the check."""
_MOST_PAGES = 100


def branch_rules(
    door: GitHub, installation_id: int, repository_id: int, full_name: str, branch: str
) -> BranchRules:
    """Everything the App is shown of what a branch requires; the name is for messages, the id decides.

    What may not be read is said in `unseen`. Raises: Transient, Permanent.
    """
    reader = _Reader(door, installation_id, repository_id, full_name)
    with understood(f"the rules of {full_name}"):
        found = reader.rulesets(branch)
        protected, unseen = reader.protection(branch)
    rules = (*found.rules, protected) if protected else found.rules
    return replace(found, rules=rules, unseen=(*found.unseen, *unseen))


class _Reader:
    """Asks about one repository."""

    def __init__(self, door: GitHub, installation_id: int, repository_id: int, full_name: str) -> None:
        self._door = door
        self._installation_id = installation_id
        self._repository_id = repository_id
        self._full_name = full_name

    def rulesets(self, branch: str) -> BranchRules:
        """What is to be said of the branch without its protection."""
        try:
            answer = self._list(f"/rules/branches/{quote(branch)}", f"the rules of {branch}")
        except PlanError:
            return BranchRules(branch, plan_has_rules=False)
        except MissingPermission as error:
            return BranchRules(branch, unseen=(f"Rulesets cannot be read. {error}",))
        except NotFoundError:
            return BranchRules(branch, unseen=("This GitHub does not tell which rulesets a branch has.",))
        try:
            rulesets = listed(self._list("/rulesets", "the rulesets"))
        except (NotFoundError, MissingPermission):
            rulesets = ()  # only names are missed, and what is not in force
        rules = list(active(answer, rulesets))
        idle = [one.id for one in rulesets if one.for_branches and one.enforcement != "active"]
        for number in idle[:MOST_INACTIVE]:
            try:
                rules += inactive(self._read(f"/rulesets/{number}", f"ruleset {number}"))
            except (NotFoundError, MissingPermission):
                continue  # of an organisation that does not show it; it holds nobody up either
        return BranchRules(branch, tuple(rules), queued(answer))

    def protection(self, branch: str) -> tuple[BranchRule | None, tuple[str, ...]]:
        """The branch protection, and what is not seen of it. A branch that is not there has none."""
        try:
            answer = self._read(f"/branches/{quote(branch)}", f"branch {branch}")
        except MissingPermission as error:
            return None, (f"Branch protection cannot be read. {error}",)
        except NotFoundError:
            return None, ()
        if isinstance(answer, dict) and "protection" not in answer:
            return None, ("GitHub does not show the App how this branch is protected.",)
        return protection(answer), ()

    def _list(self, path: str, subject: str) -> list[Any]:
        return self._ask(subject, lambda client: all_pages(client, self._url(path), most_pages=_MOST_PAGES))

    def _read(self, path: str, subject: str) -> Any:
        return self._ask(
            subject, lambda client: client.requester.requestJsonAndCheck("GET", self._url(path))[1]
        )

    def _url(self, path: str) -> str:
        # By id: of a renamed repository PyGithub would follow the redirect and lose the page's number.
        return f"/repositories/{self._repository_id}{path}"

    def _ask(self, subject: str, function: Callable[[Github], T]) -> T:
        whole = f"{subject} of {self._full_name}"
        return self._door.call(
            self._installation_id, self._repository_id, whole, function, permissions=FOR_GIT
        )
