"""GitHub Markdown from text nobody vouches for: file names, function names, messages of tools.

Whatever goes through here stays text: no link, mention, issue reference, HTML, heading or formula comes out of it, and
no secret. It does not know what a check is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WORD_JOINER = "\N{WORD JOINER}"
"""Between `@` and a name, or `#` and a number, it is invisible and keeps GitHub from making a link or telling somebody."""

_SECRETS = re.compile(
    r"gh[pousr]_[A-Za-z0-9._-]{36,}"  # tokens of GitHub, the stateless ones of 520 characters included
    r"|github_pat_[A-Za-z0-9_]{22,}"
    r"|(?<=://)[^/\s@]+@"  # user and password of a URL
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)
_SPACES = re.compile(r"[^\S\N{NO-BREAK SPACE}]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKS = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(rf"({_MARKS}{{4}}){_MARKS}+")
"""Marks above and below one letter; no language needs more than four, and many cover the lines around."""
_NOT_IN_SOURCE = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Control, direction and invisible characters, and ends of lines that are none to Python."""
_AUTOLINKS = re.compile(r"(?i)(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)|(?<=\bwww)(?=\.)|(?<=\w:)(?=//)")


def clean(text: str) -> str:
    """The text on one line, without secrets; control, direction and undecodable characters become U+FFFD.

    Of marks stacked on one letter the first four are left.
    """
    return _tamed(_SPACES.sub(" ", _SECRETS.sub("[redacted]", text)))


def clean_lines(text: str) -> list[str]:
    """The lines of an output, indented as they were, else as `clean` leaves them."""
    lines = _SECRETS.sub("[redacted]", text).splitlines()
    return [_tamed(line.expandtabs().rstrip()) for line in lines]


def _tamed(line: str) -> str:
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _STACKED.sub(r"\1", line))


def clean_source(line: str) -> str:
    """A line of source as it stands in its file, tabs as spaces; what could hide or turn text around becomes U+FFFD."""
    return _NOT_IN_SOURCE.sub("\N{REPLACEMENT CHARACTER}", _STACKED.sub(r"\1", line.expandtabs(4)))


def shorten(text: str, characters: int) -> str:
    """The text, or its beginning and an ellipsis, `characters` long at most."""
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def escape(text: str) -> str:
    """Markdown that shows exactly the cleaned text."""
    quiet = _AUTOLINKS.sub(WORD_JOINER, clean(text))
    escaped = re.sub(r"([\\`*_\[\]<>|~#])", r"\\\1", quiet.replace("&", "&amp;"))
    # A backslash does not keep GitHub from reading a formula between two dollar signs; an element of its own does.
    escaped = escaped.replace("$", "<span>$</span>")
    return re.sub(r"^([-+=]|\d+(?=[.)](?:\s|$)))", _escape_list_marker, escaped)


def code(text: str) -> str:
    """A code span of the cleaned text, fenced by more backticks than it holds; good in a table too."""
    shown = clean(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    padding = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def pieces(text: str) -> list[tuple[str, bool]]:
    """The cleaned sentence in pieces: (text, whether it is code). Code stands between two backticks; a lone one is itself."""
    parts = re.split(r"`([^`]+)`", clean(text))
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def prose(text: str) -> str:
    """Markdown of a sentence in which what stands between backticks is code."""
    return joined(code(piece) if is_code else escape(piece) for piece, is_code in pieces(text))


def joined(parts: Iterable[str]) -> str:
    """Pieces of Markdown in one line, kept apart where the fences of two code spans would become one."""
    line = ""
    for part in parts:
        line += (WORD_JOINER if line.endswith("`") and part.startswith("`") else "") + part
    return line


def link(label: str, url: str) -> str:
    """A link around a label that is Markdown already; the label alone without a URL. The URL must be percent-encoded."""
    return f"[{label}]({url})" if url else label


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; a header ending in `:` is set right."""
    marks = [":--" if not cell.endswith(":") else "--:" for cell in header]
    lines = [_row([cell.removesuffix(":") for cell in header]), "|" + "|".join(marks) + "|", *map(_row, rows)]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Section:
    """Part of a text that may lose its last rows when the text is too long; rows are Markdown on one line each."""

    title: str
    """Plain text."""
    rows: tuple[str, ...]
    start: str = ""
    """What stands before the rows: a table's header, or nothing."""
    collapsed: bool = False


def fit(head: str, sections: Sequence[Section], foot: str, *, limit_bytes: int) -> str:
    """Head, sections and foot with an empty line between, at most `limit_bytes` of UTF-8.

    Rows go first from the end of the last section, and the text says how many. Then sections go that have lost all rows,
    then the last lines of the head, and the foot only when it alone is too long.
    """
    kept = list(sections)
    for index in reversed(range(len(kept))):
        excess = _excess(head, kept, foot, limit_bytes)
        if excess <= 0:
            break
        kept[index] = _shortened(sections[index], _rows_that_save(sections[index], excess))
    while kept and _excess(head, kept, foot, limit_bytes) > 0:
        kept.pop()
    excess = _excess(head, kept, foot, limit_bytes)
    if excess > 0:
        head = _without_last_lines(head, excess)
    return _cut_bytes(_assemble(head, kept, foot), limit_bytes)


def missing(count: int) -> list[str]:
    """What stands in the place of rows or paragraphs that were left out; nothing where none was."""
    return [f"… and {count:,} more, see the full report."] if count > 0 else []


def _excess(head: str, sections: Sequence[Section], foot: str, limit_bytes: int) -> int:
    return len(_assemble(head, sections, foot).encode()) - limit_bytes


def _without_last_lines(head: str, excess_bytes: int) -> str:
    """The beginning of the head, to the end of a line where it has several, and a word that it goes on."""
    rest = "\n\n… see the full report."
    raw = head.encode()
    kept = raw[: max(0, len(raw) - excess_bytes - len(rest.encode()))].decode(errors="ignore")
    return f"{kept.rpartition(chr(10))[0].rstrip() or kept}{rest}"


def _escape_list_marker(match: re.Match[str]) -> str:
    marker = match.group()
    return f"{marker}\\" if marker.isdigit() else f"\\{marker}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows_that_save(section: Section, excess_bytes: int) -> int:
    """How many rows to keep so that `excess_bytes` and the note about the missing ones are won."""
    wanted = excess_bytes + len("".join(missing(len(section.rows))).encode()) + 2
    for kept in range(len(section.rows) - 1, -1, -1):
        wanted -= len(section.rows[kept].encode()) + 1
        if wanted <= 0:
            return kept
    return 0


def _shortened(section: Section, kept: int) -> Section:
    if kept == len(section.rows):
        return section
    start = section.start if kept else ""
    # The empty line ends a table or a list, so that the note does not become a row of it.
    rows = (*section.rows[:kept], "", *missing(len(section.rows) - kept))
    return Section(section.title, rows, start, section.collapsed)


def _assemble(head: str, sections: Sequence[Section], foot: str) -> str:
    shown = [_section(section) for section in sections if section.rows]
    return "\n\n".join(part for part in (head, *shown, foot) if part) + "\n"


def _section(section: Section) -> str:
    body = "\n".join(part for part in (section.start, *section.rows) if part or part == "").strip("\n")
    if section.collapsed:
        # GitHub renders Markdown inside <details> only after an empty line.
        title = html.escape(clean(section.title))
        return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
    return f"**{escape(section.title)}**\n\n{body}"


def _cut_bytes(text: str, limit_bytes: int) -> str:
    raw = text.encode()
    return text if len(raw) <= limit_bytes else raw[:limit_bytes].decode(errors="ignore")
