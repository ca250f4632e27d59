"""Run a project's unittest suite and write down what became of each test; runs on the project's interpreter.

`coverage run unittest_outcomes.py OUTCOMES TESTFILES`: OUTCOMES is the JSON file to write, TESTFILES names a JSON file
with the paths of the test files. It measures nothing. Standard library only, and only what Python 3.8 has.
"""

from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path[0] = str(Path.cwd())  # Not our own folder: the project's modules must be found as without us.

RANKS = ("passed", "skipped", "failed", "error")
"""From best to worst: of a test that ends in several ways, say in its subtests, the worst stands."""


class Outcomes(unittest.TextTestResult):
    """A result that keeps the outcome of every test by its id."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.outcomes: dict[str, str] = {}

    def note(self, test: unittest.TestCase, outcome: str) -> None:
        name = plain_id(test.id())
        known = self.outcomes.get(name, outcome)
        self.outcomes[name] = max(known, outcome, key=RANKS.index)

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802  (unittest's name)
        super().addSuccess(test)
        self.note(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self.note(test, "failed")

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        self.note(test, "error")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        self.note(test, "skipped")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)
        self.note(test, "skipped")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self.note(test, "failed")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failed" if issubclass(err[0], test.failureException) else "error")


def plain_id(name: str) -> str:
    """The id without unittest's words for a module or fixture that failed: what was it that failed?"""
    if name.startswith("unittest.loader._FailedTest."):
        return name[len("unittest.loader._FailedTest.") :]
    if name.startswith(("setUpClass (", "tearDownClass (", "setUpModule (", "tearDownModule (")):
        return name.partition("(")[2].rstrip(")")
    return name


def suite_of(paths: list[str]) -> unittest.TestSuite:
    """The tests of the files, each imported by its dotted name from the root, as discovery from there would."""
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for path in paths:
        folder = Path(path).parent
        if folder != Path() and not (folder / "__init__.py").exists():
            # Modules beside tests without a package are found as with `discover -s FOLDER`.
            sys.path.append(str(folder.resolve()))
        suite.addTests(loader.loadTestsFromName(path[: -len(".py")].replace("/", ".")))
    return suite


def main() -> int:
    """Run the suite; the status is 0 when it passed, 1 when it failed, 5 when there was no test."""
    outcomes, list_of_files = (Path(name) for name in sys.argv[1:3])
    sys.argv[1:] = []
    suite = suite_of(json.loads(list_of_files.read_text(encoding="utf-8")))
    result: Any = unittest.TextTestRunner(resultclass=Outcomes).run(suite)
    outcomes.write_text(json.dumps(result.outcomes), encoding="utf-8")
    if not result.wasSuccessful():
        return 1
    return 0 if result.outcomes else 5


if __name__ == "__main__":
    sys.exit(main())
