"""Inputs that are almost right: bytes, JSON values and addresses, changed at a few places by a seeded random generator."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    float("inf"),
    float("nan"),
    "",
    " ",
    "\0",
    "\ud800",
    "\u202e",
    "é" * 300,
    "a" * 70_000,
    "-x",
    "--upload-pack=id",
    "../../etc/passwd",
    "refs/heads/../x",
    "0" * 40,
    "g" * 40,
    "=1+1",
    "<script>",
    "{{7*7}}",
    "1e400",
    "9999-99-99T99:99:99Z",
    "0001-01-01T00:00:00+23:59",
    [],
    {},
    [[]],
    [None] * 50,
    {"": {}},
    {"id": {}},
)
"""What stands for a value where another one is expected; every JSON kind, and texts that mean something elsewhere."""

TOKENS = (
    b"",
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r\n",
    b"\t",
    b"\x0b",
    b"\x85",
    b" " * 50,
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b'"',
    b'"""',
    b"'''",
    b"\\",
    b"#",
    b"=",
    b"%(x)s",
    b"${X}",
    b"{[testenv]deps}",
    b"*" * 9,
    b"**/",
    b"!",
    b"[!a-",
    b"-r x.txt",
    b"-e .",
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"nan",
    b"a." * 60,
    b"&a [*a]",
    b"import os",
    b"lambda:",
    b"@" * 20,
)
"""What means something to one of the parsers, at a place where it may not."""

_LARGEST = 40_000


def text(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, changed at up to eight places; one in twenty is bytes without any sense."""
    if random.random() < 0.05:
        return random.randbytes(random.randrange(300))
    made = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        _change(random, made, seeds)
    return bytes(made[:_LARGEST])


def _change(random: Random, made: bytearray, seeds: Sequence[bytes]) -> None:
    start = random.randrange(len(made) + 1)
    end = min(len(made), start + random.choice((0, 1, 1, 2, 8, 40, 400)))
    match random.randrange(8):
        case 0:
            del made[start:end]
        case 1:
            made[start:start] = random.choice(TOKENS)
        case 2:
            made[start:end] = random.choice(TOKENS)
        case 3:
            made[start:start] = made[start:end] * random.choice((1, 2, 30))
        case 4:
            other = random.choice(seeds)
            at = random.randrange(len(other) + 1)
            made[start:end] = other[at : at + random.choice((1, 10, 200))]
        case 5:
            made[start:end] = random.randbytes(end - start)
        case 6:
            lines = made.splitlines(keepends=True)
            random.shuffle(lines)
            made[:] = b"".join(lines)
        case _:
            del made[start:]


def value(random: Random, seed: Any) -> Any:
    """The JSON value, changed at one to four places; the seed stays as it is."""
    for _ in range(random.choice((1, 1, 2, 4))):
        seed = _changed(random, seed)
    return seed


def _changed(random: Random, seed: Any) -> Any:
    if random.random() < 0.07:
        return random.choice(HOSTILE)
    if isinstance(seed, dict) and seed:
        return _changed_object(random, seed)
    if isinstance(seed, list) and seed:
        return _changed_list(random, seed)
    if isinstance(seed, str) and random.random() < 0.4:
        changed = text(random, [seed.encode("utf-8", "surrogatepass")])
        return changed.decode("utf-8", "surrogateescape")
    return random.choice(HOSTILE)


def _changed_object(random: Random, seed: dict[str, Any]) -> dict[str, Any]:
    key = random.choice(list(seed))
    match random.randrange(12):
        case 0:
            return {name: item for name, item in seed.items() if name != key}
        case 1:
            return seed | {random.choice((*seed, "unknown", "")): random.choice(HOSTILE)}
        case _:
            return seed | {key: _changed(random, seed[key])}


def _changed_list(random: Random, seed: list[Any]) -> list[Any]:
    at = random.randrange(len(seed))
    match random.randrange(12):
        case 0:
            return seed[:at] + seed[at + 1 :]
        case 1:
            return seed[:at] + [seed[at]] * 3 + seed[at:]
        case _:
            return [*seed[:at], _changed(random, seed[at]), *seed[at + 1 :]]
