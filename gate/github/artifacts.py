"""Artifacts of workflow runs: what GitHub lists of them, and their archives, fetched from where GitHub keeps them.

Nothing is unpacked here. An archive is fetched without any credentials: its address is good for a minute and is the key.

Source: https://docs.github.com/en/rest/actions/artifacts
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

import requests
from github import Github

from gate.core.failure import Permanent, Transient
from gate.core.payload import Node, PayloadError
from gate.github.failure import understood
from gate.github.paging import all_pages
from gate.github.token_permissions import FOR_ARTIFACTS

if TYPE_CHECKING:
    from gate.github.app import GitHub

MOST_PAGES = 10
"""Of a hundred artifacts each: more than any honest workflow has, for one of its jobs uploads 500 at most."""
TIMEOUT_SECONDS = 20
"""Without a byte."""
DOWNLOAD_SECONDS = 300
"""For a whole archive: 350 KB/s for the largest one."""
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact of a workflow run, as GitHub shows it."""

    id: int
    name: str
    size: int
    """Bytes of its archive."""
    expired: bool
    run_id: int
    head_sha: str
    """What the run was for."""


class TooLargeError(Permanent):
    """An archive has more bytes than whoever asked for it takes."""


def artifacts(
    door: GitHub, installation_id: int, repository_id: int, full_name: str, run_id: int
) -> tuple[Artifact, ...]:
    """All artifacts of a workflow run of this repository that GitHub says the run of.

    Raises: Transient, Permanent, and of these MissingPermission.
    """
    path = f"/repos/{full_name}/actions/runs/{run_id}/artifacts"
    subject = f"the artifacts of workflow run {run_id}"

    def ask(client: Github) -> list[Artifact]:
        shown = all_pages(client, path, key="artifacts", most_pages=MOST_PAGES)
        return [_artifact(one) for one in map(Node.of, shown) if one.has("workflow_run")]

    with understood(subject):
        return tuple(door.call(installation_id, repository_id, subject, ask, permissions=FOR_ARTIFACTS))


def download(  # noqa: PLR0913  (whose it is, and what of it is wanted)
    door: GitHub,
    installation_id: int,
    repository_id: int,
    full_name: str,
    artifact_id: int,
    stream: BinaryIO,
    *,
    most_bytes: int,
) -> None:
    """Write the archive of an artifact, a zip file, to `stream`.

    Raises: TooLargeError, Transient, Permanent.
    """
    subject = f"artifact {artifact_id}"

    def ask(client: Github) -> object:
        url = f"/repos/{full_name}/actions/artifacts/{artifact_id}/zip"
        headers, _ = client.requester.requestJsonAndCheck("GET", url)
        return headers.get("location")

    address = door.call(installation_id, repository_id, subject, ask, permissions=FOR_ARTIFACTS)
    if not isinstance(address, str) or not _is_allowed(address, door.api_url):
        raise Permanent(f"GitHub keeps {subject} at no https address; nothing was fetched from there.")
    try:
        _fetch(address, stream, subject, most_bytes)
    except requests.RequestException as error:
        # The text of the error would have the address, which is the key.
        raise Transient(
            f"{subject} could not be fetched from GitHub's storage ({type(error).__name__})."
        ) from None


def _fetch(address: str, stream: BinaryIO, subject: str, most_bytes: int) -> None:
    """Neither follows redirections nor sends what opens anything: nor what a `.netrc` has for that host."""
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    with requests.get(
        address,
        auth=_no_credentials,
        allow_redirects=False,
        stream=True,
        timeout=TIMEOUT_SECONDS,
        headers={"User-Agent": "gate", "Accept-Encoding": "identity"},
    ) as answer:
        if answer.status_code != 200:
            raise Transient(f"GitHub's storage answered {answer.status_code} to the request for {subject}.")
        size = 0
        for piece in answer.iter_content(_PIECE):
            size += len(piece)
            if size > most_bytes:
                raise TooLargeError(f"it has more than {most_bytes >> 20} MB")
            if time.monotonic() > deadline:
                raise Transient(f"{subject} did not arrive within {DOWNLOAD_SECONDS} seconds.")
            stream.write(piece)


def _is_allowed(address: str, api_url: str) -> bool:
    """Whether it is encrypted on its way; a server of one's own without TLS keeps its artifacts itself."""
    where = urlsplit(address)
    own = where.scheme == urlsplit(api_url).scheme and where.hostname == urlsplit(api_url).hostname
    return bool(where.hostname) and (where.scheme == "https" or own)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _artifact(shown: Node) -> Artifact:
    size = shown.values.get("size_in_bytes")
    if type(size) is not int or size < 0:
        raise PayloadError(f"{shown.place}.size_in_bytes: expected a number of bytes")
    run = shown.child("workflow_run")
    return Artifact(
        id=shown.integer("id"),
        name=shown.text("name"),
        size=size,
        expired=shown.flag("expired"),
        run_id=run.integer("id"),
        head_sha=run.sha("head_sha"),
    )
