"""A mail server on this machine that keeps what it takes, and fails the way a test says."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from gate.core.relay import Relay


@dataclass
class Script:
    """What the server does, and what it has taken."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """(recipient, message) of each mail it said 250 to, or would have."""
    mail: str = ""
    """Answers by command instead of 250: `550 no such user`."""
    rcpt: dict[str, str] = field(default_factory=dict)
    data: str = ""
    cut_at: str = ""
    """Where it closes the connection: `connect`, `rcpt`, `data` (before it reads the message), `end` (after it has)."""
    connections: int = 0
    users: list[tuple[str, str]] = field(default_factory=list)
    slow: Any = None
    """Awaited before the message is taken."""


class _Server(SMTP):
    """aiosmtpd's server, that can be cut off in the middle."""

    script: Script

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  (the library's name)
        if self.script.cut_at == "data":
            self._cut()
            return
        await super().smtp_DATA(arg)

    def connection_made(self, transport: Any) -> None:
        self.script.connections += 1
        super().connection_made(transport)

    def _cut(self) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()


class _Handler:
    def __init__(self, script: Script) -> None:
        self._script = script

    async def handle_MAIL(  # noqa: N802  (the library's hook)
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._script.mail:
            return self._script.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._script.cut_at == "rcpt":
            server._cut()
        if address in self._script.rcpt:
            return self._script.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._script.slow is not None:
            await self._script.slow()
        if self._script.data:
            return self._script.data
        content = envelope.content
        assert isinstance(content, bytes)
        for recipient in envelope.rcpt_tos:
            self._script.taken.append((recipient, message_from_bytes(content, policy=policy.default)))
        if self._script.cut_at == "end":
            server._cut()
        return "250 taken"


@contextmanager
def mail_server(
    script: Script, *, tls: ssl.SSLContext | None = None, implicit: bool = False, password: str = ""
) -> Iterator[Relay]:
    """The relay to reach it by, without encryption; with `tls` it takes mail after STARTTLS, or TLS from the first byte."""

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        script.users.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == password, handled=False)

    def factory() -> _Server:
        made = _Server(
            _Handler(script),
            loop=loop,
            hostname="mail.test",
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            authenticator=authenticate if password else None,
            auth_require_tls=False,
        )
        made.script = script
        return made

    loop = asyncio.new_event_loop()
    # The library's own controller wants to know the port before there is one.
    server = loop.run_until_complete(
        loop.create_server(factory, "127.0.0.1", 0, ssl=tls if implicit else None)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Relay("127.0.0.1", server.sockets[0].getsockname()[1], "none")
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await server.wait_closed()
