"""`gate digest`: files of a preview, a test of delivery, and addresses that are stopped and allowed."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from gate.store import Store
from tests.cli.conftest import Project
from tests.mail_server import Script, mail_server
from tests.migrated import migrate
from tests.workflows.mail.mail_service import MIRA, SHOP, know


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a repository that changed in week 47 of 2026."""
    folder = tmp_path / "data"
    with Store(f"sqlite:///{folder}/gate.db") as store:
        migrate(store)
        know(store, SHOP, MIRA)
    return folder


def test_a_preview_is_three_files(project: Project, data: Path, tmp_path: Path) -> None:
    """
    The whole mail, its HTML and its text; no mail server is needed, and nothing is kept of it.
    """
    out = tmp_path / "out"

    done = project.gate(
        "digest", "preview", "Octo/Shop", "--week", "2026-W47", "--output", str(out), GATE_DATA_DIR=str(data)
    )

    assert done.status == 0, done.output
    assert sorted(path.name for path in out.iterdir()) == [
        "octo-shop-2026-W47.eml",
        "octo-shop-2026-W47.html",
        "octo-shop-2026-W47.txt",
    ]
    mail = message_from_bytes((out / "octo-shop-2026-W47.eml").read_bytes(), policy=policy.default)
    assert mail["Subject"].startswith("octo/shop, week 47: coverage 80.4 %")
    assert (out / "octo-shop-2026-W47.txt").read_text().startswith("Weekly report, 16 to 22 November 2026\n")
    with Store(f"sqlite:///{data}/gate.db") as store:
        assert store.mail_counts() == {}


def test_a_silent_week_has_no_preview(project: Project, data: Path, tmp_path: Path) -> None:
    """
    It says why there is no mail.
    """
    done = project.gate(
        "digest",
        "preview",
        "octo/shop",
        "--week",
        "2026-W49",
        "--output",
        str(tmp_path / "out"),
        GATE_DATA_DIR=str(data),
    )

    assert done.status == 0
    assert "octo/shop, 2026-W49: nothing happened" in done.errors
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("preview", "octo/none"), "no repository 'octo/none' is known here"),
        (("preview", "octo/shop", "--week", "2026-W60"), "as in 2026-W47"),
        (("preview", "octo/shop", "--week", "47"), "as in 2026-W47"),
        (("send", "--to", "mira"), "expected a plain mail address"),
        (("send", "--to", MIRA), "set GATE_SMTP_URL and GATE_MAIL_FROM"),
        (("stop", "Mira <mira@b.example>"), "expected a plain mail address"),
    ],
)
def test_mistakes_are_named(project: Project, data: Path, arguments: tuple[str, ...], says: str) -> None:
    """
    With what is allowed, and status 2.
    """
    done = project.gate("digest", *arguments, GATE_DATA_DIR=str(data))

    assert done.status == 2
    assert says in " ".join(done.errors.split())


def test_an_address_is_stopped_and_allowed(project: Project, data: Path) -> None:
    """
    By the operator, for who cannot do it by the link.
    """
    said = [
        project.gate("digest", command, "Mira@Northwind.example", GATE_DATA_DIR=str(data)).output.strip()
        for command in ("stop", "stop", "allow", "allow")
    ]

    assert said == [
        f"{MIRA} gets no more mail",
        f"{MIRA} got no mail already",
        f"{MIRA} may get mail again",
        f"{MIRA} was not stopped",
    ]


def test_delivery_is_tried(project: Project, data: Path) -> None:
    """
    A dry run connects and sends nothing; without it a mail arrives; a refusal is an error.
    """
    script = Script()
    with mail_server(script) as relay:
        settings = {
            "GATE_DATA_DIR": str(data),
            "GATE_SMTP_URL": f"smtp://127.0.0.1:{relay.port}",
            "GATE_MAIL_FROM": "Gate <gate@gate.example>",
        }
        dry = project.gate("digest", "send", "--to", MIRA, "--dry-run", **settings)
        before = len(script.taken)
        sent = project.gate("digest", "send", "--to", MIRA, **settings)
        script.rcpt = {MIRA: "550 no such user"}
        refused = project.gate("digest", "send", "--to", MIRA, **settings)

    assert (dry.status, sent.status, refused.status) == (0, 0, 2)
    assert dry.output == f"works: 127.0.0.1:{relay.port}, unencrypted, without log-in; nothing was sent\n"
    assert (before, len(script.taken)) == (0, 1)
    assert "sent: the server took the mail" in sent.output
    assert "550 no such user" in refused.errors


def test_a_server_that_cannot_be_used_is_said(project: Project, data: Path) -> None:
    """
    With the reason, and without the password.
    """
    done = project.gate(
        "digest",
        "send",
        "--to",
        MIRA,
        "--dry-run",
        GATE_DATA_DIR=str(data),
        GATE_SMTP_URL="smtp://gate:geheim@127.0.0.1:1",
        GATE_MAIL_FROM="gate@gate.example",
    )

    assert done.status == 2
    assert "the mail server cannot be used: Connection refused" in done.errors
    assert "geheim" not in done.errors + done.output
