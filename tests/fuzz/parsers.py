"""The parsers of what strangers write: each gives a value or the error it is documented to raise, in time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from checks.codec import DecodeError, decode, encode
from checks.report import (
    Block,
    CoverageReport,
    FileCoverage,
    FileReport,
    Finding,
    Problem,
    Quantity,
    Statement,
    Suite,
)
from gate.core import command, coverage_configuration, manifest, policy, tool_configuration
from gate.core.branch_globs import listed
from gate.core.codeowners import addresses
from gate.core.failure import Permanent, PolicyError
from gate.core.globs import compile_globs
from gate.core.lock_file import constraints
from gate.git import changes
from tests.fuzz import mutation
from tests.fuzz.target import Target, pure

ROOT = Path(__file__).parents[2]

POLICIES = [
    policy.show(policy.DEFAULT, {}).encode(),
    policy.starter(coverage=None, most_complex=12, findings=3).encode(),
    b'[[component]]\nname = "api"\npaths = ["src/api/", "!**/x_*.py"]\n[component.complexity]\nmaximum = 9\n',
]
FILE_REPORT = FileReport(
    check="complexity",
    version="1 radon-6.0.1",
    blocks=(
        Block("f", "function", 1, 9, 4, digest="ab", fingerprint=("a", "b"), contributors=((2, 1), (3, 2))),
    ),
    findings=(Finding("B602", 3, 4, 0, "high", "low", "text", scope="f", source="cd", suppressed="blanket"),),
    statements=(Statement(1, 2, "d", "s", "f", meaning="docstring", names=("os", "path"), binds="x"),),
    quantities=(Quantity("sloc", 12),),
    problem=Problem("line 3: invalid syntax", line=3),
)
COVERAGE_REPORT = CoverageReport(
    version="1 coverage-7.17.3 cpython-3.11.7",
    files=(("app.py", FileCoverage([1, 2, 300], [4], [5], ((1, 2, True), (2, -1, False)))),),
    suite=Suite(
        "failed", 1, 1.5, "pytest", tests=(("test_a", "passed"), ("test_b", "failed")), services=("Redis",)
    ),
    unparsable=(("b.py", "line 1"),),
    unstable=(("app.py", (2, 3)),),
    flaky=("test_b",),
)
DIFF = b"""\
:100644 100644 %(a)s %(b)s M\tapp.py
:000000 100755 %(z)s %(b)s A\t"tab\\there.py"
:100644 000000 %(a)s %(z)s D\tgone.bin
:100644 100644 %(a)s %(b)s R087\told.py\tnew.py
:100644 120000 %(a)s %(b)s T\tlink

diff --git a/app.py b/app.py
index %(a)s..%(b)s 100644
--- a/app.py
+++ b/app.py
@@ -3,2 +3 @@ def f():
-x
-y
+z
@@ -9,0 +9,4 @@
+@@ -1 +1 @@
diff --git "a/tab\\there.py" "b/tab\\there.py"
new file mode 100755
@@ -0,0 +1 @@
+1
diff --git a/gone.bin b/gone.bin
Binary files a/gone.bin and /dev/null differ
diff --git a/old.py b/new.py
similarity index 87%%
@@ -1 +1 @@
-a
+b
diff --git a/link b/link
deleted file mode 100644
@@ -1 +0,0 @@
-a
diff --git a/link b/link
new file mode 120000
@@ -0,0 +1 @@
+target
""" % {b"a": b"a" * 40, b"b": b"b" * 40, b"z": b"0" * 40}
COMMENT = (
    b"Fine.\n/gate waive complexity the parser is generated\n```\n/gate waive coverage no\n```\n~~~\n/gate\n"
)
CODEOWNERS = b"# owners\n*.py ann@example.org @org/team\n/docs/** bob@example.org\nsrc/[ab]*/ \nx\\ y c@d.e # last\n!no a@b.c\n"
COVERAGE_FILES = {
    ".coveragerc": b"[run]\nomit =\n    tests/*\n    */x.py\nconcurrency = thread,gevent\n[report]\nexclude_lines = pragma\n",
    "setup.cfg": b"[coverage:run]\nsource = pkg\npatch = fork\n[coverage:report]\nexclude_also =\n    #x\n    ;y\n",
    "pyproject.toml": b'[tool.coverage.run]\nbranch = true\nomit = ["a", "b\\nc"]\n[tool.bandit]\nskips = ["B101"]\n',
    "bandit.yaml": b"skips: [B101, B102]\nany_other_function_with_shell_equals_true:\n  no_shell: [os.execl]\n",
    ".bandit": b"[bandit]\nskips = B101,B102\n",
}
PYPROJECT = b"""[build-system]
requires = ["setuptools>=70", "cython"]
build-backend = "setuptools.build_meta"
[project]
name = "x"
requires-python = ">=3.11"
dependencies = ["requests>=2; python_version > '3'", "a[b] @ https://x"]
[project.optional-dependencies]
test = ["pytest", "x[dev]"]
[dependency-groups]
dev = ["ruff", {include-group = "test"}]
test = ["hypothesis"]
[tool.poetry.dependencies]
python = "^3.11"
flask = {version = "~2.3", extras = ["async"], python = ">=3.8,<4"}
[tool.poetry.group.dev.dependencies]
mypy = "1.*"
[tool.hatch.envs.test]
dependencies = ["pytest-cov"]
scripts.run = "pytest {args:tests}"
[tool.tox]
env_list = ["py311"]
[tool.tox.env_run_base]
deps = ["pytest"]
commands = [["pytest", {replace = "posargs", default = ["tests"], extend = true}]]
"""
MANIFESTS = {
    "pyproject.toml": PYPROJECT,
    "setup.cfg": b"[options]\ninstall_requires =\n    a>=1\n[options.extras_require]\ntest = pytest; nose\n",
    "setup.py": b"from setuptools import setup\nX = ['a', 'b' 'c']\nsetup(name='x', install_requires=X + ['d>=1'], extras_require={'t': X})\n",
    "requirements.txt": b"-r dev-requirements.txt\n-c constraints.txt\na==1 \\\n  --hash=sha256:ab\nb>=2;python_version<'3'\n-e .\n",
    "dev-requirements.txt": b"pytest\n-r requirements.txt\n",
    "constraints.txt": b"a<3\n",
    "Pipfile": b"[packages]\na = '*'\nb = {version = '>=1', markers = \"sys_platform == 'linux'\"}\n[dev-packages]\nc = '==1'\n",
    "tox.ini": b"[tox]\nenvlist = py{310,311}-{a,b}\n[testenv]\ndeps =\n    pytest\n    a: x>=1\n    {[base]deps}\ncommands = pytest {posargs:tests}\nsetenv =\n    A = {env:B:c}\n[base]\ndeps = z\n",
    "noxfile.py": b"import nox\n@nox.session(python=['3.11'])\ndef tests(session):\n    session.install('pytest', '-e', '.[test]')\n    session.run('pytest', *session.posargs, env={'A': 'b'})\n",
    "poetry.lock": b"[[package]]\nname = 'a'\nversion = '1.0'\nmarkers = 'x'\n",
    "Pipfile.lock": b'{"default": {"a": {"version": "==1.0", "markers": "os_name == \'nt\'"}}, "develop": {}}',
    "uv.lock": b"version = 1\n[[package]]\nname = 'b'\nversion = '2'\nsource = { registry = 'x' }\n",
    "pytest.ini": b"[pytest]\naddopts = -n 2 --cov\n",
}
GLOBS = (b"*.py", b"/src/**/x_*", b"[!a-z]?\\*", b"**/a/**/b", b"docs/", b"!keep", b"a" * 40, b"*a*a*a*b")
PATHS = (
    b"src/app.py",
    b"a/b/c/d/e/f/g.py",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
    b"x" * 300,
    b"a/" * 80 + b"b",
)


def of_files(random: Random, seeds: Mapping[str, bytes]) -> dict[str, bytes]:
    """Some of the files, one or two of them changed."""
    names = random.sample(sorted(seeds), random.randrange(1, len(seeds) + 1))
    changed = random.choices(names, k=2)
    others = [*seeds.values()]
    return {
        name: mutation.text(random, [seeds[name]] * 9 + others) if name in changed else seeds[name]
        for name in names
    }


def texts(*seeds: bytes) -> Any:
    """Makes bytes out of these."""
    return lambda random: mutation.text(random, seeds)


def values(*seeds: Any) -> Any:
    """Makes JSON values out of these."""
    return lambda random: mutation.value(random, random.choice(seeds))


def _policy(given: bytes) -> None:
    with suppress(PolicyError):
        policy.parse(given)
        policy.origins(given)


def _report(kind: type[Any]) -> Any:
    def attempt(given: Any) -> None:
        with suppress(DecodeError):
            read = decode(kind, given)
            # What is let in can be kept: it goes to the database as JSON.
            json.dumps(encode(read))

    return attempt


def _diff(given: bytes) -> None:
    with suppress(Permanent):
        changes.parse(given.splitlines(keepends=True), 1000)


def _comment(given: bytes) -> None:
    for line in command.commands_in(given.decode("utf-8", "surrogateescape")):
        with suppress(command.MisusedError):
            command.parse(line)


def _codeowners(given: bytes) -> None:
    addresses(given.decode("utf-8", "replace"), ("src/app.py", "docs/a/b.md", "x y"))


def _coverage(files: Mapping[str, bytes]) -> None:
    coverage_configuration.rcfile(files, branches=True, root="/x", python_version="3.14.0")
    coverage_configuration.named_sources(files)
    with suppress(PolicyError):
        tool_configuration.bandit_options(files)


def _manifests(files: Mapping[str, bytes]) -> None:
    manifest.read(files)
    manifest.sessions(files)
    constraints(files)


def _glob(given: tuple[bytes, bytes]) -> None:
    glob, path = (part.decode("utf-8", "surrogateescape") for part in given)
    with suppress(ValueError):
        compile_globs([glob]).match(path)
    listed(path, [glob])


def _glob_and_path(random: Random) -> tuple[bytes, bytes]:
    parts: Sequence[bytes] = random.choices(GLOBS, k=random.choice((1, 1, 2, 4)))
    return mutation.text(random, [b"/".join(parts)])[:2000], mutation.text(random, PATHS)[:2000]


PARSERS = (
    pure("policy", 14, texts(*POLICIES), _policy),
    pure("file report", 14, values(encode(FILE_REPORT)), _report(FileReport)),
    pure("coverage report", 14, values(encode(COVERAGE_REPORT)), _report(CoverageReport)),
    pure("diff", 14, texts(DIFF), _diff),
    pure("comment command", 10, texts(COMMENT), _comment),
    pure("codeowners", 6, texts(CODEOWNERS), _codeowners),
    pure("coverage and bandit configuration", 6, lambda random: of_files(random, COVERAGE_FILES), _coverage),
    pure("manifests", 5, lambda random: of_files(random, MANIFESTS), _manifests),
    pure("globs", 10, _glob_and_path, _glob),
)
"""Without a service."""

__all__ = ["PARSERS", "Target"]
