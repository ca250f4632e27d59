"""The versions a project has locked, read from its lock file; whoever installs may hold itself to them.

A suite is known to pass with these versions; with the newest ones it may fail for no fault of the change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from gate.core import formats

LOCK_FILES = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""At the root; the first one there counts. All of them list packages with name and version."""

_MOST_BYTES = 16 * 1024 * 1024
_ELSEWHERE = frozenset({"git", "path", "url", "vcs", "directory", "archive", "editable", "virtual"})
"""What says that a package does not come from an index."""


def constraints(manifests: Mapping[str, bytes]) -> tuple[str, ...]:
    """`name==version` of every package that the lock file has from an index, sorted; of one with several versions, each with
    the marker that says where it counts, or none where a marker is missing.
    """
    locked: dict[str, dict[str, str]] = defaultdict(dict)
    name = next((name for name in LOCK_FILES if name in manifests), "")
    content = manifests.get(name, b"")
    for package in _pipenv_packages(content) if name == "Pipfile.lock" else _packages(content):
        source = package.get("source")
        kinds = {*package, *source} if isinstance(source, dict) else {*package}
        elsewhere = kinds & _ELSEWHERE or (isinstance(source, dict) and source.get("type") in _ELSEWHERE)
        try:
            named = canonicalize_name(str(package.get("name")), validate=True)
            version = str(Version(str(package.get("version"))))
        except ValueError:  # also of a number with thousands of digits, which nothing here can count
            continue
        locked[named]["" if elsewhere else version] = _marker(package)
    return tuple(text for name, versions in sorted(locked.items()) for text in _pins(name, versions))


def _pins(name: str, versions: Mapping[str, str]) -> list[str]:
    """The constraints of one package, whose markers stand by version."""
    if "" in versions:
        return []
    if len(versions) == 1:
        return [f"{name}=={version}" for version in versions]
    return (
        [f"{name}=={version} ; {marker}" for version, marker in versions.items()]
        if all(versions.values())
        else []
    )


def _marker(package: Mapping[str, Any]) -> str:
    """Where an entry counts, as a marker: uv lists alternatives, others have one; empty where it is not said."""
    alternatives = package.get("resolution-markers")
    texts = (
        alternatives if isinstance(alternatives, list) else [package.get("marker") or package.get("markers")]
    )
    try:
        made = [str(Marker(text)) for text in texts if isinstance(text, str)]
    except (InvalidMarker, RecursionError):
        return ""
    whole = len(made) == len(texts) and all(text.isprintable() for text in made)
    return " or ".join(f"({text})" for text in made) if whole else ""


def _pipenv_packages(content: bytes) -> Iterator[Mapping[str, Any]]:
    """The entries of a Pipfile.lock, those for development too; none of a broken or very large one."""
    if len(content) > _MOST_BYTES:
        return
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return
    for section in ("default", "develop"):
        entries = document.get(section) if isinstance(document, dict) else None
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if isinstance(entry, dict):
                version = str(entry.get("version", "")).removeprefix("==")
                yield {**entry, "name": name, "version": version}


def _packages(content: bytes) -> Iterator[Mapping[str, Any]]:
    """The entries of a lock file; none of a broken or very large one."""
    if len(content) > _MOST_BYTES:
        return
    try:
        document = formats.toml(content.decode(errors="replace"))
    except ValueError:
        return
    for key in ("package", "packages"):
        entries = document.get(key)
        yield from (
            (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()
        )
