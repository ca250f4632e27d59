"""Signing in with the App: where a person agrees, and where codes and refresh tokens become user tokens.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug import Request, Response

from tests.fake_github.identity import Grant
from tests.fake_github.state import GitHub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

AUTHORIZE = "/login/oauth/authorize"
ACCESS_TOKEN = "/login/oauth/access_token"
TEXTS = {
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this application.",
    "bad_verification_code": "The code passed is incorrect or expired.",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
    "unsupported_grant_type": "The grant type is not supported.",
}
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class RefusedError(Exception):
    """GitHub's name of a mistake in a request for a token."""


class OAuth:
    """The application for its two paths; who sits at the browser, says `github.at_browser`."""

    def __init__(self, github: GitHub) -> None:
        self.github = github

    def has(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path in {AUTHORIZE, ACCESS_TOKEN}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        with self.github.lock:
            if request.path == AUTHORIZE:
                response = self._authorize(request.args)
            elif request.method == "POST":
                response = self._token(request)
            else:
                response = Response("Not Found", 404)
        return response(environ, start_response)

    def _authorize(self, asked: Mapping[str, str]) -> Response:
        """Send the browser back with a code, or with the news that its person does not want to."""
        app, person = self.github.app, self.github.at_browser
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != app.client_id:
            return self._refused(404, "there is no App with this client_id")
        if redirect_uri and redirect_uri not in app.callback_urls:
            return self._refused(
                400, f"redirect_uri: {redirect_uri} is none of the App's callback URLs {app.callback_urls}"
            )
        if not app.callback_urls:
            return self._refused(400, "the App has no callback URL")
        challenge = asked.get("code_challenge", "")
        if bool(challenge) != ("code_challenge_method" in asked):
            return self._refused(400, "code_challenge and code_challenge_method come together")
        if challenge and (asked["code_challenge_method"] != "S256" or not _CHALLENGE.fullmatch(challenge)):
            return self._refused(
                400, "a code_challenge is a SHA-256 digest of 43 characters, its method S256"
            )
        answer = {"state": asked["state"]} if "state" in asked else {}
        if person is None:
            answer |= {
                "error": "access_denied",
                "error_description": "The user has denied your application access.",
            }
        else:
            answer["code"] = self.github.grant(person, redirect_uri, challenge)
        return Response("", 302, {"Location": f"{redirect_uri or app.callback_urls[0]}?{urlencode(answer)}"})

    def _refused(self, status: int, text: str) -> Response:
        self.github.problems.append(f"{AUTHORIZE}: {text}")
        return Response(text, status)

    def _token(self, request: Request) -> Response:
        """Whatever is wrong is told with status 200, as GitHub does."""
        try:
            answer = self._granted(request.values)
        except RefusedError as refusal:
            answer = {"error": str(refusal), "error_description": TEXTS[str(refusal)]}
        if "application/json" not in request.headers.get("Accept", ""):
            return Response(urlencode(answer), mimetype="application/x-www-form-urlencoded")
        response = Response(mimetype="application/json")
        response.set_data(json.dumps(answer))
        return response

    def _granted(self, asked: Mapping[str, str]) -> dict[str, str | int]:
        app = self.github.app
        if (asked.get("client_id"), asked.get("client_secret")) != (app.client_id, app.client_secret):
            raise RefusedError("incorrect_client_credentials")
        match asked.get("grant_type", "authorization_code"):
            case "authorization_code":
                login = self._login_of_code(asked)
            case "refresh_token":
                login = self._login_of_refresh_token(asked.get("refresh_token", ""))
            case _:
                raise RefusedError("unsupported_grant_type")
        token = self.github.new_user_token(login)
        now = self.github.now()
        return {
            "access_token": token.text,
            "expires_in": round((token.expires_at - now).total_seconds()),
            "refresh_token": token.refresh_text,
            "refresh_token_expires_in": round((token.refresh_expires_at - now).total_seconds()),
            "scope": "",
            "token_type": "bearer",
        }

    def _login_of_code(self, asked: Mapping[str, str]) -> str:
        grant = self.github.grants.pop(asked.get("code", ""), None)
        if grant is None or grant.expires_at <= self.github.now() or not _proves(asked, grant):
            raise RefusedError("bad_verification_code")
        if asked.get("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
            raise RefusedError("redirect_uri_mismatch")
        return grant.login

    def _login_of_refresh_token(self, text: str) -> str:
        """It works once, and the user token it came with is worth nothing from then on."""
        token = next((one for one in self.github.user_tokens.values() if one.refresh_text == text), None)
        if token is None or token.refresh_expires_at <= self.github.now():
            raise RefusedError("bad_refresh_token")
        del self.github.user_tokens[token.text]
        return token.login


def _proves(asked: Mapping[str, str], grant: Grant) -> bool:
    """Whether the verifier is the one the challenge was made of. Source: RFC 7636, section 4.6."""
    if not grant.challenge:
        return True
    digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == grant.challenge
