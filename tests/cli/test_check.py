"""`gate check` in a checkout: what is compared, what is printed, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Project

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "verdict.schema.json").read_text())
SIMPLE = "def one(a):\n    return a\n"
TANGLED = "def tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(11))
STATIC = ("--only", "complexity", "--only", "security")


def test_a_simple_change_passes(project: Project) -> None:
    """
    A change that worsens nothing passes with status 0.
    """
    base = project.commit({"a.py": SIMPLE})
    head = project.commit({"b.py": SIMPLE})

    done = project.gate("check", "--base", base, *STATIC, "--format", "json")

    assert done.status == 0
    assert done.json["outcome"] == "passed"
    assert (done.json["base"], done.json["head"]) == (base, head)


def test_a_tangle_blocks_with_its_numbers(project: Project) -> None:
    """
    A new function above the limit blocks with status 1; the JSON has path, line, before, after and limit.
    """
    base = project.commit({"a.py": SIMPLE})
    project.commit({"b.py": TANGLED})

    done = project.gate("check", "--base", base, *STATIC, "--format", "json")

    assert done.status == 1
    complexity = done.json["checks"]["complexity"]
    assert complexity["functions"] == [
        {"path": "b.py", "name": "tangle", "line": 1, "before": None, "after": 12, "status": "new"}
    ]
    assert complexity["totals"] == {
        "base": {"blocks": 1, "sum": 1, "max": 1},
        "head": {"blocks": 2, "sum": 13, "max": 12},
    }
    reason = complexity["reasons"][0]
    assert (reason["path"], reason["line"], reason["after"], reason["limit"]) == ("b.py", 1, 12, 10)
    assert len(done.json["to_pass"]) == 1


def test_uncommitted_and_untracked_files_count(project: Project) -> None:
    """
    Without --head the files as they are are judged, untracked ones unless ignored; nothing in the checkout changes.
    """
    project.commit({"a.py": SIMPLE, ".gitignore": "ignored.py\n"})
    project.write({"b.py": TANGLED, "ignored.py": TANGLED})
    before = project.git("status", "--porcelain")

    done = project.gate("check", *STATIC, "--format", "json")

    assert done.status == 1
    assert done.json["head"] == "working tree"
    assert [function["path"] for function in done.json["checks"]["complexity"]["functions"]] == ["b.py"]
    assert project.git("status", "--porcelain") == before


def test_reversing_turns_introduced_into_fixed(project: Project) -> None:
    """
    With base and head exchanged, what was introduced is fixed.
    """
    old = project.commit({"a.py": SIMPLE})
    new = project.commit({"a.py": SIMPLE + "\n\nimport pickle\n\nx = pickle.loads(b'')\n"})

    there = project.gate("check", "--base", old, "--head", new, *STATIC, "--format", "json").json
    back = project.gate("check", "--base", new, "--head", old, *STATIC, "--format", "json").json

    assert [item["rule"] for item in there["checks"]["security"]["introduced"]] == ["B403", "B301"]
    assert there["checks"]["security"]["introduced"] == back["checks"]["security"]["fixed"]
    assert there["checks"]["security"]["fixed"] == back["checks"]["security"]["introduced"] == []


def test_the_policy_of_the_base_judges(project: Project) -> None:
    """
    The head's `.gate.toml` is not asked; one given by --policy is.
    """
    base = project.commit({"a.py": SIMPLE, ".gate.toml": "[complexity]\nmaximum = 20\n"})
    project.commit({"b.py": TANGLED, ".gate.toml": "[complexity]\nmaximum = 2\n"})

    by_base = project.gate("check", "--base", base, *STATIC)
    by_file = project.gate("check", "--base", base, *STATIC, "--policy", ".gate.toml")

    assert (by_base.status, by_file.status) == (0, 1)
    assert f".gate.toml at {base[:7]}" in by_base.output


def test_a_broken_policy_blocks(project: Project) -> None:
    """
    A broken policy is said with key, line and what is allowed, and blocks.
    """
    project.commit({"a.py": SIMPLE, ".gate.toml": "[complexity]\nmaximum = 'ten'\n"})

    done = project.gate("check", *STATIC)

    assert done.status == 1
    assert "complexity.maximum" in done.output
    assert "line 2" in done.output


def test_without_a_box_the_rest_is_judged(project: Project) -> None:
    """
    Where tests cannot run, coverage says what is missing, names --here, and the exit status is 2.
    """
    project.commit({"a.py": SIMPLE, "test_a.py": "import unittest\n"})
    project.write({"a.py": SIMPLE + "\n\ndef two(a):\n    return a\n"})

    done = project.gate("check", "--format", "json")

    assert done.status == 2
    assert done.json["checks"]["coverage"]["outcome"] == "could_not_measure"
    assert "--here" in json.dumps(done.json["checks"]["coverage"])
    assert done.json["checks"]["complexity"]["outcome"] == "passed"


SIGN = "def sign(a):\n    if a < 0:\n        return -1\n    return 1\n"
SIGN_TESTS = (
    "import unittest\n\nimport a\n\n\nclass SignTest(unittest.TestCase):\n"
    "    def test_positive(self):\n        self.assertEqual(a.sign(1), 1)\n"
)


def test_here_runs_the_tests_without_a_box(project: Project) -> None:
    """
    With --here the active interpreter runs the tests, and every line is as coverage.py has it.
    """
    sha = project.commit({"a.py": SIGN, "b.py": "x = 1\n", "test_a.py": SIGN_TESTS})

    report = project.gate("measure", sha, "--check", "coverage", "--here", "--format", "json").json

    assert report["files"] == {
        "a.py": {"covered": [1, 2, 4], "missing": [3]},
        "b.py": {"covered": [], "missing": [1]},
    }
    assert report["suite"]["outcome"] == "passed"
    assert report["suite"]["tests"] == {"test_a.SignTest.test_positive": "passed"}


@pytest.mark.long
def test_here_judges_the_working_tree(project: Project) -> None:
    """
    A surviving line that loses its test blocks, also in files that are not committed.
    """
    project.commit({"a.py": SIGN, "test_a.py": SIGN_TESTS})
    project.write({"test_a.py": SIGN_TESTS.replace("a.sign(1), 1", "1, 1")})

    coverage = project.gate("check", "--here", "--format", "json").json["checks"]["coverage"]

    assert coverage["outcome"] == "blocked"
    assert coverage["lost"] == {"a.py": [2, 4]}


@pytest.mark.long
def test_an_explanation_says_what_was_counted(project: Project) -> None:
    """
    As text and as JSON, of all changed files or of one; the JSON fits the schema and the numbers of the verdict.
    """
    project.commit({"a.py": SIGN, "test_a.py": SIGN_TESTS})
    project.write({"a.py": SIGN + "\n\ndef other(b):\n    return b\n", "b.py": TANGLED})

    text = project.gate("check", "--here", "--explain").output
    one = project.gate("check", "--here", "--explain-file", "b.py").output
    verdict = project.gate("check", "--here", "--explain", "--format", "json").json

    assert "\nWhy\na.py (modified)\n  line 7: new, covered: no removed statement is equal to it\n" in text
    assert "  line 8: new, not covered: no removed statement is equal to it\n" in text
    assert "b.py (added)\n" in text
    assert "a.py (modified)" not in one
    assert "Blocks: it is new and above the limit of 10." in one
    jsonschema.validate(verdict, SCHEMA)
    lines = [
        (file["path"], item["line"], item["covered"])
        for file in verdict["explanation"]["files"]
        for item in file["items"]
        if item["kind"] == "line" and item["counts"]
    ]
    coverage = verdict["checks"]["coverage"]
    assert len(lines) == coverage["patch"]["executable"]
    assert [line for path, line, covered in lines if path == "a.py" and not covered] == coverage["uncovered"][
        "a.py"
    ]


def test_a_check_without_a_measurement_is_said_to_have_no_explanation(project: Project) -> None:
    """
    The others are explained all the same.
    """
    project.commit({"a.py": SIMPLE, "test_a.py": "import unittest\n"})
    project.write({"b.py": TANGLED, "test_a.py": "import unittest as u\n"})

    done = project.gate("check", "--explain")

    assert "Nothing to explain of coverage: it was not measured." in done.output
    assert "test_a.py (modified, a test file)\n  nothing in it counts or could have counted" in done.output
    assert "function tangle, line 1: new with 12" in done.output


FLAKY_TESTS = (
    "import pathlib\nimport unittest\n\nimport a\n\n\nclass FlakyTest(unittest.TestCase):\n"
    "    def test_flips(self):\n        self.assertEqual(a.sign(1), 1)\n"
    "        seen = pathlib.Path({seen!r})\n        first = not seen.exists()\n        seen.touch()\n"
    "        self.assertFalse(first)\n"
)


@pytest.mark.long
def test_a_test_that_flips_blocks_nobody(project: Project) -> None:
    """
    A failure is looked at twice; a test that passes the second time is named and not judged.
    """
    project.commit({"a.py": SIGN, "test_a.py": SIGN_TESTS})
    seen = str(project.root.parent / "seen")
    project.write({"test_flaky.py": FLAKY_TESTS.format(seen=seen)})

    done = project.gate("check", "--here", "--only", "coverage")

    assert done.status == 0
    assert "test_flaky.FlakyTest.test_flips flipped" in done.output


def test_loosening_blocks_where_the_policy_says_so(project: Project) -> None:
    """
    With whoever wrote it; what has to be undone is exactly what was loosened.
    """
    base = project.commit(
        {"a.py": "x = 1\n", ".gate.toml": "[guard]\nloosening = 'block'\n[coverage]\nminimum = 80\n"}
    )
    project.commit({".gate.toml": "[guard]\nloosening = 'block'\n[coverage]\nminimum = 60\n"})
    project.write({"a.py": "x = 1  # type: ignore\n"})

    done = project.gate("check", "--base", base, *STATIC)
    verdict = project.gate("check", "--base", base, *STATIC, "--format", "json").json

    assert done.status == 1
    assert ".gate.toml line 4 (by Ann) loosens `coverage.minimum` of the policy: 80 -> 60." in done.output
    assert "a.py line 1 (not committed yet) adds `# type: ignore`" in done.output
    assert [step["text"] for step in verdict["to_pass"]] == [
        "Set `coverage.minimum` back to 80 in .gate.toml.",
        "Take `# type: ignore` out of a.py line 1.",
    ]


def test_the_first_commit_is_compared_with_nothing(project: Project) -> None:
    """
    Before the first commit there is nothing to compare with, and everything is new.
    """
    project.write({"a.py": TANGLED})

    done = project.gate("check", *STATIC, "--format", "json")

    assert done.status == 1
    assert done.json["base"] in {"", None}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("check", "--base", "nowhere"), "no commit is called 'nowhere'"),
        (("check", "/"), "is not inside a git checkout"),
        (("check", "--only", "beauty"), "beauty"),
        (("measure", "nowhere", "--check", "security"), "no commit is called 'nowhere'"),
    ],
)
def test_bad_usage_is_said_with_status_2(project: Project, arguments: tuple[str, ...], text: str) -> None:
    """
    What cannot be understood is named, with status 2 and without a traceback.
    """
    project.commit({"a.py": SIMPLE})

    done = project.gate(*arguments)

    assert done.status == 2
    assert text in done.errors
    assert "Traceback" not in done.errors


def test_the_json_is_what_the_schema_says(project: Project) -> None:
    """
    Whatever the outcome, the JSON fits docs/verdict.schema.json.
    """
    project.commit({"a.py": SIMPLE})
    project.write({"b.py": TANGLED, "c.py": "def broken(:\n", "d.py": "assert 1\n", "é.py": "exec('')\n"})

    done = project.gate("check", "--format", "json")

    jsonschema.validate(done.json, SCHEMA)


@pytest.mark.long
def test_cached_and_afresh_agree(project: Project) -> None:
    """
    The second run, from the cache, and one without it print the same bytes.
    """
    project.commit({"a.py": SIMPLE})
    project.write({"b.py": TANGLED})

    outputs = {
        project.gate("check", *STATIC, "--format", "json", *more).output for more in ((), (), ("--no-cache",))
    }

    assert len(outputs) == 1


def test_measure_prints_every_block(project: Project) -> None:
    """
    `gate measure` has closures and classes too, with qualified names.
    """
    source = "class A:\n    def b(self):\n        def c():\n            return 1\n        return c\n"
    sha = project.commit({"a.py": source})

    blocks = project.gate("measure", sha, "--check", "complexity", "--format", "json").json["blocks"]

    assert {(block["name"], block["type"], block["line"]) for block in blocks} == {
        ("A", "class", 1),
        ("A.b", "method", 2),
        ("A.b.c", "closure", 3),
    }


def test_nothing_is_left_out_silently(project: Project) -> None:
    """
    Links, notebooks and excluded files are counted in the verdict and named in the raw report.
    """
    (project.root / "link.py").symlink_to("a.py")
    sha = project.commit({"a.py": SIMPLE, "b.ipynb": "{}", "c_pb2.py": SIMPLE, "d.py/e.txt": "x"})

    verdict = project.gate("check", "--base", sha, *STATIC).output
    raw = project.gate("measure", sha, "--check", "security", "--format", "json").json

    assert "left out: 1 generated, 1 links not followed, 1 notebooks not measured" in verdict
    assert raw["left_out"] == {
        "excluded": [{"path": "c_pb2.py", "cause": "generated"}],
        "links": ["link.py"],
        "submodules": [],
        "notebooks": ["b.ipynb"],
        "directories": ["d.py"],
    }


def test_settings_mistakes_are_said_all_at_once(project: Project) -> None:
    """
    `gate doctor` with a wrong environment names every variable; `gate check` in a right one needs none.
    """
    done = project.gate("doctor", GATE_SANDBOX="chroot", GATE_CONCURRENCY="many", GATE_APP_ID="7")

    assert done.status == 2
    for name in ("GATE_SANDBOX", "GATE_CONCURRENCY", "GATE_PRIVATE_KEY", "GATE_WEBHOOK_SECRET"):
        assert name in done.errors
    assert "Traceback" not in done.errors


def test_the_doctor_works_before_anything_was_set_up(project: Project) -> None:
    """
    On a new machine it says of each thing whether it holds, and what is missing.
    """
    done = project.gate("doctor")

    assert "GitHub App: none yet" in done.output
    assert "run `gate migrate`" in done.output
    assert "GATE_SANDBOX=none" in done.output
    assert done.status == 1
