"""Delete what is kept no longer, once a day: by age what nobody needs, and everything of repositories that left.

What trends and audits are made of stays: measured commits, weekly numbers, what happened, waivers and their verdicts. Mirrors are
for each machine's own workers to look after: `gate.workflows.tidy_mirrors`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gate.core.run import Run
from gate.service import Service
from gate.store.chances import REMEMBERED
from gate.store.following import PRUNED
from gate.workflows.redeliver import KEPT

UNFINISHED = timedelta(days=1)
"""How long a report that began to arrive from CI, and did not, is kept."""


def prune(run: Run, service: Service) -> None:
    """Each part in a step of its own: what one cannot do is done tomorrow."""
    deleted = {
        "repositories": run.step(_repositories, service, name="delete what left"),
        "verdicts": run.step(_verdicts, service, name="empty old verdicts"),
        "check_runs": run.step(_check_runs, service, name="delete old check runs"),
        "file_reports": run.step(_file_reports, service, name="delete unused file reports"),
        "test_runs": run.step(_test_runs, service, name="delete old test runs"),
        "others": run.step(_others, service, name="delete what is stale"),
    }
    run.step(_note, service, name="note it")
    service.telemetry.log.info("old data deleted", **deleted)


def _repositories(service: Service) -> int:
    now = service.now()
    service.store.note_removed(now)
    gone = service.store.removed_repositories(now - timedelta(days=service.settings.uninstall_grace_days))
    for repository_id in gone:
        rows = service.store.delete_repository(repository_id)
        service.telemetry.log.info(
            "data of a removed repository deleted", repository=repository_id, rows=rows
        )
    return len(gone)


def _verdicts(service: Service) -> int:
    return service.store.drop_details(_oldest(service))


def _check_runs(service: Service) -> int:
    service.store.delete_old_changes()
    return service.store.delete_old_check_runs(_oldest(service))


def _file_reports(service: Service) -> int:
    today = service.now().date()
    oldest = _oldest(service).date()
    service.store.delete_unused_tree_facts(oldest)
    return service.store.delete_unused_file_reports(oldest, today=today)


def _test_runs(service: Service) -> int:
    return service.store.delete_old_reports(_oldest(service))


def _others(service: Service) -> int:
    store, now = service.store, service.now()
    store.delete_expired_sessions(now)
    return (
        store.delete_old_refusals(_oldest(service))
        + store.delete_old_deliveries(now - KEPT)
        + store.delete_old_chances(now - REMEMBERED)
        + store.delete_old_uploads(_oldest(service), unfinished_before=now - UNFINISHED)
    )


def _note(service: Service) -> None:
    service.store.note_read_until(PRUNED, service.now())


def _oldest(service: Service) -> datetime:
    """Nothing of before that is kept by age."""
    return service.now() - timedelta(days=service.settings.retention_days)
