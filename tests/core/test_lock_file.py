"""The versions that a project has locked."""

from __future__ import annotations

import pytest

from gate.core import lock_file

UV = b"""
version = 1
[[package]]
name = "app"
version = "1.0"
source = { editable = "." }
[[package]]
name = "Markup_Safe"
version = "3.0.2"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://files.example/x.whl", hash = "sha256:aa" }]
[[package]]
name = "sphinx"
version = "8.1.3"
source = { registry = "https://index.example/simple" }
[[package]]
name = "sphinx"
version = "8.2.3"
source = { registry = "https://index.example/simple" }
[[package]]
name = "forked"
version = "2.0"
source = { git = "https://example.org/forked#aa" }
"""
POETRY = b"""
[[package]]
name = "six"
version = "1.17.0"
groups = ["main"]
[[package]]
name = "private"
version = "1.0"
[package.source]
type = "git"
url = "https://example.org/private"
"""
PYLOCK = b"""
lock-version = "1.0"
[[packages]]
name = "six"
version = "1.17.0"
[packages.sdist]
url = "https://files.example/six.tar.gz"
[[packages]]
name = "local"
version = "1.0"
directory = { path = "local" }
"""
PIPFILE = b"""
{"_meta": {"hash": {"sha256": "aa"}, "pipfile-spec": 6},
 "default": {"Six": {"version": "==1.17.0", "index": "pypi", "hashes": ["sha256:aa"]},
             "forked": {"git": "https://example.org/forked", "ref": "aa"},
             "app": {"editable": true, "path": "."}},
 "develop": {"pytest": {"version": "==8.3.4", "markers": "python_version >= '3.8'"}, "six": {"version": "==1.17.0"}}}
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"Pipfile.lock": PIPFILE}, ("pytest==8.3.4", "six==1.17.0")),
        ({"uv.lock": UV}, ("markup-safe==3.0.2",)),
        ({"poetry.lock": POETRY}, ("six==1.17.0",)),
        ({"pylock.toml": PYLOCK}, ("six==1.17.0",)),
        ({"uv.lock": UV, "poetry.lock": POETRY}, ("markup-safe==3.0.2",)),
        ({}, ()),
    ],
    ids=["pipenv", "uv", "poetry", "pylock", "two", "none"],
)
def test_locked_versions_are_constraints(files: dict[str, bytes], expected: tuple[str, ...]) -> None:
    """What comes from elsewhere than an index, or in several versions without a marker each, is nobody's constraint."""
    assert lock_file.constraints(files) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"[[package]",
        b"package = 3",
        b"package = [1]",
        b'[[package]]\nname = "a\\n--index-url x"\nversion = "1"\n',
        b'[[package]]\nname = "a"\nversion = "1\\n-e ."\n',
        b'[[package]]\nname = "a"\n',
        b'[[package]]\nname = "a"\nversion = "' + b"9" * 5000 + b'"\n',
    ],
    ids=["cut", "number", "list", "option as name", "option as version", "no version", "no number"],
)
def test_a_lock_file_is_not_believed(content: bytes) -> None:
    """Only names and versions get through: an option to the installer is neither."""
    assert lock_file.constraints({"uv.lock": content}) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"[",
        b"[]",
        b"3",
        b"[" * 100_000,
        b'{"default": []}',
        b'{"default": {"a": "==1"}}',
        b'{"default": {"a": {"version": "==1\\n-e ."}}}',
        b'{"default": {"a\\n-e .": {"version": "==1"}}}',
    ],
    ids=["cut", "list", "number", "deep", "no table", "no entry", "option as version", "option as name"],
)
def test_a_pipfile_lock_is_not_believed_either(content: bytes) -> None:
    """It is JSON, of any shape."""
    assert lock_file.constraints({"Pipfile.lock": content}) == ()


def locked(*entries: str) -> bytes:
    return "".join(f'[[package]]\nname = "a"\n{entry}\n' for entry in entries).encode()


@pytest.mark.parametrize(
    ("name", "entries", "expected"),
    [
        # uv lists alternatives, others have one.
        (
            "uv.lock",
            (
                """version = "1"\nresolution-markers = ["python_version < '3.10'"]""",
                """version = "2"\nresolution-markers = ["python_version >= '3.12'", "python_version == '3.11'"]""",
            ),
            (
                'a==1 ; (python_version < "3.10")',
                'a==2 ; (python_version >= "3.12") or (python_version == "3.11")',
            ),
        ),
        (
            "pdm.lock",
            (
                """version = "1"\nmarker = "os_name == 'nt'\"""",
                """version = "2"\nmarker = "os_name != 'nt'\"""",
            ),
            ('a==1 ; (os_name == "nt")', 'a==2 ; (os_name != "nt")'),
        ),
        (
            "poetry.lock",
            (
                """version = "1"\nmarkers = "os_name == 'nt'\"""",
                """version = "2"\nmarkers = "os_name != 'nt'\"""",
            ),
            ('a==1 ; (os_name == "nt")', 'a==2 ; (os_name != "nt")'),
        ),
        # One that counts somewhere unknown, or from elsewhere, makes all of them unknown.
        ("pdm.lock", ("""version = "1"\nmarker = "os_name == 'nt'\"""", 'version = "2"'), ()),
        ("uv.lock", ('version = "1"\nresolution-markers = ["soon"]', 'version = "2"'), ()),
        (
            "uv.lock",
            ('version = "1"\nsource = {git = "x"}', """version = "2"\nmarker = "os_name == 'nt'\""""),
            (),
        ),
        # A marker's quoted text may hold a line break, and what follows it would be an option to the installer.
        (
            "pdm.lock",
            (
                """version = "1"\nmarker = "os_name == 'a\\n-e .'\"""",
                """version = "2"\nmarker = "os_name != 'nt'\"""",
            ),
            (),
        ),
        # One version needs no marker.
        ("pdm.lock", ("""version = "1"\nmarker = "os_name == 'nt'\"""",), ("a==1",)),
    ],
)
def test_of_several_versions_each_counts_where_its_marker_says(
    name: str, entries: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """A lock for several interpreters has a version for each; the installer knows which one it is."""
    assert lock_file.constraints({name: locked(*entries)}) == expected
