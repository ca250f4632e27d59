"""The environment as `Settings`; every mistake is reported at once, with the variable, the value and what is allowed.

The only module that reads environment variables. `gate check` and `gate measure` need none of them.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from gate.core.relay import Relay
from gate.core.relay import parse as parse_relay
from gate.variables import Reader, SettingsError

KEY_FILE = "secret.key"
"""Of the data folder; made where there is no `GATE_SECRET_KEY`."""

__all__ = ["App", "Mail", "Settings", "SettingsError", "variables_of_build"]

SandboxMode = Literal["bwrap", "container", "none"]
LogLevel = Literal["debug", "info", "warning", "error"]

GITHUB_URL = "https://github.com"
ACTIONS_ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class App:
    """The GitHub App we are; from the environment, or stored by `/setup`."""

    id: int
    private_key: str = field(repr=False)
    """PEM."""
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """The current one, then the previous one during rotation; never empty."""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mail leaves, from whom, and which domains' addresses need no confirmation."""

    smtp_url: str = field(repr=False)
    sender: str
    domains: tuple[str, ...] = ()

    @property
    def relay(self) -> Relay:
        """The server of `smtp_url`. Raises: ValueError, which `Settings.from_environment` has seen before."""
        return parse_relay(self.smtp_url)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided."""

    app: App | None
    """None when the environment has no App: then it is what `/setup` stored, or only `/setup` answers."""
    data_dir: Path
    database_url: str = field(repr=False)
    """As SQLAlchemy takes it: `sqlite:///...` or `postgresql+psycopg://...`."""
    secret_key: str = field(default="", repr=False)
    """Encrypts what `/setup` stores; empty when Gate is to make and keep one in the data folder."""
    github_url: str = GITHUB_URL
    github_api_url: str = "https://api.github.com"
    actions_issuer: str = ACTIONS_ISSUER
    """Who issues the tokens by which workflows send coverage reports."""
    public_url: str = "http://127.0.0.1:8000"
    bind: str = "127.0.0.1:8000"
    concurrency: int = 2
    """Evaluations one worker runs at a time."""
    log_level: LogLevel = "info"
    retention_days: int = 365
    """How long what is not needed for trends and audits is kept."""
    uninstall_grace_days: int = 30
    """How long everything of a repository is kept after the App was removed from it."""
    metrics_token: str = field(default="", repr=False)
    worker_metrics_bind: str = ""
    """HOST:PORT where a worker shows its metrics; empty when it does not."""
    api_token: str = field(default="", repr=False)
    """Reads everything at `/api/v1`; empty when there is no such token."""
    requests_per_minute: int = 1200
    """Of one client's address to one web process, webhooks and `/healthz` aside; 0 for any number."""
    proxies: int = 0
    """Between clients and the web process, each adding to `X-Forwarded-For`; 0 when that header is not to be believed."""
    sandbox: SandboxMode = "bwrap"
    index_urls: tuple[str, ...] = field(default=(), repr=False)
    """Where packages for test environments come from, the first one first; uv's own default when empty."""
    max_memory_mb: int = 4096
    max_timeout_minutes: int = 60
    max_processes: int = 4
    max_environments_gb: int = 20
    """What prepared test environments may take on disk, all together."""
    max_mirrors_gb: int = 20
    """What mirrors of repositories may take on disk, all together."""
    mail: Mail | None = None
    cache_dir: Path = Path(".cache", "gate")
    """Where `gate check` keeps what it measured, for the user who runs it."""

    @property
    def embedded(self) -> bool:
        """One worker on SQLite; otherwise Postgres with any number of them."""
        return self.database_url.startswith("sqlite")

    @property
    def database_file(self) -> Path:
        """Gate's own, where it is embedded."""
        return Path(self.database_url.removeprefix("sqlite:///").partition("?")[0])

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """The settings of an environment.

        Raises: SettingsError, with all mistakes.
        """
        reader = Reader(environ)
        data_dir = _data_dir(reader)
        bind = _bind(reader)
        github_url = reader.url("GATE_GITHUB_URL", GITHUB_URL, schemes=("https", "http"))
        settings = cls(
            app=_app(reader),
            data_dir=data_dir,
            database_url=_database_url(reader, data_dir),
            secret_key=reader.fernet_key("GATE_SECRET_KEY"),
            github_url=github_url,
            github_api_url=reader.url("GATE_GITHUB_API_URL", _api_url(github_url), schemes=("https", "http")),
            actions_issuer=reader.url(
                "GATE_ACTIONS_ISSUER", _actions_issuer(github_url), schemes=("https", "http")
            ),
            public_url=reader.url("GATE_PUBLIC_URL", _public_url(bind), schemes=("https", "http")),
            bind=bind,
            concurrency=reader.integer("GATE_CONCURRENCY", 2, lowest=1, highest=256),
            log_level=reader.choice("GATE_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
            retention_days=reader.integer("GATE_RETENTION_DAYS", 365, lowest=7, highest=36500),
            uninstall_grace_days=reader.integer("GATE_UNINSTALL_GRACE_DAYS", 30, lowest=0, highest=36500),
            metrics_token=reader.secret("GATE_METRICS_TOKEN"),
            worker_metrics_bind=_worker_metrics_bind(reader),
            api_token=reader.secret("GATE_API_TOKEN"),
            requests_per_minute=reader.integer("GATE_REQUESTS_PER_MINUTE", 1200, lowest=0, highest=10**6),
            proxies=reader.integer("GATE_PROXIES", 0, lowest=0, highest=10),
            sandbox=reader.choice("GATE_SANDBOX", "bwrap", ("bwrap", "container", "none")),
            index_urls=reader.urls("GATE_INDEX_URL", ()),
            max_memory_mb=reader.integer("GATE_MAX_MEMORY_MB", 4096, lowest=256, highest=1 << 20),
            max_timeout_minutes=reader.integer("GATE_MAX_TIMEOUT_MINUTES", 60, lowest=1, highest=1440),
            max_processes=reader.integer("GATE_MAX_PROCESSES", 4, lowest=1, highest=256),
            max_environments_gb=reader.integer("GATE_MAX_ENVIRONMENTS_GB", 20, lowest=1, highest=1 << 20),
            max_mirrors_gb=reader.integer("GATE_MAX_MIRRORS_GB", 20, lowest=1, highest=1 << 20),
            mail=_mail(reader),
            cache_dir=_cache_dir(environ),
        )
        reader.finish()
        return settings

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be logged."""
        found = [self.secret_key, self.metrics_token, self.api_token, _password(self.database_url)]
        # A token may stand alone, in the place of the user's name.
        found += [_password(url) or urlsplit(url).username or "" for url in self.index_urls]
        if self.app is not None:
            found += [self.app.private_key, *self.app.webhook_secrets, self.app.client_secret]
        if self.mail is not None:
            found += [_password(self.mail.smtp_url), unquote(_password(self.mail.smtp_url))]
        return tuple(filter(None, found))

    def repository_url(self, full_name: str) -> str:
        """The address of a repository on GitHub's web, which git takes with `.git` behind it."""
        return f"{self.github_url.rstrip('/')}/{quote(full_name)}"

    def with_app(self, app: App) -> Settings:
        """The same with an App: one that `/setup` stored."""
        return dataclasses.replace(self, app=app)


def variables_of_build() -> Mapping[str, str]:
    """Everything in the environment, for `gate upload`: what CI services set there, the address of Gate and its token."""
    return dict(os.environ)


def _password(url: str) -> str:
    return urlsplit(url).password or ""


def _cache_dir(environ: Mapping[str, str]) -> Path:
    """Source: the XDG Base Directory Specification."""
    home = environ.get("HOME") or "~"
    return Path(environ.get("XDG_CACHE_HOME") or Path(home, ".cache")).expanduser() / "gate"


def _app(reader: Reader) -> App | None:
    app_id = reader.integer("GATE_APP_ID", 0, lowest=1, highest=2**63 - 1)
    private_key = reader.private_key("GATE_PRIVATE_KEY", "GATE_PRIVATE_KEY_FILE")
    secrets = tuple(
        secret
        for name in ("GATE_WEBHOOK_SECRET", "GATE_WEBHOOK_SECRET_PREVIOUS")
        if (secret := reader.secret(name))
    )
    client_id, client_secret = reader.text("GATE_CLIENT_ID"), reader.secret("GATE_CLIENT_SECRET")
    if not reader.has("GATE_APP_ID"):
        for name in (
            "GATE_PRIVATE_KEY",
            "GATE_PRIVATE_KEY_FILE",
            "GATE_WEBHOOK_SECRET",
            "GATE_CLIENT_ID",
        ):
            if reader.has(name):
                reader.mistake("GATE_APP_ID", f"is not set, but {name} is: set the App's id, or none of them")
                break
        return None
    if not reader.has("GATE_PRIVATE_KEY") and not reader.has("GATE_PRIVATE_KEY_FILE"):
        reader.mistake(
            "GATE_PRIVATE_KEY", "is not set, nor is GATE_PRIVATE_KEY_FILE: the App needs one of them"
        )
    if not reader.has("GATE_WEBHOOK_SECRET"):
        reader.mistake(
            "GATE_WEBHOOK_SECRET",
            "is not set: without it anybody could send webhooks; set the secret of the App's webhook",
        )
    if client_id and not client_secret:
        reader.mistake("GATE_CLIENT_SECRET", "is not set, but GATE_CLIENT_ID is: signing in needs both")
    if client_secret and not client_id:
        reader.mistake("GATE_CLIENT_ID", "is not set, but GATE_CLIENT_SECRET is: signing in needs both")
    return App(app_id, private_key, secrets, client_id, client_secret)


def _data_dir(reader: Reader) -> Path:
    name = "GATE_DATA_DIR"
    folder = reader.folder(name, Path("data"))
    if folder.resolve().is_relative_to("/usr"):
        reader.mistake(
            name,
            f"{folder} lies below /usr, which every box can read: choose another place, e.g. /var/lib/gate",
        )
    return folder


def _database_url(reader: Reader, data_dir: Path) -> str:
    name = "GATE_DATABASE_URL"
    value = reader.secret(name) or f"sqlite:///{data_dir / 'gate.db'}"
    scheme, _, rest = value.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and rest:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1 and ":memory:" not in rest:
        return value
    allowed = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    found = f"one that begins with {scheme[:20]}://" if rest else "one without ://"
    reader.mistake(name, f"expected {allowed}, got {found}")
    return ""


def _bind(reader: Reader) -> str:
    port = reader.integer("PORT", 8000, lowest=1, highest=65535)
    if not reader.has("GATE_BIND"):
        # A platform that hands out a port also expects us on every interface.
        return f"0.0.0.0:{port}" if reader.has("PORT") else f"127.0.0.1:{port}"
    return reader.address("GATE_BIND")


def _worker_metrics_bind(reader: Reader) -> str:
    name = "GATE_WORKER_METRICS_BIND"
    return reader.address(name) if reader.has(name) else ""


def _public_url(bind: str) -> str:
    host, _, port = bind.rpartition(":")
    everywhere = host in ("0.0.0.0", "[::]")  # noqa: S104  (compared, not bound)
    return f"http://{'127.0.0.1' if everywhere else host}:{port}"


def _api_url(github_url: str) -> str:
    """Of GitHub itself, of an enterprise's place on GHE.com, or of a GitHub Enterprise Server.

    Source: docs.github.com, "About GitHub Enterprise Cloud with data residency" and "REST API on GitHub Enterprise Server".
    """
    parts = urlsplit(github_url)
    if parts.netloc == "github.com" or parts.netloc.endswith(".ghe.com"):
        return f"https://api.{parts.netloc}"
    return f"{github_url}/api/v3"


def _actions_issuer(github_url: str) -> str:
    """Of GitHub itself, of an enterprise's place on GHE.com, or of a GitHub Enterprise Server.

    Source: docs.github.com, "OpenID Connect reference", for each of them.
    """
    parts = urlsplit(github_url)
    if parts.netloc == "github.com":
        return ACTIONS_ISSUER
    if parts.netloc.endswith(".ghe.com"):
        return f"https://token.actions.{parts.netloc}"
    return f"{github_url}/_services/token"


def _mail(reader: Reader) -> Mail | None:
    smtp_url = reader.url("GATE_SMTP_URL", "", schemes=("smtp", "smtps"))
    sender = reader.mail_address("GATE_MAIL_FROM")
    named = reader.text("GATE_MAIL_DOMAINS").replace(",", " ").lower().split()
    domains = tuple(domain.removeprefix("@") for domain in named)
    try:
        if smtp_url:
            parse_relay(smtp_url)
    except ValueError as error:
        reader.mistake("GATE_SMTP_URL", str(error))
    if reader.has("GATE_SMTP_URL") == reader.has("GATE_MAIL_FROM"):
        return Mail(smtp_url, sender, domains) if smtp_url else None
    missing, given = (
        ("GATE_MAIL_FROM", "GATE_SMTP_URL")
        if reader.has("GATE_SMTP_URL")
        else ("GATE_SMTP_URL", "GATE_MAIL_FROM")
    )
    reader.mistake(missing, f"is not set, but {given} is: mail needs both")
    return None
