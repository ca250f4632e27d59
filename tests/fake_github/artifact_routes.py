"""Operations on the artifacts of Actions, which the description's subset lacks (see `description.ADDED`)."""

from __future__ import annotations

from tests.fake_github import rendering
from tests.fake_github.repositories import Artifact
from tests.fake_github.routing import Answer, Call, RefusedError, not_found, route


@route("GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", needs="actions:read")
def list_artifacts(call: Call) -> Answer:
    """The artifacts of a run, newest first."""
    found = [
        one for one in reversed(call.repository.artifacts) if str(one.run_id) == call.parameters["run_id"]
    ]
    if "name" in call.query:
        found = [one for one in found if one.name == call.query["name"]]
    return call.page([_artifact(call, one) for one in found], key="artifacts")


@route("GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/zip", needs="actions:read")
def find_archive(call: Call) -> Answer:
    """Where the archive can be downloaded without credentials, on another server; for a minute on the real GitHub."""
    wanted = call.parameters["artifact_id"]
    if wanted not in {str(one.id) for one in call.repository.artifacts}:
        raise not_found()
    if any(one.expired for one in call.repository.artifacts if str(one.id) == wanted):
        raise RefusedError(410, "Artifact has expired")
    here = f"{call.github.storage_url}/{wanted}.zip?sig=key"
    said = call.github.archive_address
    return Answer(None, 302, {"Location": here if said is None else said})


def _artifact(call: Call, artifact: Artifact) -> rendering.Json:
    return {
        "id": artifact.id,
        "name": artifact.name,
        "size_in_bytes": len(artifact.archive) if artifact.told_size is None else artifact.told_size,
        "archive_download_url": f"{call.api}/actions/artifacts/{artifact.id}/zip",
        "expired": artifact.expired,
        "workflow_run": {"id": artifact.run_id, "head_sha": artifact.head_sha},
    }
