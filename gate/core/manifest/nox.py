"""The sessions of noxfile.py that run tests, read as text: literal arguments of the calls it makes. It runs nothing.

Source: https://nox.thea.codes/en/stable/config.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from gate.core.manifest.literals import Token, Value, arguments, tokens, value
from gate.core.manifest.places import PLAIN, serves_tests
from gate.core.manifest.session import Session, installed, plain_variables, synced

FILE = "noxfile.py"
_MOST_BYTES = 128 * 1024
_MOST_SESSIONS = 50
_INSTALL = frozenset({"install"})
_RUN = frozenset({"run", "run_always", "run_install"})


def sessions(manifests: Mapping[str, bytes]) -> tuple[Session, ...]:
    """Those with a name for tests, the plainest names first."""
    source = manifests.get(FILE, b"")[:_MOST_BYTES].decode(errors="replace")
    found: list[Session] = []
    for name, body in _functions(tokens(source)):
        if serves_tests(name) and len(found) < _MOST_SESSIONS:
            found.append(_session(name, body))
    return tuple(sorted(found, key=lambda session: session.name.removeprefix("session ") not in PLAIN))


def _functions(found: Sequence[Token]) -> Iterator[tuple[str, Sequence[Token]]]:
    """(name of the session, tokens of its function) of each function with the decorator."""
    margins = [place for place, token in enumerate(found) if token.at_margin and token.kind != "newline"]
    is_session, name = False, ""
    for place, end in pairwise([*margins, len(found)]):
        line = found[place:end]
        words = [token.text for token in line[:4]]
        if words[0] == "@":
            if words[1:2] == ["session"] or words[1:4] == ["nox", ".", "session"]:
                is_session, name = True, _named(line)
        elif words[0] == "def":
            if is_session and len(words) > 1:
                yield name or words[1], line
            is_session, name = False, ""


def _named(decorator: Sequence[Token]) -> str:
    """The `name=` it gives."""
    for place, token in enumerate(decorator[:-2]):
        if token.text == "name" and decorator[place + 1].text == "=" and decorator[place + 2].kind == "text":
            return decorator[place + 2].text
    return ""


def _session(name: str, body: Sequence[Token]) -> Session:
    lines: list[str] = []
    extras: list[str] = []
    groups: list[str] = []
    commands: list[tuple[str, ...]] = []
    variables: list[tuple[str, object]] = []
    left_out: list[str] = []
    for verb, held, begin in _calls(body):
        if verb in _INSTALL:
            lines += installed(held.texts)
            left_out += [] if held.whole else [f"session {name}: what it installs is not all literal"]
        elif verb in _RUN and held.texts:
            more_extras, more_groups = synced(held.texts)
            extras += more_extras
            groups += more_groups
            commands.append(held.texts)
        variables += _environment(body, begin, held.end)
    return Session(
        source=FILE,
        name=f"session {name}",
        lines=tuple(lines),
        extras=tuple(extras),
        groups=tuple(groups),
        commands=tuple(commands),
        variables=plain_variables(variables),
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _calls(body: Sequence[Token]) -> Iterator[tuple[str, Value, int]]:
    """(method, arguments, place of the bracket) of each call of a method of the session."""
    past = 0
    for place in range(len(body) - 3):
        words = [token.text for token in body[place : place + 4]]
        if place < past or words[1] != "." or words[3] != "(" or words[0] not in {"session", "s"}:
            continue
        held = arguments(body, place + 3)
        past = held.end
        yield words[2], _positional(body, place + 3, held), place + 3


def _positional(body: Sequence[Token], begin: int, held: Value) -> Value:
    """The arguments; keywords such as `env=` make them no less literal."""
    keywords = any(
        token.text == "=" and token.depth == body[begin].depth + 1 for token in body[begin : held.end]
    )
    computed = any(
        token.text in {"*", "."} and token.depth == body[begin].depth + 1 for token in body[begin : held.end]
    )
    return Value(held.texts, whole=held.whole or (keywords and not computed), end=held.end)


def _environment(body: Sequence[Token], begin: int, end: int) -> list[tuple[str, object]]:
    """The literal variables of `env={...}` in a call."""
    for place in range(begin, end - 2):
        if body[place].text == "env" and body[place + 1].text == "=" and body[place + 2].text == "{":
            return [(name, texts[0]) for name, texts in value(body, place + 2, {}).table if len(texts) == 1]
    return []
