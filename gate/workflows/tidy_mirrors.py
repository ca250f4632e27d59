"""Keep the mirrors of this machine few, small and fast: each worker sees to its own machine, at its start and every night.

Two workers of one machine do it one after the other: what the first did, the second has no more to do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time, timedelta

from gate.core.failure import Transient
from gate.core.work import Evaluate, EvaluateGroup, RecordBranch, Work
from gate.git import evict_mirrors, mirrors_in, remove_mirrors, repack
from gate.sandbox import never
from gate.service import Service

NIGHT = time(3, 47)
"""When it is done (UTC), a few minutes after old data is deleted."""
SILENT = timedelta(days=3)
"""A place that did not say for so long which mirrors it has is gone."""


def sweep_mirrors(service: Service) -> None:
    """Remove the mirrors of repositories that we do not follow any more, and the longest unused beyond what all may take."""
    removed = remove_mirrors(service.mirrors, service.store.followed_repositories())
    evicted = evict_mirrors(
        service.mirrors,
        most_bytes=service.settings.max_mirrors_gb << 30,
        now=service.now().timestamp(),
    )
    kept = [repository_id for repository_id, _ in mirrors_in(service.mirrors)]
    service.store.note_mirrors(service.place, kept, service.now(), old=service.now() - SILENT)
    if removed or evicted:
        service.telemetry.log.info("mirrors removed", left=removed, evicted=evicted)


def repack_mirrors(service: Service, stopped: Callable[[], bool] = never) -> None:
    """Repack the mirrors that are scattered over many files, one after the other until stopped."""
    for repository_id, mirror in mirrors_in(service.mirrors):
        if stopped():
            return
        try:
            if repack(mirror):
                service.telemetry.log.info("mirror repacked", repository=repository_id)
        except Transient as error:
            service.telemetry.log.warning("mirror not repacked", repository=repository_id, error=str(error))


def elsewhere(service: Service, work: Work) -> bool:
    """Whether a worker at another place has the mirror that a verdict needs, which took long to make, and this one has not."""
    if not isinstance(work, Evaluate | EvaluateGroup | RecordBranch):
        return False
    if (service.mirrors / f"{work.repository.id}.git").exists():
        return False
    with suppress(Transient):
        return bool(service.store.mirror_places(work.repository.id) - {service.place})
    return False


def until_night(now: datetime) -> timedelta:
    """How long from now until the next time; a day at most."""
    next_time = datetime.combine(now.date(), NIGHT, now.tzinfo)
    return next_time - now if next_time > now else next_time + timedelta(days=1) - now
