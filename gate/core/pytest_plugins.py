"""The plugins that pytest's options and settings demand, though no manifest may name them. It installs nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from gate.core import formats, manifest
from gate.core.manifest.places import PYTEST_FILES
from gate.core.manifest.reading import at, name_of, plain, strings
from gate.core.manifest.session import split
from gate.core.test_runner import started

_MOST_BYTES = 256 * 1024
_OPTIONS: tuple[tuple[str, str], ...] = (
    (r"--(?:no-)?cov(?:-.*|=.*)?", "pytest-cov"),
    (
        r"-n(?:=?(?:auto|logical|\d+))?|--numprocesses(?:=.*)?|--dist(?:=.*)?|--maxprocesses(?:=.*)?",
        "pytest-xdist",
    ),
    (r"--timeout(?:[-_]method)?(?:=.*)?", "pytest-timeout"),
    (r"--asyncio-mode(?:=.*)?", "pytest-asyncio"),
    (r"--benchmark-.*", "pytest-benchmark"),
    (r"--(?:only-)?reruns?(?:-.*|=.*)?", "pytest-rerunfailures"),
    (r"--mypy(?:-.*)?", "pytest-mypy"),
    (r"--flake8", "pytest-flake8"),
    (r"--black", "pytest-black"),
    (r"--isort", "pytest-isort"),
    (r"--pylint(?:-.*)?", "pytest-pylint"),
    (r"--ruff(?:-format)?", "pytest-ruff"),
    (r"--randomly-.*", "pytest-randomly"),
    (r"--random-order(?:-.*)?", "pytest-random-order"),
    (r"--ds(?:=.*)?|--dc(?:=.*)?|--reuse-db|--create-db|--no-migrations|--nomigrations", "pytest-django"),
    (r"--html(?:=.*)?|--self-contained-html", "pytest-html"),
    (r"--forked|--boxed", "pytest-forked"),
    (r"--disable-socket|--allow-hosts(?:=.*)?|--allow-unix-socket", "pytest-socket"),
    (r"--(?:record|vcr-record|block-network)(?:-.*|=.*)?", "pytest-recording"),
    (r"--snapshot-(?:update|warn-unused|details)", "syrupy"),
    (r"--hypothesis-.*", "hypothesis"),
    (r"--testmon(?:-.*)?", "pytest-testmon"),
    (r"--codspeed", "pytest-codspeed"),
    (r"--nbval(?:-.*)?", "nbval"),
    (r"--doctest-plus(?:-.*|=.*)?|--doctest-rst|--text-file-format(?:=.*)?", "pytest-doctestplus"),
    (r"--remote-data(?:=.*)?", "pytest-remotedata"),
    (r"--mpl(?:-.*)?", "pytest-mpl"),
    (r"--arraydiff(?:-.*)?", "pytest-arraydiff"),
    (r"--spec", "pytest-spec"),
    (r"--instafail", "pytest-instafail"),
    (r"--picked(?:=.*)?", "pytest-picked"),
    (r"--memray(?:-.*)?", "pytest-memray"),
    (r"--env(?:file|-files)(?:=.*)?", "pytest-dotenv"),
)
"""What an option looks like, and the plugin it comes from."""
_SETTINGS: Mapping[str, str] = {
    "timeout": "pytest-timeout",
    "timeout_method": "pytest-timeout",
    "asyncio_mode": "pytest-asyncio",
    "asyncio_default_fixture_loop_scope": "pytest-asyncio",
    "asyncio_default_test_loop_scope": "pytest-asyncio",
    "django_settings_module": "pytest-django",
    "django_find_project": "pytest-django",
    "django_configuration": "pytest-django",
    "env": "pytest-env",
    "env_files": "pytest-dotenv",
    "trio_mode": "pytest-trio",
    "qt_api": "pytest-qt",
    "mock_use_standalone_module": "pytest-mock",
    "mypy_testing_base": "pytest-mypy-plugins",
    "reruns": "pytest-rerunfailures",
    "doctest_plus": "pytest-doctestplus",
    "remote_data_strict": "pytest-remotedata",
    "markdown_docs_syntax": "pytest-markdown-docs",
    "vcr_cassette_dir": "pytest-vcr",
    "httpx_mock_options": "pytest-httpx",
}
_MODULES: Mapping[str, str] = {
    "xdist": "pytest-xdist",
    "pytest_cov": "pytest-cov",
    "pytest_asyncio": "pytest-asyncio",
    "pytest_timeout": "pytest-timeout",
    "pytest_mock": "pytest-mock",
    "pytest_django": "pytest-django",
    "pytest_randomly": "pytest-randomly",
    "pytest_benchmark": "pytest-benchmark",
    "pytest_subtests": "pytest-subtests",
    "pytest_socket": "pytest-socket",
    "pytest_httpserver": "pytest-httpserver",
    "pytest_mypy_plugins": "pytest-mypy-plugins",
    "sphinx.testing.fixtures": "sphinx",
    "sugar": "pytest-sugar",
    "randomly": "pytest-randomly",
    "asyncio": "pytest-asyncio",
    "timeout": "pytest-timeout",
}
"""What `-p` names."""


def demanded(
    contents: Mapping[str, bytes], words: Sequence[str] = (), required: Collection[str] = ()
) -> tuple[str, ...]:
    """The requirements that options and settings add to those `required` (canonical names), sorted.

    `contents` are the manifests by path, `words` the command the tests are run with.
    """
    found = signs(contents, words)
    return tuple(sorted(text for text in found if name_of(text) not in required))


def signs(contents: Mapping[str, bytes], words: Sequence[str] = ()) -> dict[str, str]:
    """Each plugin that is demanded, and the sign it was told by, for people: `--cov in tox.ini`."""
    found: dict[str, str] = {}
    for source, settings in configurations(contents):
        for text in settings.get("required_plugins", ()):
            for piece in re.split(r"[\n,]|\s+(?=[A-Za-z])", text):
                if requirement := plain(piece.strip()):
                    found.setdefault(requirement, f"required_plugins in {source}")
        for key in settings:
            if plugin := _SETTINGS.get(key.lower(), ""):
                found.setdefault(plugin, f"{key} in {source}")
        options = [word for text in settings.get("addopts", ()) for word in split(text)]
        _note(found, options, source)
    _note(found, words, "the command")
    for session in manifest.sessions(
        {path: data for path, data in contents.items() if manifest.is_manifest(path)}
    ):
        for command in session.commands:
            start = started(command)
            if start is not None and start.kind == "pytest":
                _note(found, start.arguments, session.source)
    return found


def _note(found: dict[str, str], words: Sequence[str], source: str) -> None:
    named = {name_of(text) for text in found}
    for place, word in enumerate(words):
        plugins = [plugin for pattern, plugin in _OPTIONS if re.fullmatch(pattern, word)]
        if word == "-p" or (word.startswith("-p") and not word.startswith("--")):
            module = word[2:] or next(iter(words[place + 1 : place + 2]), "")
            plugins += [_MODULES[module]] if module in _MODULES else []
        for plugin in plugins:
            if plugin not in named:
                found.setdefault(plugin, f"{word} in {source}")


def configurations(contents: Mapping[str, bytes]) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """(path, settings) of the file that pytest would obey, if there is one; a list's items, or the whole text of a value."""
    for path in (
        "pytest.toml",
        ".pytest.toml",
        "pytest.ini",
        ".pytest.ini",
        "pyproject.toml",
        "tox.ini",
        "setup.cfg",
    ):
        if path not in contents:
            continue
        text = contents[path][:_MOST_BYTES].decode(errors="replace")
        settings = _of_toml(path, text) if path.endswith(".toml") else _of_ini(path, text)
        # Its own file counts even where it says nothing, the others where they have its section.
        if settings is not None or path in PYTEST_FILES:
            yield path, settings or {}
            return


def _of_toml(path: str, text: str) -> dict[str, tuple[str, ...]] | None:
    try:
        document = formats.toml(text)
    except ValueError:
        return None
    table = at(document, "tool", "pytest") if path == "pyproject.toml" else at(document, "pytest")
    if not table:
        return None
    if isinstance(table.get("ini_options"), dict):
        table = at(table, "ini_options")
    listed = isinstance(table.get("addopts"), list)
    return {
        key: tuple(
            f'"{text}"' if listed and key == "addopts" and " " in text else text for text in strings(value)
        )
        for key, value in table.items()
    }


def _of_ini(path: str, text: str) -> dict[str, tuple[str, ...]] | None:
    try:
        parser = formats.ini(text)
    except ValueError:
        return None
    section = "tool:pytest" if path == "setup.cfg" else "pytest"
    if not parser.has_section(section):
        return None
    return {
        key: (value.replace("\n", " ") if key == "addopts" else value,)
        for key, value in parser.items(section)
    }
