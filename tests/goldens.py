"""Golden files: what people read, kept word for word in `tests/golden`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, actual: str) -> None:
    """The text is that of the golden file; a mismatch leaves it beside as `NAME.actual`, to be read and moved over."""
    golden = FOLDER / name
    beside = FOLDER / f"{name}.actual"
    expected = golden.read_text(encoding="utf-8") if golden.exists() else None
    if actual == expected:
        beside.unlink(missing_ok=True)
        return
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(actual, encoding="utf-8")
    assert actual == expected, f"{name} differs; if {beside.name} is right, move it over the golden file"
