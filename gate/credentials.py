"""Secrets at rest: sealed with `GATE_SECRET_KEY`, or with a key that is made and kept in the data folder.

It stores nothing: the sealed text goes into the database or a cookie, the key never does.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken

from checks.codec import decode, encode
from gate.core.failure import Permanent
from gate.settings import KEY_FILE, Settings

T = TypeVar("T")


def load_key(settings: Settings) -> bytes:
    """The operator's key, or the data folder's, made at first use and readable by its owner only."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_dir / KEY_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return _make_key(path)


def seal(secret: object, key: bytes) -> bytes:
    """A dataclass as a text that only the key opens, and that nobody else can have made."""
    return Fernet(key).encrypt(json.dumps(encode(secret)).encode())


def unseal(kind: type[T], sealed: bytes, key: bytes) -> T:
    """The value of that type again.

    Raises: Permanent, when it was sealed with another key, or is something else.
    """
    try:
        return decode(kind, json.loads(Fernet(key).decrypt(sealed)))
    except (InvalidToken, ValueError) as error:
        raise Permanent(
            "what is stored encrypted does not open with this key: bring back the GATE_SECRET_KEY (or the "
            f"{KEY_FILE} of the data folder) it was stored with"
        ) from error


def _make_key(path: Path) -> bytes:
    # Linked into place whole: another process must never read half a key, nor make a second one.
    key = Fernet.generate_key()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes().strip()
    finally:
        draft.unlink()
    return key
