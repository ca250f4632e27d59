"""Markdown from text nobody vouches for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with rich

from gate.core.details import items
from gate.core.links import Links
from gate.core.markdown import (
    WORD_JOINER,
    Section,
    clean,
    clean_source,
    code,
    escape,
    fit,
    link,
    prose,
    table,
)
from gate.core.verdict import Reason

HOSTILE = [
    "<script>alert(1)</script>.py",
    "<!-- gate:sticky -->.py",
    "@everyone.py",
    "see #12 and GH-12.py",
    "[click](https://evil.example).py",
    "![x](https://evil.example/pixel.png).py",
    "https://evil.example/a.py and www.evil.example",
    "`code`|**bold**|_it_.py",
    "``` a ``` `",
    "one\n\n# heading\n- list\n1. number",
    "# heading",
    "12. number",
    "- list",
    "</details></td>&lt;b&gt;",
    "| a | b |",
    "trailing backslash \\",
    "$\\href{https://evil.example}{x}$",
    "~~gone~~",
    "\u202egnp.exe",
    "`",
    "",
]
OURS = {"<span>", "</span>"}


def rendered(markdown: str) -> list[str]:
    """Everything but plain text and code that GitHub's Markdown makes of it."""
    found: list[str] = []
    for block in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown):
        found += [] if block.type in {"inline", "paragraph_open", "paragraph_close"} else [block.type]
        for token in block.children or []:
            if token.type not in {"text", "code_inline"} and token.content not in OURS:
                found.append(token.type)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """
    Escaped text makes no HTML, link, heading, list, mention or reference.
    """
    escaped = escape(text)

    assert rendered(escaped) == []
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.", re.sub(r"\\(?=\W)", "", escaped).replace("\\#", "#"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_in_their_code_span(text: str) -> None:
    """
    A code span ends where the name ends, also in a cell of a table.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(table(("File", "N:"), [(code(text), "1")]))

    cells = [token for token in tokens if token.type == "inline"][2:]
    assert [[child.type for child in cell.children or []] for cell in cells] == [["code_inline"], ["text"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Ordinary text stays as it is.
        ("71.4 % of changed lines", "71.4 % of changed lines"),
        ("a_b", r"a\_b"),
        # What Markdown would read.
        ("a < b & c", r"a \< b &amp; c"),
        ("1. first", "1\\. first"),
        ("costs $5", "costs <span>$</span>5"),
    ],
)
def test_escape_touches_only_what_markdown_reads(text: str, expected: str) -> None:
    """
    Escaping adds no more than is needed.
    """
    actual = escape(text)

    assert actual == expected


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_" + "a" * 36,
        "ghs_123456_" + "aB9._-" * 80,
        "ghp_" + "Z" * 40,
        "github_pat_" + "a" * 30,
        "https://x-access-token:hunter22@github.com/o/r",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIE cut off",
    ],
)
def test_secrets_are_redacted(secret: str) -> None:
    """
    Tokens, keys and passwords of URLs never reach people.
    """
    actual = clean(f"fatal: {secret} was refused")

    assert "[redacted]" in actual
    assert not re.search(r"gh[ps]_\w|github_pat_\w|hunter22|MIIE", actual)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n b\tc", "a b c"),
        ("bell\x07", "bell\N{REPLACEMENT CHARACTER}"),
        ("caf\udce9.py", "caf\N{REPLACEMENT CHARACTER}.py"),
        ("Z" + "\u0335" * 60 + "!", "Z" + "\u0335" * 4 + "!"),
    ],
)
def test_clean_text_is_one_line_of_unicode(text: str, expected: str) -> None:
    """
    Newlines become spaces; control and undecodable characters are replaced, stacked marks are few.
    """
    actual = clean(text)

    assert actual == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set `a_b` to *1*", r"set `a_b` to \*1\*"),
        ("a lone ` stays", r"a lone \` stays"),
        ("`<b>` and `` here", r"`<b>` and \`\` here"),
        ("`a``b`", f"`a`{WORD_JOINER}`b`"),
    ],
)
def test_prose_marks_code(text: str, expected: str) -> None:
    """
    What stands between two backticks is code; everything else is escaped.
    """
    actual = prose(text)

    assert actual == expected


@given(st.text("`@a<b>|#1 [](x)\\$&\n!:/.", max_size=40), st.text("`a<b>@|", max_size=6))
def test_whatever_a_sentence_holds_it_stays_text(text: str, name: str) -> None:
    """
    No mixture of backticks, names and Markdown gets out of its code spans.
    """
    reason = Reason("kind", text + name + text, name=name, path=name)

    (item,) = items([reason], Links("", "", "", "", ""))

    assert rendered(prose(text)) == []
    assert rendered(item.removeprefix("- ")) == []


def test_link_without_a_url_is_its_label() -> None:
    """
    Where there is no place to go, the label stands alone.
    """
    assert link("`a`", "") == "`a`"
    assert link("`a`", "https://x") == "[`a`](https://x)"


def test_urls_quote_paths() -> None:
    """
    A path cannot leave its URL; undecodable bytes go back to what they were.
    """
    links = Links("https://github.com/o/r", "abc", "def", "", "")

    assert links.blob("a) [b](c)/d?e#f.py", 3, 5) == (
        "https://github.com/o/r/blob/abc/a%29%20%5Bb%5D%28c%29/d%3Fe%23f.py#L3-L5"
    )
    assert links.base_blob("caf\udce9.py") == "https://github.com/o/r/blob/def/caf%E9.py"
    assert links.blob("") == ""
    assert links.commit("") == ""


@pytest.mark.parametrize("limit_bytes", [60, 100, 150, 200, 400, 1000])
def test_fit_never_exceeds_its_limit(limit_bytes: int) -> None:
    """
    However small the limit, the text fits in bytes; head and foot survive where they can.
    """
    rows = tuple(f"- zeile äöü {number}" for number in range(40))
    sections = [Section("One", rows), Section("Two", rows, collapsed=True)]

    actual = fit("Head.", sections, "Foot.", limit_bytes=limit_bytes)

    assert len(actual.encode()) <= limit_bytes
    assert actual.startswith("Head.")


def test_fit_drops_the_last_rows_first() -> None:
    """
    Rows of the last section go before those of the first, and the text counts them.
    """
    first = Section("First", tuple(f"- first {number}" for number in range(3)))
    last = Section("Last", tuple(f"- last {number}" for number in range(30)), collapsed=True)

    actual = fit("Head.", [first, last], "Foot.", limit_bytes=250)

    assert "- first 2" in actual
    assert "- last 0" in actual
    assert "- last 29" not in actual
    kept = actual.count("- last")
    assert f"… and {30 - kept} more, see the full report." in actual
    assert actual.endswith("Foot.\n")


def test_fit_keeps_whole_what_fits() -> None:
    """
    A text that fits is not touched, and an empty section is not shown.
    """
    actual = fit("Head.", [Section("Empty", ()), Section("Why", ("- a",))], "", limit_bytes=100)

    assert actual == "Head.\n\n**Why**\n\n- a\n"


def test_fit_cuts_the_head_last_and_keeps_the_foot() -> None:
    """
    Where the head alone is too long, its last lines go, at the end of a line, and the text says so.
    """
    head = "\n".join(f"line {number}" for number in range(100))

    actual = fit(head, [Section("Why", ("- a",))], "Foot.", limit_bytes=200)

    shown, word, foot = actual.split("\n\n")
    assert head.startswith(f"{shown}\n")
    assert (word, foot) == ("… see the full report.", "Foot.\n")
    assert 180 < len(actual.encode()) <= 200


def test_titles_are_text_inside_html_as_well() -> None:
    """
    What stands in a summary element is HTML to GitHub, not Markdown.
    """
    section = Section("Changed in <img src=x> & `a`", ("- a",), collapsed=True)

    actual = fit("", [section], "", limit_bytes=1000)

    assert "<summary>Changed in &lt;img src=x&gt; &amp; `a`</summary>" in actual


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\tif x:  # <b>", "    if x:  # <b>"),
        (
            "a\u202eb\u200b\x07\x0c\u2028\u061c",
            "a" + "\N{REPLACEMENT CHARACTER}" + "b" + "\N{REPLACEMENT CHARACTER}" * 5,
        ),
        ("caf\xe9 \udce9", "caf\xe9 \N{REPLACEMENT CHARACTER}"),
        ("token = 'ghp_" + "a" * 36 + "'", "token = 'ghp_" + "a" * 36 + "'"),
    ],
)
def test_lines_of_source_hide_nothing(line: str, expected: str) -> None:
    """
    They stay one line as it stands in the file, secrets included: whoever reads it may read the file.
    """
    assert clean_source(line) == expected
