"""The linguist attributes of a tree's files, from the `.gitattributes` files in that same tree.

`git check-attr --source` would say it, but needs git 2.40; Debian 12 has 2.39. So the files are read here and their
patterns matched by pathspec, with git's differences from ignore patterns: a pattern never matches what is inside a
folder it names, there are no negative patterns, and the last matching line wins for each attribute by itself.
Source: https://git-scm.com/docs/gitattributes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.basic import GitIgnoreBasicPattern

from gate.core.globs import decided
from gate.core.source import unmarked
from gate.git.changes import unquoted

NAMES = ("linguist-generated", "linguist-vendored")

_LINE_LIMIT = 2048
"""Longer lines are ignored, as git does (ATTR_MAX_LINE_LENGTH)."""

_MOST_RULES = 1000
"""Of all files together; every path is held against each. Later ones are ignored."""

_FILE_END = "\0"
"""No path holds it. Put behind pattern and path it keeps pathspec from matching what is inside a folder."""

_LINE = re.compile(rb'("(?:[^"\\]|\\.)*"|[^ \t]+)[ \t]*(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    states: Mapping[str, bool | None]


def attributes(files: Mapping[str, bytes]) -> Callable[[str], frozenset[str]]:
    """Which of NAMES are set for a path, as a function; `files` maps `.gitattributes` paths to contents."""
    folders: dict[str, list[_Rule]] = {}
    macros: dict[str, dict[str, bool | None]] = {}
    for path in sorted(files):
        folder = path.rpartition("/")[0]
        left = _MOST_RULES - sum(map(len, folders.values()))
        folders[folder] = _rules(files[path], macros, defines_macros=not folder)[:left]
    if not any(folders.values()):
        return unmarked
    return partial(_set_for, folders)


def _set_for(folders: Mapping[str, list[_Rule]], path: str) -> frozenset[str]:
    """The nearer file has the last word, so the folders are gone through from the root down."""
    states: dict[str, bool | None] = {}
    parts = path.split("/")
    for depth in range(len(parts)):
        inside = "/".join(parts[depth:]) + _FILE_END
        for rule in folders.get("/".join(parts[:depth]), ()):
            if rule.pattern.match(inside):
                states.update(rule.states)
    return frozenset(name for name, state in states.items() if state)


def _rules(content: bytes, macros: dict[str, dict[str, bool | None]], *, defines_macros: bool) -> list[_Rule]:
    rules = []
    for raw in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        line = raw.strip(b" \t\r")
        found = _LINE.fullmatch(line)
        if found is None or line.startswith(b"#") or len(raw) >= _LINE_LIMIT:
            continue
        name = unquoted(found[1])
        states = _states(found[2].decode("utf-8", "surrogateescape").split(), macros)
        if name.startswith("[attr]"):
            if defines_macros:
                macros[name.removeprefix("[attr]")] = states
        elif states and (pattern := _compiled(name)) is not None:
            rules.append(_Rule(pattern, states))
    return rules


def _states(words: Iterable[str], macros: Mapping[str, Mapping[str, bool | None]]) -> dict[str, bool | None]:
    """What a line says of NAMES: set, unset, or (None) back to unspecified; `=true` counts as set, as linguist does."""
    states: dict[str, bool | None] = {}
    for word in words:
        name, _, value = word.lstrip("-!").partition("=")
        if name in macros and not word.startswith(("-", "!")):
            states.update(macros[name])
        if name in NAMES:
            states[name] = None if word.startswith("!") else not word.startswith("-") and value != "false"
    return states


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as a regular expression; None where it cannot match a file (`folder/`) or is not allowed (`!x`)."""
    if pattern.startswith("!") or pattern.endswith("/"):
        return None
    ended = pattern if pattern.endswith("/**") else pattern + _FILE_END
    try:
        expression, _ = GitIgnoreBasicPattern.pattern_to_regex(ended)
        return re.compile(decided(expression), re.DOTALL) if isinstance(expression, str) else None
    except (GitIgnorePatternError, re.error):
        return None
