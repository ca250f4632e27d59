"""vl-convert: Vega-Lite specs to SVG for pages and to PNG for mail. It draws what it is handed and fetches nothing.

The specs are ours (`gate.core.chart`), never a user's. A process that has drawn must not fork and draw on in the child:
V8 does not survive it and would wait for ever, so the child is refused instead. Importing this module before a fork is
harmless, and what is forked to run another program is no concern.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from html import escape
from typing import TypeVar, cast

T = TypeVar("T", str, bytes)

VEGA_LITE = "6.4"
MOST_KEPT = 512
"""Drawings that are kept; an SVG of half a year has some 15 kB, one of three years up to 60 kB."""

_ROOT = re.compile(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>')
_drawing = threading.Lock()
"""vl-convert draws one at a time anyway; waiting here, the second to ask finds what the first one drew."""
_keeping = threading.Lock()
_kept: OrderedDict[str, str | bytes] = OrderedDict()
_drawn_by: set[int] = set()
"""The process that has drawn, if any; a forked child finds its parent here."""


def svg(spec: Mapping[str, object]) -> str:
    """The chart as an `<svg>` element to stand in a page: as wide as its place, labelled with the spec's `description`.

    Colours may be CSS variables, e.g. `var(--c1)`: they stand in presentation attributes. It holds no style and no script.
    Raises: ValueError, when Vega-Lite does not understand the spec or the spec names data elsewhere.
    """
    text = _canonical(spec)

    def draw() -> str:
        import vl_convert  # 84 MB, of which commands and workers that draw nothing need none

        drawn: str = vl_convert.vegalite_to_svg(text, vl_version=VEGA_LITE, allowed_base_urls=[])
        return _ROOT.sub(lambda root: _opening(root[1], str(spec.get("description", ""))), drawn, count=1)

    return _once(f"svg:{text}", draw)


def png(spec: Mapping[str, object], scale: float = 2.0) -> bytes:
    """The chart as a PNG of `scale` pixels for each of the spec's. Colours have to be literal.

    Raises: ValueError, see `svg`.
    """
    text = _canonical(spec)

    def draw() -> bytes:
        import vl_convert  # see `svg`

        drawn: bytes = vl_convert.vegalite_to_png(
            text, vl_version=VEGA_LITE, scale=scale, allowed_base_urls=[]
        )
        return drawn

    return _once(f"png:{scale}:{text}", draw)


def _canonical(spec: Mapping[str, object]) -> str:
    return json.dumps(spec, sort_keys=True, separators=(",", ":"))


def _opening(view_box: str, label: str) -> str:
    """The root's tag: as drawn it has a fixed size and says nothing to a screen reader."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{escape(view_box)}" width="100%" '
        f'role="group" aria-label="{escape(label)}">'
    )


def _once(what: str, draw: Callable[[], T]) -> T:
    """What was drawn before, or is drawn now; the least recently wanted ones are forgotten."""
    key = sha256(what.encode()).hexdigest()
    found = _find(key)
    if found is None:
        with _drawing:
            found = _find(key)
            if found is None:
                _claim()
                found = draw()
                _keep(key, found)
    return cast("T", found)


def _claim() -> None:
    """Raises: RuntimeError, in a child forked by a process that has drawn."""
    process = os.getpid()
    if _drawn_by - {process}:
        raise RuntimeError(
            "this process was forked from one that has drawn charts: drawing here would never end"
        )
    _drawn_by.add(process)


def _find(key: str) -> str | bytes | None:
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: str, drawn: str | bytes) -> None:
    with _keeping:
        _kept[key] = drawn
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
