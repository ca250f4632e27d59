"""Operations that read rulesets."""

from __future__ import annotations

from tests.fake_github import rendering
from tests.fake_github.protection import Ruleset, active_rules
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route

UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."


@route("GET /repos/{owner}/{repo}/rules/branches/{branch}", needs="metadata:read")
def read_branch_rules(call: Call) -> Answer:
    """The active rules of all rulesets for a branch, which need not exist."""
    _refuse_free_plan(call)
    return call.page(active_rules(call.repository, call.parameters["branch"]))


@route("GET /repos/{owner}/{repo}/rulesets", needs="metadata:read")
def list_rulesets(call: Call) -> Answer:
    """All rulesets, without what is in them."""
    _refuse_free_plan(call)
    return call.page([_listed(call, one) for one in call.repository.rulesets])


@route("GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", needs="metadata:read")
def read_ruleset(call: Call) -> Answer:
    """One ruleset. Who may bypass it is shown to those alone who may change it."""
    _refuse_free_plan(call)
    wanted = call.parameters["ruleset_id"]
    found = next((one for one in call.repository.rulesets if str(one.id) == wanted), None)
    if found is None:
        raise not_found()
    conditions: rendering.Json = {"ref_name": {"include": list(found.branches), "exclude": []}}
    if found.source_type == "Organization":
        conditions["repository_name"] = {"include": ["~ALL"], "exclude": []}
    return Answer({**_listed(call, found), "conditions": conditions, "rules": list(found.rules())})


def _listed(call: Call, ruleset: Ruleset) -> rendering.Json:
    moment = rendering.time(call.repository.created_at)
    return {
        "id": ruleset.id,
        "name": ruleset.name,
        "target": "branch",
        "source_type": ruleset.source_type,
        "source": ruleset.source,
        "enforcement": ruleset.enforcement,
        "node_id": f"RRS_{ruleset.id}",
        "_links": {"self": {"href": f"{call.api}/rulesets/{ruleset.id}"}},
        "created_at": moment,
        "updated_at": moment,
    }


def _refuse_free_plan(call: Call) -> None:
    if call.repository.free_plan:
        raise RefusedError(403, UPGRADE)
