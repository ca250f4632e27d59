"""What to tell people about a permission the App was not granted: which one, and where an owner grants it. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gate.core.failure import MissingPermission
from gate.github.failure import NotGrantedError

_LEVELS = ("read", "write", "admin")


def missing(
    refusal: NotGrantedError, wanted: Mapping[str, str], installation: Mapping[str, Any]
) -> MissingPermission:
    """The failure of a request that `wanted` these permissions; `installation` as GitHub shows it, empty if unknown."""
    names = _accepted(refusal.accepted) or _not_held(wanted, installation.get("permissions"))
    which = f" It lacks the permission {names}." if names else ""
    place = f" at {installation['html_url']}" if "html_url" in installation else " on its installation page"
    return MissingPermission(
        f"{refusal}{which} An owner of the account has to accept the App's permissions{place}."
    )


def lacking(wanted: Mapping[str, str], held: Mapping[str, object]) -> dict[str, str]:
    """The wanted permissions (name to level) that are not held, or at too low a level; every App may read metadata."""
    held = {"metadata": "read", **held}
    return {name: level for name, level in wanted.items() if _level(held.get(name)) < _level(level)}


def _accepted(header: str) -> str:
    """What GitHub names: sets of permissions, any one of which is enough.

    Source: https://github.blog/changelog/2023-08-10-x-accepted-github-permissions-header-for-fine-grained-permission-actors
    """
    sets = [one.strip().replace("=", ": ").replace(",", " and ") for one in header.split(";")]
    return " or ".join(" ".join(one.split()) for one in sets if one)


def _not_held(wanted: Mapping[str, str], held: object) -> str:
    if not isinstance(held, Mapping):
        return ""
    return " and ".join(f"{name}: {level}" for name, level in sorted(lacking(wanted, held).items()))


def _level(name: object) -> int:
    return _LEVELS.index(name) if name in _LEVELS else -1
