"""The weekly mail as plain text: for those who read no HTML, with everything the HTML says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import TextWrapper

from gate.core.digest.sparkline import sparkline
from gate.core.digest.values import Chapter, Digest, Number
from gate.core.percent import NO_BREAK_SPACE

_WIDTH = 72


def text(digest: Digest) -> str:
    """Lines of 72 characters, but for addresses of pages."""
    many = len(digest.chapters) + len(digest.silent) + len(digest.shortened) > 1
    lines = [f"Weekly report, {digest.period}", "", *_wrapped(digest.headline)]
    if not many:
        lines.append(digest.chapters[0].name)
    lines += ["", *_heading("Look at these first")]
    for number, item in enumerate(digest.items, 1):
        lines += [
            *_wrapped(item.text, f"{number}. ", "   "),
            *_wrapped(item.detail, "   ", "   "),
            f"   {item.url}",
        ]
    if not digest.items:
        lines.append("Nothing needs you this week.")
    for chapter in digest.chapters:
        lines += ["", *_chapter(chapter, many=many)]
    lines += _rest(digest)
    lines += [
        "",
        f"Open the dashboard: {digest.overview_url if many else digest.chapters[0].url}",
        "",
        "-- ",
        *_because(digest),
    ]
    return "\n".join(lines).replace(NO_BREAK_SPACE, " ") + "\n"


def _chapter(chapter: Chapter, *, many: bool) -> Iterator[str]:
    if many:
        yield from _heading(chapter.name)
        yield from _wrapped(chapter.headline)
        yield ""
    yield from _table(
        [(one.title, one.value, _change(one), sparkline(one.values)) for one in chapter.numbers]
    )
    yield ""
    yield from _heading(f"Pull requests, {len(chapter.rows) + chapter.more_rows} of {chapter.seen}")
    yield from _wrapped(chapter.counts)
    for row in chapter.rows:
        yield from _wrapped(f"#{row.number} {row.title}: {row.result}, coverage {row.coverage}", "- ", "  ")
        yield f"  {row.url}"
    if chapter.more_rows:
        yield f"- and {chapter.more_rows} more"
    for title, lines in sections(chapter):
        yield ""
        yield from _heading(title)
        for line in lines:
            yield from _wrapped(line, "- ", "  ")
    if many:
        yield ""
        yield chapter.url


def sections(chapter: Chapter) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(title, lines) of what else there is to say; nothing is left empty."""
    every = (
        ("Waivers", chapter.waivers),
        ("Slow drift", chapter.drifts),
        ("Policy changes", chapter.policy),
        ("Releases", chapter.releases),
    )
    yield from ((title, lines) for title, lines in every if lines)


def _rest(digest: Digest) -> Iterator[str]:
    if digest.shortened:
        yield ""
        yield from _heading("And in short")
        for name, headline in digest.shortened:
            yield from _wrapped(f"{name}: {headline}", "- ", "  ")
    if digest.silent:
        yield ""
        yield from _wrapped(f"Nothing happened in: {', '.join(digest.silent)}")


def _because(digest: Digest) -> Iterator[str]:
    yield "You get this because"
    for chapter in digest.chapters:
        yield from _wrapped(chapter.because, "- ", "  ")
        yield f"  Stop mail about it: {chapter.stop_url}"
    yield f"Stop every e-mail: {digest.stop_all_url}"


def _change(number: Number) -> str:
    return f"{number.arrow} {number.note}" if number.arrow else number.note


def _heading(title: str) -> list[str]:
    return [title, "-" * len(title)]


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for title, value, change, line in rows:
        cells = (title.ljust(widths[0]), value.rjust(widths[1]), change.ljust(widths[2]), line)
        yield "  ".join(cells).rstrip()


def _wrapped(line: str, first: str = "", further: str = "") -> list[str]:
    """The line in pieces; addresses and names are not broken at their hyphens."""
    return TextWrapper(
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_on_hyphens=False,
        break_long_words=False,
    ).wrap(line)
