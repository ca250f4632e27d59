"""docs/policy.md in sentences: what samples stand for. It knows no sample."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

POLICY = Path(__file__).parents[2] / "docs" / "policy.md"
SECTIONS = (
    "Which policy, which revisions",
    "What is measured",
    "Coverage",
    "Complexity",
    "Security",
    "Components",
    "Guard",
    "Outcomes",
)
"""Those that say what is measured and what blocks; the rest is about the file itself."""
JUDGED_BY = ("coverage", "complexity", "security", "guard")
"""Tables of `.gate.toml` whose keys, in the example with the defaults, say what they do."""

_EXAMPLE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_END = re.compile(r"(?<=[.!?])[*)\"]*\s+(?=[A-Z`\"*(])")


def text() -> str:
    """The whole page, every run of blanks as one."""
    return " ".join(POLICY.read_text(encoding="utf-8").split())


def sentences() -> Iterator[str]:
    """Every sentence and row of a table in the sections, and the lines of the tables in the example; blanks as in `text`."""
    yield from _keys()
    for section in POLICY.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        if title.strip() in SECTIONS:
            for part in _parts(_EXAMPLE.sub("", body)):
                yield from [part] if part.startswith("|") else _sentences(part)


def _keys() -> Iterator[str]:
    table = ""
    example = POLICY.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    for line in example.splitlines():
        if line.startswith("["):
            table = line.partition("]")[0].strip("[")
        elif table in JUDGED_BY and line:
            yield " ".join(line.split())


def _parts(body: str) -> Iterator[str]:
    """Paragraphs, list items and the rows of tables that are no headings."""
    for block in re.split(r"\n\s*\n|\n(?=- )", body.strip()):
        lines = block.strip().split("\n")
        if lines[0].startswith("|"):
            yield from (" ".join(line.split()) for line in lines[2:])
        else:
            yield " ".join(block.removeprefix("- ").split())


def _sentences(part: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(part):
        yield part[start : end.start()]
        start = end.end()
    yield part[start:]
