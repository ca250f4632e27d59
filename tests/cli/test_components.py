"""A monorepo: each component is judged on its own, by tests of its own where it has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.boxes import sandbox_or_skip
from tests.cli.conftest import Project
from tests.cli.test_check import SCHEMA, STATIC, TANGLED
from tests.distributions import put_wheel
from tests.wheel_index import WHEELS, has_wheel, index_of

LIMITS = """\
[[component]]
name = "api"
paths = ["services/api/**"]
[component.complexity]
maximum = 20

[[component]]
name = "web"
paths = ["services/web/**"]
[component.complexity]
maximum = 5

[[component]]
name = "legacy"
paths = ["old/**"]
"""
SEVEN = "def seven(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(6))


def test_each_component_has_limits_of_its_own(project: Project) -> None:
    """
    A looser limit is really looser, a stricter one really stricter, and nothing is judged twice.
    """
    project.commit({".gate.toml": LIMITS, "a.py": "a = 1\n"})
    project.write({"services/api/a.py": TANGLED, "services/web/a.py": SEVEN, "a.py": SEVEN})

    done = project.gate("check", *STATIC, "--format", "json")

    assert done.status == 1
    jsonschema.validate(done.json, SCHEMA)
    found = {
        name: {
            check: (each["outcome"], [function["path"] for function in each.get("functions", ())])
            for check, each in part["checks"].items()
            if check == "complexity"
        }
        for name, part in {"": done.json, **done.json["components"]}.items()
    }
    assert found == {
        "": {"complexity": ("passed", ["a.py"])},
        "api": {"complexity": ("passed", ["services/api/a.py"])},
        "web": {"complexity": ("blocked", ["services/web/a.py"])},
        "legacy": {"complexity": ("passed", [])},
    }
    assert [reason["path"] for reason in done.json["to_pass"]] == ["services/web/a.py"]


@pytest.mark.long
def test_each_component_is_explained_by_its_own_limits(project: Project) -> None:
    """
    The same function blocks in the one and not in the other.
    """
    project.commit({".gate.toml": LIMITS, "a.py": "a = 1\n"})
    project.write({"services/api/a.py": TANGLED, "services/web/a.py": SEVEN})

    done = project.gate("check", *STATIC, "--explain")

    assert "Does not block: it is within the limit of 20" in done.output
    assert "Blocks: it is new and above the limit of 5" in done.output


@pytest.mark.long
def test_components_of_the_heads_policy_are_previewed(project: Project) -> None:
    """
    Each by the limits it would have.
    """
    project.commit({".gate.toml": LIMITS, "a.py": "a = 1\n"})
    stricter = LIMITS.replace("maximum = 20", "maximum = 3")
    project.write({"services/api/a.py": SEVEN, ".gate.toml": stricter})

    done = project.gate("check", *STATIC, "--format", "json")

    jsonschema.validate(done.json, SCHEMA)
    preview = done.json["preview"]
    assert preview["outcome"] == "blocked"
    assert {name: each["outcome"] for name, each in preview["checks"].items()} == {
        "complexity of api": "blocked"
    }


def test_what_a_component_loosens_in_its_folder_is_listed(project: Project) -> None:
    """
    Where it has tests of its own, which coverage.py's configuration there is for.
    """
    own = LIMITS.replace("[component.complexity]\nmaximum = 20", "[component.tests]")
    project.commit({".gate.toml": own, "services/api/a.py": "a = 1\n", "services/web/a.py": "a = 1\n"})
    omit = "[coverage:run]\nomit = a.py\n"
    project.write({"services/api/setup.cfg": omit, "services/web/setup.cfg": omit})

    done = project.gate("check", *STATIC)

    assert "services/api/setup.cfg line 2" in done.output
    assert "loosens `omit` of coverage.py" in done.output
    assert "services/web/setup.cfg" not in done.output


def test_components_are_printed_and_one_without_files_is_named(project: Project) -> None:
    """
    What blocks says in which component; paths that match nothing are most likely mistaken.
    """
    project.commit({".gate.toml": LIMITS, "a.py": "a = 1\n"})
    project.write({"services/web/a.py": SEVEN})

    done = project.gate("check", *STATIC)

    assert "✘ complexity of web blocked: seven is 7, limit 5" in done.output
    assert "Blocked: complexity of web" in done.output
    assert "No Python file belongs to the component legacy: none matches its paths `old/**`" in done.output


APART = """\
[tests]
timeout_minutes = 1

[[component]]
name = "api"
paths = ["services/api/**"]
[component.tests]
timeout_minutes = 1

[[component]]
name = "web"
paths = ["services/web/**"]
[component.tests]
env = { GREETING = "hello" }
timeout_minutes = 1
"""
TESTS = """\
import os
import unittest

import clash
from {name} import answer


class T(unittest.TestCase):
    def test_answer(self):
        self.assertEqual(answer(1), "{name}")
        self.assertEqual(clash.WHO, "{name}")
        self.assertEqual(os.environ.get("GREETING"), {greeting})
"""
SERVICE = 'def answer(a):\n    if a:\n        return "{name}"\n    return ""\n'
UNTESTED = "\n\ndef more(a):\n    b = a\n    c = b\n    d = c\n    return d\n"
MONOREPO = {
    ".gate.toml": APART,
    "services/api/requirements.txt": "needsone\n",
    "services/api/api.py": SERVICE.format(name="api"),
    "services/api/tests/test_answer.py": TESTS.format(name="api", greeting=None),
    "services/web/requirements.txt": "needstwo\n",
    "services/web/web.py": SERVICE.format(name="web"),
    "services/web/.coveragerc": '[report]\nexclude_also =\n    return ""\n',
    "services/web/tests/test_answer.py": TESTS.format(name="web", greeting='"hello"'),
    "tools.py": "def tool(a):\n    return a\n",
    "test_tools.py": "import unittest\nimport tools\n\n\nclass T(unittest.TestCase):\n"
    "    def test_it(self):\n        self.assertEqual(tools.tool(1), 1)\n",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Two packages that both bring the module `clash`, so that no environment can hold both."""
    sandbox_or_skip()
    folder = tmp_path / "wheels"
    folder.mkdir()
    put_wheel(folder, "needsone", {"clash.py": "WHO = 'api'\n"})
    for wheel in WHEELS.glob("*.whl"):
        (folder / wheel.name).symlink_to(wheel)
    put_wheel(folder, "needstwo", {"clash.py": "WHO = 'web'\n"})
    with index_of(folder) as server:
        yield server.url


@pytest.mark.long
@pytest.mark.box
def test_two_services_with_conflicting_requirements(project: Project, index: str) -> None:
    """
    Each suite runs in a box of its own, with its own environment, in its own folder; each covers its own files only.
    """
    project.commit(MONOREPO)
    project.write({"services/web/web.py": MONOREPO["services/web/web.py"] + UNTESTED})

    done = project.gate(
        *("check", "--only", "coverage", "--format", "json"), GATE_SANDBOX="bwrap", GATE_INDEX_URL=index
    )

    assert (done.status, done.errors) == (1, "")
    jsonschema.validate(done.json, SCHEMA)
    rest = done.json["checks"]["coverage"]
    api, web = (done.json["components"][name]["checks"]["coverage"] for name in ("api", "web"))
    assert (rest["outcome"], rest["base"]) == ("passed", {"covered": 2, "executable": 2})
    assert (api["outcome"], api["base"]) == ("passed", {"covered": 3, "executable": 4})
    # Its own configuration of coverage.py excludes a line.
    assert (web["outcome"], web["base"]) == ("blocked", {"covered": 3, "executable": 3})
    assert web["uncovered"] == {"services/web/web.py": [8, 9, 10, 11]}


@pytest.mark.long
@pytest.mark.box
def test_a_component_without_a_suite_that_runs_is_not_armed(project: Project, index: str) -> None:
    """
    It is named with its cause and blocks nobody; another one that is new is judged on the head alone.
    """
    project.commit({**MONOREPO, "services/api/requirements.txt": "nowhere\n"})
    project.git("rm", "-r", "--quiet", "services/web")
    project.git("commit", "--quiet", "--message", "Remove web")
    project.write({path: text for path, text in MONOREPO.items() if path.startswith("services/web/")})

    done = project.gate("check", "--only", "coverage", GATE_SANDBOX="bwrap", GATE_INDEX_URL=index)

    assert (done.status, done.errors) == (0, "")
    assert "▲ coverage of api could not measure: Not armed: The requirements cannot be met" in done.output
    assert "api: Not armed: " in done.output
    assert "below `[component.tests]`" in done.output
    assert (
        "✔ coverage of web passed: 75.0\N{NO-BREAK SPACE}% (3 of 4) of changed lines, no base" in done.output
    )
    assert "2 checks passed, coverage of api not armed yet" in done.output
    assert "coverage: in web: 1 of 1 changed source file measured; head measured now" in done.output


@pytest.mark.box
def test_pytest_at_the_root_leaves_out_suites_of_components(project: Project, index: str) -> None:
    """
    Even where it is told to look there; and what was measured once is known from then on.
    """
    if not has_wheel("pytest"):
        pytest.skip("no wheels here: `.ci/setup test` keeps them")
    project.commit(
        {
            **MONOREPO,
            "pytest.ini": "[pytest]\ntestpaths = tests services\n",
            "requirements.txt": "pytest\n",
            "services/api/conftest.py": "import clash\n",
            "tests/test_all.py": "import tools\n\n\ndef test_it():\n    assert tools.tool(1) == 1\n",
        }
    )
    command = ("measure", "HEAD", "--check", "coverage")

    done, again = (project.gate(*command, GATE_SANDBOX="bwrap", GATE_INDEX_URL=index) for _ in range(2))

    assert (done.status, done.errors) == (0, "")
    assert done.json["suite"]["tests"] == {"tests.test_all.test_it": "passed"}
    assert {name: suite["tests"] for name, suite in done.json["components"].items()} == {
        "api": {"services.api.tests.test_answer.T.test_answer": "passed"},
        "web": {"tests.test_answer.T.test_answer": "passed"},
    }
    assert sorted(done.json["files"]) == ["services/api/api.py", "services/web/web.py", "tools.py"]
    assert again.json == done.json, "the seconds of a second run would differ"
