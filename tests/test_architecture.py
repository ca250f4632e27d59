"""The import rule, the doors and the sizes of docs/architecture.md, as data."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("gate", "checks")
    for path in sorted((ROOT / package).rglob("*.py"))
}

ROWS: tuple[tuple[str, ...], ...] = (
    ("checks.line_set", "checks.branch_steps"),
    ("checks.report", "checks.catalog", "checks.codec", "checks.coverage_job", "checks.unreachable_service"),
    ("checks.reported_lines", "checks.possible_lines"),
    ("gate.core",),
    ("gate.variables",),
    ("gate.settings", "gate.tables", "gate.telemetry", "gate.owner", "gate.file_lock", "gate.sqlite_file"),
    ("gate.credentials", "gate.eviction"),
    (
        *("gate.github", "gate.actions_token", "gate.git", "gate.sandbox"),
        *("gate.store", "gate.charts", "gate.templating", "gate.smtp"),
    ),
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
    "cryptography": ("gate.credentials", "gate.actions_token"),
    "jwt": ("gate.actions_token", "gate.github"),
    "pathspec": ("gate.core.globs", "gate.git"),
    "requests": ("gate.github", "gate.actions_token", "gate.environments.index_page"),
    "packaging": ("gate.core.manifest", "gate.core.lock_file", "gate.environments"),
    "subprocess": (
        "gate.git",
        "gate.sandbox",
        "gate.environments",
        "gate.cli",
        "checks.line_coverage",
        "checks.source_lines",
        "checks.project_build",
    ),
    "radon": ("checks.complexity", "checks.maintainability", "checks.size"),
    "bandit": ("checks.security",),
    "coverage": ("checks.coverage_reporter", "checks.source_analysis"),
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


@cache
def parsed(module: str) -> ast.Module:
    """The module's syntax tree; nobody changes it."""
    return ast.parse(MODULES[module].read_bytes())


@cache
def imports(module: str) -> tuple[tuple[str, bool], ...]:
    """(module, only for types) of every import of a module, wherever it stands."""
    tree = parsed(module)
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.append((full if full in MODULES else node.module, id(node) in typing_only))
    return tuple(found)


def modules_of(package: str) -> list[str]:
    return [name for name in MODULES if within(name, package)]


def test_modules_import_lower_rows_only() -> None:
    """
    Nothing imports from a higher row or from a sibling.
    """
    wrong = [
        (module, target)
        for module in MODULES
        if (own := row(module)) is not None
        for target, typing_only in imports(module)
        if (other := row(target)) is not None
        and not typing_only
        and room(target) != room(module)
        and not (module in INSIDE and target == "checks.codec")
        and other >= own
    ]

    assert wrong == []


def test_gate_never_imports_a_measuring_module() -> None:
    """
    From `checks`, Gate imports only the values, the catalogue and the codec: measuring runs in its own process.
    """
    allowed = {"checks", *ROWS[0], *ROWS[1], *ROWS[2]}

    measured = [
        (module, target)
        for module in modules_of("gate")
        for target, _ in imports(module)
        if within(target, "checks") and target not in allowed
    ]

    assert measured == []


def test_checks_never_import_gate() -> None:
    """
    The checks are a library of their own.
    """
    wrong = [
        (module, target)
        for module in modules_of("checks")
        for target, _ in imports(module)
        if within(target, "gate")
    ]

    assert wrong == []


def test_each_outside_thing_has_one_door() -> None:
    """
    A dependency is imported by its door alone.
    """
    wrong = [
        (module, target)
        for module in MODULES
        for target, typing_only in imports(module)
        for thing, doors in DOORS.items()
        if within(target, thing) and not typing_only and not any(within(module, door) for door in doors)
    ]

    assert wrong == []


def test_only_settings_read_the_environment() -> None:
    """
    `os.environ` and `os.getenv` are read by `gate.settings` alone.
    """
    reading = [
        module
        for module in modules_of("gate")
        if any(name in MODULES[module].read_text() for name in ("os.environ", "os.getenv"))
    ]

    assert [module for module in reading if module != "gate.settings"] == []


def test_core_imports_do_not_form_a_circle() -> None:
    """
    Inside `core` the imports are acyclic.
    """
    graph = {
        module: {target for target, _ in imports(module) if within(target, "gate.core") and target != module}
        for module in modules_of("gate.core")
    }

    while leaves := [module for module, targets in graph.items() if not targets & graph.keys()]:
        for leaf in leaves:
            del graph[leaf]

    assert graph == {}


def test_modules_and_functions_stay_small() -> None:
    """
    No module has more than 400 lines and no function more than 50.
    """
    long_modules = [module for module, path in MODULES.items() if len(path.read_text().splitlines()) > 400]
    long_functions = [
        (module, node.name)
        for module in MODULES
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 50
    ]

    assert (long_modules, long_functions) == ([], [])
