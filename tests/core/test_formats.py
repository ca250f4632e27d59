"""Files of settings that would keep a parser busy for hours are refused; honest ones are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gate.core import formats, yaml_format

DEEP = ".".join(["a"] * 100_000)
QUOTED = ".".join(["'a'"] * 100_000)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join(['*' + before] * 8)}]}}\n"
    for before, name in zip("abcdefghijklmnopqrst", "bcdefghijklmnopqrstu", strict=True)
)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        pytest.param(formats.toml, f"[{DEEP}]\n" + "k = 1\n" * 100_000, id="toml: header"),
        pytest.param(formats.toml, f"{DEEP} = 1", id="toml: key"),
        pytest.param(formats.toml, f"{QUOTED} = 1", id="toml: quoted key"),
        pytest.param(formats.toml, f"x = {{{DEEP} = 1}}", id="toml: key in a table"),
        pytest.param(formats.toml, "a = " + "[" * 100_000, id="toml: lists"),
        pytest.param(formats.ini, "[a]\nb" + " " * 1_000_000 + "c", id="ini: blanks"),
        pytest.param(formats.ini, "[a]\nb" + "\xa0" * 1_000_000 + "c", id="ini: other blanks"),
        pytest.param(
            formats.ini,
            "[DEFAULT]\n"
            + "".join(f"a{n}=\n" for n in range(1000))
            + "".join(f"[s{n}]\n" for n in range(1000)),
            id="ini: inherited",
        ),
        pytest.param(formats.ini, "no section", id="ini: none"),
        pytest.param(yaml_format.plain_yaml, MERGES, id="yaml: merges"),
        pytest.param(yaml_format.plain_yaml, "a: 1" + ":1" * 500_000, id="yaml: number"),
        pytest.param(yaml_format.plain_yaml, "[" * 60_000, id="yaml: lists"),
        pytest.param(yaml_format.plain_yaml, "a: !!python/object/apply:os.getcwd []", id="yaml: object"),
    ],
)
def test_what_cannot_be_read_in_time_is_refused(read: Callable[[str], object], text: str) -> None:
    """A pull request cannot keep a worker busy with a file of settings."""
    with pytest.raises(ValueError, match=r"\S"):
        read(text)


def test_honest_files_are_read() -> None:
    """Dots in texts, versions and sentences are no keys; a few blanks and merges are nobody's bomb."""
    sentence = "one. two. three... " * 100
    dependencies = ", ".join(f'"package{n}>=1.2.3"' for n in range(200))

    assert (
        formats.toml(f'[a."b.c".d]\ne = "{sentence}"\nf = [{dependencies}]')["a"]["b.c"]["d"]["e"] == sentence
    )
    assert formats.ini("[DEFAULT]\na = 1\n[b]\nc  =   2")["b"]["a"] == "1"
    assert yaml_format.plain_yaml("a: &a {k: 1}\nb: {<<: *a}") == {"a": {"k": 1}, "b": {"k": 1}}
