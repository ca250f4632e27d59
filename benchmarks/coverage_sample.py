"""A project with tests, written as text for `coverage_runs`: many modules of plain code, as libraries have it.

Its tests parse, sort and print, and read and write files, half of their time in C. So they cost under coverage what the
suites of itsdangerous, werkzeug and click cost; one of the smallest Python functions alone costs more. Nothing waits.
"""

from __future__ import annotations

from pathlib import Path

_MODULE = '''"""Module {number}: small ledgers as text, read, summed up and shown."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

_LINE = re.compile(r"(?P<day>\\d+)\\s+(?P<name>[a-z]+)\\s+(?P<amount>-?\\d+)(?:\\s+#\\s*(?P<note>.*))?")


class LedgerError(ValueError):
    """A line that says nothing."""


@dataclass(frozen=True)
class Entry:
    day: int
    name: str
    amount: int
    note: str = ""

    @property
    def is_credit(self) -> bool:
        return self.amount > 0

    def shifted(self, days: int) -> Entry:
        if not days:
            return self
        return replace(self, day=self.day + days)


def parse(text: str) -> list[Entry]:
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(";"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise LedgerError(f"line {{number}}: {{line!r}}")
        entries.append(
            Entry(int(found["day"]), found["name"], int(found["amount"]), found["note"] or "")
        )
    return entries


def totals(entries: list[Entry]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for entry in entries:
        found[entry.name] += entry.amount
    return dict(sorted(found.items()))


def balance(entries: list[Entry], until: int | None = None) -> int:
    kept = entries if until is None else [entry for entry in entries if entry.day <= until]
    return sum(entry.amount for entry in kept)


def months(entries: list[Entry]) -> dict[int, list[Entry]]:
    by_month: dict[int, list[Entry]] = {{}}
    for entry in sorted(entries, key=lambda each: (each.day, each.name)):
        by_month.setdefault(entry.day // 30, []).append(entry)
    return by_month


def table(entries: list[Entry]) -> str:
    if not entries:
        return "nothing"
    width = max(len(entry.name) for entry in entries)
    lines = []
    for entry in entries:
        sign = "+" if entry.is_credit else "-"
        lines.append(f"{{entry.day:>4}} {{entry.name:<{{width}}}} {{sign}}{{abs(entry.amount):>8,}}")
    return "\\n".join(lines)


def as_json(entries: list[Entry]) -> str:
    return json.dumps(
        [{{"day": each.day, "name": each.name, "amount": each.amount}} for each in entries], sort_keys=True
    )


def from_json(text: str) -> list[Entry]:
    return [Entry(each["day"], each["name"], each["amount"]) for each in json.loads(text)]


def largest(entries: list[Entry], count: int = 3) -> list[Entry]:
    ordered = sorted(entries, key=lambda entry: abs(entry.amount), reverse=True)
    if count < 0:
        raise LedgerError("a negative count")
    return ordered[:count]


def merged(first: list[Entry], second: list[Entry]) -> list[Entry]:
    result = []
    left, right = list(first), list(second)
    while left and right:
        result.append(left.pop(0) if left[0].day <= right[0].day else right.pop(0))
    return result + left + right


def save(entries: list[Entry], path: Path) -> str:
    text = as_json(entries)
    path.write_bytes(zlib.compress(text.encode(), 9))
    return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path, digest: str) -> list[Entry]:
    text = zlib.decompress(path.read_bytes()).decode()
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise LedgerError(f"{{path}} was changed")
    return from_json(text)


def never_called(entries: list[Entry]) -> int:
    if entries:
        return len(entries) * {number}
    return 0
'''

_TESTS = """import pytest
from ledger import module_{number:03} as ledger

NAMES = ("rent", "food", "books", "salary", "travel")
TEXT = "; made up\\n" + "\\n".join(
    f"{{day}} {{NAMES[day % 5]}} {{(day * 37) % 211 - 90}}" + (" # a note" if day % 7 == 0 else "")
    for day in range(1, 30)
)


@pytest.fixture
def entries():
    return ledger.parse(TEXT)


def test_entries_are_parsed(entries):
    assert len(entries) == 29
    assert entries[6].note == "a note"


@pytest.mark.parametrize("days", [0, 1, 30])
def test_shifted(entries, days):
    assert [entry.shifted(days).day for entry in entries][0] == 1 + days


def test_nonsense_is_refused():
    with pytest.raises(ledger.LedgerError):
        ledger.parse("nonsense")


def test_totals_add_up(entries):
    assert sum(ledger.totals(entries).values()) == ledger.balance(entries)
    assert ledger.balance(entries, until=0) == 0


def test_months(entries):
    assert sorted(ledger.months(entries)) == [0]


def test_table(entries):
    assert ledger.table(entries).count("\\n") == 28
    assert ledger.table([]) == "nothing"


def test_json_there_and_back(entries):
    assert len(ledger.from_json(ledger.as_json(entries))) == len(entries)


@pytest.mark.parametrize("months", [60, 120])
def test_saved_and_loaded(tmp_path, entries, months):
    many = entries * months
    digest = ledger.save(many, tmp_path / "ledger")
    assert ledger.totals(ledger.load(tmp_path / "ledger", digest)) == ledger.totals(many)
    with pytest.raises(ledger.LedgerError):
        ledger.load(tmp_path / "ledger", "another")


def test_largest(entries):
    assert abs(ledger.largest(entries)[0].amount) >= abs(entries[0].amount)


def test_merged(entries):
    both = ledger.merged(entries, [entry.shifted(5) for entry in entries])
    assert [entry.day for entry in both] == sorted(entry.day for entry in both)
"""


def write_project(root: Path, modules: int) -> Path:
    """So many modules of some 130 lines in `src/`, of which tests run every fourth; a module that somebody may change."""
    package, tests = root / "src" / "ledger", root / "tests"
    package.mkdir(parents=True)
    tests.mkdir()
    (package / "__init__.py").write_text("")
    for number in range(modules):
        (package / f"module_{number:03}.py").write_text(_MODULE.format(number=number))
        if number % 4 == 0:
            (tests / f"test_module_{number:03}.py").write_text(_TESTS.format(number=number))
    (root / "pytest.ini").write_text("[pytest]\n")
    return package / "module_000.py"
