"""Hatch's environments that run tests, from `[tool.hatch.envs]` of pyproject.toml; what a matrix varies is left alone.

Source: https://hatch.pypa.io/latest/config/environment/overview/
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.core.manifest.places import serves_tests
from gate.core.manifest.reading import at, strings, table
from gate.core.manifest.session import Session, plain_variables, split

_FILE = "pyproject.toml"
_USUAL = ("default", "dev")
_DEEPEST = 5
"""Environments that a template may go back to, and scripts that one script may name."""


def sessions(document: Mapping[str, object]) -> tuple[Session, ...]:
    """Those with a usual name or one for tests, the ones for tests first."""
    environments = at(document, "tool", "hatch", "envs")
    names = sorted(
        (name for name in environments if name in _USUAL or serves_tests(name)),
        key=lambda name: (name == "default", name in _USUAL),
    )
    return tuple(_session(environments, name) for name in names)


def _session(environments: Mapping[str, object], name: str) -> Session:
    settings = _inherited(environments, name)
    lines = strings(settings.get("dependencies")) + strings(settings.get("extra-dependencies"))
    return Session(
        source=_FILE,
        name=f"[tool.hatch.envs.{name}]",
        lines=tuple(line for line in lines if "{" not in line),
        extras=strings(settings.get("features")),
        groups=strings(settings.get("dependency-groups")),
        commands=_commands(table(settings.get("scripts"))),
        variables=plain_variables(table(settings.get("env-vars")).items()),
    )


def _inherited(environments: Mapping[str, object], name: str) -> dict[str, object]:
    """The settings of an environment with those of its templates; every one but two goes back to `default`."""
    merged: dict[str, object] = {}
    for _ in range(_DEEPEST):
        settings = table(environments.get(name))
        merged = {**settings, **merged}
        template = settings.get("template", "default")
        alone = settings.get("detached") is True or name in {"default", "hatch-test"}
        if alone or not isinstance(template, str) or template == name:
            break
        name = template
    return merged


def _commands(scripts: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    """What the scripts for tests run, the plainest name first; a script may begin with the name of another."""
    names = sorted(
        (name for name in scripts if serves_tests(name)),
        key=lambda name: (name not in {"test", "tests"}, name),
    )
    commands: list[tuple[str, ...]] = []
    for name in names:
        for line in strings(scripts[name]):
            words = split(line)
            for _ in range(_DEEPEST):
                if not words or words[0] not in scripts:
                    break
                first = strings(scripts[words[0]])[:1]
                words = (*split(first[0]), *words[1:]) if first else ()
            commands += [words] if words else []
    return tuple(commands)
