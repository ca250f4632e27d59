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


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"uv.lock": UV}, ("markup-safe==3.0.2",)),
        ({"poetry.lock": POETRY}, ("six==1.17.0",)),
        ({"pylock.toml": PYLOCK}, ("six==1.17.0",)),
        ({"uv.lock": UV, "poetry.lock": POETRY}, ("markup-safe==3.0.2",)),
        ({}, ()),
    ],
    ids=["uv", "poetry", "pylock", "two", "none"],
)
def test_locked_versions_are_constraints(files: dict[str, bytes], expected: tuple[str, ...]) -> None:
    """What comes from elsewhere than an index, or in several versions, is nobody's constraint."""
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
    ],
)
def test_a_lock_file_is_not_believed(content: bytes) -> None:
    """Only names and versions get through: an option to the installer is neither."""
    assert lock_file.constraints({"uv.lock": content}) == ()
