"""What has been read of a project's manifests so far, and the one way a requirement gets in.

It knows no format. Only plain named requirements get in: whatever names a URL, a path or an option is left out and said,
for an installer that follows it would leave the package index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gate.core.manifest import places

MOST_REQUIREMENTS = 5000
"""Of all manifests together, those counted that are left out; reading more would keep a worker busy for minutes."""
_MOST_BYTES = 1024 * 1024
_LONGEST = 10_000
"""Characters of a requirement; packaging's time grows faster than their number."""


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    manifests: Mapping[str, bytes]
    install: tuple[str, ...] | None = None
    """Files, extras and groups that the policy names; None when nobody says which."""
    requirements: set[str] = field(default_factory=set)
    constraints: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Requirement files that have been read."""
    project: str = ""
    """Its canonical name: a requirement of that name stands for extras of its own."""
    python: str = ""
    extras: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By canonical name: lines of a requirements file, and the file they stand in."""
    wanted: list[str] = field(default_factory=list)
    """Extras to be taken."""
    dependencies: bool = False
    """Whether a manifest has said what the project itself depends on."""
    _names: set[str] = field(default_factory=set)
    _pins: dict[tuple[str, str], str] = field(default_factory=dict)
    """The first `==` version of each name and marker."""

    def text(self, path: str, most_bytes: int = _MOST_BYTES) -> str:
        """What a file says; empty where there is none, cut where it is too large."""
        return self.manifests.get(path, b"")[:most_bytes].decode(errors="replace")

    def chosen(self, names: Sequence[str]) -> tuple[str, ...]:
        """Of groups those to be installed, by canonical name."""
        if self.install is None:
            return places.chosen_groups(names)
        there = {canonicalize_name(name) for name in names}
        return tuple(name for each in self.install if (name := canonicalize_name(each)) in there)

    def names_file(self, path: str) -> bool:
        """Whether a file is to be read for tests that describes no project: nobody says which, or the policy names it."""
        return self.install is None or path in self.install

    def leave_out(self, source: str, cause: str) -> None:
        """Say that something was not followed."""
        if not self.full:
            self.left_out.append(f"{source}: {cause}")

    @property
    def full(self) -> bool:
        """Whether nothing more gets in."""
        return len(self.requirements) + len(self.constraints) + len(self.left_out) >= MOST_REQUIREMENTS

    def add(self, text: str, source: str, *, unless_named: bool = False) -> None:
        """Take one requirement, or say why not.

        With `unless_named` it counts only where nothing else has asked for a package of that name: a tool's
        environment is one of many, and the project's own list knows better.
        """
        if self.full:
            return
        requirement = parsed(text)
        if requirement is None:
            self.leave_out(source, f"{short(text)} is not a named requirement")
        elif requirement.url:
            self.leave_out(source, f"{requirement.name} comes from a URL, not from the package index")
        elif self.project and canonicalize_name(requirement.name) == self.project:
            self.wanted += sorted(requirement.extras)
        elif unless_named and canonicalize_name(requirement.name) in self._names:
            return
        elif (other := self._other_pin(requirement)) is not None:
            self.leave_out(source, f"{short(text)} contradicts {other}")
        else:
            self.requirements.add(str(requirement))
            if requirement.marker is None or unless_named:
                self._names.add(canonicalize_name(requirement.name))

    def constrain(self, text: str, source: str) -> None:
        """Take one line of a constraints file, or say why not."""
        if self.full:
            return
        requirement = parsed(text)
        if requirement is None or requirement.url or requirement.extras:
            self.leave_out(source, f"{short(text)} does not limit the version of a package")
        elif requirement.specifier:
            self.constraints.add(str(requirement))

    def _other_pin(self, requirement: Requirement) -> str | None:
        """The version another file has pinned, as lists for several interpreters do; the first one counts."""
        specifier = str(requirement.specifier)
        if not specifier.startswith("==") or "," in specifier:
            return None
        key = canonicalize_name(requirement.name), str(requirement.marker or "")
        first = self._pins.setdefault(key, specifier)
        return first if first != specifier else None


def parsed(text: str) -> Requirement | None:
    """The requirement; None where it is none, or would not be one line of text when written down again.

    A marker's quoted text may hold an escaped line break, and what follows it would be an option to the installer.
    """
    if len(text) > _LONGEST:
        return None
    try:
        requirement = Requirement(text)
        return requirement if str(requirement).isprintable() else None
    except (ValueError, RecursionError):
        return None


def name_of(text: str) -> str:
    """The canonical name of the package that is required; empty where the text is no requirement."""
    requirement = parsed(text)
    return canonicalize_name(requirement.name) if requirement else ""


def plain(text: str) -> str:
    """The requirement in its usual spelling; empty where it is none or comes from a URL."""
    requirement = parsed(text)
    return str(requirement) if requirement is not None and not requirement.url else ""


def conditional(text: str, marker: str) -> str:
    """The requirement with one more condition; as it is where it is no requirement."""
    requirement = parsed(text)
    if requirement is None or not marker:
        return text
    known = requirement.marker
    requirement.marker = None
    return f"{requirement}; ({known}) and ({marker})" if known else f"{requirement}; {marker}"


def table(value: object) -> dict[str, object]:
    """The table; an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def at(value: object, *keys: str) -> dict[str, object]:
    """The table below those keys; an empty one where there is none."""
    for key in keys:
        value = table(value).get(key)
    return table(value)


def strings(value: object) -> tuple[str, ...]:
    """The texts of a list, or the one text."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def short(text: str) -> str:
    """The text in quotation marks, cut where it is long."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
