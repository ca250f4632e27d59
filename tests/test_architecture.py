"""The import rule, the doors and the sizes of docs/architecture.md, as data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("gate", "checks")
    for path in sorted((ROOT / package).rglob("*.py"))
}

ROWS: tuple[tuple[str, ...], ...] = (
    ("checks.report", "checks.catalog", "checks.codec", "checks.coverage_job", "checks.unreachable_service"),
    ("gate.core",),
    ("gate.variables",),
    ("gate.settings", "gate.tables", "gate.telemetry", "gate.owner", "gate.file_lock"),
    ("gate.credentials",),
    ("gate.github", "gate.git", "gate.sandbox", "gate.store", "gate.charts", "gate.templating", "gate.smtp"),
    ("gate.engine", "gate.environments"),
    ("gate.service",),
    ("gate.workflows",),
    ("gate.web",),
    ("gate.cli", "gate.wsgi", "gate.gunicorn"),
    ("gate.__main__",),
)
"""A module may import from lower rows only; what stands in one row are siblings and do not import each other."""

INSIDE = ("checks.report", "checks.catalog", "checks.coverage_job")
"""Siblings that may use the codec, their row's standard-library-only neighbour."""

DOORS: dict[str, tuple[str, ...]] = {
    "github": ("gate.github",),
    "sqlalchemy": ("gate.tables", "gate.store", "gate.engine", "gate.service", "gate.migrations"),
    "alembic": ("gate.store", "gate.migrations"),
    "flask": ("gate.web", "gate.wsgi"),
    "jinja2": ("gate.templating",),
    "css_inline": ("gate.templating",),
    "smtplib": ("gate.smtp",),
    "email": ("gate.core.message",),
    "dbos": ("gate.engine",),
    "click": ("gate.cli",),
    "rich": ("gate.cli",),
    "prometheus_client": ("gate.telemetry",),
    "structlog": ("gate.telemetry",),
    "yaml": ("gate.core.yaml_format", "gate.web.setup"),
    "cryptography": ("gate.credentials",),
    "pathspec": ("gate.core.globs", "gate.git"),
    "requests": ("gate.github", "gate.environments.index_page"),
    "packaging": ("gate.core.manifest", "gate.core.lock_file", "gate.environments"),
    "subprocess": (
        "gate.git",
        "gate.sandbox",
        "gate.environments",
        "gate.cli",
        "checks.line_coverage",
        "checks.project_build",
    ),
    "radon": ("checks.complexity", "checks.maintainability", "checks.size"),
    "bandit": ("checks.security",),
    "coverage": ("checks.line_coverage",),
    "vl_convert": ("gate.charts",),
}
"""Each outside thing is imported by these modules (or packages) alone."""


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def row(module: str) -> int | None:
    for number, names in enumerate(ROWS):
        if any(within(module, name) for name in names):
            return number
    return None


def room(module: str) -> str:
    """The name in `ROWS` the module belongs to."""
    return next((name for names in ROWS for name in names if within(module, name)), module)


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(module, only for types) of every import in a file, wherever it stands."""
    tree = ast.parse(path.read_bytes())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full if full in MODULES else node.module, id(node) in typing_only)


@pytest.mark.parametrize("module", [name for name in MODULES if row(name) is not None])
def test_modules_import_lower_rows_only(module: str) -> None:
    """
    Nothing imports from a higher row or from a sibling.
    """
    own = row(module) or 0

    wrong = [
        target
        for target, typing_only in imports(MODULES[module])
        if (other := row(target)) is not None
        and not typing_only
        and room(target) != room(module)
        and not (module in INSIDE and target == "checks.codec")
        and other >= own
    ]

    assert wrong == []


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "gate")])
def test_gate_never_imports_a_measuring_module(module: str) -> None:
    """
    From `checks`, Gate imports only the values, the catalogue and the codec: measuring runs in its own process.
    """
    allowed = {"checks", *ROWS[0]}

    measured = [
        target for target, _ in imports(MODULES[module]) if within(target, "checks") and target not in allowed
    ]

    assert measured == []


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "checks")])
def test_checks_never_import_gate(module: str) -> None:
    """
    The checks are a library of their own.
    """
    assert [target for target, _ in imports(MODULES[module]) if within(target, "gate")] == []


@pytest.mark.parametrize("module", MODULES)
def test_each_outside_thing_has_one_door(module: str) -> None:
    """
    A dependency is imported by its door alone.
    """
    wrong = [
        target
        for target, typing_only in imports(MODULES[module])
        for thing, doors in DOORS.items()
        if within(target, thing) and not typing_only and not any(within(module, door) for door in doors)
    ]

    assert wrong == []


@pytest.mark.parametrize("module", [name for name in MODULES if within(name, "gate")])
def test_only_settings_read_the_environment(module: str) -> None:
    """
    `os.environ` and `os.getenv` are read by `gate.settings` alone.
    """
    source = MODULES[module].read_text()

    reads = "os.environ" in source or "os.getenv" in source

    assert module == "gate.settings" or not reads


def test_core_imports_do_not_form_a_circle() -> None:
    """
    Inside `core` the imports are acyclic.
    """
    graph = {
        module: {target for target, _ in imports(path) if within(target, "gate.core") and target != module}
        for module, path in MODULES.items()
        if within(module, "gate.core")
    }

    while leaves := [module for module, targets in graph.items() if not targets & graph.keys()]:
        for leaf in leaves:
            del graph[leaf]

    assert graph == {}


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_small(module: str) -> None:
    """
    No module has more than 400 lines and no function more than 50.
    """
    source = MODULES[module].read_text()
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50]

    assert len(source.splitlines()) <= 400
    assert long == []
