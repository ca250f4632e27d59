"""The public keys of an issuer of tokens: read from its address, kept for a while, never asked for without bounds."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gate.core.failure import Transient

KEPT_SECONDS = 3600
"""How long keys are good without another look; an issuer that takes one back is believed by then."""
STALE_SECONDS = 24 * 3600
"""How long they are while the issuer does not answer."""
LOOK_SECONDS = 60
"""Between two looks, whatever anybody sends: an unknown key costs no more than that."""
MOST_BYTES = 256 << 10
_TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and between two packets."""
_WHOLE_SECONDS = 10
_MOST_KEYS = 100
_SMALLEST = 2048
"""Bits of a key. Source: RFC 7518, section 3.3."""

PublicKeys = Mapping[str, RSAPublicKey]


class Keys:
    """Those of one issuer. Thread-safe; one thread looks, and the others wait for what it finds."""

    def __init__(self, issuer: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is in seconds, and never goes back."""
        self._address = f"{issuer}/.well-known/jwks"
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: PublicKeys = {}
        self._read_at: float | None = None
        self._looked_at: float | None = None
        self._problem = ""

    def key(self, name: str) -> RSAPublicKey | None:
        """The key of that name; None where the issuer has none, as far as we looked.

        Raises: Transient while the issuer's keys cannot be read.
        """
        with self._lock:
            now = self._clock()
            fresh = self._read_at is not None and now < self._read_at + KEPT_SECONDS
            if not (fresh and name in self._keys) and self._may_look(now):
                self._look(now)
            if self._read_at is None or now >= self._read_at + STALE_SECONDS:
                raise Transient(f"the keys of {self._address} cannot be read: {self._problem}")
            return self._keys.get(name)

    def _may_look(self, now: float) -> bool:
        return self._looked_at is None or now >= self._looked_at + LOOK_SECONDS

    def _look(self, now: float) -> None:
        self._looked_at = now
        try:
            self._keys = _parsed(_read(self._address))
        except (requests.RequestException, OSError, ValueError) as error:
            self._problem = str(error) if isinstance(error, _AnswerError) else type(error).__name__
            return
        self._read_at = now


class _AnswerError(ValueError):
    """The issuer answered something else than keys; the text says what."""


def _read(address: str) -> bytes:
    deadline = time.monotonic() + _WHOLE_SECONDS
    with requests.get(address, stream=True, timeout=_TIMEOUT, allow_redirects=False) as answer:
        if answer.status_code != requests.codes.ok:
            # A redirection, too: whoever can redirect this request could say which keys hold.
            raise _AnswerError(f"the answer has the status {answer.status_code}")
        received = b""
        # Not `iter_content`, which waits for a whole piece, however slowly it comes.
        while part := answer.raw.read1(1 << 14, decode_content=True):
            received += part
            if len(received) > MOST_BYTES:
                raise _AnswerError(f"the answer has more than {MOST_BYTES} bytes")
            if time.monotonic() > deadline:
                raise _AnswerError(f"the answer took longer than {_WHOLE_SECONDS} s")
    return received


def _parsed(text: bytes) -> PublicKeys:
    """By name, the RSA keys for signatures; all others are none of ours. Source: RFC 7517."""
    try:
        listed = json.loads(text)["keys"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise _AnswerError("the answer is no set of keys (JWKS)") from None
    if not isinstance(listed, list):
        raise _AnswerError("the answer is no set of keys (JWKS)")
    found = {}
    for each in listed[:_MOST_KEYS]:
        name = each.get("kid") if isinstance(each, dict) else None
        if isinstance(name, str) and (key := _rsa(each)) is not None:
            found[name] = key
    if not found:
        raise _AnswerError(f"the answer has no RSA key of {_SMALLEST} bits or more")
    return found


def _rsa(each: dict[str, Any]) -> RSAPublicKey | None:
    if (
        each.get("kty") != "RSA"
        or each.get("use", "sig") != "sig"
        or each.get("alg", "RS256") != "RS256"
        or "d" in each
    ):
        return None
    try:
        key = jwt.PyJWK(each, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST else None
