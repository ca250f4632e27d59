"""The versions a project has locked, read from its lock file; whoever installs may hold itself to them.

A suite is known to pass with these versions; with the newest ones it may fail for no fault of the change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from gate.core import formats

LOCK_FILES = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""At the root; the first one there counts. All of them list packages with name and version."""

_MOST_BYTES = 16 * 1024 * 1024
_ELSEWHERE = frozenset({"git", "path", "url", "vcs", "directory", "archive", "editable", "virtual"})
"""What says that a package does not come from an index."""


def constraints(manifests: Mapping[str, bytes]) -> tuple[str, ...]:
    """`name==version` of every package that the lock file has in a single version and from an index, sorted."""
    versions: dict[str, set[str]] = defaultdict(set)
    name = next((name for name in LOCK_FILES if name in manifests), "")
    content = manifests.get(name, b"")
    for package in _pipenv_packages(content) if name == "Pipfile.lock" else _packages(content):
        source = package.get("source")
        kinds = {*package, *source} if isinstance(source, dict) else {*package}
        elsewhere = kinds & _ELSEWHERE or (isinstance(source, dict) and source.get("type") in _ELSEWHERE)
        try:
            named = canonicalize_name(str(package.get("name")), validate=True)
            version = str(Version(str(package.get("version"))))
        except (InvalidName, InvalidVersion):
            continue
        versions[named].add("" if elsewhere else version)
    single = {name: each.pop() for name, each in versions.items() if len(each) == 1}
    return tuple(f"{name}=={version}" for name, version in sorted(single.items()) if version)


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
