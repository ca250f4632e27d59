"""What setup.py says literally."""

from __future__ import annotations

import pytest

from gate.core import manifest
from gate.core.manifest.literals import tokens

SETUP = b'''
"""Setup: install_requires = ['not', 'this']"""
import os
from setuptools import Extension, setup, find_packages

# tests_require = ["nor-this"]
INSTALL_REQUIRES = [
    "flask>=2",  # the web
    'six;python_version<"3"',
    "implicit"
    "ly>=1",
]
tests_require = ("pytest", "mock")
extras = {
    "test": tests_require + ["hypothesis"],
    "docs": ["sphinx"],
    ':sys_platform == "win32"': ["colorama"],
}

setup(
    name="My-App",
    version=open("VERSION").read(),
    packages=find_packages(exclude=("tests",)),
    install_requires=INSTALL_REQUIRES,
    tests_require=tests_require,
    extras_require=extras,
    python_requires=">=3.7",
    setup_requires=["cffi>=1.0.0"],
)
'''


def test_lists_of_texts_are_read_also_by_name() -> None:
    """Nothing of a comment, of a docstring, or of what is not for tests."""
    needs = manifest.read({"setup.py": SETUP})

    assert needs.requirements == (
        'colorama; sys_platform == "win32"',
        "flask>=2",
        "hypothesis",
        "implicitly>=1",
        "mock",
        "pytest",
        'six; python_version < "3"',
    )
    assert (needs.project, needs.python) == ("my-app", ">=3.7")
    assert needs.build == ("cffi>=1.0.0", "setuptools", "wheel")
    assert needs.left_out == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # given at once, or as a text of lines
        ("setup(install_requires=['a', 'b'])", ("a", "b")),
        ("setup(install_requires='a\\nb>=1\\n')", ("a", "b>=1")),
        ('setup(install_requires="""\n  a\n  b\n""")', ("a", "b")),
        ("setuptools.setup(install_requires=['a'],)", ("a",)),
        ("setup(**dict(install_requires=['a']))", ("a",)),
        # by name, also in a sum
        ("x = ['a']\nsetup(install_requires=x + ['b'])", ("a", "b")),
        ("x = ['a']\nsetup(install_requires=[*x, 'b'])", ("a", "b")),
        ("def main():\n    install_requires = ['a']\n    setup(install_requires=install_requires)", ("a",)),
        # escapes that say themselves
        (r"""setup(install_requires=['a; sys_platform == \'x\''])""", ('a; sys_platform == "x"',)),
        # nothing
        ("setup(install_requires=None)", ()),
        ("def f(install_requires=['a'] if x else []): pass", ("a",)),
    ],
)
def test_usual_forms_are_understood(source: str, expected: tuple[str, ...]) -> None:
    """As popular projects write them."""
    assert manifest.read({"setup.py": source.encode()}).requirements == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("setup(install_requires=read('requirements.txt'))", ()),
        ("setup(install_requires=['a', other, f'b{x}', b'c', 'd' + e])", ("a",)),
        ("setup(install_requires=['a'] if x else ['b'])", ("a",)),
        ("setup(install_requires=['a', '\\x62'])", ("a",)),
        ("setup(install_requires=[x for x in 'ab'])", ()),
        ("install_requires = open('x').read()\nsetup(install_requires=install_requires)", ()),
    ],
)
def test_what_is_not_literal_is_left_out_and_said(source: str, expected: tuple[str, ...]) -> None:
    """No code is run to learn it."""
    needs = manifest.read({"setup.py": source.encode()})

    assert needs.requirements == expected
    assert "setup.py: install_requires is not literal, and no code is run to learn it" in needs.left_out


def test_the_name_of_a_part_is_not_the_projects() -> None:
    """An extension has a name too."""
    source = (
        b"ext = Extension(name='_speed')\nsetup(name='app', ext_modules=[ext])\nsetup(Extension(name='x'))"
    )

    needs = manifest.read({"setup.py": source})

    assert needs.project == "app"


@pytest.mark.parametrize(
    "source",
    [
        "a=[" * 50_000,
        "name=[" * 40_000,
        "setup(" + "install_requires={'a':" * 10_000,
        '\\"""' * 60_000,
        '"' * 200_001,
        "'''" * 70_000,
        "x = ['a']\n" + "".join(f"x{n} = {'x' if n == 0 else f'x{n - 1}'} + x\n" for n in range(5000)),
        "x = ['a', 'b']\n" + "x = x + x\n" * 100 + "setup(install_requires=x)",
        "x0 = ['a', 'b']\n"
        + "".join(f"x{n + 1} = x{n} + x{n}\n" for n in range(150))
        + "setup(install_requires=["
        + "*x150, " * 20_000
        + "], extras_require={"
        + "'a': x150, " * 10_000
        + "})",
        "@session\ndef tests(session):\n" + "    session.install(" * 10_000,
        "(" * 250_000,
        "\n" * 250_000,
        "\\" * 250_000,
        "#" * 250_000,
        "é" * 120_000,
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.parametrize("path", ["setup.py", "noxfile.py"])
@pytest.mark.timeout(20)
def test_hostile_source_is_read_in_time(source: str, path: str) -> None:
    """However it is nested, quoted or summed up."""
    needs = manifest.read({path: source.encode()})

    assert len(needs.requirements) < 5000


def test_tokens_know_what_is_text() -> None:
    """Prefixes, triple quotes, comments and lines are told apart."""
    found = [(token.kind, token.text) for token in tokens("""x = r'a\\b' # 'c'\nU"d" f"e" '''g\n'''""")]

    assert found == [
        ("name", "x"),
        ("other", "="),
        ("text", "a\\b"),
        ("newline", "\n"),
        ("text", "d"),
        ("other", "..."),
        ("text", "g\n"),
    ]
