"""What people read in their mail, word for word: golden files of HTML and text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.core.branch_state import alert
from gate.core.digest import digest
from gate.core.message import Message
from gate.core.trend import Trend
from gate.service import Service
from gate.settings import Settings
from gate.store import RepositoryRecord
from gate.workflows.write_mail import MOST_PICTURES, alert_mail, confirmation, trial, weekly
from tests.goldens import assert_golden
from tests.mail_stories import PAGES, quiet_story, red, story
from tests.verdicts import BLOCKED
from tests.workflows.mail.mail_service import MIRA, MONDAY

LINKS = "https://github.com/octo/shop/commit/3c81f0a", f"{PAGES}/runs/record%3A7%3Amain"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """One that knows nobody."""
    return Service(Settings(app=None, data_dir=tmp_path, database_url="sqlite://", public_url=PAGES))


def parts(made: Message) -> dict[str, str]:
    """Text by type, with what is sealed anew each time taken out."""
    return {
        part.get_content_type(): re.sub(r"gAAAAA[A-Za-z0-9_=-]+", "TOKEN", part.get_content())
        for part in made.walk()
        if part.get_content_maintype() == "text"
    }


def assert_both(name: str, made: Message) -> None:
    """Both parts are as they were."""
    found = parts(made)
    assert_golden(f"mail/{name}.txt", found["text/plain"])
    assert_golden(f"mail/{name}.html", found["text/html"])


def weekly_of(service: Service, *stories: object, drawn: bytes | None = b"png") -> Message:
    """The mail about these repositories, with a picture that is none."""
    told = digest(
        stories,  # type: ignore[arg-type]  # stories
        MIRA,
        overview_url=f"{PAGES}/",
        stop_all_url=f"{PAGES}/mail/stop/ALL",
    )
    assert told is not None

    def draw(_: Trend) -> bytes | None:
        return drawn

    return weekly(service, told, MIRA, now=MONDAY, draw=draw)


def test_the_mail_about_one_repository(service: Service) -> None:
    """
    Headline, four numbers, the picture, what to look at first, pull requests, the rest, why one gets it.
    """
    assert_both("weekly-one", weekly_of(service, story()))


def test_the_mail_about_several_repositories(service: Service) -> None:
    """
    What to look at first is above them all; a silent one is named at the end.
    """
    made = weekly_of(service, story(), story("octo/shop", confirmed_at=None, branch=red()), quiet_story())

    assert_both("weekly-several", made)


def test_hostile_names_are_escaped(service: Service) -> None:
    """
    Markup, scripts, direction marks and addresses in a name stay text in both parts, and in the subject.
    """
    made = weekly_of(service, story('octo/<script>alert("x")</script>\u202e{{ 7 * 7 }}'))

    html = parts(made)["text/html"]
    assert "<script>" not in html
    assert "octo/&lt;script&gt;alert" in html
    assert "{{ 7 * 7 }}" in html
    assert "\u202e" not in html + parts(made)["text/plain"] + made["Subject"]


def test_without_a_picture_the_numbers_are_enough(service: Service) -> None:
    """
    A first week has no line to draw.
    """
    made = weekly_of(service, story(), drawn=None)

    assert "cid:" not in parts(made)["text/html"]
    assert "image/png" not in [part.get_content_type() for part in made.walk()]


def test_pictures_are_of_the_first_repositories(service: Service) -> None:
    """
    Each shown one is in the mail, and no more than a few, for a mail should stay small.
    """
    made = weekly_of(service, *(story(f"octo/r{number}") for number in range(5)))

    shown = re.findall(r"cid:([a-z0-9-]+)", parts(made)["text/html"])
    inside = [str(part["Content-ID"]).strip("<>") for part in made.walk() if part["Content-ID"]]
    assert shown == inside == [f"coverage-{number}" for number in range(1, MOST_PICTURES + 1)]


def test_html_is_smaller_than_what_clients_cut(service: Service) -> None:
    """
    Gmail shows some 102 kB; eleven repositories are less than that.
    """
    made = weekly_of(service, *(story(f"octo/r{number:02}") for number in range(11)))

    assert len(parts(made)["text/html"].encode()) < 100_000


def test_every_address_is_ours_or_githubs(service: Service) -> None:
    """
    Nothing that somebody wrote becomes a link elsewhere, and nothing is fetched when the mail is read.
    """
    html = parts(weekly_of(service, story(), quiet_story()))["text/html"]

    links = set(re.findall(r'href="(https?://[^/"]+)', html))
    assert links <= {PAGES, "https://github.com"}
    assert re.findall(r'(?:src|background)="(?!cid:)', html) == []
    assert "url(" not in html


def test_every_element_bears_its_styles(service: Service) -> None:
    """
    Many clients drop the head; dark colours and the phone are in there for those that read it.
    """
    html = parts(weekly_of(service, story()))["text/html"]

    assert "font-size: 20px" in re.findall(r"<h1[^>]*>", html)[0]
    assert "prefers-color-scheme: dark" in html


def test_the_question(service: Service) -> None:
    """
    Do you want it?
    """
    known = RepositoryRecord(7, 5, "octo/shop", "main", private=False, armed=True)

    assert_both("confirm", confirmation(service, known, MIRA, now=MONDAY))


def test_the_alert(service: Service) -> None:
    """
    The default branch turned red.
    """
    told = alert(red(), "octo/shop", "main", BLOCKED, urls=LINKS[::-1])

    assert_both("alert", alert_mail(service, told, "7.3", MIRA, repository_id=7, now=MONDAY))


def test_the_test_mail(service: Service) -> None:
    """
    Plain text of two sentences.
    """
    made = trial(service, MIRA, now=MONDAY)

    assert made["Subject"] == "Gate at gate.example can send mail"
    assert made.get_content_type() == "text/plain"
