"""Small projects with tests, and their coverage by coverage.py itself: in every format, and as Gate's own run has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import coverage

from checks import line_coverage
from checks.coverage_job import Job
from checks.report import CoverageReport
from gate.core.coverage_configuration import rcfile

FORMATS = (".coverage", "coverage.json", "coverage.xml", "coverage.lcov")

FLOW = '''\
"""Every statement that branches."""
import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    import winreg
    KEY = winreg
elif sys.version_info >= (3, 8):
    KEY = None
else:
    KEY = 0


def sign(x):
    if x < 0:
        return -1
    elif x == 0:
        return 0
    return 1


def loops(items):
    found = []
    for item in items:
        if item == 2:
            continue
        if item == 3:
            break
        found.append(item)
    else:
        found.append("all")
    while len(found) > 3:
        found.pop()
    return found


def managed(path):
    with contextlib.suppress(ZeroDivisionError), \\
            contextlib.nullcontext(path) as same:
        if same:
            return 1 / len(same)
        same = 1
    return same


def in_a_loop(paths):
    for path in paths:
        with contextlib.nullcontext(path) as same:
            if same:
                break
    return paths


def tried(call):
    try:
        value = call()
    except KeyError:
        value = "key"
    except (
        ValueError,
        TypeError,
    ):
        value = "value"
    else:
        value = [value]
    finally:
        if call is sign:
            value = None
    return value


def matched(value):
    match value:
        case 1:
            return "one"
        case [first, *_] if first:
            return "list"
        case 9:  # pragma: no cover
            return "nine"
        case _:
            return "other"


def long_ones(
    first,
    second=None,
):
    chosen = (
        [
            each
            for each in first
            if each
        ]
        if second
        else
        None
    )
    return chosen or sorted(
        first,
        key=lambda each: (
            each if each else 0
        ),
    )


def generated(n):
    for i in range(n):
        if i % 2:
            yield i
    assert n > 0, (
        "none"
    )


async def waited(items):
    async for item in items:
        if item:
            return item


class Thing:
    """With a docstring."""

    kind: str

    def __init__(self, kind):
        self.kind = kind

    @property
    def shown(self):
        if self.kind: return self.kind
        return ""

    def never(self):  # pragma: no cover
        if self.kind:
            return 1


def quiet(x):
    if x:  # pragma: no branch
        x = 2
    while True:
        x += 1
        if x > 5:
            break
    return x


def quiet_never(x):
    if x:  # pragma: no branch
        return 1
    return 2


if __name__ == "__main__":
    print(sign(int(sys.argv[1])))
'''
FLOW_TESTS = """\
import {module} as flow

def test_sign(): assert flow.sign(-1) == -1 and flow.sign(3) == 1
def test_loops():
    assert flow.loops([1, 2]) == [1, "all"]
    assert flow.loops([1, 3]) == [1]
def test_managed(): assert flow.managed("ab") == 0.5
def test_in_a_loop(): flow.in_a_loop(["a"])
def test_tried():
    def wrong(): raise TypeError
    assert flow.tried(lambda: 1) == [1]
    assert flow.tried(wrong) == "value"
def test_matched(): assert flow.matched([1]) == "list" and flow.matched(7) == "other"
def test_long(): assert flow.long_ones([2, 1]) == [1, 2]
def test_generated(): assert list(flow.generated(3)) == [1]
def test_thing(): assert flow.Thing("a").shown == "a"
def test_quiet(): assert flow.quiet(1) == 6
"""


@dataclass(frozen=True)
class Project:
    """Its files, and where its tests find it."""

    files: Mapping[str, str]
    folder: str = ""
    """Of the sources, that tests import from."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """Coverage.py's own files."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Sources that Python does not parse, and why."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Files that count: all but the tests."""
        files = [*self.files, *self.broken]
        return tuple(sorted(path for path in files if path.endswith(".py") and not path.startswith("tests/")))

    def write(self, root: Path) -> None:
        """Make its files."""
        for path, text in {
            **self.files,
            **self.configuration,
            **dict.fromkeys(self.broken, "def f(:\n"),
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)

    def reports(self, root: Path, *, branches: bool) -> None:
        """Run its tests as people do, and write a report of every format."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        variables["PYTHONPATH"] = str(root / self.folder)
        steps = [
            [
                "run",
                *(["--branch"] if branches else []),
                f"--source={self.folder or '.'}",
                "-m",
                "pytest",
                "-q",
            ],
            *([kind, "-q", "-i"] for kind in ("json", "xml", "lcov")),
        ]
        for step in steps:
            words = ["-p", "no:cacheprovider", "-p", "no:randomly"] if step[0] == "run" else []
            subprocess.run(
                [sys.executable, "-m", "coverage", *step, *words],
                cwd=root,
                env=variables,
                check=True,
                capture_output=True,
            )

    def rcfile(self, root: Path, *, branches: bool) -> str:
        """The configuration of Gate's own run."""
        files = {name: text.encode() for name, text in self.configuration.items()}
        return rcfile(files, branches=branches, root=str(root))

    def own_run(self, root: Path, scratch: Path, *, branches: bool) -> CoverageReport:
        """What Gate measures itself."""
        start = scratch / "start" / "start.py"
        start.parent.mkdir(parents=True)
        (start.parent / "coverage").symlink_to(Path(coverage.__file__).parent)
        start.write_text("import sys\nfrom coverage.cmdline import main\nsys.exit(main())\n")
        job = Job(
            python=sys.executable,
            python_version=".".join(map(str, sys.version_info[:3])),
            runner="pytest",
            words=("-q", "-p", "no:randomly", "-p", "no:cacheprovider"),
            test_files=(),
            sources=self.sources,
            configuration=self.rcfile(root, branches=branches),
            environment={},
            python_path=(str(root / self.folder), str(root)),
            start=str(start),
        )
        return line_coverage.measure(job, scratch / "run", root)


PROJECTS = {
    "flat": Project(
        {
            "flow.py": FLOW,
            "unused.py": FLOW,
            "empty.py": "",
            "tests/test_flow.py": FLOW_TESTS.format(module="flow"),
        },
        broken={"scripts/old.py": "line 1: invalid syntax"},
    ),
    "src": Project(
        {
            "src/shop/__init__.py": "from shop.flow import sign\n",
            "src/shop/flow.py": FLOW,
            "src/shop/more/__init__.py": "",
            "src/shop/more/forgotten.py": "def f(x):\n    if x:\n        return 1\n",
            "setup.py": "if 1 > 2:\n    print()\n",
            "tests/test_flow.py": FLOW_TESTS.format(module="shop.flow"),
        },
        folder="src",
    ),
    "configured": Project(
        {
            "app/__init__.py": "",
            "app/flow.py": FLOW,
            "app/generated/big.py": "x = 1\n",
            "app/plain.py": "def twice(x):\n    log(x)\n    return x * 2\n\n\ndef log(x):\n    if x:\n        print(x)\n",
            "tests/test_flow.py": FLOW_TESTS.format(module="app.flow")
            + "def test_twice():\n    from app.plain import twice\n    assert twice(2) == 4\n",
        },
        configuration={
            ".coveragerc": "[run]\nomit = app/generated/*\n[report]\nexclude_also =\n    log\\(\npartial_also = while True\n"
        },
    ),
}
