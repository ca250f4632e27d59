"""Who sent a webhook: its signature against our secrets. It reads nothing of the body."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

_SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")


class SignatureError(Exception):
    """The body was not signed with any of our secrets."""


def verify(body: bytes, signature: str | None, secrets: Iterable[str]) -> None:
    """Return when the raw `body` carries the `X-Hub-Signature-256` of one of the `secrets`.

    All secrets are tried, so that the answer takes as long for the first as for the last.

    Raises: SignatureError.
    Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    # Bytes on both sides: compare_digest raises TypeError for text that is not ASCII.
    given = _SIGNATURE.fullmatch((signature or "").strip().encode("utf-8", "replace"))
    if given is None:
        raise SignatureError("X-Hub-Signature-256 is missing or not `sha256=` and 64 hexadecimal digits")
    holds = False
    for secret in secrets:
        if not secret:
            continue
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        holds |= hmac.compare_digest(expected, given[1])
    if not holds:
        raise SignatureError("X-Hub-Signature-256 does not match the body and the webhook secret")
