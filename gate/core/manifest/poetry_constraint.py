"""Poetry's version constraints in PEP 440's words; it compares no versions.

Source: https://python-poetry.org/docs/dependency-specification/
"""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_LONGEST = 500
_PART = re.compile(r"(===|~=|==|!=|<=|>=|<|>|=|\^|~)?\s*([^\s,<>=!~^|]+)")
_MARKER_VERSION = re.compile(r"(===|~=|==|!=|<=|>=|<|>)(\S+)")


def specifier(constraint: str) -> str | None:
    """The PEP 440 specifier of a constraint, empty where any version will do; None where it is no constraint.

    Of alternatives (`^1 || ^2`) the last counts, by custom the newest: PEP 440 has no "or".
    """
    if len(constraint) > _LONGEST:
        return None
    last = re.split(r"\|\|?", constraint)[-1].strip()
    translated: list[str] = []
    position = 0
    for part in _PART.finditer(last):
        between = last[position : part.start()]
        position = part.end()
        piece = _translated(part[1] or "", part[2])
        if between.strip(" ,") or piece is None:
            return None
        translated += [piece] if piece else []
    if last[position:].strip(" ,"):
        return None
    try:
        return str(SpecifierSet(",".join(translated)))
    except InvalidSpecifier:
        return None


def python_marker(constraint: str) -> str | None:
    """The environment marker for a constraint of `python`; empty for every version, None where it is no constraint."""
    admitted = specifier(constraint)
    if admitted is None:
        return None
    parts = [_MARKER_VERSION.fullmatch(part) for part in sorted(filter(None, admitted.split(",")))]
    return " and ".join(f'{_variable(part[2])} {part[1]} "{part[2]}"' for part in parts if part)


def _variable(version: str) -> str:
    return "python_version" if version.count(".") < 2 or version.endswith(".*") else "python_full_version"


def _translated(operator: str, version: str) -> str | None:
    """One comparison; empty where any version fulfils it."""
    if version in {"*", "x"}:
        return ""
    if version.endswith((".*", ".x")) and operator in {"", "=", "==", "!="}:
        return f"{'!=' if operator == '!=' else '=='}{version[:-2]}.*"
    version = version.removesuffix(".*")
    if operator in {"^", "~"}:
        return _range(operator, version)
    return f"{'==' if operator in {'', '='} else operator}{version}"


def _range(operator: str, version: str) -> str | None:
    """`^1.2` may grow below its first number that is not zero, `~1.2` below its second."""
    try:
        release = Version(version).release
    except InvalidVersion:
        return None
    if operator == "~":
        fixed = min(len(release), 2)
    else:
        fixed = next((place for place, number in enumerate(release, 1) if number), len(release))
    upper = (*release[: fixed - 1], release[fixed - 1] + 1)
    return f">={version},<{'.'.join(map(str, upper))}"
