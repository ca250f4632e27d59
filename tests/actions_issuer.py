"""An issuer of tokens as GitHub Actions has one, over real HTTP on the loopback: its keys, and tokens with any claims."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

AUDIENCE = "https://gate.example"
SHA = "a" * 40


@cache
def rsa(name: str, bits: int = 2048) -> RSAPrivateKey:
    """A key; the same for the same name, for one takes a while."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key: RSAPrivateKey) -> bytes:
    """What an issuer publishes, in the form that somebody might take for a shared secret."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def jwk(name: str, key: RSAPrivateKey, **more: str) -> dict[str, Any]:
    """A public key as JWKS has it."""
    found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**found, "kid": name, "use": "sig", "alg": "RS256", **more}


class Issuer:
    """Answers `/.well-known/jwks`, and signs; what it answers can be changed meanwhile."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[dict[str, Any]] = [jwk("one", rsa("one"))]
        self.body: bytes | None = None
        """Answered instead of the keys."""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.looks: list[str] = []
        """Paths that were asked for."""
        self.job: dict[str, object] = {}
        """Claims of the job that asks for a token, where they are others."""

    def claims(self, **changed: object) -> dict[str, object]:
        """What GitHub says of a push; None leaves a claim out."""
        now = int(time.time())
        found = {
            "iss": self.url,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now - 300,
            "exp": now + 300,
            "sub": "repo:ada/engine:ref:refs/heads/main",
            "repository": "ada/engine",
            "repository_id": "7",
            "sha": SHA,
            "ref": "refs/heads/main",
            "event_name": "push",
            "workflow_ref": "ada/engine/.github/workflows/ci.yml@refs/heads/main",
            **changed,
        }
        return {name: value for name, value in found.items() if value is not None}

    def token(self, **changed: object) -> str:
        """Signed as GitHub does."""
        return signed(self.claims(**changed))

    @property
    def variables(self) -> dict[str, str]:
        """What GitHub sets in a job with `id-token: write`."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/request?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request",
        }

    def answer(self, path: str, authorization: str) -> bytes:
        """The document of keys, or a token for whoever has that of the job."""
        parts = urlsplit(path)
        if parts.path == "/request" and authorization == "Bearer request":
            (audience,) = parse_qs(parts.query)["audience"]
            return json.dumps({"value": self.token(aud=audience, **self.job)}).encode()
        return self.body if self.body is not None else json.dumps({"keys": self.keys}).encode()


def signed(
    claims: dict[str, object], *, key: Any = None, algorithm: str = "RS256", name: str | None = "one"
) -> str:
    """A token of these claims; the header names a key unless there is no name."""
    headers = {} if name is None else {"kid": name}
    return jwt.encode(claims, rsa("one") if key is None else key, algorithm=algorithm, headers=headers)


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer that answers until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.looks.append(self.path)
            body = issuer.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(issuer.status)
            for name, value in issuer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
