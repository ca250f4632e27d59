"""Tox's environments that run tests, from tox.ini, setup.cfg, tox.toml or pyproject.toml. It runs nothing.

Source: https://tox.wiki/en/latest/config.html
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping, Sequence

from gate.core import formats
from gate.core.manifest.places import PLAIN, serves_others, serves_tests, words
from gate.core.manifest.reading import at, conditional, short, strings, table
from gate.core.manifest.requirement_files import lines
from gate.core.manifest.session import Session, plain_variables, split
from gate.core.manifest.tox_factors import UNKNOWN, conditioned, resolved

_MOST_BYTES = 256 * 1024
_MOST_SESSIONS = 50
_PYTHON = re.compile(r"py\d*|python\d*|3")
_DEEPEST = 4
"""Replacements within replacements of a TOML file."""


def sessions(manifests: Mapping[str, bytes], pyproject: Mapping[str, object]) -> tuple[Session, ...]:
    """Those for tests, the one that others go back to first. A broken file has none."""
    if "tox.ini" in manifests:
        return _of_ini("tox.ini", _text(manifests, "tox.ini"))
    found = _of_ini("setup.cfg", _text(manifests, "setup.cfg"))
    if found:
        return found
    legacy = at(pyproject, "tool", "tox").get("legacy_tox_ini")
    if isinstance(legacy, str):
        return _of_ini("pyproject.toml", legacy[:_MOST_BYTES])
    if "tox.toml" in manifests:
        try:
            return _of_tables("tox.toml", formats.toml(_text(manifests, "tox.toml")))
        except ValueError:
            return ()
    return _of_tables("pyproject.toml", at(pyproject, "tool", "tox"))


def _text(manifests: Mapping[str, bytes], path: str) -> str:
    return manifests.get(path, b"")[:_MOST_BYTES].decode(errors="replace")


def _is_for_tests(name: str) -> bool:
    """Whether an environment runs tests: its name says so, or names an interpreter and nothing else to do."""
    python = any(_PYTHON.fullmatch(word) for word in words(name))
    if any(word.startswith("pypy") for word in words(name)):
        return False  # Never our interpreter, and often a part of the tests.
    return serves_tests(name) or (python and not serves_others(name))


def _of_ini(source: str, text: str) -> tuple[Session, ...]:
    try:
        parser = formats.ini(text)
    except ValueError:
        return ()
    names = [
        section
        for section in parser.sections()
        if section == "testenv" or (section.startswith("testenv:") and _is_for_tests(section[8:]))
    ]
    names.sort(key=lambda section: (section != "testenv", section[8:] not in PLAIN))
    return tuple(_session(source, parser, section) for section in names[:_MOST_SESSIONS])


def _session(source: str, parser: configparser.ConfigParser, section: str) -> Session:
    def setting(*keys: str) -> str:
        """The value under any of the names that releases of tox have had for it, or that of the base."""
        for place in (section, "testenv"):
            for key in keys:
                if parser.has_option(place, key):
                    return parser.get(place, key)
        return ""

    required: list[str] = []
    left_out: list[str] = []
    for line in lines(resolved(setting("deps"), parser)):
        text, marker = conditioned(line)
        if marker is None or UNKNOWN in text:
            left_out.append(line.replace(UNKNOWN, "{...}"))
        else:
            required.append(conditional(text, marker))
    extras, groups = (
        tuple(_names(resolved(setting(key), parser))) for key in ("extras", "dependency_groups")
    )
    return Session(
        source=source,
        name=f"[{section}]",
        lines=tuple(map(_spaced, required)),
        extras=extras,
        groups=groups,
        commands=tuple(_commands(resolved(setting("commands"), parser))),
        variables=plain_variables(_variables(setting("setenv", "set_env"))),
        folder=_folder(resolved(setting("changedir", "change_dir"), parser)),
        left_out=_said(section, left_out) if parser.has_option(section, "deps") else (),
    )


def _said(section: str, lines: Sequence[str]) -> tuple[str, ...]:
    """One sentence about all lines that are left out of an environment."""
    if not lines:
        return ()
    others = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return (f"{short(lines[0])}{others} of [{section}]: only some of its environments need this",)


def _names(text: str) -> Iterator[str]:
    """The names of a list that hold in every environment."""
    for line in text.splitlines():
        listed, marker = conditioned(line.strip())
        if marker == "" and UNKNOWN not in listed:
            yield from filter(None, re.split(r"[\s,]+", listed))


def _spaced(line: str) -> str:
    """`-rFILE` as `-r FILE`; a path to the root as that of the root."""
    return re.sub(r"^(-[rce])\s*(?=\S)", r"\1 ", line)


def _commands(text: str) -> Iterator[tuple[str, ...]]:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        command, marker = conditioned(line.strip())
        found = split(command.lstrip("-! "))
        # A condition on the interpreter does not say what else runs the tests.
        if found and marker is not None:
            yield found


def _variables(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        assigned, marker = conditioned(line.strip())
        name, equals, value = assigned.partition("=")
        if equals and marker == "":
            yield name.strip(), value.strip()


def _folder(text: str) -> str | None:
    text = text.strip()
    if UNKNOWN in text or text.startswith("/") or ".." in text.split("/"):
        return None
    return "/".join(part for part in text.split("/") if part not in {"", "."})


def _of_tables(source: str, document: Mapping[str, object]) -> tuple[Session, ...]:
    base = table(document.get("env_run_base"))
    found = [_table_session(source, document, "env_run_base", base)] if base else []
    environments = table(document.get("env"))
    for name, value in sorted(environments.items(), key=lambda each: each[0] not in PLAIN):
        if _is_for_tests(name) and len(found) < _MOST_SESSIONS:
            found.append(_table_session(source, document, f"env.{name}", {**base, **table(value)}))
    return tuple(found)


def _table_session(
    source: str, document: Mapping[str, object], name: str, settings: Mapping[str, object]
) -> Session:
    def listed(key: str) -> list[str]:
        return [text for text in _texts(settings.get(key), document, 0) if UNKNOWN not in text]

    commands = settings.get("commands")
    found = [
        tuple(_texts(command, document, 0))
        for command in (commands if isinstance(commands, list) else [])
        if isinstance(command, list)
    ]
    folder = settings.get("change_dir", settings.get("changedir", ""))
    return Session(
        source=source,
        name=f"[{name}]",
        lines=tuple(map(_spaced, listed("deps"))),
        extras=tuple(listed("extras")),
        groups=tuple(listed("dependency_groups")),
        commands=tuple(command for command in found if command),
        variables=plain_variables(table(settings.get("set_env")).items()),
        folder=_folder(resolved(folder)) if isinstance(folder, str) else None,
    )


def _texts(value: object, document: Mapping[str, object], depth: int) -> list[str]:
    """The texts of a list, replacements followed as far as a few levels."""
    found: list[str] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, str):
            found.append(resolved(item))
        elif isinstance(item, dict) and depth < _DEEPEST and len(found) < 1000:
            keys = strings(item.get("of"))
            referred = at(document, *keys[:-1]).get(keys[-1]) if keys else item.get("default")
            found += _texts(referred, document, depth + 1)[:1000]
    return found
