"""What a project says it needs to run its tests, read from its manifests alone.

Only plain named requirements are taken: whatever names a URL, a path or an option is left out and listed, for an
installer that follows it would leave the package index. It reads text it is given and installs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from packaging.utils import canonicalize_name

from gate.core import formats
from gate.core.manifest import (
    build,
    hatch,
    nox,
    pipfile,
    poetry,
    pyproject,
    requirement_files,
    setup_cfg,
    setup_py,
    tox,
)
from gate.core.manifest.needs import Needs
from gate.core.manifest.places import CONDA_FILES, PYTEST_FILES, is_manifest
from gate.core.manifest.reading import MOST_REQUIREMENTS, Reading, plain, table
from gate.core.manifest.session import Session

__all__ = ["PYTEST_FILES", "Needs", "Session", "is_manifest", "named_requirements", "read", "sessions"]


_MOST_ASKED = 100


def read(manifests: Mapping[str, bytes], install: str | Sequence[str] = "auto") -> Needs:
    """What the manifests (bytes by path) ask for.

    `install` is the policy's: "auto", or requirement files, extras and groups by name; the project's own
    dependencies are always taken. A tool's environments are asked last, and only for packages that nothing else names.
    """
    reading = Reading(manifests, None if isinstance(install, str) else tuple(install))
    document = _document(reading)
    pyproject.read(reading, document)
    poetry.read(reading, document)
    setup_requires = setup_cfg.read(reading)
    setup = setup_py.read(reading)
    pyproject.read_groups(reading, document)
    requirement_files.read_usual(reading)
    pipfile.read(reading)
    reading.wanted += reading.chosen(list(reading.extras))
    _add_extras(reading)
    _read_sessions(reading, document)
    _say_dynamic(reading, document)
    built = build.read(reading, document, setup, setup_requires)
    if reading.full:
        reading.left_out.insert(0, f"whatever comes after {MOST_REQUIREMENTS:,} requirements")
    return Needs(
        requirements=tuple(sorted(reading.requirements)),
        python=reading.python,
        left_out=tuple(reading.left_out),
        constraints=tuple(sorted(reading.constraints)),
        project=reading.project,
        build=built.requires,
        backend=built.backend,
        backend_path=built.backend_path,
        refusal=_refusal(reading),
    )


def named_requirements(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that are plain named requirements, as a build backend may ask for more; at most a hundred."""
    return tuple(made for text in islice(texts, _MOST_ASKED) if (made := plain(text)))


def sessions(manifests: Mapping[str, bytes]) -> tuple[Session, ...]:
    """The environments in which the project's own tools run its tests: tox's, then nox's, then Hatch's."""
    return _sessions(manifests, _document(Reading(manifests)))


def _sessions(manifests: Mapping[str, bytes], document: Mapping[str, object]) -> tuple[Session, ...]:
    return (*tox.sessions(manifests, document), *nox.sessions(manifests), *hatch.sessions(document))


def _document(reading: Reading) -> dict[str, object]:
    try:
        return formats.toml(reading.text("pyproject.toml"))
    except ValueError:
        reading.leave_out("pyproject.toml", "not valid TOML")
        return {}


def _add_extras(reading: Reading) -> None:
    """Take the wanted extras and those they want, each once."""
    while reading.wanted:
        extra = canonicalize_name(reading.wanted.pop())
        for text, source in reading.extras.pop(extra, ()):
            requirement_files.read_lines(reading, source, iter([text]))


def _read_sessions(reading: Reading, document: Mapping[str, object]) -> None:
    for session in _sessions(reading.manifests, document):
        if not _is_wanted(reading, session):
            continue
        for text in session.left_out:
            reading.leave_out(session.source, text)
        requirement_files.read_lines(reading, session.source, iter(session.lines), unless_named=True)
        reading.wanted += session.extras
        for text in pyproject.included(document, session.groups):
            reading.add(text, session.source, unless_named=True)
        _add_extras(reading)


def _is_wanted(reading: Reading, session: Session) -> bool:
    """Whether nobody says which are, or the policy names its file; of Hatch's, its name."""
    if reading.install is None:
        return True
    short = session.name.removeprefix("[tool.hatch.envs.").rstrip("]")
    return (
        short in reading.install if session.source == "pyproject.toml" else session.source in reading.install
    )


def _say_dynamic(reading: Reading, document: Mapping[str, object]) -> None:
    dynamic = table(document.get("project")).get("dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic and not reading.dependencies:
        reading.leave_out("pyproject.toml", "the dependencies are dynamic, and no code is run to learn them")


def _refusal(reading: Reading) -> str:
    conda: Iterable[str] = sorted(CONDA_FILES.intersection(reading.manifests))
    says_more = reading.requirements or reading.seen or reading.project or reading.dependencies
    for path in () if says_more else conda:
        return (
            f"The only list of what the tests need is {path}, whose packages come from conda and not from a Python "
            "package index: list them in requirements-test.txt, or name another list in `[tests] install`."
        )
    return ""
