"""Reports of any size, made of the coverage of one real file, many times under other names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from coverage import CoverageData


def make(sample: Path, name: str, file: Path, megabytes: int) -> int:
    """Write a report of about so many megabytes and not more; how many files it has.

    `sample` holds the reports of `tests.sample_projects`, of a file `flow.py`.
    """
    return {
        ".coverage": _data,
        "coverage.json": _json,
        "coverage.xml": _xml,
        "coverage.lcov": _lcov,
    }[name](sample / name, file, megabytes << 20)


def _name(number: int) -> str:
    return f"package{number % 97}/part{number % 13}/module{number}.py"


def _repeated(head: str, part: Callable[[int], str], between: str, tail: str, file: Path, size: int) -> int:
    number = 0
    with file.open("w") as stream:
        stream.write(head + part(0))
        left = size - len(head) - len(tail) - 2 * len(part(0))
        while left > 0:
            number += 1
            left -= stream.write(between + part(number))
        stream.write(tail)
    return number + 1


def _json(real: Path, file: Path, size: int) -> int:
    document = json.loads(real.read_text())
    told = json.dumps(document["files"]["flow.py"])
    head = json.dumps({"meta": document["meta"]})[:-1] + ', "files": {'
    return _repeated(head, lambda n: f'"{_name(n)}": {told}', ", ", '}, "totals": {}}', file, size)


def _xml(real: Path, file: Path, size: int) -> int:
    text = real.read_text()
    begin = text.index('<class name="flow.py"')
    end = text.index("</class>", begin) + len("</class>")
    told = text[begin:end]
    head, tail = text[: text.index("<classes>") + 9], "</classes></package></packages></coverage>"
    return _repeated(
        head, lambda n: told.replace('filename="flow.py"', f'filename="{_name(n)}"'), "\n", tail, file, size
    )


def _lcov(real: Path, file: Path, size: int) -> int:
    text = real.read_text()
    begin = text.index("SF:flow.py")
    told = text[begin + 10 : text.index("end_of_record", begin) + 14]
    return _repeated("", lambda n: f"SF:{_name(n)}{told}", "", "", file, size)


def _data(real: Path, file: Path, size: int) -> int:
    kept = CoverageData(str(real))
    kept.read()
    arcs = next(kept.arcs(path) or [] for path in kept.measured_files() if path.endswith("/flow.py"))
    data = CoverageData(str(file))
    number = 0
    while not file.exists() or file.stat().st_size < size * 0.93:
        data.add_arcs({f"/ci/{_name(n)}": arcs for n in range(number, number + 200)})
        number += 200
    data.close(force=True)
    return number
