"""Who is asking: the App's key and JWT, and the tokens of installations and of people, which expire. No HTTP here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOKEN_LIFE = timedelta(hours=1)
USER_TOKEN_LIFE = timedelta(hours=8)
REFRESH_TOKEN_LIFE = timedelta(days=184)
CODE_LIFE = timedelta(minutes=10)
TOKEN_LENGTH = 520
"""Characters of a stateless installation token; nothing may count on the old 40."""

PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
"""What the App asks of the accounts that install it."""

EVENTS = (
    "check_run",
    "check_suite",
    "installation",
    "issue_comment",
    "merge_group",
    "pull_request",
    "push",
    "repository",
    "workflow_run",
)


class DeniedError(Exception):
    """The credentials are not good enough; the text is GitHub's sentence."""


@cache
def key_pair() -> tuple[str, str]:
    """A private and a public RSA key as PEM; one pair a process, because making one is slow."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@dataclass(slots=True)
class App:
    """A registered GitHub App and all its secrets."""

    id: int = 4242
    slug: str = "gate"
    name: str = "Gate"
    client_id: str = "Iv23liFAKEFAKEFAKE00"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)
    private_key: str = field(default_factory=lambda: key_pair()[0], repr=False)
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))
    events: tuple[str, ...] = EVENTS
    callback_urls: tuple[str, ...] = ()
    """Where people are sent back to who sign in."""

    def verify(self, token: str) -> None:
        """Accept the App's JWT by GitHub's rules for `iat`, `exp` and `iss`.

        Client libraries stamp it by the machine's clock, so it is checked by that one.

        Raises: DeniedError with the sentence GitHub answers.
        Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
        """
        required = {
            "require": ["iat", "exp", "iss"],
            "verify_iat": False,
            "verify_exp": False,
            "verify_iss": False,
        }
        try:
            claims = jwt.decode(token, key_pair()[1], algorithms=["RS256"], options=required)  # type: ignore[arg-type]  # a plain dict is what PyJWT documents
            issued, expires = int(claims["iat"]), int(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError) as wrong:
            raise DeniedError("A JSON web token could not be decoded") from wrong
        now = time.time()
        if issued > now:
            raise DeniedError(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            )
        if expires <= now:
            raise DeniedError(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
            )
        if expires > now + 600 or expires - issued > 660:
            raise DeniedError("'Expiration time' claim ('exp') is too far in the future")
        if str(claims["iss"]) not in {str(self.id), self.client_id}:
            raise DeniedError("'Issuer' claim ('iss') must be an Integer or a client ID")


@dataclass(slots=True)
class Installation:
    """The App on one account: which repositories it may see, with which permissions."""

    id: int
    account: str
    permissions: dict[str, str]
    repository_ids: list[int] = field(default_factory=list)
    suspended_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token and what it may do."""

    text: str = field(repr=False)
    installation: Installation
    repository_ids: frozenset[int] | None
    """None: every repository of the installation, those added later as well."""
    permissions: Mapping[str, str]
    expires_at: datetime

    def may_see(self, repository_id: int) -> bool:
        """Whether the repository is in the installation and the token was not narrowed past it."""
        installed = repository_id in self.installation.repository_ids
        return installed and (self.repository_ids is None or repository_id in self.repository_ids)

    def may(self, permission: str) -> bool:
        """Whether the token holds `NAME:read` or `NAME:write`; write includes read."""
        name, level = permission.split(":")
        held = self.permissions.get(name, "read" if name == "metadata" else None)
        return held in ("write", level)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for until it is exchanged: a person agreed."""

    login: str
    redirect_uri: str
    challenge: str
    """Of PKCE; empty without it."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class UserToken:
    """A person's token for the App, and the one that gets the next."""

    text: str = field(repr=False)
    login: str
    expires_at: datetime
    refresh_text: str = field(repr=False)
    refresh_expires_at: datetime


def new_user_token(login: str, now: datetime) -> UserToken:
    """A fresh pair."""
    return UserToken(
        f"ghu_{secrets.token_hex(18)}",
        login,
        now + USER_TOKEN_LIFE,
        f"ghr_{secrets.token_hex(38)}",
        now + REFRESH_TOKEN_LIFE,
    )


def new_token_text(app_id: int) -> str:
    """A fresh token in the stateless format: `ghs_APPID_` and something like a JWT, to `TOKEN_LENGTH` characters."""
    start = f"ghs_{app_id}_eyJhbGciOiJFUzI1NiJ9."
    return (
        start
        + secrets.token_urlsafe(TOKEN_LENGTH)[: TOKEN_LENGTH - len(start) - 44]
        + "."
        + secrets.token_urlsafe(64)[:43]
    )
