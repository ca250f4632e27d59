"""The App on one GitHub: a client for each thread, and the installation tokens they all share."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from github import Auth, Github
from jwt import PyJWTError

from gate.core.failure import Permanent, Transient
from gate.github.defaults import DefaultsFile, DefaultsFiles, NoDefaults
from gate.github.failure import TokenRefusedError, attempt
from gate.github.repository import GitHubRepository

T = TypeVar("T")

API_VERSION = "2022-11-28"
TIMEOUT_SECONDS = 20
REFRESH_AHEAD = timedelta(minutes=5)
"""A token that expires sooner than this is not handed out any more: git may hold it for minutes."""

Permissions = Mapping[str, str]
FOR_GIT: Permissions = {"contents": "read", "metadata": "read"}
FOR_API: Permissions = {"checks": "write", "metadata": "read", "pull_requests": "read"}

# At DEBUG PyGithub writes whole answers, tokens included.
logging.getLogger("github.Requester").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    expires_at: datetime


_Key = tuple[int, int | str, tuple[tuple[str, str], ...]]
"""Installation, repository (its id, or its name in the installation's account) and permissions of a token."""


def new_client(api_url: str, auth: Auth.Auth | None) -> Github:
    """A PyGithub client for one thread that neither waits nor repeats, and reads nothing before it is asked to."""
    return Github(
        auth=auth,
        base_url=api_url,
        timeout=TIMEOUT_SECONDS,
        user_agent="gate",
        per_page=100,
        retry=None,  # the engine repeats; PyGithub would repeat POST but not PATCH, and sleep in the worker
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
        api_version=API_VERSION,
    )


def convert_manifest(code: str, *, api_url: str) -> dict[str, Any]:
    """The App GitHub registered for our manifest, with all its secrets; a code works once, within one hour.

    Raises: Transient, Permanent.
    """
    client = new_client(api_url, None)
    path = f"/app-manifests/{quote(code, safe='')}/conversions"
    try:
        _, app = attempt(
            "the registered App",
            lambda: client.requester.requestJsonAndCheck("POST", path),
            now=datetime.now(UTC),
        )
    finally:
        client.close()
    return dict(app)


class _Credentials(Auth.Auth):
    """What a client authenticates with; set before each call, because a client serves many installations."""

    def __init__(self) -> None:
        self.text = ""

    @property
    def token_type(self) -> str:
        return "Bearer"

    @property
    def token(self) -> str:
        return self.text


class GitHub:
    """One App on one GitHub. All threads may use it; each gets a PyGithub client of its own, for those are not safe."""

    def __init__(
        self,
        *,
        app_id: int,
        private_key: str,
        api_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._app_id = app_id
        self._app = Auth.AppAuth(app_id, private_key)
        self._api_url = api_url.rstrip("/")
        self._clock = clock
        self._thread = threading.local()
        self._clients: list[Github] = []
        self._tokens: dict[_Key, _Token] = {}
        self._defaults = DefaultsFiles()
        self._bot = ""
        self._lock = threading.Lock()
        self._token_locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)

    def __repr__(self) -> str:
        """Name the App, never its key."""
        return f"GitHub(app_id={self._app_id}, api_url={self._api_url!r})"

    def repository(self, installation_id: int, repository_id: int, full_name: str) -> GitHubRepository:
        """A repository; `full_name` may be outdated, the id decides."""
        return GitHubRepository(self, installation_id, repository_id, full_name)

    def token(self, installation_id: int, repository_id: int) -> str:
        """A token that may read the contents of this one repository, for git; good for minutes at least."""
        return self._token(_key(installation_id, repository_id, FOR_GIT))

    def defaults_file(self, installation_id: int, owner: str) -> DefaultsFile | NoDefaults:
        """`.gate.toml` of the account's `.github` repository, at the tip of its default branch. One request, cheap when unchanged.

        Raises: PolicyError for one that is too large, Transient, Permanent.
        """
        return self._defaults.read(self, installation_id, owner)

    def is_own_app(self, app_id: int) -> bool:
        """Whether that App is this one."""
        return app_id == self._app_id

    def bot(self) -> str:
        """Login of the account that writes what the App writes: `gate[bot]`. One request, once. Raises: Transient, Permanent."""
        if not self._bot:
            client = self._client(self._app.token)
            _, app = attempt(
                "the App", lambda: client.requester.requestJsonAndCheck("GET", "/app"), now=self._clock()
            )
            self._bot = f"{app['slug']}[bot]"
        return self._bot

    def close(self) -> None:
        """Close the connections of all threads; a later call opens new ones."""
        with self._lock:
            clients, self._clients = self._clients, []
            self._thread = threading.local()
        for client in clients:
            client.close()

    def call(
        self,
        installation_id: int,
        repository: int | str,
        subject: str,
        function: Callable[[Github], T],
        *,
        permissions: Permissions = FOR_API,
    ) -> T:
        """The result of `function` with a client that may use the API for this one repository, named by id or name.

        A refused token is exchanged once: it may have been revoked, or expired by GitHub's clock. `subject` says in
        the texts of errors what was asked for.

        Raises: Transient, Permanent.
        """
        key = _key(installation_id, repository, permissions)
        token = self._token(key)
        try:
            return attempt(subject, lambda: function(self._client(token)), now=self._clock())
        except TokenRefusedError:
            self._forget(key, token)
        return attempt(subject, lambda: function(self._client(self._token(key))), now=self._clock())

    def _client(self, credentials: str) -> Github:
        """The client of the calling thread, with these credentials from now on."""
        if not hasattr(self._thread, "client"):
            self._thread.credentials = _Credentials()
            self._thread.client = new_client(self._api_url, self._thread.credentials)
            with self._lock:
                self._clients.append(self._thread.client)
        self._thread.credentials.text = credentials
        client: Github = self._thread.client
        return client

    def _token(self, key: _Key) -> str:
        """The kept token, or a new one when that expires soon; threads that want the same one wait for each other."""
        with self._lock:
            lock = self._token_locks[key]
        with lock:
            kept = self._tokens.get(key)
            if kept is None or kept.expires_at - REFRESH_AHEAD <= self._clock():
                kept = self._tokens[key] = self._new_token(*key)
            return kept.text

    def _forget(self, key: _Key, text: str) -> None:
        """Drop a refused token, unless another thread has replaced it already."""
        with self._token_locks[key]:
            if key in self._tokens and self._tokens[key].text == text:
                del self._tokens[key]

    def _new_token(
        self, installation_id: int, repository: int | str, permissions: tuple[tuple[str, str], ...]
    ) -> _Token:
        subject = f"a token of installation {installation_id} for repository {repository}"
        try:
            requester = self._client(self._app.token).requester
        except PyJWTError as error:
            text = "The App's private key is no usable RSA key in PEM form; check GATE_PRIVATE_KEY."
            raise Permanent(text) from error
        path = f"/app/installations/{installation_id}/access_tokens"
        named = "repositories" if isinstance(repository, str) else "repository_ids"
        wanted = {named: [repository], "permissions": dict(permissions)}
        try:
            _, made = attempt(
                subject, lambda: requester.requestJsonAndCheck("POST", path, input=wanted), now=self._clock()
            )
        except TokenRefusedError as error:
            text = f"{error} Check GATE_APP_ID, GATE_PRIVATE_KEY and the clock of this machine."
            raise Permanent(text) from error
        if not isinstance(made, dict) or "token" not in made:
            raise Transient(f"What answered the request for {subject} is not GitHub.")
        return _Token(made["token"], datetime.fromisoformat(made["expires_at"]))


def _key(installation_id: int, repository: int | str, permissions: Permissions) -> _Key:
    return installation_id, repository, tuple(sorted(permissions.items()))
