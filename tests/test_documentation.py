"""The documents name everything people can set, run or require."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gate.cli import gate
from gate.core.policy import DEFAULT, json_schema
from gate.telemetry import Gauged, Telemetry
from gate.web.api.document import openapi

ROOT = Path(__file__).parent.parent
DOCUMENTS = {path: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}
EVERYTHING = "\n".join(DOCUMENTS.values())


def _settings() -> list[str]:
    tree = ast.parse((ROOT / "gate" / "settings.py").read_text())
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(name for name in found if re.fullmatch(r"GATE_[A-Z_]+", name))


def _policy_keys() -> list[tuple[str, str]]:
    sections = json_schema()["properties"]
    assert isinstance(sections, dict)
    return [
        (name, key)
        for name, section in sections.items()
        if name != "component"
        for key in section["properties"]
    ]


@pytest.mark.parametrize("name", _settings())
def test_every_setting_is_documented(name: str) -> None:
    """
    Every environment variable stands in docs/operations.md.
    """
    assert f"`{name}`" in DOCUMENTS[ROOT / "docs" / "operations.md"]


def _metrics() -> list[str]:
    repositories = [Gauged("a/b", 1.0, 1, {"high": 1}, {"passed": 1}, 1.0)]
    text = Telemetry().exposition(repositories=repositories).decode()
    return sorted({line.split()[2] for line in text.splitlines() if line.startswith("# TYPE gate_")})


@pytest.mark.parametrize("name", [name for name in _metrics() if not name.endswith("_created")])
def test_every_metric_is_documented(name: str) -> None:
    """
    Every metric stands in docs/operations.md, by the name Prometheus shows.
    """
    assert f"`{name}`" in DOCUMENTS[ROOT / "docs" / "operations.md"]


@pytest.mark.parametrize("path", sorted(openapi("")["paths"]))  # type: ignore[call-overload]  # plain JSON
def test_every_address_of_the_api_is_documented(path: str) -> None:
    """
    Every address stands in docs/api.md; of a table as CSV that of the table.
    """
    shown = path.removesuffix(".csv").replace("{owner}/{name}", "OWNER/NAME")

    shown = shown.replace("{number}", "N").replace("{run_id}", "RUN")

    assert f"| `{shown}` |" in DOCUMENTS[ROOT / "docs" / "api.md"]


@pytest.mark.parametrize(("section", "key"), _policy_keys())
def test_every_policy_key_is_documented(section: str, key: str) -> None:
    """
    Every key of `.gate.toml` stands in docs/policy.md, below its section, with its default.
    """
    text = DOCUMENTS[ROOT / "docs" / "policy.md"]

    listed = text.partition(f"\n[{section}]")[2].partition("\n[")[0]

    assert re.search(rf"^{key} = ", listed, re.MULTILINE)
    assert hasattr(getattr(DEFAULT, section), key)


@pytest.mark.parametrize("command", sorted(gate.list_commands(None)))  # type: ignore[arg-type]  # the list needs no context
def test_every_command_is_documented(command: str) -> None:
    """
    Every command is named in a document.
    """
    assert f"gate {command}" in EVERYTHING


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    """
    Relative links point to files that exist.
    """
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", DOCUMENTS[document])

    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_a_document_names_are_there(document: Path) -> None:
    """
    What is claimed to be tried somewhere is tried there.
    """
    named = set(re.findall(r"`((?:tests/[\w/]*)?test_\w+\.py)`", DOCUMENTS[document]))
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}

    assert [
        name for name in named if not any(path.endswith(f"/{name}") or path == name for path in there)
    ] == []
