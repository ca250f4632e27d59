"""What a token of GitHub Actions says, once everything about it holds; nothing in it is believed before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from gate.actions_token.keys import Keys
from gate.core.commit_sha import is_full_sha

LEEWAY_SECONDS = 60
"""Of our clock and GitHub's."""
_ALGORITHM = "RS256"
_MOST = 16_384
"""Characters of a token; GitHub's have some two thousand."""
_REQUIRED = ("exp", "nbf", "iat", "iss", "aud")
_MERGE = re.compile(r"refs/pull/([1-9][0-9]{0,8})/merge")


class RefusedTokenError(Exception):
    """The token is not accepted; the text says why and what to do, and repeats nothing of it that is secret."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the workflow is.

    Source: https://docs.github.com/en/actions/reference/security/oidc
    """

    repository_id: int
    sha: str
    """Of the commit it runs for; of a pull request the one that merges it."""
    ref: str
    workflow_ref: str
    """The file of the workflow, and where it was taken from."""
    event_name: str

    @property
    def number(self) -> int | None:
        """The pull request that it runs for; None for any other event."""
        found = _MERGE.fullmatch(self.ref)
        return int(found[1]) if found and self.event_name == "pull_request" else None


class ActionsTokens:
    """Those of one issuer for one audience. Thread-safe."""

    def __init__(self, keys: Keys, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def verified(self, token: str) -> Claims:
        """What it says. Raises: RefusedTokenError; Transient while the issuer's keys cannot be read."""
        key_name = _key_name(token)
        key = self._keys.key(key_name)
        if key is None:
            raise RefusedTokenError(
                f"it is signed with a key that {self._issuer} does not have; GATE_GITHUB_URL and GATE_ACTIONS_ISSUER say whose "
                "tokens are taken"
            )
        try:
            payload = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(_REQUIRED)},
            )
        except jwt.PyJWTError as error:
            raise RefusedTokenError(self._reason(error)) from None
        return _claims(payload)

    def _reason(self, error: jwt.PyJWTError) -> str:  # noqa: PLR0911  (one answer for each cause)
        match error:
            case jwt.ExpiredSignatureError():
                return "it has expired; ask for a new one right before the upload, for each holds for some minutes"
            case jwt.ImmatureSignatureError():
                return "it is not valid yet; the clock of this service may be wrong"
            case jwt.InvalidAudienceError():
                return f"it is for another audience; ask for one with the audience {self._audience}"
            case jwt.InvalidIssuerError():
                return f"it is of another issuer than {self._issuer}"
            case jwt.MissingRequiredClaimError(claim=claim):
                return f"it has no {claim}"
            case jwt.InvalidSignatureError():
                return "its signature is wrong"
        return "it is malformed"


def _key_name(token: str) -> str:
    """Of the key it is said to be signed with."""
    if len(token) > _MOST:
        raise RefusedTokenError(f"it has more than {_MOST} characters")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise RefusedTokenError(
            "it is no token of GitHub Actions (a JWT), nor one of this service, which begins with gate_"
        ) from None
    if header.get("alg") != _ALGORITHM:
        raise RefusedTokenError(f"it is signed by another algorithm than {_ALGORITHM}")
    name = header.get("kid")
    if not isinstance(name, str) or not name:
        raise RefusedTokenError("it does not name the key it is signed with")
    return name


def _claims(payload: Mapping[str, object]) -> Claims:
    repository_id = _text(payload, "repository_id")
    if not re.fullmatch(r"[1-9][0-9]{0,17}", repository_id):
        raise RefusedTokenError("its repository_id is no number")
    sha = _text(payload, "sha")
    if not is_full_sha(sha):
        raise RefusedTokenError("its sha is not that of a commit")
    return Claims(
        int(repository_id),
        sha,
        _text(payload, "ref"),
        _text(payload, "workflow_ref"),
        _text(payload, "event_name"),
    )


def _text(payload: Mapping[str, object], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise RefusedTokenError(f"it has no {name}, or one that is no text")
    return value
