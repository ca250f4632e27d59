"""Fetch the coverage reports that a workflow of a fork's pull request left as artifacts, and keep each as if it had been sent.

GitHub gives such a workflow neither a token nor secrets, so that it cannot send them. Nothing is read here
(`keep_report` does), and what a fork says counts for its own pull request alone (`Uploads.uploads_at`).
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gate.core.artifact import ArtifactError, is_ours, named, reports_in
from gate.core.component import Parts
from gate.core.failure import Gone, MissingPermission, Permanent, PolicyError, Transient
from gate.core.report_body import BodyError, Intake
from gate.core.run import Run
from gate.core.upload_work import FetchReports, ReadReport
from gate.github import Artifact, TooLargeError
from gate.sandbox import SandboxError
from gate.service import Service
from gate.store import PullRequestRecord
from gate.workflows.ask import Tips, ruling
from gate.workflows.measure_coverage import box_name
from gate.workflows.measure_sent import is_merge_of
from gate.workflows.organisation import defaults_of
from gate.workflows.settings_of import policy_at
from gate.workflows.unpack_artifact import content, unpack

MOST_ARTIFACTS = 20
"""Of one workflow run."""
MOST_BYTES = 100 << 20
"""Of one artifact, as GitHub keeps it and unpacked."""
MOST_WAITING = 500
"""Pieces of a megabyte that a repository may have waiting for a worker, before more are fetched."""
ARTIFACTS = "artifacts"
"""What is refused where it is not known of which report."""
_UNKNOWN = re.compile(r"[^A-Za-z0-9._/: -]")
_MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to fetch, and for whom."""

    artifacts: tuple[Artifact, ...] = ()
    numbers: tuple[int, ...] = ()
    """Of the pull requests."""


def fetch_reports(run: Run, service: Service, work: FetchReports) -> None:
    """Has every report of the run kept and read; nothing, and next to nothing asked, where no policy wants any."""
    numbers = run.step(_wanting, service, work, name="read the policy")
    if not numbers:
        return
    found = run.step(_found, service, work, numbers, name="list artifacts")
    for artifact in found.artifacts:

        def fetch(artifact: Artifact = artifact) -> tuple[int, ...]:
            return _fetch(service, work, artifact, found.numbers, run.cancelled)

        for upload_id in run.step(fetch, name=f"fetch artifact {artifact.id}"):
            run.start(ReadReport(work.repository, upload_id))


def give_up(run: Run, service: Service, work: FetchReports, text: str) -> None:
    """Its run failed: whoever waits for the reports is told why there are none."""
    run.step(_tell, service, work, _open_at(service, work), text, name="refuse")


def _wanting(service: Service, work: FetchReports) -> tuple[int, ...]:
    """Open pull requests with this head whose policy takes reports. Raises: Transient, Permanent."""
    pulls = service.store.open_pull_requests_at(work.repository.id, work.head_sha)
    if not pulls:
        return ()
    with suppress(PolicyError):  # whoever judges them says so
        over = defaults_of(service, work.repository).policy
        mirror = service.mirror(work.repository)
        default = mirror.fetch_tip(f"refs/heads/{work.repository.default_branch}")

        def takes_reports(pull: PullRequestRecord) -> bool:
            is_default = pull.base_ref == work.repository.default_branch
            tip = default if is_default else mirror.fetch_tip(f"refs/heads/{pull.base_ref}")
            sha, _ = ruling(mirror, work.repository, pull.base_ref, Tips(default, tip), over)
            suites = Parts(policy_at(mirror, sha, over)).suites
            return any(suite.policy.coverage.source != "run" for suite in suites)

        return tuple(pull.number for pull in pulls if takes_reports(pull))
    return ()


def _found(service: Service, work: FetchReports, numbers: tuple[int, ...]) -> _Found:
    """What the run left for us, and which of the pull requests it ran for: those of the same fork."""
    github = service.on_github(work.repository)
    try:
        listed = github.artifacts(work.run_id)
    except MissingPermission as error:
        service.telemetry.log.warning(
            "artifacts not allowed", repository=work.repository.full_name, cause=str(error)
        )
        _tell(service, work, numbers, f"Reports of forks cannot be fetched: {error}")
        return _Found()
    ours = tuple(
        one
        for one in listed
        if is_ours(one.name) and one.run_id == work.run_id and one.head_sha == work.head_sha
    )
    if not ours:
        return _Found()
    views = [github.pull_request(number) for number in numbers]
    its = tuple(
        view.number
        for view in views
        if (view.head_sha, view.state) == (work.head_sha, "open")
        and (view.head_full_name or "").lower() == work.head_full_name.lower()
    )
    if len(ours) > MOST_ARTIFACTS:
        text = f"Workflow run {work.run_id} has {len(ours)} artifacts for Gate; the first {MOST_ARTIFACTS} were fetched."
        _tell(service, work, its, text)
    return _Found(tuple(sorted(ours, key=lambda one: one.id))[:MOST_ARTIFACTS], its)


def _fetch(
    service: Service,
    work: FetchReports,
    artifact: Artifact,
    numbers: tuple[int, ...],
    cancelled: Callable[[], bool],
) -> tuple[int, ...]:
    """The uploads that are to be read now. Raises: Transient, Permanent."""
    if service.store.waiting_chunks(work.repository.id) >= MOST_WAITING:
        raise Transient(f"{MOST_WAITING} MB of reports of {work.repository.full_name} wait to be read.")
    with tempfile.TemporaryDirectory(prefix="gate-artifact-") as folder:
        try:
            kept = list(_kept(service, work, artifact, numbers, Path(folder), cancelled))
        except (ArtifactError, SandboxError) as error:
            if cancelled():
                raise Transient(f"Artifact {artifact.id} was not unpacked: the worker stops.") from error
            text = f"the artifact {artifact.name!r} cannot be used: {str(error).rstrip('.')}."
            _refuse(service, work, numbers, _name(artifact), text)
            return ()
    service.telemetry.log.info(
        "reports fetched", repository=work.repository.full_name, artifact=artifact.name, reports=len(kept)
    )
    return tuple(kept)


def _kept(
    service: Service,
    work: FetchReports,
    artifact: Artifact,
    numbers: tuple[int, ...],
    folder: Path,
    cancelled: Callable[[], bool],
) -> Iterator[int]:
    """Each upload as it is kept, but those that were read before. Raises: ArtifactError, SandboxError, Transient, Permanent."""
    called = named(artifact.name)
    if artifact.expired:
        raise ArtifactError("GitHub keeps it no longer; run the workflow again")
    archive = folder / "archive.zip"
    _download(service, work, artifact, archive)
    with (folder / "files").open("w+b") as result:
        box = box_name(service, f"artifact {artifact.id}")
        files = unpack(service.sandbox, archive, result, name=box, cancelled=cancelled)
        archive.unlink()
        names = reports_in([file.path for file in files], called.report)
        for number in numbers:
            sha = _commit(service, work, called.sha, number)
            for file, name in zip(files, names, strict=True):
                upload_id = _save(service, work, (sha, name, number), content(result, file))
                if upload_id is not None:
                    yield upload_id


def _download(service: Service, work: FetchReports, artifact: Artifact, archive: Path) -> None:
    """Raises: ArtifactError for what is too large or not there, Transient, Permanent."""
    too_large = f"it has more than {MOST_BYTES >> 20} MB; upload each report as an artifact of its own"
    if artifact.size > MOST_BYTES:
        raise ArtifactError(too_large)
    try:
        with archive.open("wb") as stream:
            service.on_github(work.repository).download_artifact(artifact.id, stream, most_bytes=MOST_BYTES)
    except TooLargeError as error:
        raise ArtifactError(too_large) from error
    except (Gone, MissingPermission):
        raise
    except Permanent as error:
        raise ArtifactError(str(error)) from error


def _commit(service: Service, work: FetchReports, told: str, number: int) -> str:
    """The commit that was measured: the head, or GitHub's merge of it where the artifact says so. Raises: ArtifactError."""
    if told in {"", work.head_sha}:
        return work.head_sha
    if not is_merge_of(service.mirror(work.repository), work.head_sha, told, number):
        raise ArtifactError(
            f"the commit after '@' in its name is neither {work.head_sha}, which the workflow ran for, nor GitHub's merge of it"
        )
    return told


def _save(
    service: Service, work: FetchReports, what: tuple[str, str, int], pieces: Iterator[bytes]
) -> int | None:
    """The id of the upload that is to be read; None where the same was read before, or it is none."""
    store, repository_id = service.store, work.repository.id
    sha, name, number = what
    upload_id = _new(service, work, sha, name, number)
    intake = Intake()
    try:
        for place, chunk in enumerate(intake.chunks(pieces, packed=False)):
            store.save_upload_chunk(repository_id, upload_id, place, chunk)
    except BodyError as error:
        store.drop_upload(repository_id, upload_id)
        _refuse(service, work, (number,), name, f"the file in the artifact cannot be used: {error}.")
        return None
    except BaseException:
        with suppress(Transient):
            store.drop_upload(repository_id, upload_id)
        raise
    digest = _digest(intake.digest, number)
    kept, _ = store.keep_upload(repository_id, upload_id, digest=digest, size=intake.size)
    return kept.id if kept.state == "received" else None


def _tell(service: Service, work: FetchReports, numbers: tuple[int, ...], text: str) -> None:
    """What is wrong with all of them, where the missing reports are listed."""
    _refuse(service, work, numbers, ARTIFACTS, text)


def _refuse(service: Service, work: FetchReports, numbers: tuple[int, ...], name: str, text: str) -> None:
    """Keep why a report is not there; the check run of the head says it."""
    for number in numbers:
        upload_id = _new(service, work, work.head_sha, name, number)
        digest = _digest(hashlib.sha256(text.encode()).hexdigest(), number)
        kept, _ = service.store.keep_upload(work.repository.id, upload_id, digest=digest, size=0)
        service.store.save_refused_upload(work.repository.id, kept.id, text)


def _new(service: Service, work: FetchReports, sha: str, name: str, number: int) -> int:
    return service.store.save_new_upload(
        work.repository.id,
        sha=sha,
        name=name,
        authenticated="artifact",
        sender=work.workflow or f"workflow run {work.run_id}",
        number=number,
        now=service.now(),
    )


def _digest(digest: str, number: int) -> str:
    """Of its own for each pull request: what a fork sends is never taken for what somebody else has sent, or hides it."""
    return hashlib.sha256(f"{digest} of pull request {number}".encode()).hexdigest()


def _name(artifact: Artifact) -> str:
    """What a report is called whose artifact cannot be used."""
    with suppress(ArtifactError):
        return named(artifact.name).report
    return _UNKNOWN.sub("-", artifact.name).strip()[:_MOST_NAME]


def _open_at(service: Service, work: FetchReports) -> tuple[int, ...]:
    pulls = service.store.open_pull_requests_at(work.repository.id, work.head_sha)
    return tuple(pull.number for pull in pulls)
