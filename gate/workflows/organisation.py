"""Find out what the owner of a repository says for all its repositories; what it means is decided in `gate.core.policy`."""

from __future__ import annotations

from gate.core.event import RepositoryRef
from gate.core.policy import NO_DEFAULTS, Defaults, read_defaults
from gate.core.policy.defaults import REPOSITORY
from gate.service import Service
from gate.workflows.settings_of import POLICY_FILE


def speaks_for_others(repository: RepositoryRef) -> bool:
    """Whether it is the repository that holds its owner's defaults."""
    return repository.full_name.rpartition("/")[2].lower() == REPOSITORY


def defaults_of(service: Service, repository: RepositoryRef) -> Defaults:
    """The defaults below the repository's own policy; none below those of the defaults' own repository.

    Raises: PolicyError for a broken file, which is never left out silently; Transient, Permanent.
    """
    if speaks_for_others(repository):
        return NO_DEFAULTS
    owner = repository.full_name.partition("/")[0]
    found = service.github.defaults_file(repository.installation_id, owner)
    match found:
        case "no repository":
            return Defaults(absent=f"Gate sees no {owner}/{REPOSITORY}")
        case "no file":
            return Defaults(absent=f"{owner}/{REPOSITORY} has no {POLICY_FILE}")
    source = f"{owner}/{REPOSITORY}/{POLICY_FILE}"
    return read_defaults(found.content, source=source, version=f"blob {found.blob[:7]}")
