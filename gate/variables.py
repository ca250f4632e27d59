"""Reading one environment variable at a time and collecting what is wrong with them; knows no setting."""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Choice = TypeVar("Choice", bound=str)

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})")
_MAIL_ADDRESS = re.compile(r"([^<>\r\n]*<)?[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+>?")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (RSA )?PRIVATE KEY-----\s.+\s-----END (RSA )?PRIVATE KEY-----\s*", re.DOTALL
)


class SettingsError(Exception):
    """The environment has mistakes; all of them, one a line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class Reader:
    """Typed values of variables. A wrong one is noted and its default returned; `finish` raises what was noted.

    Messages repeat a value only where it cannot be a secret.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        # An empty variable is an unset one, as in compose files: `GATE_BIND=${BIND:-}`.
        self._environ = {name: value.strip() for name, value in environ.items() if value.strip()}
        self._known: set[str] = set()
        self._mistakes: list[str] = []

    def finish(self) -> None:
        """Raises: SettingsError, when anything was wrong or looks misspelt."""
        for name in sorted(self._environ):
            if name.startswith("GATE_") and name not in self._known:
                # Other GATE_ variables are not ours to refuse: Kubernetes makes some for a service named gate.
                for meant in difflib.get_close_matches(name, sorted(self._known), n=1, cutoff=0.85):
                    self.mistake(name, f"is no setting; did you mean {meant}?")
        if self._mistakes:
            raise SettingsError(self._mistakes)

    def mistake(self, name: str, text: str) -> None:
        self._mistakes.append(f"{name}: {text}")

    def has(self, name: str) -> bool:
        return self._get(name) != ""

    def text(self, name: str) -> str:
        return self._get(name)

    def secret(self, name: str) -> str:
        """As `text`; named so that no message ever repeats it."""
        return self._get(name)

    def integer(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        value = self._get(name)
        if not value:
            return default
        if re.fullmatch(r"[0-9]{1,20}", value) and lowest <= int(value) <= highest:
            return int(value)
        self.mistake(name, f"expected a whole number from {lowest} to {highest}, got {_short(value)}")
        return default

    def choice(self, name: str, default: Choice, allowed: tuple[Choice, ...]) -> Choice:
        value = self._get(name).lower()
        if not value:
            return default
        for choice in allowed:
            if choice == value:
                return choice
        self.mistake(name, f"expected one of {', '.join(allowed)}, got {_short(value)}")
        return default

    def url(self, name: str, default: str, *, schemes: tuple[str, ...]) -> str:
        """Without a slash at the end."""
        value = self._get(name)
        return self._url(name, value, schemes) if value else default

    def urls(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Separated by white space."""
        values = self._get(name).split()
        return tuple(self._url(name, value, ("https", "http", "file")) for value in values) or default

    def address(self, name: str) -> str:
        """HOST:PORT to listen on."""
        value = self._get(name)
        match = _ADDRESS.fullmatch(value)
        if match is None or not 0 < int(match[2]) < 65536:
            self.mistake(name, f"expected HOST:PORT, as in 0.0.0.0:8000, got {_short(value)}")
            return "127.0.0.1:8000"
        return value

    def mail_address(self, name: str) -> str:
        value = self._get(name)
        if value and not _MAIL_ADDRESS.fullmatch(value):
            self.mistake(name, f"expected an address, as in Gate <gate@example.org>, got {_short(value)}")
        return value

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path; whether it exists is seen when it is used."""
        return Path(self._get(name) or default).expanduser().absolute()

    def fernet_key(self, name: str) -> str:
        value = self._get(name)
        try:
            fits = not value or len(base64.urlsafe_b64decode(value)) == 32
        except (binascii.Error, ValueError):
            fits = False
        if not fits:
            self.mistake(
                name,
                "expected 32 bytes in URL-safe base64 (44 characters); leave it unset and Gate makes one",
            )
        return value

    def private_key(self, name: str, file_name: str) -> str:
        """A PEM key, from the variable (line ends may be written as backslash n) or from the named file."""
        value, path = self._get(name), self._get(file_name)
        if value and path:
            self.mistake(name, f"is set, and {file_name} is too: set one of them")
            return ""
        if path:
            try:
                value = Path(path).read_text(encoding="ascii")
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "not a text file"
                self.mistake(file_name, f"cannot read {_short(path)}: {reason}")
                return ""
        value = value.replace("\\n", "\n")
        if value and not _PRIVATE_KEY.fullmatch(value.strip()):
            self.mistake(file_name if path else name, "expected the App's private key as PEM")
        return value

    def _get(self, name: str) -> str:
        self._known.add(name)
        return self._environ.get(name, "")

    def _url(self, name: str, value: str, schemes: tuple[str, ...]) -> str:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in schemes and (parts.scheme == "file" or bool(parts.hostname))
            _ = parts.port
        except ValueError:
            fits, parts = False, urlsplit("")
        if fits:
            return value.rstrip("/")
        # The user part may hold a password.
        shown = _short(value) if "@" not in value else "one with a user part"
        self.mistake(name, f"expected an address with {' or '.join(s + '://' for s in schemes)}, got {shown}")
        return ""


def _short(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")
