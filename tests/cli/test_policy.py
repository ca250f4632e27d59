"""`gate policy` and the policy of `gate check`: what is effective, and where each key comes from."""

from __future__ import annotations

from pathlib import Path

from jsonschema import Draft202012Validator

from tests.cli.conftest import Project

TANGLED = "def tangle(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(7))
"""Of complexity 8."""


def test_show_tells_the_origin_of_each_key(project: Project, tmp_path: Path) -> None:
    """
    A default, a line of the organisation's file, or a line of the repository's.
    """
    project.write({".gate.toml": "[complexity]\nmaximum = 9\n"})
    organisation = tmp_path / "organisation.toml"
    organisation.write_text("[coverage]\npatch = 80\n[complexity]\nmaximum = 5\n")

    lines = project.gate("policy", "show", "--defaults", str(organisation)).output.splitlines()

    assert "maximum = 9  # .gate.toml line 2" in lines
    assert f"patch = 80  # {organisation} line 2" in lines
    assert "lost = 0  # default" in lines


def test_a_broken_file_of_defaults_is_said(project: Project, tmp_path: Path) -> None:
    """
    With its name, line and key, and status 2.
    """
    organisation = tmp_path / "organisation.toml"
    organisation.write_text("[coverage]\npatch = 'all'\n")

    done = project.gate("policy", "show", "--defaults", str(organisation))

    assert (done.status, done.output) == (2, "")
    assert f"{organisation} line 2: `coverage.patch`: expected a whole number" in done.errors


def test_the_schema_is_printed_as_json(project: Project) -> None:
    """
    Editors read it from a file.
    """
    schema = project.gate("policy", "schema").json

    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["complexity"]["properties"]["maximum"]["default"] == 10


def test_check_takes_a_copy_of_the_defaults(project: Project, tmp_path: Path) -> None:
    """
    Without one the verdict says that they are not known; with one they hold where the policy is silent.
    """
    base = project.commit({".gate.toml": "[security]\nseverity = 'high'\n"})
    project.commit({"a.py": TANGLED})
    organisation = tmp_path / "organisation.toml"
    organisation.write_text("[complexity]\nmaximum = 7\n")
    arguments = ("check", "--base", base, "--only", "complexity")

    without = project.gate(*arguments)
    with_theirs = project.gate(*arguments, "--defaults", str(organisation))

    assert (without.status, with_theirs.status) == (0, 1)
    assert "no organisation policy: an organisation's defaults are not known here" in without.output
    assert f"over {organisation}" in with_theirs.output
    assert "tangle is 8, limit 7" in with_theirs.output


def test_check_previews_the_policy_of_the_change(project: Project) -> None:
    """
    What would differ once it is merged is printed and in the JSON; the verdict stays that of the base's policy.
    """
    base = project.commit({".gate.toml": "[complexity]\nmaximum = 7\n"})
    project.commit({".gate.toml": "[complexity]\nmaximum = 9\n", "a.py": TANGLED})
    arguments = ("check", "--base", base, "--only", "complexity", "--only", "security")

    printed = project.gate(*arguments)
    preview = project.gate(*arguments, "--format", "json").json["preview"]

    assert printed.status == 1
    assert "With the policy of this change (it counts once it is merged)" in printed.output
    assert "    Complexity would pass: No changed function over 9 (highest 8)." in printed.output
    assert "    The gate would pass." in printed.output
    assert preview == {
        "outcome": "passed",
        "advise": False,
        "checks": {"complexity": {"outcome": "passed", "title": "No changed function over 9 (highest 8)"}},
        "mistakes": [],
    }


def test_check_blocks_a_change_that_breaks_the_policy(project: Project) -> None:
    """
    With the mistake among what to do; a remark that changes no meaning is nothing to tell.
    """
    base = project.commit({"a.py": "x = 1\n", ".gate.toml": ""})
    arguments = ("check", "--base", base, "--only", "complexity")

    project.write({".gate.toml": "[complexity]\nmaximun = 9\n"})
    broken = project.gate(*arguments)
    project.write({".gate.toml": "# a remark\n"})
    harmless = project.gate(*arguments)

    assert broken.status == 1
    assert "did you mean `maximum`?" in broken.output
    assert "1. This change breaks the policy: .gate.toml line 2" in broken.output
    assert harmless.status == 0
    assert "With the policy" not in harmless.output
