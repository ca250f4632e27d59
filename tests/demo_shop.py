"""The repository of `make demo`: a shop of some twenty modules, with tests that leave something to do."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from tests.fake_github import Repository
from tests.made_changes import path_of

MODULES = 24
COMMITS = 40
TOTALS = {
    "files": 25, "sloc": 722, "loc": 1086, "lloc": 878, "blank": 234, "comments": 0, "single_comments": 130, "multi": 0,
    "functions": 105, "complexity": 345, "worst": 14, "over": 3, "maintainability": 124500,
    "findings": 9, "findings_high": 1, "findings_medium": 0, "findings_low": 8, "suppressed": 0, "escapes": 0,
    "covered": 590, "executable": 722, "tests": 26, "flaky_tests": 0, "unstable_lines": 0, "suite_milliseconds": 1600,
    "complexity_maximum": 10, "coverage_minimum": 75,
}  # fmt: skip
"""Of its first commit, as the service measures them; the history arrives at them."""

POLICY = """\
[coverage]
patch = 80
minimum = 75
"""
SHOP = '''\
"""A small shop."""


def price(item: str, quantity: int) -> int:
    """The price in cents; ten or more of a thing cost a tenth less."""
    total = {"apple": 30, "pear": 45}[item] * quantity
    if quantity >= 10:
        total -= total // 10
    return total
'''
TESTS = """\
import unittest

from shop import price


class PriceTest(unittest.TestCase):
    def test_a_few(self):
        self.assertEqual(price("apple", 2), 60)

    def test_many_cost_less(self):
        self.assertEqual(price("pear", 10), 405)
"""
_MODULE = '''\
"""The {noun} of {area}."""

import hashlib
import random


def parse_{noun}(text):
    """The parts of a text such as `a=1; b=2`, by name."""
    found = {{}}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if value:
            found[name.strip()] = value.strip()
    return found


def merge_{noun}(one, other):
    """Both, where they do not contradict each other."""
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            raise ValueError(name)
    return {{**one, **other}}


def key_of_{noun}(text):
    """A short name for a text."""
    return hashlib.{digest}(text.encode()).hexdigest()[:8]


def plan_{noun}(kind, count):
    """How many are sent, by kind."""
{branches}    return count
'''
_DRAW = '''

def draw_{noun}(several):
    """One of them, by chance."""
    if not several:
        return None
    return random.choice(several)
'''


def files() -> dict[str, str]:
    """Everything in it, by path."""
    modules = {path_of(number): _module(number) for number in range(MODULES)}
    return {
        ".gate.toml": POLICY,
        "README.md": "# Shop\n",
        "shop.py": SHOP,
        "test_shop.py": TESTS,
        "test_areas.py": _tests(),
        **modules,
    }


def commit(repository: Repository, now: datetime) -> None:
    """Its default branch: everything at once, then some months in which a few files were changed again and again."""
    chance = random.Random(6)
    made, written = files(), COMMITS
    sha = repository.git.commit(made, parents=(), message="Begin", when=now - timedelta(days=100))
    for left in range(written, 0, -1):
        path = path_of(int(MODULES * chance.random() ** 3))
        made[path] += f"\n# Looked at again, {left}.\n"
        when = now - timedelta(days=90 * left / (written + 1))
        sha = repository.git.commit({path: made[path]}, parents=(sha,), message=f"Look at {path}", when=when)
    repository.git.update(f"refs/heads/{repository.default_branch}", sha)


def _names(number: int) -> tuple[str, str]:
    area, _, noun = path_of(number).removesuffix(".py").partition("/")
    return area, noun


def _kinds(number: int) -> int:
    """How many ways through its longest function there are, but for two: three modules are above the limit."""
    return (3, 5, 4, 7, 6, 2, 13, 5)[number % 8]


def _module(number: int) -> str:
    area, noun = _names(number)
    branches = "".join(
        f'    if kind == "kind {kind}":\n        return count - {kind}\n' for kind in range(_kinds(number))
    )
    digest = "md5" if number == 11 else "sha256"
    made = _MODULE.format(noun=noun, area=area, digest=digest, branches=branches)
    return made + _DRAW.format(noun=noun) if number % 3 == 1 else made.replace("import random\n", "")


def _tests() -> str:
    """They run most of each module, and more of some."""
    lines = ["import unittest", ""]
    lines += [f"import {'.'.join(_names(number))}" for number in range(MODULES)]
    lines += ["", "", "class AreasTest(unittest.TestCase):"]
    for number in range(MODULES):
        area, noun = _names(number)
        module = f"{area}.{noun}"
        lines += [
            f"    def test_{noun}_of_{area}(self):",
            f'        parts = {module}.parse_{noun}("a=1; b=2")',
            '        self.assertEqual(parts, {"a": "1", "b": "2"})',
            f'        self.assertEqual({module}.merge_{noun}(parts, {{"a": "1"}}), parts)',
            f'        self.assertEqual(len({module}.key_of_{noun}("a")), 8)',
            f'        self.assertEqual({module}.plan_{noun}("other", 2), 2)',
        ]
        tested = _kinds(number) * (number % 4) // 4
        lines += [
            f'        self.assertEqual({module}.plan_{noun}("kind {kind}", 20), {20 - kind})'
            for kind in range(tested)
        ]
        lines.append("")
    return "\n".join(lines)
