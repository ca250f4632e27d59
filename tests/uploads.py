"""Reports that CI sent, in every state, as pages show them."""

from __future__ import annotations

from datetime import datetime, timedelta

from checks.reported_lines import ReportHead, UploadedReport
from gate.store import Store


def upload(
    store: Store,
    repository_id: int,
    name: str,
    now: datetime,
    *,
    sha: str = "a" * 40,
    sender: str = "tests.yml",
) -> int:
    """One that waits to be read."""
    made = store.save_new_upload(
        repository_id, sha=sha, name=name, authenticated="actions", sender=sender, number=7, now=now
    )
    store.keep_upload(repository_id, made, digest=f"{made:064}", size=9)
    return made


def read_upload(store: Store, repository_id: int, name: str, now: datetime, *, sha: str = "a" * 40) -> None:
    """One that was read."""
    made = upload(
        store,
        repository_id,
        name,
        now,
        sha=sha,
        sender="northwind/delivery-worker/.github/workflows/tests.yml@refs/heads/main",
    )
    store.save_uploaded_report(repository_id, made, UploadedReport(ReportHead("lcov", 12), b""), lines=3456)


def some_uploads(store: Store, repository_id: int, now: datetime) -> None:
    """Those of a few commits."""
    for age, sha in ((50, "9f31c2e"), (3, "3c81f0a")):
        at = now - timedelta(minutes=age)
        for name in ("integration", "unit-3.12", "unit-3.13"):
            read_upload(store, repository_id, name, at, sha=sha + "1" * 33)
    text = "slow: coverage.xml, line 214: the file ends in the middle of an element. `coverage xml` writes such a file again."
    store.save_refused_upload(
        repository_id, upload(store, repository_id, "slow", now - timedelta(minutes=2)), text
    )
    upload(store, repository_id, "unit-3.14", now - timedelta(seconds=9))
