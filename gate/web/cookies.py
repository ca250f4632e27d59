"""Cookies as we set them: for this service alone, out of reach of scripts, and not sent along with what others' pages post."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request

from gate.settings import Settings
from gate.web.address import encrypted, root

SESSION = "gate_session"
SIGN_IN = "gate_sign_in"


def read(settings: Settings, name: str) -> str:
    """The cookie's value in this request; empty without one."""
    return request.cookies.get(_full_name(settings, name), "")


def put(answer: Response, settings: Settings, name: str, value: str, life: timedelta) -> None:
    """Set it for so long. It comes back with visits from elsewhere, but with nothing that other sites send: `SameSite=Lax`."""
    answer.set_cookie(
        _full_name(settings, name),
        value,
        max_age=life,
        path=root(settings) or "/",
        httponly=True,
        secure=encrypted(settings),
        samesite="Lax",
    )


def drop(answer: Response, settings: Settings, name: str) -> None:
    """Have the browser forget it."""
    answer.delete_cookie(
        _full_name(settings, name),
        path=root(settings) or "/",
        httponly=True,
        secure=encrypted(settings),
        samesite="Lax",
    )


def _full_name(settings: Settings, name: str) -> str:
    """With the prefix that keeps others, on neighbouring names or without encryption, from setting one of ours.

    Source: RFC 6265bis, section 4.1.3; `__Host-` is for the path `/` only.
    """
    if not encrypted(settings):
        return name
    return f"__Secure-{name}" if root(settings) else f"__Host-{name}"
