"""A browser in front of the web process, whose person signs in at the stand-in GitHub; and a service on GitHub's clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from werkzeug.test import TestResponse

from gate.core.event import RepositoryRef
from gate.settings import App, Settings
from gate.store import Store
from tests.fake_github import FakeGitHub, Repository
from tests.web.service import SECRET, WebService, web_app

PUBLIC_URL = "https://gate.example"


class SignInService(WebService):
    """A service to which people come from a GitHub; both have the same time."""

    def __init__(self, settings: Settings, github: FakeGitHub, *, store: Store | None = None) -> None:
        super().__init__(settings, store=store)
        self.at_github = github

    def now(self) -> datetime:
        return self.at_github.now()


def sign_in_service(
    github: FakeGitHub, folder: Path, *, store: Store | None = None, public_url: str = PUBLIC_URL, **app: Any
) -> SignInService:
    """The service of the GitHub's App, which sends people back to it."""
    github.app.callback_urls = (f"{public_url}/sign-in/callback",)
    settings = Settings(
        app=App(
            github.app.id,
            github.app.private_key,
            (SECRET,),
            **{"client_id": github.app.client_id, "client_secret": github.app.client_secret, **app},
        ),
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'gate.db'}",
        github_url=github.url,
        github_api_url=github.api_url,
        public_url=public_url,
    )
    return SignInService(settings, github, store=store)


def known(github: FakeGitHub, store: Store, name: str, *, private: bool = False) -> Repository:
    """A repository on GitHub that the service has heard of."""
    made = github.repository({"app.py": "x = 1\n"}, name=name, private=private)
    installation = github.installation_of(made)
    assert installation is not None
    store.save_repository(RepositoryRef(installation.id, made.id, name, "main", private=private))
    return made


class Browser:
    """One person's browser: it keeps cookies, says where it comes from, and follows nothing by itself."""

    def __init__(self, app: Flask, github: FakeGitHub, *, public_url: str = PUBLIC_URL) -> None:
        self.client = app.test_client()
        self.github = github
        self.public_url = public_url

    @classmethod
    def of(cls, service: SignInService) -> Browser:
        return cls(web_app(service), service.at_github, public_url=service.settings.public_url)

    @property
    def cookies(self) -> dict[str, str]:
        """By name, those that have a value."""
        kept = self.client._cookies or {}
        return {one.key: one.value for one in kept.values() if one.value}

    def get(self, path: str, *, come_from: str = "") -> TestResponse:
        headers = {"Referer": f"{self.public_url}{come_from}"} if come_from else {}
        return self.client.get(self._inside(path), base_url=self.public_url, headers=headers)

    def post(
        self, path: str, form: Mapping[str, object], *, origin: str | None = None, **headers: str
    ) -> TestResponse:
        """Sent by a page of ours, unless another origin is given; none at all when that is empty."""
        said = self._origin if origin is None else origin
        given = {**({"Origin": said} if said else {}), **headers}
        return self.client.post(self._inside(path), base_url=self.public_url, headers=given, data=form)

    def begin(self, *, come_from: str = "") -> str:
        """Where `/sign-in` sends the browser."""
        answer = self.get("/sign-in", come_from=come_from)
        assert answer.status_code == 303
        return answer.headers["Location"]

    def agree(self, url: str, login: str | None) -> str:
        """Where GitHub sends the browser back to, as path and query."""
        self.github.at_browser = login
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == 302
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, login: str, *, come_from: str = "") -> TestResponse:
        """The answer to the browser that comes back from GitHub."""
        return self.get(self.agree(self.begin(come_from=come_from), login))

    def form_token(self) -> str:
        """Of the forms in this session."""
        (found,) = re.findall(r'name="form_token" value="([0-9a-f]{64})"', self.get("/").text)
        return str(found)

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def _inside(self, path: str) -> str:
        """Without the path that a proxy in front of the service takes away."""
        return path.removeprefix(urlsplit(self.public_url).path) or "/"
