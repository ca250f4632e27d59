"""What the rules of a branch require: rulesets of every level, and the branch protection. It reads; it judges nothing.

Needs `metadata: read` for the one and `contents: read` for the other. Who may bypass them GitHub shows to administrators.

Source: https://docs.github.com/en/rest/repos/rules and https://docs.github.com/en/rest/branches/branches
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from github import Github

from gate.core.branch_rules import BranchRule, BranchRules, active, inactive, listed, protection, queued
from gate.core.failure import MissingPermission
from gate.core.payload import PayloadError
from gate.github.failure import NotFoundError, PlanError, understood

if TYPE_CHECKING:
    from gate.github.app import GitHub

READ = {"contents": "read", "metadata": "read"}
MOST_INACTIVE = 10
"""Rulesets that are not active are read one by one, to tell whether they would require the check."""
_MOST_PAGES = 100
_NEXT = re.compile(r'<([^>]+)>; rel="next"')


def branch_rules(
    door: GitHub, installation_id: int, repository: int | str, full_name: str, branch: str
) -> BranchRules:
    """Everything the App is shown of what a branch requires; `repository` is its id, or its name in the account.

    What may not be read is said in `unseen`. Raises: Transient, Permanent.
    """
    reader = _Reader(door, installation_id, repository, full_name)
    with understood(f"the rules of {full_name}"):
        rules, merge_queue, plan_has_rules, unseen = reader.rulesets(branch)
        protected, hidden = reader.protection(branch)
    both = (*rules, *([protected] if protected else ()))
    return BranchRules(branch, both, merge_queue, (*unseen, *hidden), plan_has_rules)


class _Reader:
    """Asks about one repository."""

    def __init__(self, door: GitHub, installation_id: int, repository: int | str, full_name: str) -> None:
        self._door = door
        self._installation_id = installation_id
        self._repository = repository
        self._full_name = full_name

    def rulesets(self, branch: str) -> tuple[tuple[BranchRule, ...], bool, bool, tuple[str, ...]]:
        """Those for the branch that require checks; whether there is a queue; whether the plan has rules; what is not seen."""
        try:
            answer = self._list(f"/rules/branches/{quote(branch)}", f"the rules of {branch}")
            rulesets = listed(self._list("/rulesets", "the rulesets"))
        except PlanError:
            return (), False, False, ()
        except MissingPermission as error:
            return (), False, True, (f"Rulesets cannot be read. {error}",)
        except NotFoundError:
            return (), False, True, ("This GitHub does not tell which rulesets a branch has.",)
        rules = list(active(answer, rulesets))
        idle = [one.id for one in rulesets if one.for_branches and one.enforcement != "active"]
        for number in idle[:MOST_INACTIVE]:
            try:
                rules += inactive(self._read(f"/rulesets/{number}", f"ruleset {number}"))
            except (NotFoundError, MissingPermission):
                continue  # of an organisation that does not show it; it holds nobody up either
        return tuple(rules), queued(answer), True, ()

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
        """All pages of a list, found by the links between them."""
        found: list[Any] = []
        url = f"/repos/{self._full_name}{path}"
        parameters: dict[str, int] = {"per_page": 100}
        for _ in range(_MOST_PAGES):
            headers, answer = self._ask(url, subject, parameters)
            if not isinstance(answer, list):
                raise PayloadError(f"{subject}: expected a list")
            found += answer
            following = _NEXT.search(headers.get("link", ""))
            if following is None:
                return found
            url, parameters = following[1], {}
        raise PayloadError(f"{subject}: more than {_MOST_PAGES} pages")

    def _read(self, path: str, subject: str) -> Any:
        return self._ask(f"/repos/{self._full_name}{path}", subject, {})[1]

    def _ask(self, url: str, subject: str, parameters: dict[str, int]) -> tuple[dict[str, Any], Any]:
        def ask(client: Github) -> tuple[dict[str, Any], Any]:
            return client.requester.requestJsonAndCheck("GET", url, parameters=parameters)

        whole = f"{subject} of {self._full_name}"
        return self._door.call(self._installation_id, self._repository, whole, ask, permissions=READ)
