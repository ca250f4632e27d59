"""Jinja: pages and mails from `gate/templates`. Everything but plain text is escaped, and a name that is not there is an error, never an empty space.

It renders values it is handed and looks nothing up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from gate.core import worst_first
from gate.core.annotation import ranges
from gate.core.gate_table import limit, rows
from gate.core.markdown import clean, clean_lines, clean_source, pieces
from gate.core.percent import change, percent
from gate.core.source_page import part_of
from gate.core.summary import WORDS, without_word, would

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_STEPS = ((60, "minute"), (60 * 60, "hour"), (24 * 60 * 60, "day"), (7 * 24 * 60 * 60, "week"))


def render(template: str, /, **values: object) -> str:
    """The page `template`, e.g. `run.html.j2`.

    Raises: jinja2.UndefinedError when the template needs a value it was not given.
    """
    return _environment().get_template(template).render(**values)


def render_mail(template: str, /, **values: object) -> str:
    """The HTML part of a mail, e.g. `mail/weekly.html.j2`: every element bears its styles, for many clients read no others.

    What depends on the reader's screen stays in the head as well. Raises: as `render`.
    """
    return _inliner().inline(render(template, **values))


def age(time: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that counts at least one: `4 minutes ago`; the future counts as now."""
    seconds = int((now - time).total_seconds())
    for unit_seconds, unit in reversed(_STEPS):
        count = seconds // unit_seconds
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def exact(time: datetime) -> str:
    """`23 November 2026, 07:44 UTC`."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("txt.j2",), default_for_string=True, default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        age=age,
        day=_day,
        exact=exact,
        files=worst_first.files,
        findings=worst_first.findings,
        functions=worst_first.functions,
        gate_rows=rows,
        limit=limit,
        part_of=part_of,
        percent=percent,
        prose=_prose,
        readable=clean,
        readable_lines=clean_lines,
        readable_source=clean_source,
        ranges=_ranges,
        svg=Markup,  # what `gate.charts` has drawn, whose texts are escaped
        without_word=without_word,
        word=WORDS.__getitem__,
        would=would,
    )
    environment.globals.update(
        points=change,
        stylesheet_version=_version("gate.css"),
        script_version=_version("charts.js"),
    )
    return environment


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def _prose(text: str) -> Markup:
    """A sentence in which what stands between backticks is code; joining escapes what is not markup already."""
    shown = (Markup("<code>{}</code>").format(piece) if is_code else piece for piece, is_code in pieces(text))
    return Markup().join(shown)


def _ranges(lines: Sequence[int], most: int) -> tuple[Sequence[tuple[int, int]], int]:
    """The first `most` contiguous ranges, and how many are left out."""
    found = ranges(lines)
    return found[:most], max(0, len(found) - most)


def _version(name: str) -> str:
    """Part of the address of a file in `STATIC`, so that browsers may keep it for as long as it stays the same."""
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _day(day: date) -> str:
    """`2 Nov 2026`; of a time, its day in UTC."""
    at = day.astimezone(UTC) if isinstance(day, datetime) else day
    return f"{at.day} {at:%b %Y}"
