"""Reports of every format: what real ones say, and that whatever is none ends in a refusal that helps."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.codec import DecodeError
from checks.coverage_reports import cobertura, job, json_report, lcov, read, reading
from checks.line_set import LineSet
from checks.reported_lines import (
    EXIT,
    MOST_BRANCHES,
    MOST_LINES,
    ReportedFile,
    ReportError,
    ReportHead,
    UploadedReport,
    written,
)
from tests.sample_projects import FORMATS, PROJECTS

Items = list[ReportedFile | ReportHead]

LINES = st.frozensets(st.integers(1, 300), max_size=20)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of a real suite."""
    root = tmp_path_factory.mktemp("real")
    PROJECTS["flat"].write(root)
    PROJECTS["flat"].reports(root, branches=True)
    return root


@pytest.fixture
def given_file(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes) -> Path:
        file = tmp_path / "report"
        file.write_bytes(content)
        return file

    return make


def refusal(file: Path) -> str:
    """The text of the refusal; none is one that nobody foresaw."""
    with pytest.raises(ReportError) as refused:
        list(read(file, "named"))
    assert "it cannot be read (" not in str(refused.value)
    assert str(refused.value).startswith("named")
    return str(refused.value)


def files_of(items: Items) -> dict[str, ReportedFile]:
    return {item.path: item for item in items if isinstance(item, ReportedFile)}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "head"),
    [
        (".coverage", ("data", "coverage.py", coverage.__version__)),
        ("coverage.json", ("json", "coverage.py", coverage.__version__)),
        ("coverage.xml", ("cobertura", "coverage.py", coverage.__version__)),
        ("coverage.lcov", ("lcov", "", "")),
    ],
)
def test_real_files_are_told_apart_by_content(
    real: Path, given_file: Callable[[bytes], Path], name: str, head: tuple[str, str, str], packed: bool
) -> None:
    """Whatever they are called, and however they were sent."""
    whole = (real / name).read_bytes()

    *files, last = read(given_file(gzip.compress(whole) if packed else whole), "any")

    assert isinstance(last, ReportHead)
    assert (last.format, last.producer, last.version) == head
    assert last.branches
    assert last.files == len(files) > 2
    assert last.roots == ((str(real),) if name == "coverage.xml" else ())


def test_real_files_say_the_same(real: Path) -> None:
    """As far as each knows it: statements that ran and did not, and the branches to known lines."""
    plain, xml, text = (files_of(list(read(real / name, name))) for name in FORMATS[1:])

    for path, file in plain.items():
        assert (xml[path].executed, xml[path].missing) == (file.executed, file.missing)
        assert (text[path].executed, text[path].missing) == (file.executed, file.missing)
        named = {branch for branch in file.branches or () if branch[1] > 0}
        assert {branch for branch in text[path].branches or () if branch[1] > 0} == named
        assert {branch for branch in xml[path].branches or () if branch[1] not in {EXIT, branch[0]}} == {
            branch for branch in named if not branch[2]
        }
        assert xml[path].excluded is text[path].excluded is None


@pytest.mark.parametrize("branches", [True, False])
def test_data_is_what_coverage_reads(tmp_path: Path, branches: bool) -> None:
    """Of several contexts, in the same words as coverage.py's own."""
    data = coverage.CoverageData(str(tmp_path / ".coverage"))
    for context in ("", "one|run"):
        data.set_context(context)
        first, second = (1, 2) if context else (2, 9)
        if branches:
            data.add_arcs(
                {"/a.py": [(-1, first), (first, second), (second, -1)], "/b.py": [(-1, 0), (0, -1)]}
            )
        else:
            data.add_lines({"/a.py": [first, second], "/b.py": [0]})
    data.touch_file("/empty.py")
    data.close(force=True)

    files = files_of(list(read(tmp_path / ".coverage", "")))

    assert set(files) == data.measured_files()
    for path, file in files.items():
        assert set(file.executed) == {line for line in data.lines(path) or () if line}
        assert {branch[:2] for branch in file.branches or ()} == set(data.arcs(path) or ())


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize("name", FORMATS[1:])
def test_pieces_may_end_anywhere(real: Path, name: str, size: int) -> None:
    """What is read does not depend on how it comes."""
    whole = (real / name).read_bytes()
    reader: Any = {"coverage.json": json_report, "coverage.xml": cobertura, "coverage.lcov": lcov}[name].read

    parted = list(reader(whole[at : at + size] for at in range(0, len(whole), size)))

    assert parted == list(reader([whole]))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=9),
            LINES,
            LINES,
            st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300), st.booleans()), max_size=5),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each[0],
    ),
    st.integers(1, 50),
)
def test_what_is_written_is_read(told: list[Any], size: int) -> None:
    """Files of any names, lines and branches, in JSON and LCOV."""
    plain = json.dumps(
        {
            "meta": {"branch_coverage": True},
            "files": {
                path: {
                    "executed_lines": [*executed],
                    "x": [{"y": [path, None, 1.5e3]}, '\\"'],
                    "missing_lines": [*missing],
                    "excluded_lines": [],
                    "executed_branches": [branch[:2] for branch in branches if branch[2]],
                    "missing_branches": [branch[:2] for branch in branches if not branch[2]],
                }
                for path, executed, missing, branches in told
            },
        }
    ).encode()
    text = "".join(
        f"TN:\nSF:{path}\n"
        + "".join(f"DA:{line},1\n" for line in executed)
        + "".join(f"DA:{line},0\n" for line in missing)
        + "".join(f"BRDA:{here},0,jump to line {there},{int(taken)}\n" for here, there, taken in branches)
        + "end_of_record\n"
        for path, executed, missing, branches in told
    ).encode()

    for reader, whole in ((json_report.read, plain), (lcov.read, text)):
        items = list(reader(whole[at : at + size] for at in range(0, len(whole), size)))
        files = files_of(items)
        for path, executed, missing, branches in told:
            assert files[path].executed == executed
            assert files[path].missing == missing - executed
            assert sorted(files[path].branches or ()) == sorted(branches)
        assert len(files) == len(items) - 1 == len(told)


def xml(inside: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<coverage version="7">{inside}</coverage>'.encode()


def a_class(*lines: str, path: str = "a.py") -> str:
    return f'<class filename="{path}"><methods/><lines>{"".join(lines)}</lines></class>'


def a_file(**keys: Any) -> bytes:
    return json.dumps({"files": {"a.py": {"executed_lines": [1], "missing_lines": [], **keys}}}).encode()


LINE = '<line number="1" hits="1"/>'
BOMB = "<!DOCTYPE coverage [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(20)
)
HOSTILE = {
    "empty": (b"", "it is empty"),
    "only space": (b" \n\t", "it is empty"),
    "NUL bytes": (b"\0" * 1000, "no coverage report"),
    "text": (b"hello\n", "`coverage xml`, `coverage json` or `coverage lcov`"),
    "invalid UTF-8": (b"\xff\xfe\xfd" * 100, "no coverage report"),
    "zip": (b"PK\x03\x04" + b"\0" * 100, "zip archive"),
    "old data": (b"!coverage.py: This is a private format", "before version 5"),
    "damaged gzip": (b"\x1f\x8b\x08" + b"x" * 100, "damaged"),
    "half a gzip": (gzip.compress(b"SF:a\n" * 1000)[:-20], "ends in the middle"),
    "gzip of nothing": (gzip.compress(b""), "it is empty"),
    "gzip of gzip": (gzip.compress(gzip.compress(b"SF:a.py\nend_of_record\n")), "no coverage report"),
    # XML.
    "billion laughs": (xml("&u;", BOMB + "]>"), "document type of its own"),
    "external entity": (
        xml("&u;", '<!DOCTYPE c [<!ENTITY u SYSTEM "file:///etc/passwd">]>'),
        "document type",
    ),
    "parameter entity": (
        xml("", '<!DOCTYPE c [<!ENTITY % u SYSTEM "http://localhost/x">%u;]>'),
        "document type",
    ),
    "entity of an external document type": (xml("&u;", '<!DOCTYPE coverage SYSTEM "x.dtd">'), "entity"),
    "unknown entity": (xml("&u;"), "undefined entity"),
    "deep XML": (xml("<a>" * 100_000), "nested more than 64"),
    "long tag": (xml('<a b="' + "x" * 3_000_000 + '"/>'), "more than 1 MB"),
    "unclosed tag": (xml("<packages>"), "line 1: it is no well-formed XML: mismatched tag"),
    "half XML": (xml(a_class(LINE))[:80], "unclosed token"),
    "two roots": (xml("") + b"<coverage/>", "junk after document element"),
    "same attribute twice": (xml('<class filename="a" filename="b"/>'), "duplicate attribute"),
    "JUnit": (b"<testsuites/>", "its root is `testsuites`"),
    "HTML": (b"<!doctype html><html></html>", "no well-formed XML"),
    "no class": (xml(""), "names no file"),
    "class in a class": (xml('<class filename="a"><class filename="b"/></class>'), "inside another"),
    "class without a name": (xml("<class/>"), "lacks its attribute `filename`"),
    "line without hits": (xml(a_class('<line number="1"/>')), "lacks its attribute `hits`"),
    "negative line": (xml(a_class('<line number="-1" hits="1"/>')), "numbered '-1'"),
    "no number": (xml(a_class('<line number="x" hits="1"/>')), "numbered 'x'"),
    "line 0": (xml(a_class('<line number="0" hits="1"/>')), "0 is no line of a source file"),
    "a line of billions": (xml(a_class('<line number="3000000000" hits="1"/>')), "3000000000 is no line"),
    "negative hits": (xml(a_class('<line number="1" hits="-5"/>')), "hit '-5' times"),
    "conditions": (xml(a_class('<line number="1" hits="1" condition-coverage="all"/>')), "as in '50% (1/2)'"),
    "more conditions than there are": (
        xml(a_class('<line number="1" hits="1" condition-coverage="50% (3/2)"/>')),
        "as in '50% (1/2)'",
    ),
    "conditions without end": (
        xml(a_class('<line number="1" hits="1" condition-coverage="50% (0/999999)"/>')),
        "more than 200,000 branches",
    ),
    "branch to nowhere": (
        xml(a_class('<line number="1" hits="1" condition-coverage="0% (0/1)" missing-branches="-7"/>')),
        "neither a line nor 'exit'",
    ),
    "long source": (xml(f"<source>{'x' * 5000}</source>"), "more than 4,096 characters"),
    "many sources": (xml("<source>x</source>" * 101), "more than 100 `source`"),
    "path without a character": (xml(a_class(LINE, path="")), "a path has 1 to 4,096"),
    # JSON.
    "half JSON": (b'{"files": {"a.py"', "it ends in the middle"),
    "deep JSON": (b'{"x": ' + b"[" * 100_000, "nested more than 64"),
    "deep JSON where lines are": (b'{"files": {"a": {"executed_lines": ' + b"[" * 100_000, "expected ']'"),
    "deep JSON of objects": (b'{"a":' * 100_000, "nested more than 64"),
    "other JSON": (b'{"a": 1}', "no `files`"),
    "no file": (b'{"files": {}}', "names no file"),
    "keys without end": (
        b"{" + b",".join(b'"%d": 0' % n for n in range(200_001)) + b"}",
        "an object of more than 200,000 keys",
    ),
    "files twice": (b'{"files": {}, "files": {}}', "key 'files' twice"),
    "a file twice": (a_file()[:-2] + b', "a.py": {}}}', "key 'a.py' twice"),
    "files as a list": (b'{"files": []}', "expected '{'"),
    "file without lines": (b'{"files": {"a.py": {}}}', "has no `executed_lines`"),
    "lines as text": (a_file(missing_lines="1-9"), "expected '['"),
    "lines of texts": (a_file(missing_lines=["1"]), "expected ']'"),
    "negative line in JSON": (a_file(missing_lines=[-1]), "-1 is no line"),
    "large line in JSON": (a_file(missing_lines=[10**9]), "1000000000 is no line"),
    "number of many digits": (
        b'{"files": {"a": {"executed_lines": [' + b"9" * 60_000 + b"]",
        "whole numbers",
    ),
    "number without end": (b'{"files": {"a": {"executed_lines": [' + b"9" * 200_000, "too long"),
    "zeros before a number": (b'{"files": {"a": {"executed_lines": [007]', "whole numbers"),
    "comma too much": (b'{"files": {"a": {"executed_lines": [1,]', "whole numbers"),
    "only a comma": (b'{"files": {"a": {"executed_lines": [,' + b" " * 100_000 + b"]", "too much"),
    "two commas": (b'{"files": {"a": {"executed_lines": [1,,2]', "whole numbers"),
    "fraction": (b'{"files": {"a": {"executed_lines": [1.5]', "expected ']'"),
    "branch of three": (a_file(missing_branches=[[1, 2, 3]]), "a pair of lines"),
    "branch of one": (a_file(missing_branches=[1]), "a pair of lines"),
    "branch far away": (a_file(missing_branches=[[1, 2 * MOST_LINES]]), "branches between lines"),
    "many branches": (a_file(missing_branches=[[1, 2]] * (MOST_BRANCHES + 1)), "more than 200,000 branches"),
    "brackets": (b'{"x": [}', "brackets do not match"),
    "no JSON inside": (b'{"x": [*]', "expected JSON"),
    "long text": (b'{"x": ["' + b"x" * 3_000_000, "more than 1 MB"),
    "long text alone": (b'{"x": "' + b"x" * 3_000_000, "no more than 1,048,576 bytes"),
    "long key": (b'{"' + b"x" * 200_000, "no more than 65,536 bytes"),
    "long bare word": (b'{"x": ' + b"x" * 200_000, "a number is too long"),
    "no value": (b'{"x": }', "expected a value"),
    "strange value": (b'{"meta": {"version": nope}}', "expected a value"),
    "key without quotes": (b"{files: 1}", "expected a text"),
    "invalid UTF-8 in JSON": (b'{"files": {"\xff": {}}}', "no JSON in UTF-8"),
    "line end in a text": (b'{"a\nb": 1}', "ends in the middle"),
    "something behind": (a_file() + b" {}", "something follows"),
    "much behind": (a_file() + b" " * 200_000 + b"x", "something follows"),
    "NUL in a path": (b'{"files": {"a\\u0000.py": {"executed_lines": [], "missing_lines": []}}}', "printed"),
    "long path": (
        b'{"files": {"' + b"a" * 5000 + b'": {"executed_lines": [], "missing_lines": []}}}',
        "4,096",
    ),
    # LCOV.
    "only a name": (b"TN:x\n", "names no file"),
    "half LCOV": (b"SF:a.py\nDA:1,1\n", "without `end_of_record`"),
    "end without a beginning": (b"TN:\nend_of_record\n", "line 2: 'end_of_record' is not expected"),
    "file in a file": (b"SF:a.py\nSF:b.py\n", "line 2: 'SF:b.py' is not expected"),
    "line before a file": (b"TN:\nDA:1,1\n", "line 2: 'DA:1,1' is not expected"),
    "negative line in LCOV": (b"SF:a.py\nDA:-1,1\n", "line 2: 'DA:-1,1' is not expected"),
    "line 0 in LCOV": (b"SF:a.py\nDA:0,1\n", "line 2: 0 is no line"),
    "negative count": (b"SF:a.py\nDA:1,-1\n", "'DA:1,-1' is not expected"),
    "large line in LCOV": (b"SF:a.py\nDA:2000000,1\n", "2000000 is no line"),
    "branch of line 0": (b"SF:a.py\nBRDA:0,0,0,1\n", "a branch from line 0"),
    "branch to a far line": (b"SF:a.py\nBRDA:1,0,jump to line 9999999,1\n", "to line 9999999"),
    "unknown record": (b"SF:a.py\nXY:1\n", "'XY:1' is not expected"),
    "NUL in LCOV": (b"SF:a.py\nDA:1,1\0\n", "is not expected"),
    "NUL in a path of LCOV": (b"SF:a\0.py\nend_of_record\n", "printed"),
    "invalid UTF-8 in LCOV": (b"SF:\xff.py\n", "line 1: the path is not encoded as UTF-8"),
    "long line": (b"TN:" + b"x" * 200_000, "a line of more than 65,536 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_no_report_is_refused(given_file: Callable[[bytes], Path], name: str) -> None:
    """The text names the file, what is wrong with it and what to do."""
    whole, part = HOSTILE[name]

    text = refusal(given_file(whole))

    assert part in text
    assert "`coverage" in text or "Send" in text


@pytest.mark.parametrize("whole", [b"{", b"<coverage/>", b"SQLite format 3\0"])
def test_more_than_the_limit_is_refused(given_file: Callable[[bytes], Path], whole: bytes) -> None:
    """Before it is unpacked any further."""
    file = given_file(gzip.compress(whole + b"\n" * (150 << 20)))

    text = refusal(file)

    assert file.stat().st_size < 1 << 20
    assert "more than 100 MB, unpacked" in text
    assert "merged line by line" in text


def test_members_of_a_gzip_file_follow_each_other(given_file: Callable[[bytes], Path]) -> None:
    """As `cat` and padding make them."""
    parts = [gzip.compress(part) for part in (b"SF:a.py\nDA:1,1\n", b"", b"end_of_record\n")]

    items = list(read(given_file(b"".join(parts) + b"\0" * 100_000), "any"))

    assert items == [ReportedFile("a.py", LineSet.of([1]), LineSet()), ReportHead("lcov", 1)]


def test_marks_and_line_ends_of_windows_do_not_matter(given_file: Callable[[bytes], Path]) -> None:
    """Editors and shells leave them there."""
    text = b"\xef\xbb\xbfTN:\r\nSF:src\\a.py\r\nDA:2,3,abc=\r\nDA:3,0\r\nend_of_record"

    items = list(read(given_file(text), "any"))

    assert items == [ReportedFile("src\\a.py", LineSet.of([2]), LineSet.of([3])), ReportHead("lcov", 1)]


def test_branches_of_other_tools(given_file: Callable[[bytes], Path]) -> None:
    """Numbered ones lead anywhere, exits lead out; slipcover writes both."""
    text = b"# by slipcover\nSF:a.py\nBRDA:3,0,0,-\nBRDA:3,e1,1,00\nBRDA:3,0,return from function 'f',2\nend_of_record\n"
    xml_text = xml(
        "<!-- Generated by slipcover: x --><!-- other --><sources><source> </source></sources>"
        '<class filename="a.py"><methods><line number="9" hits="1"/></methods><lines>'
        '<line number="3" hits="4" branch="true" condition-coverage="50.0% (1/3)" missing-branches="exit"/>'
        "</lines></class><line/>",
        '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">',
    )
    plain = (
        b'{"meta": {"software": "slipcover", "version": 1, "x": [2]}, "files": {"a.py": {"executed_lines": [],'
        b' "missing_lines": [ 1 , 2 ], "executed_branches": [ [ 3 , 0 ] ], "x": true, "y": "z"}}, "z": -1}'
    )

    found = [list(read(given_file(whole), "any")) for whole in (text, xml_text, plain)]

    assert [files_of(items)["a.py"].branches for items in found] == [
        ((3, 3, False), (3, 3, False), (3, EXIT, True)),
        ((3, EXIT, False), (3, 3, True), (3, 3, False)),
        ((3, EXIT, True),),
    ]
    assert [items[-1] for items in found] == [
        ReportHead("lcov", 1, branches=True),
        ReportHead("cobertura", 1, "slipcover", "7", branches=True),
        ReportHead("json", 1, "slipcover"),
    ]
    assert files_of(found[1])["a.py"].executed == {3}


def test_lines_that_say_nothing_have_an_end(
    given_file: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred million empty lines would take half a minute."""
    monkeypatch.setattr(lcov, "_MOST_RECORDS", 1_000)

    assert "more than 1,000 lines" in refusal(given_file(b"TN:" + b"\n" * 2_000))


@pytest.mark.parametrize(
    ("limit", "value", "part"),
    [
        ("MOST_FILES", 1, "more than 1 files"),
        ("MOST_BRANCHES", 3, "more than 3 branches"),
        ("MOST_LENGTHS", 200, "more than 200 lines"),
    ],
)
def test_all_files_together_have_limits(
    real: Path, limit: str, value: int, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaves the box is bounded, whatever was sent."""
    monkeypatch.setattr(reading, limit, value)

    assert part in refusal(real / "coverage.json")


def test_whatever_nobody_foresaw_is_a_refusal(given_file: Callable[[bytes], Path]) -> None:
    """Nobody is shown a traceback."""
    file = given_file(b"")
    file.unlink()

    with pytest.raises(ReportError, match=r"^lost: it cannot be read \(FileNotFoundError\). Send "):
        list(read(file, "lost"))


SCHEMA = """
CREATE TABLE coverage_schema (version integer); INSERT INTO coverage_schema VALUES (7);
CREATE TABLE meta (key text, value text, unique (key)); INSERT INTO meta VALUES ('has_arcs', '%d');
CREATE TABLE file (id integer primary key, path text, unique (path)); INSERT INTO file VALUES (1, 'a.py');
CREATE TABLE context (id integer primary key, context text, unique (context));
CREATE TABLE line_bits (file_id integer, context_id integer, numbits blob, unique (file_id, context_id));
CREATE TABLE arc (file_id integer, context_id integer, fromno integer, tono integer,
                  unique (file_id, context_id, fromno, tono));
"""
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"


@pytest.mark.parametrize(
    ("arcs", "script", "part"),
    [
        (1, "DROP TABLE arc", "not of coverage.py"),
        (
            1,
            f"DROP TABLE arc; CREATE VIEW arc AS {ENDLESS} SELECT 1 file_id, x fromno, 1 tono FROM n",
            "not of",
        ),
        (1, "CREATE TRIGGER t AFTER INSERT ON arc BEGIN SELECT 1; END", "not of coverage.py"),
        (1, "CREATE VIRTUAL TABLE t USING fts5(x)", "not of coverage.py"),
        (1, "UPDATE coverage_schema SET version = 3", "its schema is [3]"),
        (1, "INSERT INTO coverage_schema VALUES (7)", "its schema is [7, 7]"),
        (1, "INSERT INTO arc VALUES (2, 1, 1, 2)", "does not name"),
        (1, "INSERT INTO arc VALUES (NULL, 1, 1, 2)", "does not name"),
        (1, "INSERT INTO arc VALUES (1, 1, 'x', 2)", "which are no lines"),
        (1, "INSERT INTO arc VALUES (1, 1, 1, -1e9)", "which are no lines"),
        (1, "INSERT INTO arc VALUES (1, 1, 1, 9223372036854775807)", "which are no lines"),
        (1, "INSERT INTO arc VALUES (1, 1, 1, -9223372036854775808)", "which are no lines"),
        (1, f"{ENDLESS} INSERT INTO arc SELECT 1, 1, x, -x FROM n LIMIT 200001", "more than 200,000 steps"),
        (0, "INSERT INTO line_bits VALUES (1, 1, 'text')", "no bits"),
        (0, "INSERT INTO line_bits VALUES (1, 1, zeroblob(200000))", "no bits"),
        (0, "INSERT INTO line_bits VALUES (1, 1, zeroblob(2000000))", "too big"),
        (0, "INSERT INTO file VALUES (2, x'ff')", "by what is no text"),
        (0, "INSERT INTO file VALUES (2, NULL)", "by what is no text"),
        (0, "INSERT INTO file VALUES (2, CAST(x'ff' AS text))", "UTF-8"),
        (0, "DELETE FROM file", "names no file"),
        (0, f"{ENDLESS} INSERT INTO file SELECT x + 1, x FROM n LIMIT 200001", "more than 200,000 files"),
    ],
)
def test_hostile_databases_are_refused(tmp_path: Path, arcs: int, script: str, part: str) -> None:
    """Only tables of coverage.py, with what they have to hold."""
    with sqlite3.connect(tmp_path / "data") as database:
        database.executescript(SCHEMA % arcs + script)
    database.close()

    assert part in refusal(tmp_path / "data")


def test_a_database_without_end_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is to read, the work for it is bounded."""
    from checks.coverage_reports import data_file

    monkeypatch.setattr(data_file, "_MOST_STEPS", 0)
    with sqlite3.connect(tmp_path / "data") as database:
        database.executescript(SCHEMA % 1 + f"{ENDLESS} INSERT INTO arc SELECT 1, 1, x, 5 FROM n LIMIT 90000")
    database.close()

    assert "interrupted" in refusal(tmp_path / "data")


def test_a_damaged_database_is_refused(real: Path, given_file: Callable[[bytes], Path]) -> None:
    """Cut, or overwritten in the middle."""
    whole = (real / ".coverage").read_bytes()

    cut = refusal(given_file(whole[:5000]))
    overwritten = refusal(given_file(whole[:100] + b"\xff" * (len(whole) - 100)))

    assert "it is no data of coverage.py" in cut
    assert "it is no data of coverage.py" in overwritten


def test_nothing_beside_a_database_is_looked_at(real: Path, tmp_path: Path) -> None:
    """Neither a journal nor a log is replayed, and nothing is written."""
    file = tmp_path / "data"
    file.write_bytes((real / ".coverage").read_bytes())
    for suffix in ("-journal", "-wal"):
        (tmp_path / f"data{suffix}").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\xff" * 5000)

    assert list(read(file, "")) == list(read(real / ".coverage", ""))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "data-journal", "data-wal"]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(FORMATS), st.data())
def test_changed_files_are_read_or_refused(
    real: Path, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    """Some bytes replaced, taken out or cut off: nothing else happens."""
    whole = bytearray((real / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        length = data.draw(st.integers(0, 40))
        whole[at : at + length] = data.draw(st.binary(max_size=12))
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(1, max(1, len(whole)))) :]
    file = tmp_path_factory.getbasetemp() / "changed"
    file.write_bytes(bytes(whole))

    result = b"".join(written(read(file, "")))

    try:
        list(UploadedReport.parse(result, "").files)
    except ReportError as error:
        assert "it cannot be read" not in str(error)  # noqa: PT017


def test_what_is_written_comes_back() -> None:
    """File by file, with what the report is; a refusal keeps its words."""
    files = [ReportedFile("a.py", LineSet.of([1, 2]), LineSet(), None, ((1, 2, True), (1, 0, False)))] * 2
    head = ReportHead("json", 2, "coverage.py", "7", ("/x",), branches=True)

    def refused() -> Iterator[ReportedFile]:
        yield files[0]
        raise ReportError("it is odd", place="line 3", remedy="Send it again.")

    report = UploadedReport.parse(b"".join(written([*files, head])), "c.json")

    assert (report.head, list(report.files)) == (head, files)
    with pytest.raises(ReportError, match=r"^c\.json, line 3: it is odd\. Send it again\.$"):
        UploadedReport.parse(b"".join(written(refused())), "c.json")
    assert str(ReportError("it is odd")) == "it is odd."


def test_the_job_reads_the_file_in_its_folder(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And writes to the descriptor it is given; a refusal is a result, too."""
    results = []
    for name in ("coverage.json", "flow.py"):
        (tmp_path / job.FILE).write_bytes((real / name).read_bytes())
        result = os.open(tmp_path / "result", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        monkeypatch.setenv("GATE_RESULT_FD", str(result))
        monkeypatch.chdir(tmp_path)
        job.main()
        results.append((tmp_path / "result").read_bytes())

    report = UploadedReport.parse(results[0], "")
    assert [*report.files, report.head] == list(read(real / "coverage.json", ""))
    assert list(report.paths) == [file.path for file in report.files]
    with pytest.raises(ReportError, match=r"^f: it is no coverage report that is known here\. Send "):
        UploadedReport.parse(results[1], "f")


@pytest.mark.parametrize("line", [b"{}", b"[]", b"[1]", b'["a', b'["\xff"]', b"[" * 60_000])
def test_a_file_without_a_path_is_none(line: bytes) -> None:
    """Also where nobody looks at anything else."""
    report = UploadedReport.parse(line + b"\n" + HEAD, "")

    with pytest.raises(DecodeError, match="a file has no path"):
        list(report.paths)


HEAD = b'{"head":{"format":"lcov","files":1}}\n'


@pytest.mark.parametrize(
    "result",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]\n",
        b"{}\n",
        HEAD,
        b'["a.py","2",null,null,null]\n',
        b'["a.py","2",null,null,null]\n["a.py","2",null,null,null]\n' + HEAD,
        b'["a.py","2",null,null]\n' + HEAD,
        b'{"path":"a.py"}\n' + HEAD,
        b'["","2",null,null,null]\n' + HEAD,
        b'["a\\u0000","2",null,null,null]\n' + HEAD,
        b'["a.py","1",null,null,null]\n' + HEAD,
        b'["a.py","2","1",null,null]\n' + HEAD,
        b'["a.py","2",null,"x",null]\n' + HEAD,
        b'["a.py","2",null,null,[1,2]]\n' + HEAD,
        b'["a.py","2",null,null,[1,2000000,1]]\n' + HEAD,
        b'["a.py","2",null,null,[' + b"1,2,1," * MOST_BRANCHES + b"1,2,1]]\n" + HEAD,
        b'["a.py","' + b"f" * (MOST_LINES // 4 + 5) + b'",null,null,null]\n' + HEAD,
        b'["a.py","2",null,null,null]\n' + HEAD.replace(b"lcov", b"zip"),
    ],
)
def test_no_other_result_is_believed(result: bytes) -> None:
    """It comes out of the box."""
    with pytest.raises(DecodeError):
        list(UploadedReport.parse(result, "").files)
