"""GitHub as plain state: accounts, the App, its installations and tokens, repositories. No HTTP here."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fake_github.bare_git import BareGit
from tests.fake_github.check_runs import CheckRun
from tests.fake_github.identity import (
    CODE_LIFE,
    TOKEN_LIFE,
    App,
    DeniedError,
    Grant,
    Installation,
    Token,
    UserToken,
    new_token_text,
    new_user_token,
)
from tests.fake_github.pull_requests import PullRequest
from tests.fake_github.repositories import Files, Repository

if TYPE_CHECKING:
    from tests.fake_github.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened that GitHub tells the App by a webhook."""

    event: str
    action: str | None
    repository: Repository | None
    installation: Installation | None
    sender: str
    pull: PullRequest | None = None
    check_run: CheckRun | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class GitHub:
    """All of it. Methods may be called from any thread."""

    webhooks: Webhooks
    """Those who listen to the changes for the App; set by them."""

    def __init__(self, directory: Path, *, clock: Callable[[], datetime] | None = None) -> None:
        self.directory = directory
        self.url = "https://github.invalid"
        self.storage_url = "https://storage.invalid"
        """Where artifacts can be downloaded: another server than the API's."""
        self.archive_address: str | None = None
        """What the API says instead of an address there."""
        self.app = App()
        self.installations: dict[int, Installation] = {}
        self.repositories: list[Repository] = []
        self.former_names: dict[str, int] = {}
        self.users: dict[str, int] = {}
        self.tokens: dict[str, Token] = {}
        self.manifests: dict[str, dict[str, Any]] = {}
        self.at_browser: str | None = "octocat"
        """Who is signed in to GitHub and agrees to what the App asks; None is somebody who does not."""
        self.grants: dict[str, Grant] = {}
        self.user_tokens: dict[str, UserToken] = {}
        self.single_sign_on: set[str] = set()
        """Organizations whose repositories are shown to people only after a sign-in of the organization's own."""
        self.problems: list[str] = []
        self.lock = threading.RLock()
        self._listeners: list[Callable[[Change], None]] = []
        self._clock = clock or (lambda: datetime.now(UTC))
        self._ahead = timedelta()
        self._ids = itertools.count(1001)

    @property
    def api_url(self) -> str:
        """Root of the REST API; below the web's root, as on GitHub Enterprise Server."""
        return f"{self.url}/api/v3"

    def now(self) -> datetime:
        """The time here, which `advance` moves."""
        return self._clock() + self._ahead

    def advance(self, time: timedelta) -> None:
        """Let time pass."""
        self._ahead += time

    def new_id(self) -> int:
        """A number never given before."""
        return next(self._ids)

    def user_id(self, login: str) -> int:
        """The id of an account; every login is one."""
        with self.lock:
            return self.users.setdefault(login, 500 + len(self.users))

    def rename_user(self, login: str, new: str) -> None:
        """Give an account another login; its id and its tokens stay."""
        with self.lock:
            self.users[new] = self.users.pop(login)
            self.user_tokens = {
                text: replace(one, login=new) if one.login == login else one
                for text, one in self.user_tokens.items()
            }

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Have every later change told to `listener`."""
        self._listeners.append(listener)

    def changed(
        self,
        event: str,
        action: str | None,
        repository: Repository | None,
        *,
        installation: Installation | None = None,
        pull: PullRequest | None = None,
        check_run: CheckRun | None = None,
        sender: str = "octocat",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the listeners of a change; nothing is told of a repository without the App."""
        if repository is not None:
            installation = self.installation_of(repository)
        if repository is not None and installation is None:
            return
        change = Change(event, action, repository, installation, sender, pull, check_run, details or {})
        for listener in self._listeners:
            listener(change)

    def repository(
        self,
        files: Files | None = None,
        *,
        name: str = "octo/app",
        private: bool = False,
        default_branch: str = "main",
        installed: bool = True,
    ) -> Repository:
        """A new repository with one commit of `files` (none: an empty repository), the App installed on it."""
        with self.lock:
            if self.find(name) is not None:
                raise ValueError(f"there is a repository {name} already")
            number = self.new_id()
            git = BareGit(self.directory / f"{number}.git", default_branch=default_branch)
            made = Repository(self, number, name, git, self.now(), private, default_branch)
            self.repositories.append(made)
            if files is not None:
                sha = made.commit(files, parents=(), message="Begin")
                git.update(f"refs/heads/{default_branch}", sha)
            if installed:
                self.install(made)
            return made

    def install(self, repository: Repository) -> Installation:
        """Install the App on a repository: a new installation for a new account, else one repository more."""
        with self.lock:
            found = next((i for i in self.installations.values() if i.account == repository.owner), None)
            if found is None:
                found = Installation(
                    self.new_id(), repository.owner, dict(self.app.permissions), created_at=self.now()
                )
                self.installations[found.id] = found
                found.repository_ids.append(repository.id)
                self.changed(
                    "installation",
                    "created",
                    None,
                    installation=found,
                    details={"repositories": [repository]},
                )
            else:
                found.repository_ids.append(repository.id)
                details = {"repositories_added": [repository], "repositories_removed": []}
                self.changed("installation_repositories", "added", None, installation=found, details=details)
            return found

    def suspend(self, installation: Installation) -> None:
        """Suspend an installation: its tokens and the App's requests for new ones are refused."""
        with self.lock:
            installation.suspended_at = self.now()
            self.changed("installation", "suspend", None, installation=installation)

    def unsuspend(self, installation: Installation) -> None:
        """Let a suspended installation work again."""
        with self.lock:
            installation.suspended_at = None
            self.changed("installation", "unsuspend", None, installation=installation)

    def withdraw(self, repository: Repository) -> None:
        """Take one repository out of its installation."""
        with self.lock:
            installation = self.installation_of(repository)
            if installation is None:
                raise ValueError(f"the App is not installed on {repository.full_name}")
            installation.repository_ids.remove(repository.id)
            details = {"repositories_added": [], "repositories_removed": [repository]}
            self.changed(
                "installation_repositories", "removed", None, installation=installation, details=details
            )

    def uninstall(self, installation: Installation) -> None:
        """Remove an installation."""
        with self.lock:
            repositories = [r for r in self.repositories if r.id in installation.repository_ids]
            del self.installations[installation.id]
            details = {"repositories": repositories}
            self.changed("installation", "deleted", None, installation=installation, details=details)

    def installation_of(self, repository: Repository) -> Installation | None:
        """The installation that covers a repository."""
        return next((i for i in self.installations.values() if repository.id in i.repository_ids), None)

    def find(self, full_name: str) -> Repository | None:
        """The repository now of that name, letter case aside."""
        wanted = full_name.lower()
        return next((r for r in self.repositories if r.full_name.lower() == wanted and not r.deleted), None)

    def by_id(self, number: int) -> Repository | None:
        """The repository of that id."""
        return next((r for r in self.repositories if r.id == number and not r.deleted), None)

    def new_token(
        self,
        installation: Installation,
        repository_ids: frozenset[int] | None,
        permissions: Mapping[str, str],
    ) -> Token:
        """An installation token, good for one hour."""
        with self.lock:
            text = new_token_text(self.app.id)
            expires_at = self.now() + TOKEN_LIFE
            self.tokens[text] = Token(text, installation, repository_ids, permissions, expires_at)
            return self.tokens[text]

    def token(self, text: str) -> Token:
        """The token with that text. Raises DeniedError when it is unknown, expired, or its installation is gone."""
        token = self.tokens.get(text)
        if token is None or token.expires_at <= self.now() or token.installation.id not in self.installations:
            raise DeniedError("Bad credentials")
        return token

    def grant(self, login: str, redirect_uri: str, challenge: str) -> str:
        """A code that says that a person agreed; it works once, within ten minutes."""
        code = secrets.token_hex(10)
        self.grants[code] = Grant(login, redirect_uri, challenge, self.now() + CODE_LIFE)
        return code

    def new_user_token(self, login: str) -> UserToken:
        """A person's token, good for eight hours."""
        made = new_user_token(login, self.now())
        self.user_tokens[made.text] = made
        return made

    def user_token(self, text: str) -> UserToken:
        """The token with that text. Raises DeniedError when it is unknown, revoked or expired."""
        token = self.user_tokens.get(text)
        if token is None or token.expires_at <= self.now():
            raise DeniedError("Bad credentials")
        return token

    def revoke_authorization(self, login: str) -> None:
        """What a person does who wants the App to forget them: every token of theirs is worth nothing from now on."""
        with self.lock:
            self.user_tokens = {t: one for t, one in self.user_tokens.items() if one.login != login}
            self.changed("github_app_authorization", "revoked", None, sender=login)

    def fork(self, repository: Repository, account: str) -> Repository:
        """An account's fork of a repository; the App is not installed there."""
        name = f"{account}/{repository.name}"
        found = self.find(name)
        if found is None:
            found = Repository(
                self, self.new_id(), name, repository.git, self.now(), repository.private, parent=repository
            )
            self.repositories.append(found)
        return found
