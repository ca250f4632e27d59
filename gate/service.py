"""The composition root: everything that touches the world, built once and handed to web, workflows and commands.

It builds and holds; it decides nothing. The engine and GitHub are imported only when somebody asks for them, so that
`gate check` starts without either.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gate.core.event import RepositoryRef
from gate.core.failure import Permanent
from gate.git import Mirror
from gate.sandbox import Sandbox
from gate.settings import KEY_FILE, App, Settings
from gate.store import Store

if TYPE_CHECKING:
    from gate.actions_token import ActionsTokens
    from gate.engine import Submitter
    from gate.github import GitHub, GitHubRepository, Users
    from gate.smtp import Mailer
    from gate.telemetry import Telemetry

T = TypeVar("T")

STORED_APP = "app"
"""The name it is kept under."""
LONG_SECONDS = 5.0
"""To make a mirror: where it took longer, others leave the next run to whoever has it."""


class Service:
    """What web, workflows and commands work with. Thread-safe; each part is made when first needed."""

    def __init__(self, settings: Settings, *, store: Store | None = None) -> None:
        self.settings = settings
        self._given_store = store
        self._app: App | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Service:
        """The service of these settings; nothing is opened or made yet."""
        return cls(settings)

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC)

    @cached_property
    def telemetry(self) -> Telemetry:
        """Log and metrics; what must not be printed is taken out."""
        from gate.telemetry import Telemetry  # its libraries cost 0.05 s of start-up

        return Telemetry(self.settings.secrets)

    @property
    def counting(self) -> Telemetry | None:
        """The telemetry of a process that has one by now; `gate check` makes none just to count."""
        return self.telemetry if "telemetry" in vars(self) else None

    @cached_property
    def store(self) -> Store:
        """The database, migrated elsewhere."""
        return self._given_store or Store(self.settings.database_url)

    @cached_property
    def sandbox(self) -> Sandbox:
        """Where untrusted code runs."""
        key = self.settings.data_dir / KEY_FILE
        return Sandbox(self.settings.sandbox, secret_files=(key,), told=self._count_box)

    def _count_box(self, outcome: str) -> None:
        if self.counting is not None:
            self.counting.boxes.labels(outcome).inc()

    def _count_call(self, outcome: str) -> None:
        if self.counting is not None:
            self.counting.github_calls.labels(outcome).inc()

    @cached_property
    def submitter(self) -> Submitter:
        """The web process's way to the engine."""
        from gate.engine import Submitter  # DBOS costs 0.5 s of start-up

        return Submitter(self.settings)

    @property
    def app(self) -> App | None:
        """The GitHub App we are: of the environment, or stored by `/setup`; None before either."""
        if self._app is None:
            self._app = self.settings.app or self._stored_app()
        return self._app

    def _stored_app(self) -> App | None:
        sealed = self.store.secret(STORED_APP)
        if sealed is None:
            return None
        try:
            app = self.unseal(App, sealed)
        except Permanent as error:
            raise Permanent(f"the App's credentials: {error}, or register the App anew") from error
        self.telemetry.redaction.add(app.private_key, *app.webhook_secrets, app.client_secret)
        return app

    def save_app(self, app: App) -> bool:
        """Keeps the App that GitHub registered, encrypted; web and worker find it from now on. False when there is one."""
        return self.store.save_new_secret(STORED_APP, self.seal(app))

    def seal(self, secret: object) -> bytes:
        """A dataclass as a text that only this service can open or have made."""
        from gate.credentials import load_key, seal  # cryptography costs 0.03 s of start-up

        return seal(secret, load_key(self.settings))

    def unseal(self, kind: type[T], sealed: bytes) -> T:
        """The value again. Raises: Permanent, when another key made it."""
        from gate.credentials import load_key, unseal  # see `seal`

        return unseal(kind, sealed, load_key(self.settings))

    def convert_manifest(self, code: str) -> Mapping[str, object]:
        """What GitHub made of the manifest a person sent it: id, keys and secrets. The code works once."""
        from gate.github import convert_manifest  # see `github`

        return convert_manifest(code, api_url=self.settings.github_api_url)

    @cached_property
    def github(self) -> GitHub:
        """GitHub, as our App.

        Raises: Permanent when there is no App yet.
        """
        from gate.github import GitHub  # PyGithub costs 0.2 s of start-up

        app = self.app
        if app is None:
            raise Permanent("no GitHub App is configured: open /setup, or set GATE_APP_ID and its key")
        return GitHub(
            app_id=app.id,
            private_key=app.private_key,
            api_url=self.settings.github_api_url,
            told=self._count_call,
        )

    def on_github(self, repository: RepositoryRef) -> GitHubRepository:
        """The repository on GitHub, by the installation and name it has by now as far as we know."""
        known = self.store.repository(repository.id)
        now = known.ref if known is not None else repository
        return self.github.repository(now.installation_id, now.id, now.full_name)

    @cached_property
    def actions_tokens(self) -> ActionsTokens:
        """What tells by its token which workflow of GitHub Actions sends something."""
        from gate.actions_token import ActionsTokens, Keys  # see `github`

        issuer = self.settings.actions_issuer
        return ActionsTokens(Keys(issuer), issuer=issuer, audience=self.settings.public_url)

    @property
    def signs_in(self) -> bool:
        """Whether people can sign in: the App's client id and secret are known."""
        return self.app is not None and bool(self.app.client_id and self.app.client_secret)

    @property
    def users(self) -> Users:
        """GitHub, as the people who sign in see it.

        Raises: Permanent when nobody can.
        """
        from gate.github import Users  # see `github`

        app = self.app
        if app is None or not self.signs_in:
            raise Permanent("nobody can sign in: set GATE_CLIENT_ID and GATE_CLIENT_SECRET")
        return Users(
            client_id=app.client_id,
            client_secret=app.client_secret,
            web_url=self.settings.github_url,
            api_url=self.settings.github_api_url,
            clock=self.now,
        )

    def mailer(self) -> Mailer:
        """A connection to the mail server, not opened yet, for one run.

        Raises: Permanent when the operator has set none.
        """
        from gate.core.message import host_of  # the standard library's mail costs 0.05 s of start-up
        from gate.smtp import Mailer

        mail = self.settings.mail
        if mail is None:
            raise Permanent("no mail is sent from here: set GATE_SMTP_URL and GATE_MAIL_FROM")
        return Mailer(mail.relay, mail.sender, host=host_of(self.settings.public_url))

    def mirror(self, repository: RepositoryRef) -> Mirror:
        """The bare copy of a repository; fetching asks for a token that reads this repository alone."""
        return Mirror(
            self.mirrors / f"{repository.id}.git",
            f"{self.settings.repository_url(repository.full_name)}.git",
            lambda: self.github.token(repository.installation_id, repository.id),
            made=lambda seconds: self._note_mirror(repository.id, seconds),
        )

    def _note_mirror(self, repository_id: int, seconds: float) -> None:
        if seconds >= LONG_SECONDS and not self.settings.embedded:
            self.store.save_mirror_place(repository_id, self.place, self.now())

    @cached_property
    def place(self) -> str:
        """This machine and its data folder: whoever has the same has the same mirrors."""
        named = f"{socket.gethostname()} {self.settings.data_dir.resolve()}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    @property
    def mirrors(self) -> Path:
        """The folder of the mirrors, which may not be there yet."""
        return self.data_dir / "mirrors"

    @property
    def data_dir(self) -> Path:
        """Where mirrors, environments and the embedded database live; made when missing."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o755)
        return self.settings.data_dir
