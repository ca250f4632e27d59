"""Operations on the artifacts of Actions, which the description's subset lacks (see `description.ADDED`)."""

from __future__ import annotations

from tests.fake_github import rendering
from tests.fake_github.repositories import Artifact
from tests.fake_github.routing import Answer, Call, not_found, route


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
    """Where the archive can be downloaded without credentials, for a minute on the real GitHub."""
    wanted = call.parameters["artifact_id"]
    if wanted not in {str(one.id) for one in call.repository.artifacts}:
        raise not_found()
    return Answer(None, 302, {"Location": f"{call.github.url}/_artifacts/{wanted}.zip"})


def _artifact(call: Call, artifact: Artifact) -> rendering.Json:
    return {
        "id": artifact.id,
        "name": artifact.name,
        "size_in_bytes": len(artifact.archive),
        "archive_download_url": f"{call.api}/actions/artifacts/{artifact.id}/zip",
        "expired": False,
        "workflow_run": {"id": artifact.run_id, "head_sha": artifact.head_sha},
    }
