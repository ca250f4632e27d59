"""People who sign in with GitHub: their tokens are got and renewed, and what they may see is asked with them.

Nothing is kept or repeated here. That GitHub does not take a code or token is an answer, None, and no failure.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import requests
from github import Auth, Github, GithubException
from github.PaginatedList import PaginatedList
from github.Repository import Repository

from gate.core.failure import Permanent, Transient
from gate.core.user import UserTokens, UserView
from gate.github.app import TIMEOUT_SECONDS, new_client
from gate.github.failure import TokenRefusedError, attempt

MOST_REPOSITORIES = 10_000
"""That are read for one person: a hundred requests; what is beyond counts as not visible."""

_REFUSED = frozenset({"bad_verification_code", "bad_refresh_token"})
_REMEDIES = {
    "incorrect_client_credentials": "check GATE_CLIENT_ID and GATE_CLIENT_SECRET",
    "redirect_uri_mismatch": "add the address of /sign-in/callback to the App's callback URLs, below GATE_PUBLIC_URL",
}
"""By GitHub's name of a mistake. Source: docs.github.com, "Troubleshooting OAuth app access token request errors"."""


class Users:
    """The side of GitHub that people sign in at, for one App. Stateless, so all threads may use it."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        web_url: str,
        api_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._web_url = web_url.rstrip("/")
        self._api_url = api_url.rstrip("/")
        self._clock = clock

    def __repr__(self) -> str:
        """Name the App, never its secret."""
        return f"Users(client_id={self._client_id!r}, web_url={self._web_url!r})"

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        """Where to send a browser; it comes back to `redirect_uri` with `state` and a code. The challenge is PKCE's, S256."""
        asked = {
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._web_url}/login/oauth/authorize?{urlencode(asked)}"

    def exchange(self, code: str, *, redirect_uri: str, verifier: str) -> UserTokens | None:
        """The tokens a code stands for, which works once; None for one that GitHub does not take.

        Raises: Transient, Permanent.
        """
        fields = {"code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        return self._tokens("the tokens of the person who signs in", fields)

    def refresh(self, tokens: UserTokens) -> UserTokens | None:
        """The next pair: the old one is worth nothing from then on. None when GitHub does not take it any more.

        Raises: Transient, Permanent.
        """
        fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        return self._tokens("a person's next tokens", fields)

    def view(self, access: str) -> UserView | None:
        """Who has the token, and what GitHub lets them see; None when GitHub does not take the token any more.

        What one installation does not tell (suspended, or an organization that wants a sign-in of its own) is
        left out and said.

        Raises: Transient, Permanent.
        """
        client = new_client(self._api_url, Auth.Token(access))
        try:
            return self._view(client)
        except TokenRefusedError:
            return None
        finally:
            client.close()

    def _view(self, client: Github) -> UserView:
        def person() -> tuple[int, str]:
            account = client.get_user()
            return account.id, account.login

        number, login = self._attempt("who signed in", person)
        installations = self._attempt(
            f"the installations that {login} may see",
            lambda: [(one.id, one.account.login) for one in client.get_user().get_installations()],
        )
        found: set[int] = set()
        trouble: list[str] = []
        for installation_id, account in installations:
            subject = f"the repositories of {account} that {login} may see"
            try:
                found |= self._attempt(subject, lambda: _repositories(client, installation_id))  # noqa: B023
            except TokenRefusedError:
                raise
            except Permanent as error:
                trouble.append(str(error))
        if len(found) > MOST_REPOSITORIES:
            trouble.append(
                f"GitHub lists more than {MOST_REPOSITORIES:,} repositories; the rest is not shown."
            )
        seen = tuple(sorted(found)[:MOST_REPOSITORIES])
        return UserView(number, login, seen, " ".join(trouble))

    def _attempt(self, subject: str, function: Callable[[], Any]) -> Any:
        return attempt(subject, function, now=self._clock())

    def _tokens(self, subject: str, fields: dict[str, str]) -> UserTokens | None:
        answer = self._attempt(subject, lambda: self._post(fields))
        if answer.get("error") in _REFUSED:
            return None
        if "error" in answer:
            raise Permanent(_mistake(subject, str(answer["error"])))
        access, refresh, seconds = (
            answer.get(name) for name in ("access_token", "refresh_token", "expires_in")
        )
        if not isinstance(access, str) or not access:
            raise Transient(f"What answered the request for {subject} is not GitHub.")
        expires_at = self._clock() + timedelta(seconds=seconds) if isinstance(seconds, int) else None
        return UserTokens(access, expires_at, refresh if isinstance(refresh, str) else "")

    def _post(self, fields: dict[str, str]) -> dict[str, Any]:
        """What GitHub's web address for tokens answers; mistakes come with status 200."""
        answer = requests.post(
            f"{self._web_url}/login/oauth/access_token",
            data={"client_id": self._client_id, "client_secret": self._client_secret, **fields},
            headers={"Accept": "application/json", "User-Agent": "gate"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        if answer.status_code != 200:
            raise GithubException(answer.status_code, headers=dict(answer.headers))
        found = json.loads(answer.text)
        return found if isinstance(found, dict) else {}


def _mistake(subject: str, error: str) -> str:
    """A mistake that only people can repair, for people."""
    known = error if error.replace("_", "").isalnum() and len(error) < 64 else "an unknown error"
    remedy = f": {_REMEDIES[known]}" if known in _REMEDIES else ""
    return f"GitHub answered {known} to the request for {subject}{remedy}."


def _repositories(client: Github, installation_id: int) -> set[int]:
    """Ids. PyGithub's own method asks for those of the installation, which is another question."""
    path = f"/user/installations/{installation_id}/repositories"
    listed = PaginatedList(Repository, client.requester, path, {}, list_item="repositories")
    return {one.id for one in islice(listed, MOST_REPOSITORIES + 1)}
