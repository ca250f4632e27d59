"""The environment as settings: what is taken, and that every mistake is named at once without telling a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.settings import App, Mail, Settings, SettingsError

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"
APP = {"GATE_APP_ID": "9", "GATE_PRIVATE_KEY": PEM, "GATE_WEBHOOK_SECRET": "the secret"}


def mistakes(environ: dict[str, str]) -> dict[str, str]:
    """Variable to message, of an environment that is refused."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return dict(line.split(": ", 1) for line in caught.value.mistakes)


def test_an_empty_environment_is_the_embedded_default() -> None:
    """
    One command on SQLite needs no settings at all; without an App only `/setup` answers.
    """
    settings = Settings.from_environment({})

    assert settings.app is None
    assert settings.embedded
    assert settings.database_url == f"sqlite:///{Path.cwd() / 'data' / 'gate.db'}"
    assert (settings.bind, settings.public_url) == ("127.0.0.1:8000", "http://127.0.0.1:8000")
    assert (settings.sandbox, settings.github_api_url) == ("bwrap", "https://api.github.com")


def test_the_whole_environment_is_read(tmp_path: Path) -> None:
    """
    Every variable of the contract has its place.
    """
    key_file = tmp_path / "key.pem"
    key_file.write_text(PEM)

    settings = Settings.from_environment(
        {
            "GATE_APP_ID": "9",
            "GATE_PRIVATE_KEY_FILE": str(key_file),
            "GATE_WEBHOOK_SECRET": "new",
            "GATE_WEBHOOK_SECRET_PREVIOUS": "old",
            "GATE_CLIENT_ID": "Iv1.x",
            "GATE_CLIENT_SECRET": "client secret",
            "GATE_GITHUB_URL": "https://github.example.org/",
            "GATE_SECRET_KEY": "A" * 43 + "=",
            "GATE_DATABASE_URL": "postgres://user:password@host/gate",
            "GATE_DATA_DIR": str(tmp_path),
            "GATE_ACTIONS_ISSUER": "https://token.actions.githubusercontent.com/octo/",
            "GATE_PUBLIC_URL": "https://gate.example.org/",
            "GATE_BIND": "[::1]:9000",
            "GATE_CONCURRENCY": "3",
            "GATE_LOG_LEVEL": "DEBUG",
            "GATE_RETENTION_DAYS": "30",
            "GATE_UNINSTALL_GRACE_DAYS": "0",
            "GATE_METRICS_TOKEN": "metrics token",
            "GATE_WORKER_METRICS_BIND": "127.0.0.1:9101",
            "GATE_API_TOKEN": "api token",
            "GATE_REQUESTS_PER_MINUTE": "0",
            "GATE_PROXIES": "2",
            "GATE_SANDBOX": "container",
            "GATE_INDEX_URL": "https://a.example/simple https://user:pw@b.example/simple",
            "GATE_MAX_MEMORY_MB": "1024",
            "GATE_MAX_TIMEOUT_MINUTES": "5",
            "GATE_MAX_PROCESSES": "2",
            "GATE_MAX_ENVIRONMENTS_GB": "3",
            "GATE_SMTP_URL": "smtps://user:mail-password@mail.example.org:465",
            "GATE_MAIL_FROM": "Gate <gate@example.org>",
            "GATE_MAIL_DOMAINS": "example.org, Example.com",
            "HOME": "/home/somebody",
        }
    )

    assert settings == Settings(
        app=App(9, PEM, ("new", "old"), "Iv1.x", "client secret"),
        data_dir=tmp_path,
        database_url="postgresql+psycopg://user:password@host/gate",
        secret_key="A" * 43 + "=",
        github_url="https://github.example.org",
        github_api_url="https://github.example.org/api/v3",
        actions_issuer="https://token.actions.githubusercontent.com/octo",
        public_url="https://gate.example.org",
        bind="[::1]:9000",
        concurrency=3,
        log_level="debug",
        retention_days=30,
        uninstall_grace_days=0,
        metrics_token="metrics token",
        worker_metrics_bind="127.0.0.1:9101",
        api_token="api token",
        requests_per_minute=0,
        proxies=2,
        sandbox="container",
        index_urls=("https://a.example/simple", "https://user:pw@b.example/simple"),
        max_memory_mb=1024,
        max_timeout_minutes=5,
        max_processes=2,
        max_environments_gb=3,
        mail=Mail(
            "smtps://user:mail-password@mail.example.org:465",
            "Gate <gate@example.org>",
            ("example.org", "example.com"),
        ),
        cache_dir=Path("/home/somebody/.cache/gate"),
    )
    assert not settings.embedded


@pytest.mark.parametrize(
    ("github_url", "api_url"),
    [
        ("https://github.com", "https://api.github.com"),
        # GitHub Enterprise Cloud with data residency.
        ("https://octo.ghe.com", "https://api.octo.ghe.com"),
        # GitHub Enterprise Server, below a path too.
        ("https://github.example.org", "https://github.example.org/api/v3"),
        ("https://example.org/github/", "https://example.org/github/api/v3"),
        ("https://notghe.com", "https://notghe.com/api/v3"),
    ],
)
def test_the_api_is_found_from_the_web_address(github_url: str, api_url: str) -> None:
    """
    One variable is enough for every kind of GitHub.
    """
    assert Settings.from_environment({"GATE_GITHUB_URL": github_url}).github_api_url == api_url


@pytest.mark.parametrize(
    ("github_url", "issuer"),
    [
        ("https://github.com", "https://token.actions.githubusercontent.com"),
        # GitHub Enterprise Cloud with data residency.
        ("https://octo.ghe.com", "https://token.actions.octo.ghe.com"),
        # GitHub Enterprise Server, below a path too.
        ("https://github.example.org", "https://github.example.org/_services/token"),
        ("https://example.org/github/", "https://example.org/github/_services/token"),
    ],
)
def test_the_issuer_of_tokens_is_found_from_the_web_address(github_url: str, issuer: str) -> None:
    """
    As the address of the API.
    """
    assert Settings.from_environment({"GATE_GITHUB_URL": github_url}).actions_issuer == issuer


def test_all_mistakes_are_reported_at_once() -> None:
    """
    Whoever starts the service corrects one list, not one variable after the other.
    """
    found = mistakes(
        {
            "GATE_APP_ID": "x",
            "GATE_SANDBOX": "docker",
            "GATE_CONCURRENCY": "0",
            "GATE_BIND": "8000",
            "GATE_WORKER_METRICS_BIND": "9101",
            "GATE_PUBLIC_URL": "gate.example.org",
        }
    )

    assert found == {
        "GATE_APP_ID": "expected a whole number from 1 to 9223372036854775807, got 'x'",
        "GATE_PRIVATE_KEY": "is not set, nor is GATE_PRIVATE_KEY_FILE: the App needs one of them",
        "GATE_WEBHOOK_SECRET": "is not set: without it anybody could send webhooks; "
        "set the secret of the App's webhook",
        "GATE_SANDBOX": "expected one of bwrap, container, none, got 'docker'",
        "GATE_CONCURRENCY": "expected a whole number from 1 to 256, got '0'",
        "GATE_BIND": "expected HOST:PORT, as in 0.0.0.0:8000, got '8000'",
        "GATE_WORKER_METRICS_BIND": "expected HOST:PORT, as in 0.0.0.0:8000, got '9101'",
        "GATE_PUBLIC_URL": "expected an address with https:// or http://, got 'gate.example.org'",
    }


@pytest.mark.parametrize(
    ("given", "missing"),
    [("GATE_CLIENT_ID", "GATE_CLIENT_SECRET"), ("GATE_CLIENT_SECRET", "GATE_CLIENT_ID")],
)
def test_half_of_what_signing_in_needs_is_a_mistake(given: str, missing: str) -> None:
    """
    Else nobody would know why pages offer no sign-in.
    """
    app = {"GATE_APP_ID": "9", "GATE_PRIVATE_KEY": PEM, "GATE_WEBHOOK_SECRET": "new"}

    assert mistakes(app | {given: "x"}) == {missing: f"is not set, but {given} is: signing in needs both"}


def test_an_app_without_a_webhook_secret_is_refused() -> None:
    """
    Without a secret anybody could send webhooks.
    """
    assert list(mistakes({key: value for key, value in APP.items() if key != "GATE_WEBHOOK_SECRET"})) == [
        "GATE_WEBHOOK_SECRET"
    ]


@pytest.mark.parametrize("name", ["GATE_PRIVATE_KEY", "GATE_WEBHOOK_SECRET"])
def test_half_an_app_is_a_mistake(name: str) -> None:
    """
    An App comes whole from the environment or whole from `/setup`.
    """
    assert "GATE_APP_ID" in mistakes({name: APP[name]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATE_PRIVATE_KEY", "hunter2-not-a-key"),
        ("GATE_SECRET_KEY", "hunter2-too-short"),
        ("GATE_SECRET_KEY", "hunter2-é"),
        ("GATE_DATABASE_URL", "hunter2"),
        ("GATE_DATABASE_URL", "mysql://root:hunter2@host/db"),
        ("GATE_DATABASE_URL", "sqlite:///:memory:?hunter2"),
        ("GATE_SMTP_URL", "http://user:hunter2@host"),
        ("GATE_INDEX_URL", "ftp://user:hunter2@host/simple"),
        ("GATE_INDEX_URL", "https://user:hunter2@host:port/simple"),
    ],
)
def test_no_mistake_tells_a_secret(name: str, value: str) -> None:
    """
    The message names the variable and what is allowed; a value that may hold a secret stays out.
    """
    found = mistakes(APP | {name: value})

    assert "expected" in found[name]
    assert not re.search("hunter2", str(found))


def test_the_data_folder_is_no_place_that_every_box_can_read(tmp_path: Path) -> None:
    """
    Strangers' tests see all of `/usr`; a link that leads there is followed.
    """
    (tmp_path / "link").symlink_to("/usr/local")

    for folder in ("/usr/local/gate", str(tmp_path / "link" / "gate")):
        assert (
            "below /usr, which every box can read"
            in mistakes(APP | {"GATE_DATA_DIR": folder})["GATE_DATA_DIR"]
        )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("smtp://host/path", "nothing behind the host"),
        ("smtp://user:mail-password@host?starttls=no", "would travel unencrypted"),
    ],
)
def test_a_mail_server_is_looked_at_early(url: str, says: str) -> None:
    """
    Not when the first mail is to be sent; and the password is not repeated.
    """
    environment = APP | {"GATE_SMTP_URL": url, "GATE_MAIL_FROM": "gate@example.org"}

    with pytest.raises(SettingsError, match=says) as caught:
        Settings.from_environment(environment)

    assert "mail-password" not in str(caught.value)


def test_domains_may_be_written_with_an_at() -> None:
    """
    As people do.
    """
    environment = APP | {
        "GATE_SMTP_URL": "smtps://host",
        "GATE_MAIL_FROM": "gate@example.org",
        "GATE_MAIL_DOMAINS": "@Example.org, b.example",
    }

    mail = Settings.from_environment(environment).mail

    assert mail is not None
    assert mail.domains == ("example.org", "b.example")
    assert mail.relay.security == "tls"


def test_settings_show_no_secret() -> None:
    """
    A settings object may end in a traceback or a log line.
    """
    settings = Settings.from_environment(
        APP
        | {
            "GATE_DATABASE_URL": "postgresql://user:database-password@host/gate",
            "GATE_METRICS_TOKEN": "metrics-token",
            "GATE_API_TOKEN": "api-token",
            "GATE_SMTP_URL": "smtp://user:mail-password@host",
            "GATE_MAIL_FROM": "a@example.org",
            "GATE_INDEX_URL": "https://user:index-password@host/simple https://index-token@host/simple",
        }
    )
    secrets = "MIIE", "the secret", "database-password", "metrics-token", "api-token", "mail-password"

    for secret in (*secrets, "index-password", "index-token"):
        assert secret not in repr(settings)
        assert secret in "".join(settings.secrets)


def test_a_misspelt_variable_is_a_mistake_and_a_foreign_one_is_not() -> None:
    """
    Kubernetes sets GATE_PORT and the like for a service named gate; only what looks like ours is refused.
    """
    found = mistakes(
        APP | {"GATE_WEBHOOK_SECERT": "x", "GATE_PORT": "tcp://10.0.0.1:80", "GATE_SERVICE_HOST": "10.0.0.1"}
    )

    assert found == {"GATE_WEBHOOK_SECERT": "is no setting; did you mean GATE_WEBHOOK_SECRET?"}


@pytest.mark.parametrize(
    ("environ", "bind", "public_url"),
    [
        ({"PORT": "80"}, "0.0.0.0:80", "http://127.0.0.1:80"),
        ({"PORT": "80", "GATE_BIND": "127.0.0.1:90"}, "127.0.0.1:90", "http://127.0.0.1:90"),
        ({"GATE_BIND": "  "}, "127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_where_to_listen(environ: dict[str, str], bind: str, public_url: str) -> None:
    """
    A platform's PORT means every interface; GATE_BIND wins; an empty variable is an unset one.
    """
    settings = Settings.from_environment(environ)

    assert (settings.bind, settings.public_url) == (bind, public_url)


def test_a_key_may_be_written_on_one_line() -> None:
    """
    Compose files and dashboards take no line ends in a variable.
    """
    settings = Settings.from_environment(APP | {"GATE_PRIVATE_KEY": PEM.replace("\n", "\\n")})

    assert settings.app is not None
    assert settings.app.private_key == PEM


def test_a_key_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    """
    The message names the file and the reason.
    """
    environ = {key: value for key, value in APP.items() if key != "GATE_PRIVATE_KEY"}

    found = mistakes(environ | {"GATE_PRIVATE_KEY_FILE": str(tmp_path / "absent.pem")})

    assert "No such file" in found["GATE_PRIVATE_KEY_FILE"]
