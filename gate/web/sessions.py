"""Sessions: who a cookie's value stands for, and what GitHub lets them see, asked again every few minutes.

No request or answer is known here. It fails closed: what GitHub does not tell at the moment is not visible.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gate.core.failure import Permanent, Transient
from gate.core.user import UserTokens, UserView
from gate.store import SessionRecord

if TYPE_CHECKING:
    from gate.service import Service

LIFE = timedelta(days=7)
"""After so long one signs in again, however often one came by."""
IDLE = timedelta(hours=12)
"""After so long without a page."""
FRESH = timedelta(minutes=5)
"""So long a view holds: GitHub tells of no change of access that concerns one person."""
TROUBLED = timedelta(minutes=1)
"""So long one that GitHub told only in part, or not at all."""
REFRESH_AHEAD = timedelta(minutes=5)
"""A token that expires sooner than this is exchanged for the next one."""
CLAIM = timedelta(seconds=60)
"""So long a session's check is one process's own; longer than a refresh can take, for its second try would fail."""
WAIT_SECONDS = 10
"""That a request waits for another one's check."""

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOKS_A_SECOND = 10
_ASKING = threading.BoundedSemaphore(8)
"""Requests of this process that may ask GitHub, or wait for one that does, at the same time."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, as pages need it."""

    id: int
    login: str
    repositories: frozenset[int]
    """Ids of those GitHub lets them see."""
    trouble: str
    """Why some or all private repositories are not shown; empty when there is nothing to say."""
    form_token: str = field(repr=False)
    """In every form of the session: a page of others cannot know it."""


def begin(service: Service, tokens: UserTokens, view: UserView, *, instead_of: str = "") -> str:
    """The value of the cookie of a new session; one that this browser had before ends."""
    value, now = secrets.token_urlsafe(32), service.now()
    service.store.delete_expired_sessions(now)
    end(service, instead_of)
    service.store.save_session(
        SessionRecord(
            _digest(value),
            view,
            service.seal(tokens),
            created_at=now,
            checked_at=now,
            expires_at=now + IDLE,
        )
    )
    return value


def find(service: Service, value: str, *, at_once: bool = False) -> Visitor | None:
    """Who has the cookie; None when its session has ended, expired or never was.

    GitHub is asked when the last view is old, or `at_once`.
    """
    if not _VALUE.fullmatch(value):
        return None
    record, now = service.store.session(_digest(value)), service.now()
    if record is None or record.expires_at <= now:
        return None
    holds = TROUBLED if record.view.trouble else FRESH
    if at_once or now - record.checked_at >= holds:
        record = _checked(service, record)
    return _visitor(record, value) if record else None


def end(service: Service, value: str) -> None:
    """From now on the cookie stands for nobody."""
    if _VALUE.fullmatch(value):
        service.store.delete_session(_digest(value))


def _visitor(record: SessionRecord, value: str) -> Visitor:
    view = record.view
    token = hmac.new(value.encode(), b"form", hashlib.sha256).hexdigest()
    return Visitor(view.id, view.login, frozenset(view.repositories), view.trouble, token)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _checked(service: Service, record: SessionRecord) -> SessionRecord | None:
    """The session with a new view, asked for by this request or by one that came before."""
    late = replace(record, view=_blind(record.view, "GitHub has not answered yet; look again in a moment."))
    # Webhooks need threads too: when GitHub is slow, most people see nothing private rather than all of them wait.
    if not _ASKING.acquire(blocking=False):
        return late
    try:
        now = service.now()
        if service.store.claim_session(record, now=now, until=now + CLAIM):
            return _check(service, record)
        for _ in range(WAIT_SECONDS * _LOOKS_A_SECOND):
            found = service.store.session(record.digest)
            if found is None or found.claimed_until is None:
                return found
            time.sleep(1 / _LOOKS_A_SECOND)
    finally:
        _ASKING.release()
    return late


def _check(service: Service, record: SessionRecord) -> SessionRecord | None:
    """Asks GitHub who it is and what they may see. The session ends when GitHub does not take its tokens any more."""
    view = _view(service, record)
    if view is None or view.id != record.view.id:
        service.store.delete_session(record.digest)
        return None
    now = service.now()
    return service.store.keep_view(
        record.digest, view, checked_at=now, expires_at=min(now + IDLE, record.created_at + LIFE)
    )


def _view(service: Service, record: SessionRecord) -> UserView | None:
    """What GitHub says; None when it does not take the tokens any more, or nobody can read them."""
    try:
        tokens = service.unseal(UserTokens, record.tokens)
    except Permanent:
        service.telemetry.log.warning("session sealed with another key", user=record.view.id)
        return None
    try:
        usable = _usable(service, record, tokens)
        return service.users.view(usable.access) if usable else None
    except (Transient, Permanent) as error:
        service.telemetry.log.warning("repositories not told", user=record.view.id, error=str(error))
        return _blind(record.view, str(error))


def _usable(service: Service, record: SessionRecord, tokens: UserTokens) -> UserTokens | None:
    """Tokens that do not expire in a moment; None when GitHub gives none."""
    if tokens.access_expires_at is None or service.now() < tokens.access_expires_at - REFRESH_AHEAD:
        return tokens
    new = service.users.refresh(tokens) if tokens.refresh else None
    # Kept before anything else is tried: the old pair is worth nothing any more.
    kept = new is not None and service.store.keep_tokens(record.digest, service.seal(new))
    return new if kept else None


def _blind(view: UserView, trouble: str) -> UserView:
    """The person, who for the time being sees nothing private."""
    return replace(view, repositories=(), trouble=trouble)
