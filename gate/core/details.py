"""The collapsed details of a check's summary, and reasons as list items: Markdown made of facts.

Rows stand worst first, since a summary that is too long loses its last ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import assert_never

from gate.core import worst_first
from gate.core.annotation import ranges
from gate.core.comparison import (
    ComplexityFacts,
    CoverageFacts,
    FindingChange,
    FunctionChange,
    Ratio,
    SecurityFacts,
    Unmeasured,
)
from gate.core.gate_table import NOTHING, limit
from gate.core.links import Links
from gate.core.markdown import Section, clean, code, escape, joined, link, pieces, shorten, table
from gate.core.percent import change, percent
from gate.core.verdict import CheckVerdict, Reason

_RANGES_A_FILE = 12
_CONTRIBUTORS = 4
_NAME_CHARACTERS = 300


def details(check: CheckVerdict, links: Links) -> list[Section]:
    """The sections below what decides: what changed, what is reported without being judged, what was not measured."""
    notes = Section(f"Reported, not judged ({len(check.notes):,})", items(check.notes, links), collapsed=True)
    match check.facts:
        case None:
            return [notes]
        case CoverageFacts() as coverage:
            unmeasured = [
                Unmeasured(path, 0, "it has no measurement", True, False) for path in coverage.unmeasured
            ]
            return [_files(coverage, links), notes, _unmeasured(unmeasured, links)]
        case ComplexityFacts() as complexity:
            functions = _functions(complexity, limit(check, "maximum"), links)
            return [functions, notes, _unmeasured(complexity.unmeasured, links)]
        case SecurityFacts() as security:
            return [*_findings(security, links), notes, _unmeasured(security.unmeasured, links)]
        case _:
            assert_never(check.facts)


def items(reasons: Sequence[Reason], links: Links, *, numbered: bool = False) -> tuple[str, ...]:
    """One list item a reason: its sentence, with the thing it names linked to its lines at the head."""
    return tuple(
        f"{f'{number}.' if numbered else '-'} {_sentence(reason, links)}"
        for number, reason in enumerate(reasons, 1)
    )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}\N{EN DASH}{last}"


def _sentence(reason: Reason, links: Links) -> str:
    """The text with names and paths as code; the first of them is the link, or one is added at the end."""
    url = links.blob(reason.path, reason.line, reason.end_line)
    names = {clean(name) for name in (reason.path, reason.name)} - {""}
    sentence: list[str] = []
    for piece, is_code in _pieces(shorten(clean(reason.text), 500), names):
        shown = code(piece) if is_code else escape(piece)
        if url and piece in names:
            shown, url = link(shown, url), ""
        sentence.append(shown)
    if reason.path and (url or not links.web_url) and clean(reason.path) not in reason.text:
        sentence.append(f" ({link(named(_place(reason.path, reason.line)), url)})")
    return joined(sentence)


def _pieces(text: str, names: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Like `pieces`, with the names as code too; whole ones only: `get` is not to be marked inside `target`."""
    alternatives = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    for piece, is_code in pieces(text):
        if is_code or not names:
            yield piece, is_code
            continue
        parts = re.split(rf"(?<![\w./])({alternatives})(?![\w/])", piece)
        yield from ((part, index % 2 == 1) for index, part in enumerate(parts) if part)


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def named(name: str) -> str:
    """A name or path as code; what is longer than names are is cut."""
    return code(shorten(clean(name), _NAME_CHARACTERS))


def section(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Section:
    """A collapsed table, its number of rows in the title; a header ending in `:` is set right."""
    lines = table(header, rows).split("\n")
    return Section(f"{title} ({len(rows):,})", tuple(lines[2:]), "\n".join(lines[:2]), collapsed=True)


def _files(facts: CoverageFacts, links: Links) -> Section:
    rows = [
        (
            link(named(file.path), links.blob(file.path)),
            linked_ranges(file.path, file.uncovered, links),
            linked_ranges(file.path, file.lost, links),
            file_share(file.base, file.head),
        )
        for file in worst_first.files(facts)
    ]
    return section(
        "Changed files", ("File", "Changed lines not tested", "Lines that lost tests", "File:"), rows
    )


def linked_ranges(path: str, lines: Sequence[int], links: Links) -> str:
    """Lines of a file of the head as ranges, each a link."""
    found = ranges(lines)
    shown = [
        link(_range(first, last), links.blob(path, first, last)) for first, last in found[:_RANGES_A_FILE]
    ]
    more = f" and {len(found) - _RANGES_A_FILE:,} more" if len(found) > _RANGES_A_FILE else ""
    return (", ".join(shown) + more) or NOTHING


def file_share(base: Ratio | None, head: Ratio | None) -> str:
    """How much of a file tests run, and how that changed."""
    if head is None:
        return "not measured"
    difference = "new" if base is None else change(base, head)
    return percent(head) + (f" ({difference})" if difference else "")


def _functions(facts: ComplexityFacts, maximum: int | str | None, links: Links) -> Section:
    return section(
        "Changed functions",
        ("Function", "File", "Before:", "Now:", "Limit:", "Status", "Largest contributors"),
        [_function(function, maximum, links) for function in worst_first.functions(facts)],
    )


def _function(function: FunctionChange, maximum: int | str | None, links: Links) -> tuple[str, ...]:
    removed = function.after is None
    blob = links.base_blob if removed else links.blob
    path, line = function.path, function.line
    return (
        link(named(function.name), blob(path, line)),
        named(_place(path, line)),
        NOTHING if function.before is None else str(function.before),
        NOTHING if removed else str(function.after),
        NOTHING if maximum is None or removed or not function.judged else str(maximum),
        function.status if function.judged else f"{function.status}, not judged",
        _contributors(function, links) if not removed else NOTHING,
    )


def _contributors(function: FunctionChange, links: Links) -> str:
    largest = sorted(function.contributors, key=lambda pair: (-pair[1], pair[0]))[:_CONTRIBUTORS]
    shown = [f"{link(f'line {line}', links.blob(function.path, line))} +{points}" for line, points in largest]
    return ", ".join(shown) or NOTHING


def _findings(facts: SecurityFacts, links: Links) -> list[Section]:
    header = ("Severity", "Confidence", "Rule", "Place", "What")
    kinds = (
        ("New findings", facts.introduced, links.blob),
        ("Fixed findings", facts.fixed, links.base_blob),
        ("Findings hidden by a comment that names the rule, in changed files", facts.suppressed, links.blob),
    )
    sections = [
        section(
            title,
            header,
            [
                _finding(found, blob(found.path, found.finding.line))
                for found in worst_first.findings(changes)
            ],
        )
        for title, changes, blob in kinds
    ]
    count = len(facts.persisting) + facts.persisting_elsewhere
    noun = "finding" if count == 1 else "findings"
    line = (f"{count:,} {noun} in code this change did not bring; not counted.",) if count else ()
    return [*sections, Section("Elsewhere", line, collapsed=True)]


def _finding(change: FindingChange, url: str) -> tuple[str, ...]:
    finding = change.finding
    text = escape(shorten(finding.text, 200)) + ("" if change.judged else " (not judged)")
    place = link(named(_place(change.path, finding.line)), url)
    return finding.severity, finding.confidence, named(finding.rule), place, text


def _unmeasured(files: Sequence[Unmeasured], links: Links) -> Section:
    rows = [
        (
            link(named(_place(file.path, file.line)), links.blob(file.path, file.line)),
            escape(shorten(file.text, 200)),
            "Gate's" if file.ours else "the file's",
        )
        for file in files
    ]
    return section("Files not measured", ("File", "Why", "Cause"), rows)
