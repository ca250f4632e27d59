"""On which line of a configuration file a key stands, or one item of its list; for messages. It parses nothing.

Only keys that a real parser found are looked for, so the worst that can happen is a line that is not found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from gate.core import formats
from gate.core.policy.lines import Key, key_lines

_SECTION = re.compile(r"\[([^\]]+)\]")


def line_of(path: str, content: bytes, key: Key, items: Sequence[str] = ()) -> int:
    """The line, from 1, of the key, or of the first of these items among its values; 0 where there is none.

    The key is `("tool", "coverage", "report", "omit")` in TOML, `("coverage:report", "omit")` in an ini file,
    `("skips",)` in YAML.
    """
    text = content.decode(errors="replace").replace("\r\n", "\n")
    lines = text.split("\n")
    first, last = _span(path, text, lines, key)
    if not items or not first:
        return first
    written = {form for item in items for form in (item, json.dumps(item)[1:-1])}
    found = (
        number for number in range(first, last + 1) if any(each in lines[number - 1] for each in written)
    )
    return next(found, 0)


def _span(path: str, text: str, lines: list[str], key: Key) -> tuple[int, int]:
    """First and last line of a key with its value; (0, 0) where it is not to be found."""
    starts = _of_toml(text) if path.endswith(".toml") else _of_lines(path, lines)
    first = next((starts[key[:end]] for end in range(len(key), 0, -1) if key[:end] in starts), 0)
    if not first or (key not in starts and not path.endswith(".toml")):
        return 0, 0
    following = [line for line in starts.values() if line > first]
    return first, min(following, default=len(lines) + 1) - 1


def _of_toml(text: str) -> dict[Key, int]:
    try:
        formats.toml(text)
    except ValueError:
        return {}
    # Without the members of arrays, which are looked for by what they say.
    return {key: line for key, line in key_lines(text).items() if isinstance(key[-1], str)}


def _of_lines(path: str, lines: list[str]) -> dict[Key, int]:
    """Keys of an ini file with their section, or of the top of a YAML file; both begin at the margin."""
    sign = r":" if path.endswith((".yaml", ".yml")) else r"[=:]"
    option = re.compile(rf"[^\s#;\[][^=:]*(?={sign})")
    section: Key = ()
    starts: dict[Key, int] = {}
    for number, line in enumerate(lines, 1):
        if found := _SECTION.match(line):
            section = (found[1],)
            starts.setdefault(section, number)
        elif found := option.match(line):
            name = found[0].rstrip() if sign == ":" else found[0].rstrip().lower()
            starts[(*section, name)] = number  # of several the last one counts
    return starts
