"""The policy file of an account's `.github` repository, read with a token that reads the contents of this repository alone.

What the file means is not its work.
"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from github import Github

from gate.core.failure import PolicyError, Transient
from gate.core.policy.defaults import REPOSITORY
from gate.github.failure import NotFoundError, NotInstalledError
from gate.github.token_permissions import FOR_DEFAULTS

if TYPE_CHECKING:
    from gate.github.app import GitHub

NAME = ".gate.toml"

NoDefaults = Literal["no repository", "no file"]
"""GitHub does not say whether there is no such repository or the App is not installed on it."""


@dataclass(frozen=True, slots=True)
class DefaultsFile:
    """The file as it is now."""

    blob: str
    """Id of its content in git."""
    content: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    etag: str
    file: DefaultsFile


class DefaultsFiles:
    """The files read so far, each asked for again with its ETag: an unchanged one costs no rate limit and no transfer."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], _Kept] = {}
        self._lock = threading.Lock()

    def read(self, door: GitHub, installation_id: int, owner: str) -> DefaultsFile | NoDefaults:
        """The account's file, or why there is none. Raises: PolicyError, Transient, Permanent."""
        key = (installation_id, owner.lower())
        with self._lock:
            kept = self._kept.get(key)
        url = f"/repos/{owner}/{REPOSITORY}/contents/{NAME}"

        def ask(client: Github) -> tuple[dict[str, Any], Any]:
            headers = {"If-None-Match": kept.etag} if kept else {}
            return client.requester.requestJsonAndCheck("GET", url, headers=headers)

        subject = f"{NAME} of {owner}/{REPOSITORY}"
        try:
            headers, answer = door.call(installation_id, REPOSITORY, subject, ask, permissions=FOR_DEFAULTS)
        except NotInstalledError:
            return "no repository"
        except NotFoundError:
            return "no file"
        if answer is None and kept is not None:
            return kept.file
        if isinstance(answer, list) or (isinstance(answer, dict) and answer.get("type", "file") != "file"):
            return "no file"  # a folder, a link or a submodule of that name
        if not isinstance(answer, dict) or "type" not in answer:
            raise Transient(f"What answered the request for {subject} is not GitHub.")
        file = _file(answer, subject)
        with self._lock:
            self._kept[key] = _Kept(headers.get("etag", ""), file)
        return file


def _file(answer: dict[str, Any], subject: str) -> DefaultsFile:
    """Raises: PolicyError for a file so large that GitHub leaves its content out."""
    if answer.get("encoding") != "base64":
        raise PolicyError(f"{subject} is larger than 1 MB")
    return DefaultsFile(answer["sha"], base64.b64decode(answer["content"]))
