"""Rules that are not asked: none of them would have found anything, and only bandit's own, as read, are left out."""

from __future__ import annotations

import ast
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import rule_gates, security
from checks.report import Finding
from checks.source import Source, read

manager: Any = vars(security)["manager"]
"""bandit's own, as our door imports it: elsewhere the import warns."""
extension_loader, issue = manager.extension_loader, manager.issue

OURSELVES = sorted(
    path
    for folder in ("checks", "gate", "tests")
    for path in Path(__file__).parents[2].glob(f"{folder}/**/*.py")
)

ARGUMENTS = (
    "",
    "x",
    "'*.tar', 'SafeLoader'",
    "['ls', '*'], 0o777",
    "f'{x} chown *', shell=True",
    "'/bin/ls', shell=False, verify=False, timeout=None",
    "x, **y",
    "password='secret', mpModel=1, ssl_version=ssl.PROTOCOL_SSLv3, method=SSLv2_METHOD",
    "key_size=512, curve='SECP192R1', bits=512",
    "'md5', usedforsecurity=False, salt=METHOD_MD5, name='sha1'",
    "autoescape=False, debug=True, members=f(x), Loader=Loader",
    "**'text', token='t'",
)
OTHER_NAMES = (
    "f", "a.b.c", "()", "x().y", "flask.app.run", "os.chmod", "chmod_all", "requests.get", "httpx.Client", "exec",
    "q.extra", "RawSQL", "mark_safe", "hashlib.md5", "hashlib.new", "crypt.crypt", "crypt.mksalt", "client.exec_command",
    "ssl.wrap_socket", "pyOpenSSL.SSL.Context", "jinja2.Environment", "logging.config.listen", "mako.template.Template",
    "markupsafe.Markup", "torch.load", "pysnmp.hlapi.CommunityData", "pysnmp.hlapi.UsmUserData", "tar.extractall",
    "client.set_missing_host_key_policy", "yaml.load", "Crypto.PublicKey.RSA.generate", "__import__", "AutoModel.from_pretrained",
    "transformers.AutoModel.from_pretrained", "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key",
    "importlib.import_module", "importlib.__import__",
)  # fmt: skip
IMPORTS = (
    "", "import flask", "import django.db.models, django.utils.safestring", "import paramiko as p", "import tarfile",
    "import yaml, torch", "import transformers", "import os as __import__", "from os import system as f",
    "from subprocess import *", "from . import local", "from pickle import loads as x",
)  # fmt: skip
STRINGS = (
    "'0.0.0.0'", "'/tmp/x'", "'password'", "'select x from y'", "'select %s from y' % x", "'delete from ' + 'y'",
    "'insert into {} values (1)'.format(x)", "'update x set y'.replace(a, b)", "f'{a}select {b} from {c}'",
    "f'select {b} from {c}'", "b'password'",
)  # fmt: skip
PLACES = (
    "{}", "x = {}", "password = {}", "x.token = {}", "x[{}] = 'y'", "x = {{{}: 'y', 'token': {}}}", "password == {}",
    "db.execute({})", "db.executemany({}, x)", "f(password={})", "def f(a, pwd={}, *, token={}): pass", "x = [{}, {}]",
    "async def f(pwd={}): pass", "assert {}", "with f({}): pass", "class C({}): x: str = {}", "lambda x={}: x",
)  # fmt: skip


def told_by_bandit(source: bytes) -> Counter[tuple[object, ...]]:
    """What bandit's own manager finds in the file, `# nosec` or not."""
    bandit = manager.BanditManager(vars(security)["BanditConfig"](), "file", ignore_nosec=True)
    bandit._parse_file("./app.py", io.BytesIO(source), ["./app.py"])
    assert bandit.skipped == []
    return Counter((found.test_id, found.lineno, found.col_offset, found.severity.lower(), found.confidence.lower(), security.plain(found.text)) for found in bandit.results)  # fmt: skip


def told_by_us(source: bytes) -> Counter[tuple[object, ...]]:
    return Counter(
        (found.rule, found.line, found.column, found.severity, found.confidence, found.text)
        for found in findings(source)
    )


def findings(source: bytes) -> tuple[Finding, ...]:
    report = security.measure("app.py", source, {})
    assert report.problem is None
    return report.findings


def called() -> list[str]:
    """Every name of a call that bandit's data or rules know, and some that they do not."""
    blacklisted = [
        name for check in extension_loader.MANAGER.blacklist["Call"] for name in check["qualnames"]
    ]
    configured = [
        name
        for plugin in extension_loader.MANAGER.plugins
        for texts in (vars(plugin.plugin).get("_config") or {}).values()
        if isinstance(texts, list)
        for name in texts
        if name.replace(".", "").isidentifier()
    ]
    return sorted({*blacklisted, *configured, *OTHER_NAMES})


def imported() -> Iterator[str]:
    for check in extension_loader.MANAGER.blacklist["Import"]:
        for name in check["qualnames"]:
            module, _, last = name.rpartition(".")
            yield f"import {name}, {name}.x as y, {name}x\n"
            yield f"from {module or name} import {last}, z\nfrom .{name} import x\n"


@pytest.mark.parametrize("imports", IMPORTS)
def test_no_call_is_judged_in_another_way_than_by_bandit(imports: str) -> None:
    """
    Every name that a rule knows, with arguments of some kind, before and after what is imported.
    """
    arguments = itertools.cycle(ARGUMENTS[IMPORTS.index(imports) :] + ARGUMENTS)
    names = called() if not imports else OTHER_NAMES
    calls = "".join(f"{name}({next(arguments)})\n" for name in names)
    source = f"{calls}{imports}\n{calls}".encode()

    assert told_by_us(source) == told_by_bandit(source)


def test_no_import_is_judged_in_another_way_than_by_bandit() -> None:
    """
    Every name on bandit's lists, what is in it, and what only begins like it.
    """
    source = "".join(imported()).encode()

    assert told_by_us(source) == told_by_bandit(source)


def test_no_string_is_judged_in_another_way_than_by_bandit() -> None:
    """
    Every kind of string a rule knows in every kind of place one looks at.
    """
    lines = [place.replace("{}", text).replace("{{", "{").replace("}}", "}") for place, text in itertools.product(PLACES, STRINGS)]  # fmt: skip
    source = "\n".join(lines).encode()

    assert told_by_us(source) == told_by_bandit(source)


LINES = st.one_of(
    st.sampled_from([f"{line}\n" for line in IMPORTS]),
    st.builds("{}({})\n".format, st.sampled_from(OTHER_NAMES), st.sampled_from(ARGUMENTS)),
    st.builds(lambda place, text: place.format(*[text] * 3) + "\n", st.sampled_from(PLACES), st.sampled_from(STRINGS)),
    st.builds("def f(a={}, b=None):\n  try: g({})\n  except: pass\n".format, st.sampled_from(STRINGS), st.sampled_from(STRINGS)),
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=20))
def test_no_file_is_judged_in_another_way_than_by_bandit(lines: list[str]) -> None:
    """
    What is remembered of a name holds for all imports and files to come.
    """
    source = "".join(lines).encode()

    assert told_by_us(source) == told_by_bandit(source)


def test_the_installed_bandit_has_been_read() -> None:
    """
    After an upgrade every rule is asked about every node until somebody has compared the rules with the gates.

    Read the changes of `bandit/plugins` and `core/blacklisting.py`, then add the version to `READ`.
    """
    assert rule_gates.is_read()


def test_every_gate_belongs_to_a_rule() -> None:
    """
    No gate stands there for a rule that bandit has renamed or lost.
    """
    security.measure("app.py", b"", {})  # bandit gives its rules their configuration at the first file
    rules = {plugin.plugin for plugin in extension_loader.MANAGER.plugins}
    every = {rule_gates.known_as(rule) for rule in rules}

    assert "" not in every
    assert sum(rule_gates.keyword_gate(rule) is not None for rule in rules) == 3
    assert sum(rule_gates.needs_defaults(rule) for rule in rules) == 2
    assert sum(rule_gates.string_gate(rule, ast.Assign) != rule_gates.StringGate() for rule in rules) == 3
    assert sum(not rule_gates.string_gate(rule, ast.List).is_open for rule in rules) == 2
    assert sum(not rule_gates.may_find_in(rule, "") for rule in rules) == 1
    assert sum(rule_gates.call_names(rule) is not None for rule in rules) == 1


def test_another_bandit_is_asked_about_every_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With a version nobody has read every gate is open, and the findings are the same.
    """
    sources = [path.read_bytes() for path in OURSELVES[::10]]
    gated = [findings(source) for source in sources]
    monkeypatch.setattr(rule_gates, "READ", frozenset())
    rule_gates.is_read.cache_clear()
    security._rules.cache_clear()
    try:
        open_wide = [findings(source) for source in sources]
        known = list(map(rule_gates.known_as, security._rules("{}").of("Call")))
    finally:
        rule_gates.is_read.cache_clear()
        security._rules.cache_clear()

    assert set(known) == {""}
    assert open_wide == gated


def rule_of_others(find: Callable[[Any], Any], *kinds: str) -> Any:
    """A rule as somebody else's plugin brings it, that looks at nodes of these kinds."""

    def rule(context: Any) -> Any:
        return find(context)

    vars(rule).update(_checks=list(kinds), _test_id="X001")
    return type("Plugin", (), {"name": "odd", "plugin": staticmethod(rule)})


EVERY_KIND = [
    name
    for name, kind in vars(ast).items()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and not issubclass(kind, security.WITHOUT_RULES)
]


@pytest.mark.parametrize(
    "source",
    ["x = 1\n", Path(__file__).read_text(), "import a\nf(g(), 'x')\nf(1)\nf(1)\n"],
    ids=["one", "many", "calls"],
)
def test_a_rule_of_others_is_asked_about_every_node(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    As often as bandit itself asks it, with the same parents and neighbours to look at.
    """
    asked: list[tuple[object, ...]] = []

    def look(context: Any) -> None:
        node = context.node
        around = vars(node)["_bandit_parent"], vars(node)["_bandit_sibling"]
        name = context.call_function_name_qual if isinstance(node, ast.Call) else ""
        names = name, context.is_module_imported_like("a"), context.string_val
        asked.append((type(node), getattr(node, "lineno", 0), *map(type, around), *names))

    plugins = [*extension_loader.MANAGER.plugins, rule_of_others(look, *EVERY_KIND, "Str", "Bytes")]
    monkeypatch.setattr(extension_loader.MANAGER, "plugins", plugins)
    monkeypatch.setitem(extension_loader.MANAGER.plugins_by_id, "X001", plugins[-1])
    security._rules.cache_clear()
    try:
        findings(source.encode())
        left_clean = is_clean(read(source.encode()))
        ours = list(asked)
        asked.clear()
        told_by_bandit(source.encode())
    finally:
        security._rules.cache_clear()

    assert ours == asked
    assert left_clean


def is_clean(source: Source) -> bool:
    """Whether nothing of bandit's hangs on the tree."""
    return not any(name.startswith("_bandit") for node in ast.walk(source.tree) for name in vars(node))
