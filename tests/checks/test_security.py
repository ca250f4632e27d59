"""Security findings: as bandit gives them, with what hides them and what identifies them."""

from __future__ import annotations

import ast
import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from checks import security
from checks.report import Finding, Problem

manager: Any = vars(security)["manager"]
"""bandit's own, as our door imports it: elsewhere the import warns."""
extension_loader, issue = manager.extension_loader, manager.issue

VULNERABLE = b'''\
import subprocess, pickle as p
from telnetlib import Telnet
from . import local

def connect(host, password="secret"):
    """Not a password: docstring"""
    subprocess.call("ls " + host,
                    shell=True)
    try:
        eval(p.loads(host))
    except Exception:
        pass
    token = "x" + ("y" if host else "z")
    config["password"] = "sesame"
    cursor.execute("SELECT * FROM hosts WHERE name = '%s'" % host)
    cursor.execute(f"DELETE FROM {host} WHERE x = 'a'")
    assert b"bytes", {"password": "in a dictionary"}

class Server:
    def bind(self, where=("/tmp/socket", "0.0.0.0")):
        [self.listen(x) for x in where if x == "password"]
        os.chmod("/etc/passwd", 0o777)
        __import__("ftplib")
        import hashlib; hashlib.md5(b"")
        requests.get("x", verify=False)
'''


def findings(source: bytes, **options: object) -> list[Finding]:
    report = security.measure("app.py", source, options)
    assert report.problem is None
    return list(report.findings)


def rules(source: bytes, **options: object) -> list[tuple[str, int, str]]:
    return [(finding.rule, finding.line, finding.suppressed) for finding in findings(source, **options)]


def told_by_bandit(
    source: bytes, profile: dict[str, Any], *, ignore_nosec: bool = False
) -> Counter[tuple[object, ...]]:
    """What bandit's own manager finds in the file."""
    bandit = manager.BanditManager(
        vars(security)["BanditConfig"](), "file", profile=profile, ignore_nosec=ignore_nosec
    )
    bandit._parse_file("./app.py", io.BytesIO(source), ["./app.py"])
    assert bandit.skipped == []
    return Counter(
        (
            found.test_id,
            found.lineno,
            found.col_offset,
            found.severity.lower(),
            found.confidence.lower(),
            found.text,
        )
        for found in bandit.results
    )


def told_by_us(
    source: bytes, options: dict[str, Any], *, ignore_nosec: bool = False
) -> Counter[tuple[object, ...]]:
    return Counter(
        (found.rule, found.line, found.column, found.severity, found.confidence, found.text)
        for found in findings(source, **options)
        if ignore_nosec or not found.suppressed
    )


NOSEC = b"""\
import subprocess, os  # nosec
import pickle  # nosec: B403
import telnetlib  # nosec B402, this is another rule
subprocess.call(  # nosec B602
    "ls", shell=True)
subprocess.call(
    "ls", shell=True)  # nosec subprocess_popen_with_shell_equals_true, B607 # really
subprocess.call(
    "ls",  # nosec
    shell=True)  # nosec B999
def f(a="password"): pass  # nosecB107
hosts = {"password": "x",
  "token": "y"}  # nosec B105
eval("# nosec")  #nosec:B307
def g(  # nosec
    password="x",
): pass
"""


@pytest.mark.parametrize("ignore_nosec", [True, False])
@pytest.mark.parametrize("source", [VULNERABLE, NOSEC, b"", "x = '\u202e'  # nosec\n".encode()])
def test_the_findings_are_those_of_bandit(source: bytes, *, ignore_nosec: bool) -> None:
    """
    Finding by finding the same as bandit's own manager finds, with and without `# nosec`.
    """
    assert told_by_us(source, {}, ignore_nosec=ignore_nosec) == told_by_bandit(
        source, {}, ignore_nosec=ignore_nosec
    )


@pytest.mark.parametrize(
    "chosen",
    [
        {"tests": ["B602", "B307"]},
        {"skips": ["B602", "B404"]},
        {"tests": ["B001"]},
        {"skips": ["B001"]},
        {"tests": ["B101"], "skips": ["B602"]},
    ],
    ids=str,
)
def test_rules_are_selected_as_bandit_selects_them(chosen: dict[str, list[str]]) -> None:
    """
    `tests` and `skips` are bandit's include and exclude sets, blacklists among them.
    """
    profile = {"include": set(chosen.get("tests", ())), "exclude": set(chosen.get("skips", ()))}

    assert told_by_us(VULNERABLE, chosen) == told_by_bandit(VULNERABLE, profile)


def test_all_rules_can_be_skipped() -> None:
    """
    A configuration without any rule finds nothing.
    """
    everything = [*extension_loader.MANAGER.plugins_by_id, "B001"]

    assert findings(VULNERABLE, skips=everything) == []


def test_a_rule_both_selected_and_skipped_is_a_problem() -> None:
    """
    bandit refuses to start with such a configuration; so nothing is measured, and it is said.
    """
    report = security.measure("app.py", b"", {"tests": ["B101"], "skips": ["B101"]})

    assert report.problem == Problem("bandit's configuration both selects and skips B101")


def test_a_rule_is_configured_until_the_next_configuration() -> None:
    """
    bandit keeps a rule's configuration on the rule: each measurement must restore its own.
    """
    tight = {"hardcoded_tmp_directory": {"tmp_dirs": ["/scratch"]}}

    assert rules(b"open('/tmp/x')") == [("B108", 1, "")]
    assert rules(b"open('/tmp/x')", config=tight) == []
    assert rules(b"open('/scratch/x')", config=tight) == [("B108", 1, "")]
    assert rules(b"open('/tmp/x')") == [("B108", 1, "")]


def test_asserts_are_skipped_by_the_name_bandit_gives_a_file() -> None:
    """
    `bandit -r .` names files with a leading `./`, and B101's globs match that name.
    """
    options = {"config": {"assert_used": {"skips": ["*/test_*.py"]}}}

    assert security.measure("test_app.py", b"assert x", options).findings == ()
    assert len(security.measure("app.py", b"assert x", options).findings) == 1


def test_nosec_is_kept_apart_by_how_it_hides() -> None:
    """
    A comment with the rule's id, one without any, and one that names another rule.
    """
    assert rules(b"eval(a)  # nosec B307\neval(b)  # nosec\neval(c)  # nosec B602\neval(d)\n") == [
        ("B307", 1, "rule"),
        ("B307", 2, "blanket"),
        ("B307", 3, ""),
        ("B307", 4, ""),
    ]


def test_nosec_counts_on_any_line_of_the_node() -> None:
    """
    The first comment on the lines of the flagged node decides, together with the one on the reported line.
    """
    assert rules(NOSEC)[-1] == ("B107", 15, "blanket")


def test_a_file_is_flagged_for_what_only_its_text_shows() -> None:
    """
    B613 reads the text: a right-to-left override is high, on its line, as bandit reports it.
    """
    (found,) = findings("x = 1\ny = '\u202e'\n".encode())

    assert (found.rule, found.line, found.column, found.severity) == ("B613", 2, 6, "high")


def test_findings_know_their_scope_and_lines() -> None:
    """
    The qualified name around a finding, and the lines of the flagged node.
    """
    found = {finding.rule: finding for finding in findings(VULNERABLE)}

    assert (found["B602"].scope, found["B602"].line, found["B602"].end_line) == ("connect", 8, 8)
    assert (found["B103"].scope, found["B403"].scope) == ("Server.bind", "")
    assert (found["B110"].line, found["B110"].end_line) == (11, 12)


def sources(source: bytes) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.scope, finding.source) for finding in findings(source)]


@pytest.mark.parametrize(
    "other",
    [
        b"\n\n# moved\ndef f(a):\n    eval(a + 'x')\n",
        b'def f(a):\n        eval(\n            (a) + "x",  # wrapped\n        )\n',
    ],
    ids=["shifted", "reformatted"],
)
def test_the_identity_of_a_finding_survives_formatting(other: bytes) -> None:
    """
    Rule, scope and normalised source are the same wherever and however the code is written.
    """
    assert sources(other) == sources(b"def f(a):\n  eval(a + 'x')\n")


def test_the_identity_of_a_finding_is_of_the_flagged_code() -> None:
    """
    Another argument is another finding.
    """
    assert sources(b"eval(a)") != sources(b"eval(b)")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"import pickle\n", b"import os, pickle as p\n"),
        (b"from pickle import loads\n", b"from pickle import dumps, loads\n"),
        (b"try: f()\nexcept Exception: pass\n", b"try: g()\nexcept Exception:\n    pass\n"),
    ],
    ids=["import", "from", "handler"],
)
def test_neighbours_of_what_is_flagged_may_change(before: bytes, after: bytes) -> None:
    """
    Of an import the module counts, of a compound statement its header.
    """
    assert sources(before) == sources(after)


def test_addresses_of_objects_are_no_part_of_a_text() -> None:
    """
    B202 prints a syntax node, with an address that differs in every run.
    """
    text = security.plain("tarfile.extractall used with <ast.Call object at 0x7f00aa> here")

    assert text == "tarfile.extractall used with <ast.Call object> here"


def test_the_same_bytes_give_the_same_report() -> None:
    """
    No address, order of a set or state of an earlier file shows in a report.
    """
    source = b"import tarfile\ntarfile.open(x).extractall(members=f(x))\n"

    first = security.measure("app.py", source, {})
    security.measure("other.py", VULNERABLE, {})

    assert security.measure("app.py", source, {}) == first
    assert [finding.rule for finding in first.findings] == ["B202"]


def test_strings_of_the_source_cannot_break_a_report() -> None:
    """
    Lone surrogates, null characters and megabytes in a password end as short printable text.
    """
    found = findings(b"password = '\\ud800\\x00" + b"x" * 100_000 + b"'\n")

    assert found[0].text.startswith("Possible hardcoded password: '\\ud800\\x00xxx")
    assert len(found[0].text) == 1_000


def test_one_long_literal_takes_no_time_to_speak_of() -> None:
    """
    bandit takes half a minute for this one: it copies the literal's line range for each of its 10,000 strings.
    """
    entries = b"".join(b"  'key%d': 'value',\n" % number for number in range(5_000))

    assert findings(b"data = {  # nosec\n" + entries + b"}\n") == []


def odd_rule(checks: list[str], find: Callable[[Any], Any]) -> Any:
    """A rule as somebody else's plugin brings it."""

    def rule(context: Any) -> Any:
        return find(context)

    vars(rule).update(_checks=checks, _test_id="X001")
    return rule


def found_by(rule: Any, source: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    plugin = type("Plugin", (), {"name": "odd", "plugin": staticmethod(rule)})
    monkeypatch.setattr(extension_loader.MANAGER, "plugins", [plugin])
    monkeypatch.setattr(extension_loader.MANAGER, "plugins_by_id", {"X001": plugin})
    security._rules.cache_clear()
    try:
        return findings(source, tests=["X001"])
    finally:
        security._rules.cache_clear()


def test_a_rule_that_fails_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One rule that raises takes neither the file nor the other rules with it, as in bandit.
    """
    assert found_by(odd_rule(["Call"], lambda context: 1 / 0), b"f()", monkeypatch) == []


def test_rules_of_other_people_may_look_at_nodes_without_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A comprehension has no line of its own: the finding has line 0, and `# nosec` counts on the lines below it.
    """
    rule = odd_rule(["comprehension"], lambda context: issue.Issue("LOW", text="odd"))

    found = found_by(rule, b"[x\n for x in\n  y]  # nosec\n", monkeypatch)

    assert [(finding.rule, finding.line, finding.suppressed) for finding in found] == [("X001", 0, "blanket")]


def test_bytes_and_strings_are_seen_with_their_parents_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A literal is hidden by a comment on any line of the expression around it, also where that has no place of its own.
    """
    rule = odd_rule(["Bytes", "Str"], lambda context: issue.Issue("LOW", text="odd"))

    found = found_by(rule, b"def f(a=b'x', b=b'', c=\n 'y'): pass  # nosec X001\n", monkeypatch)

    assert [(finding.line, finding.column) for finding in found] == [(1, 8), (1, 16), (2, 1)]


def test_bandit_keeps_no_tree_alive() -> None:
    """
    Nothing of a measured file hangs on what CPython shares between trees.
    """
    (statement,) = ast.parse("x").body
    shared = vars(statement)["value"].ctx
    vars(shared).clear()

    security.measure("app.py", VULNERABLE, {})

    assert vars(shared) == {}
