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

from gate.core.failure import Gone, Permanent, Transient
from gate.github.defaults import DefaultsFile, DefaultsFiles, NoDefaults
from gate.github.failure import (
    UNNAMED_SECONDS,
    NotFoundError,
    NotGrantedError,
    TokenRefusedError,
    UnnamedLimitError,
    attempt,
)
from gate.github.limits import THE_APP, Limits
from gate.github.permission import missing
from gate.github.repository import GitHubRepository
from gate.github.token_permissions import FOR_API, FOR_GIT, Permissions

T = TypeVar("T")

API_VERSION = "2022-11-28"
TIMEOUT_SECONDS = 20
REFRESH_AHEAD = timedelta(minutes=5)
"""A token that expires sooner than this is not handed out any more: git may hold it for minutes."""

# At DEBUG PyGithub writes whole answers, tokens included.
logging.getLogger("github.Requester").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    expires_at: datetime


_Key = tuple[int, int | str | None, tuple[tuple[str, str], ...]]
"""Installation, repository (its id, its name in the installation's account, None for all) and permissions of a token."""


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
    client, subject = new_client(api_url, None), "the registered App"
    path = f"/app-manifests/{quote(code, safe='')}/conversions"
    try:
        _, app = attempt(
            subject, lambda: client.requester.requestJsonAndCheck("POST", path), now=datetime.now(UTC)
        )
    except NotFoundError as error:
        raise Permanent(f"{error} Its code works once, and for an hour.") from error
    finally:
        client.close()
    if not isinstance(app, dict):
        raise Permanent(f"What answered the request for {subject} is not GitHub; check GATE_GITHUB_API_URL.")
    return app


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
        unnamed_wait_seconds: float = UNNAMED_SECONDS,
        told: Callable[[str], object] = str,
    ) -> None:
        """`unnamed_wait_seconds`: see `Limits`. `told` hears of each call how it ended, see `_attempt`."""
        self.app_id = app_id
        self._app = Auth.AppAuth(app_id, private_key)
        self.api_url = api_url.rstrip("/")
        self._clock = clock
        self._told = told
        self._thread = threading.local()
        self._clients: list[Github] = []
        self._tokens: dict[_Key, _Token] = {}
        self._defaults = DefaultsFiles()
        self._limits = Limits(clock, unnamed_seconds=unnamed_wait_seconds)
        self._bot = ""
        self._lock = threading.Lock()
        self._token_locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)

    def __repr__(self) -> str:
        """Name the App, never its key."""
        return f"GitHub(app_id={self.app_id}, api_url={self.api_url!r})"

    def repository(self, installation_id: int, repository_id: int, full_name: str) -> GitHubRepository:
        """A repository; `full_name` may be outdated, the id decides."""
        return GitHubRepository(self, installation_id, repository_id, full_name)

    def token(self, installation_id: int, repository_id: int) -> str:
        """A token that may read the contents of this one repository, for git; good for minutes at least.

        Raises: Transient, Permanent.
        """
        return self._token(_key(installation_id, repository_id, FOR_GIT))

    def defaults_file(self, installation_id: int, owner: str) -> DefaultsFile | NoDefaults:
        """`.gate.toml` of the account's `.github` repository, at the tip of its default branch. One request, cheap when unchanged.

        Raises: PolicyError for one that is too large, Transient, Permanent.
        """
        return self._defaults.read(self, installation_id, owner)

    def bot(self) -> str:
        """Login of the account that writes what the App writes: `gate[bot]`. One request, once. Raises: Transient, Permanent."""
        if not self._bot:
            app = self.ask_as_app("the App", "GET", "/app")
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
        repository: int | str | None,
        subject: str,
        function: Callable[[Github], T],
        *,
        permissions: Permissions = FOR_API,
    ) -> T:
        """The result of `function` with a client that may use the API for this one repository, named by id or name.

        None is for the few requests that are about all repositories of the installation.

        A refused token is exchanged once: it may have been revoked, or expired by GitHub's clock. `subject` says in
        the texts of errors what was asked for.

        Raises: Transient, without asking GitHub while it limits the installation; Permanent, and of these
            MissingPermission, NotFoundError for what is not there or not ours to see, Gone for the installation.
        """
        key = _key(installation_id, repository, permissions)
        self._limits.check(installation_id, subject)
        token = self._token(key)
        try:
            try:
                return self._attempt(installation_id, subject, lambda: function(self._client(token)))
            except TokenRefusedError:
                self._forget(key, token)
            another = self._token(key)
            return self._attempt(installation_id, subject, lambda: function(self._client(another)))
        except NotGrantedError as error:
            raise missing(error, permissions, self._installation(installation_id)) from error

    def as_app(self, subject: str, function: Callable[[Github], T]) -> T:
        """The result of `function` with a client that speaks for the App itself, whatever it is installed on.

        Raises: Transient, without asking GitHub while it limits the App; Permanent.
        """
        try:
            credentials = self._app.token
        except PyJWTError as error:
            text = "The App's private key is no usable RSA key in PEM form; check GATE_PRIVATE_KEY."
            raise Permanent(text) from error
        try:
            return self._attempt(THE_APP, subject, lambda: function(self._client(credentials)))
        except TokenRefusedError as error:
            text = f"{error} Check GATE_APP_ID, GATE_PRIVATE_KEY and the clock of this machine."
            raise Permanent(text) from error

    def ask_as_app(self, subject: str, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to one such request. Raises: as `as_app`."""
        return self.as_app(
            subject, lambda client: client.requester.requestJsonAndCheck(verb, path, input=body)[1]
        )

    def _client(self, credentials: str) -> Github:
        """The client of the calling thread, with these credentials from now on."""
        if not hasattr(self._thread, "client"):
            self._thread.credentials = _Credentials()
            self._thread.client = new_client(self.api_url, self._thread.credentials)
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
        self, installation_id: int, repository: int | str | None, permissions: tuple[tuple[str, str], ...]
    ) -> _Token:
        of = "all its repositories" if repository is None else f"repository {repository}"
        subject = f"a token of installation {installation_id} for {of}"
        path = f"/app/installations/{installation_id}/access_tokens"
        wanted: dict[str, object] = {"permissions": dict(permissions)}
        if repository is not None:
            wanted["repositories" if isinstance(repository, str) else "repository_ids"] = [repository]
        try:
            made = self.ask_as_app(subject, "POST", path, wanted)
        except NotFoundError as error:
            raise Gone(f"{error} The App is not installed there any more.") from error
        except NotGrantedError as error:
            raise missing(error, dict(permissions), self._installation(installation_id)) from error
        if not isinstance(made, dict) or "token" not in made:
            raise Transient(f"What answered the request for {subject} is not GitHub.")
        return _Token(made["token"], datetime.fromisoformat(made["expires_at"]))

    def _installation(self, installation_id: int) -> Mapping[str, Any]:
        """An installation as GitHub shows it, to say where it is and what it may; empty when that cannot be had now."""
        path = f"/app/installations/{installation_id}"
        try:
            found = self.ask_as_app(f"installation {installation_id}", "GET", path)
        except (Transient, Permanent):
            return {}
        return found if isinstance(found, dict) else {}

    def _attempt(self, caller: int, subject: str, function: Callable[[], T]) -> T:
        """As `attempt`, but nothing is asked while GitHub limits the caller.

        It ends `answered`, `limited`, `failed` (try again) or `refused` (not again).
        """
        self._limits.check(caller, subject)
        outcome = "refused"
        try:
            result = attempt(subject, function, now=self._clock())
        except Transient as error:
            outcome = "failed"
            if error.retry_after_seconds is not None:
                outcome = "limited"
                asked = None if isinstance(error, UnnamedLimitError) else error.retry_after_seconds
                error.retry_after_seconds = self._limits.note(caller, asked)
            raise
        else:
            outcome = "answered"
            return result
        finally:
            self._told(outcome)


def _key(installation_id: int, repository: int | str | None, permissions: Permissions) -> _Key:
    return installation_id, repository, tuple(sorted(permissions.items()))
