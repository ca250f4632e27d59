"""Configuration: which key of which file a change loosens, from what to what; tightening is not listed."""

from __future__ import annotations

import json

import pytest

from gate.core.comparison import TreeReports
from gate.core.diff import Diff, FileChange, Hunk
from gate.core.guard import GUARDED_FILES, baselines, loosened, with_authors
from gate.core.verdict import Reason

Files = dict[str, str]
NOTHING = TreeReports({})


def found(base: Files, head: Files, authors: dict[tuple[str, int], str] | None = None) -> tuple[Reason, ...]:
    before, after = ({name: text.encode() for name, text in files.items()} for files in (base, head))
    diff = Diff(
        tuple(
            FileChange(
                "modified" if path in base else "added", path if path in base else "", path, "", "", HUNKS
            )
            for path in sorted(head)
            if base.get(path) != head[path]
        )
    )

    assert {*base, *head} <= {*GUARDED_FILES, *baselines(diff, before, after)}
    return with_authors(
        loosened(NOTHING, NOTHING, diff, base_files=before, head_files=after, findings={}), authors or {}
    )


HUNKS = (Hunk(3, 0, 4, 2),)


def toml(table: str, line: str) -> Files:
    return {"pyproject.toml": f"[project]\nname = 'a'\n\n[{table}]\n{line}\n"}


def one(path: str, text: str) -> Files:
    return {path: text}


MERGED = "It counts once it is merged."
AT_ONCE = "It counts in this change already."
DOUBT = "Whether that loosens is not known."

LOOSER: dict[str, tuple[Files, Files, str, str]] = {
    # coverage.py, wherever it is configured
    "fail_under": (
        toml("tool.coverage.report", "fail_under = 80"),
        toml("tool.coverage.report", "fail_under = 60"),
        f"pyproject.toml line 5 (by Ann) loosens `fail_under` of coverage.py: 80 -> 60. {MERGED}",
        "Set `fail_under` back to 80 in pyproject.toml.",
    ),
    "fail_under removed": (
        one("setup.cfg", "[coverage:report]\nfail_under = 80.5\n"),
        one("setup.cfg", "[metadata]\n"),
        f"setup.cfg loosens `fail_under` of coverage.py: 80.5 -> 0. {MERGED}",
        "Set `fail_under` back to 80.5 in setup.cfg.",
    ),
    "omit": (
        one(".coveragerc", "[run]\nomit =\n    gen/*\n"),
        one(".coveragerc", "[run]\nomit =\n    gen/*\n    api/*\n"),
        f".coveragerc line 4 (by Ann) loosens `omit` of coverage.py: it gains `api/*`. {MERGED}",
        "Take `api/*` out of `omit` in .coveragerc.",
    ),
    "omit of a file of many tools": (
        one("tox.ini", "[tox]\n[coverage:report]\nomit = a/*\n"),
        one("tox.ini", "[tox]\n[coverage:report]\nomit = a/*, b/*\n"),
        f"tox.ini line 3 (by Ann) loosens `omit` of coverage.py: it gains `b/*`. {MERGED}",
        "Take `b/*` out of `omit` in tox.ini.",
    ),
    "exclude_also": (
        toml("tool.coverage.report", "exclude_also = []"),
        toml("tool.coverage.report", 'exclude_also = [\n  "raise \\\\w+",\n]'),
        f"pyproject.toml line 6 (by Ann) loosens `exclude_also` of coverage.py: it gains `raise \\w+`. {MERGED}",
        "Take `raise \\w+` out of `exclude_also` in pyproject.toml.",
    ),
    "exclude_lines": (
        one(".coveragerc.toml", "[report]\nexclude_lines = ['a']\n"),
        one(".coveragerc.toml", "[report]\nexclude_lines = ['a', 'b']\n"),
        f".coveragerc.toml line 2 (by Ann) loosens `exclude_lines` of coverage.py: it gains `b`. {MERGED}",
        "Take `b` out of `exclude_lines` in .coveragerc.toml.",
    ),
    "source": (
        toml("tool.coverage.run", "source = ['a', 'b']"),
        toml("tool.coverage.run", "source = ['a']"),
        f"pyproject.toml line 5 loosens `source` of coverage.py: it loses `b`. {MERGED}",
        "Put `b` back into `source` in pyproject.toml.",
    ),
    "branch": (
        toml("tool.coverage.run", "branch = true"),
        toml("tool.coverage.run", "branch = false"),
        f"pyproject.toml line 5 (by Ann) loosens `branch` of coverage.py: true -> false. {MERGED}",
        "Set `branch` back to true in pyproject.toml.",
    ),
    # bandit
    "skips": (
        toml("tool.bandit", 'skips = ["B101"]'),
        toml("tool.bandit", 'skips = ["B101", "B602"]'),
        f"pyproject.toml line 5 (by Ann) loosens `skips` of bandit: it gains `B602`. {MERGED}",
        "Take `B602` out of `skips` in pyproject.toml.",
    ),
    "skips in another file": (
        one("bandit.yaml", "skips: [B101]\n"),
        {"bandit.yaml": "skips: [B101]\n", ".bandit": "[bandit]\nskips = B101,B602\n"},
        f".bandit line 2 (by Ann) loosens `skips` of bandit: it gains `B602`. {MERGED}",
        "Take `B602` out of `skips` in .bandit.",
    ),
    "exclude_dirs": (
        one("bandit.yaml", "# bandit\n"),
        one("bandit.yaml", "# bandit\nexclude_dirs:\n  - legacy\n"),
        f"bandit.yaml line 3 (by Ann) loosens `exclude_dirs` of bandit: it gains `legacy`. {MERGED}",
        "Take `legacy` out of `exclude_dirs` in bandit.yaml.",
    ),
    "tests of bandit": (
        toml("tool.bandit", 'tests = ["B101", "B602"]'),
        toml("tool.bandit", 'tests = ["B101"]'),
        f"pyproject.toml line 5 loosens `tests` of bandit: it loses `B602`. {MERGED}",
        "Put `B602` back into `tests` in pyproject.toml.",
    ),
    "baseline": (
        one("bandit_baseline.json", json.dumps({"results": []})),
        one(
            "bandit_baseline.json",
            json.dumps({"results": [{"filename": "a.py", "test_id": "B602", "code": "x", "line_number": 1}]}),
        ),
        "bandit_baseline.json line 4 (by Ann) leaves out 1 more finding of bandit.",
        "Take the new findings out of bandit_baseline.json, or the file back as it was.",
    ),
    # pytest
    "deselect": (
        one("pytest.ini", "[pytest]\naddopts = -ra\n"),
        one("pytest.ini", "[pytest]\naddopts = -ra --deselect=tests/test_a.py::test_b\n"),
        f"pytest.ini line 2 (by Ann) loosens `addopts` of pytest: it gains `--deselect=tests/test_a.py::test_b`. {AT_ONCE}",
        "Take `--deselect=tests/test_a.py::test_b` out of `addopts` in pytest.ini.",
    ),
    "-k": (
        one("setup.cfg", "[tool:pytest]\naddopts = -q\n"),
        one("setup.cfg", "[tool:pytest]\naddopts = -q -k 'not slow'\n"),
        f"setup.cfg line 2 (by Ann) loosens `addopts` of pytest: it gains `-k not slow`. {AT_ONCE}",
        "Take `-k not slow` out of `addopts` in setup.cfg.",
    ),
    "--ignore": (
        toml("tool.pytest.ini_options", "addopts = ['-q']"),
        toml("tool.pytest.ini_options", "addopts = ['-q', '--ignore', 'tests/api', '--ignore-glob=*_x.py']"),
        f"pyproject.toml line 5 (by Ann) loosens `addopts` of pytest: it gains `--ignore tests/api`, `--ignore-glob=*_x.py`. {AT_ONCE}",
        "Take `--ignore tests/api`, `--ignore-glob=*_x.py` out of `addopts` in pyproject.toml.",
    ),
    "testpaths": (
        one("tox.ini", "[pytest]\ntestpaths = tests integration\n"),
        one("tox.ini", "[pytest]\ntestpaths = tests\n"),
        f"tox.ini line 2 loosens `testpaths` of pytest: it loses `integration`. {AT_ONCE}",
        "Put `integration` back into `testpaths` in tox.ini.",
    ),
    # the policy
    "the policy": (
        one(".gate.toml", "[coverage]\nminimum = 80\n"),
        one(".gate.toml", "[coverage]\nminimum = 60\n"),
        f".gate.toml line 2 (by Ann) loosens `coverage.minimum` of the policy: 80 -> 60. {MERGED}",
        "Set `coverage.minimum` back to 80 in .gate.toml.",
    ),
    "a key of the policy removed": (
        one(".gate.toml", "[coverage]\nminimum = 80\nlost = 0\n"),
        one(".gate.toml", "[coverage]\nlost = 0\n"),
        f".gate.toml loosens `coverage.minimum` of the policy: 80 -> 0. {MERGED}",
        "Set `coverage.minimum` back to 80 in .gate.toml.",
    ),
    "a component's threshold": (
        one(".gate.toml", "[[component]]\nname = 'a'\npaths = ['a/']\n"),
        one(
            ".gate.toml", "[[component]]\nname = 'a'\npaths = ['a/']\n[component.complexity]\nmaximum = 20\n"
        ),
        f".gate.toml line 5 (by Ann) loosens `component a: complexity.maximum` of the policy: 10 -> 20. {MERGED}",
        "Set `component a: complexity.maximum` back to 10 in .gate.toml.",
    ),
    "the policy removed": (
        one(".gate.toml", "[complexity]\nmaximum = 5\n"),
        {},
        f".gate.toml loosens `complexity.maximum` of the policy: 5 -> 10. {MERGED}",
        "Set `complexity.maximum` back to 5 in .gate.toml.",
    ),
}


@pytest.mark.parametrize("kind", LOOSER)
def test_loosening_is_listed_and_tightening_is_not(kind: str) -> None:
    """
    Each setting both ways: with file, line, author of the new line, before, after and remedy; backwards nothing.
    """
    base, head, text, remedy = LOOSER[kind]
    ann = {(path, line): "Ann" for path in {*base, *head} for line in range(1, 20)}

    (there,) = found(base, head, ann)

    assert (there.kind, there.text, there.remedy) == ("loosened", text, remedy)
    assert found(head, base, ann) == ()


UNKNOWN: dict[str, tuple[Files, Files, str]] = {
    "a command": (
        one(".gate.toml", "[tests]\ncommand = 'pytest'\n"),
        one(".gate.toml", "[tests]\ncommand = 'pytest fast'\n"),
        f".gate.toml line 2 changes `tests.command` of the policy: pytest -> pytest fast. {DOUBT} {AT_ONCE}",
    ),
    "a variable of the tests": (
        {},
        one(".gate.toml", "[tests.env]\nFAST = '1'\n"),
        f".gate.toml line 1 changes `tests.env` of the policy: it gains `FAST=1`. {DOUBT} {AT_ONCE}",
    ),
    "a plugin": (
        toml("tool.bandit", "[tool.bandit.any_other]\nkeys = ['a']"),
        toml("tool.bandit", "[tool.bandit.any_other]\nkeys = ['b']"),
        f'pyproject.toml line 5 changes `any_other` of bandit: {{"keys": ["a"]}} -> {{"keys": ["b"]}}. {DOUBT} {MERGED}',
    ),
    "a baseline named": (
        one(".bandit", "[bandit]\n"),
        one(".bandit", "[bandit]\nbaseline = known.json\n"),
        f".bandit line 2 changes `baseline` of bandit: nothing -> known.json. {DOUBT} {MERGED}",
    ),
    "a baseline that cannot be read": (
        {".bandit": "[bandit]\nbaseline = known.json\n", "known.json": "{}"},
        {".bandit": "[bandit]\nbaseline = known.json\n", "known.json": "[" * 100_000},
        "known.json line 4 is changed. Whether it leaves out more findings is not known.",
    ),
    "from everything to something": (
        {},
        one("pytest.ini", "[pytest]\ntestpaths = tests\n"),
        f"pytest.ini line 2 changes `testpaths` of pytest: everything -> only `tests`. {DOUBT} {AT_ONCE}",
    ),
    "a policy that cannot be read": (
        one(".gate.toml", "[complexity]\nmaximum = 5\n"),
        one(".gate.toml", "[complexity]\nmaximum = 'five'\n"),
        f".gate.toml is changed, and cannot be read at the head. {DOUBT}",
    ),
    "a policy that could not be read": (
        one(".gate.toml", "[complexity\n"),
        one(".gate.toml", "[complexity]\nmaximum = 5\n"),
        f".gate.toml is changed, and cannot be read at the base. {DOUBT}",
    ),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_may_be_either_is_listed_as_a_change(kind: str) -> None:
    """
    And said to be one whose direction is not known.
    """
    base, head, text = UNKNOWN[kind]

    assert [reason.text for reason in found(base, head)] == [text]


@pytest.mark.parametrize(
    ("base", "head"),
    [
        # Another place for the same settings, another tool in the same file, another order, comments.
        (
            one(".coveragerc", "[run]\nomit = a/*\n[report]\nfail_under = 80\n"),
            toml("tool.coverage", "run.omit = ['a/*']\nreport.fail_under = 80"),
        ),
        (
            one("pytest.ini", "[pytest]\ntestpaths = a b\n"),
            toml("tool.pytest.ini_options", "testpaths = ['b', 'a']"),
        ),
        (one(".bandit", "[bandit]\nskips = B101\n"), toml("tool.bandit", "skips = ['B101']")),
        (toml("tool.black", "line-length = 80"), toml("tool.black", "line-length = 100")),
        (
            one(".gate.toml", "[complexity]\nmaximum = 5\n"),
            one(".gate.toml", "# why\n[complexity]\nmaximum=5\n"),
        ),
        (
            one("pytest.ini", "[pytest]\naddopts = -ra\n"),
            one("pytest.ini", "[pytest]\naddopts = -q --strict\n"),
        ),
        # A file that coverage.py does not come to, for it stops at the first.
        (one(".coveragerc", ""), {".coveragerc": "", **toml("tool.coverage.run", "omit = ['a/*']")}),
        # The first configuration of a project, stricter than the defaults.
        ({}, one(".gate.toml", "[complexity]\nmaximum = 5\n[guard]\nloosening = 'block'\n")),
        ({}, toml("tool.coverage.report", "fail_under = 80")),
        # A baseline that leaves out less, and another file of JSON.
        (
            one("bandit.json", json.dumps({"results": [{"filename": "a.py", "test_id": "B1", "code": "x"}]})),
            one("bandit.json", json.dumps({"results": []})),
        ),
    ],
)
def test_what_says_the_same_or_more_is_not_listed(base: Files, head: Files) -> None:
    """
    Settings are compared by what they mean, not by where and how they are written.
    """
    assert found(base, head) == ()


def test_hostile_values_stay_short_text() -> None:
    """
    A value neither ends the code it is shown as, nor goes on for pages.
    """
    head = one(".coveragerc", "[run]\nomit =\n    `x` **bold** \x1b[2J" + "y" * 500 + "\n")

    (reason,) = found({}, head)

    assert "`'x' **bold** " in reason.text
    assert "\x1b" not in reason.text
    assert len(reason.text) < 250


def test_hostile_keys_stay_short_text() -> None:
    """
    The name of a setting is a stranger's too.
    """
    (reason,) = found({}, one("bandit.yaml", '"a`b\\e[2J": 1\n'))

    assert reason.text.startswith(
        "bandit.yaml changes `a'b\N{REPLACEMENT CHARACTER}[2J` of bandit: nothing -> 1."
    )


@pytest.mark.parametrize(
    "head",
    [
        one(".coveragerc", "[run]\nomit = " + ",".join(map(str, range(100_000))) + "\n"),
        toml("tool.coverage.run", "omit = [" + ",".join(f'"\\u0061{n}"' for n in range(5_000)) + "]"),
    ],
    ids=["items", "escaped items"],
)
def test_large_files_are_looked_through_once(head: Files) -> None:
    """
    Many items are not compared each with each.
    """
    base = {path: text.replace("run]", "run]\n", 1) for path, text in head.items()}

    assert len(found({}, head)) == 1
    assert found(base, head) == ()


def test_a_setting_loosened_further_is_another_reason() -> None:
    """What a waiver covered at an earlier head is known again by what it said, wherever its line moved."""

    def identity(line: str) -> tuple[str, ...]:
        (reason,) = found({}, {".gate.toml": f"[complexity]\n{line}\n"})
        return reason.identity

    first = identity("maximum = 20")

    assert first
    assert identity("# why\nmaximum = 20") == first
    assert identity("maximum = 30") != first


def test_coverages_configuration_in_the_folder_of_a_component_is_listed() -> None:
    """
    Only coverage.py is run there; bandit's files and the policy are the root's alone.
    """
    before = {"api/setup.cfg": b"[coverage:run]\nomit = a.py\n", "api/pyproject.toml": b""}
    after = {
        "api/setup.cfg": b"[coverage:run]\nomit = a.py, b.py\n",
        "api/pyproject.toml": b"[tool.bandit]\nskips = ['B101']\n",
    }

    (listed,) = loosened(NOTHING, NOTHING, Diff(()), base_files=before, head_files=after, findings={})

    assert (listed.path, listed.line, listed.name) == ("api/setup.cfg", 2, "run.omit")
    assert listed.what == f"loosens `omit` of coverage.py: it gains `b.py`. {MERGED}"
