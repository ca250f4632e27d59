"""Look at what the rules of a repository's default branch require, and keep it for the pages. It judges nothing."""

from __future__ import annotations

from datetime import timedelta

from gate.core.branch_rules import BranchRules
from gate.core.event import RepositoryRef
from gate.core.failure import Permanent, Transient
from gate.service import Service

OFTEN_ENOUGH = timedelta(hours=1)


def look(service: Service, repository: RepositoryRef) -> BranchRules:
    """What GitHub shows now, kept; the repository has to be known to the store.

    Raises: Transient, Permanent. What the App may not see is no failure: it is said in the rules.
    """
    rules = service.on_github(repository).branch_rules(repository.default_branch)
    service.store.save_branch_rules(repository.id, rules, service.now())
    return rules


def look_again(service: Service, repository: RepositoryRef) -> None:
    """The same unless the last look is fresh. A failure is logged and nothing more: nobody waits for this."""
    try:
        seen = service.store.branch_rules(repository.id)
        if (
            seen is None
            or seen.rules.branch != repository.default_branch
            or seen.seen_at <= service.now() - OFTEN_ENOUGH
        ):
            look(service, repository)
    except (Transient, Permanent) as error:
        service.telemetry.log.warning(
            "rules of the branch not seen", repository=repository.full_name, error=str(error)
        )
