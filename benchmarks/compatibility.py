"""Which well-known projects have their coverage measured without any configuration, and does the box change what is measured?

    python -m benchmarks.compatibility [NAME...] [--write]

For each project below, from its source distribution (fixed by hash) and without a `.gate.toml`:

* Gate measures it in the box: `gate measure HEAD --check coverage`;
* the same tests run by hand: an ordinary virtual environment with the same versions installed by uv, the project
  installed with `-e .` by its own backend, coverage.py around the same command, no box, network and services as they are (as root with a hosts file as a new Debian
  has it, where `localhost` is IPv6 too).

The result is "measured" when every test ends alike and the same lines of the same files are covered. The run by hand is
made twice: tests and lines that differ between those two are chance, are left out and counted. `--write` puts the table
into `docs/compatibility.md`. Run it with an interpreter that everybody can read: as root the run by hand gives up root.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from uv import find_uv_bin

from benchmarks.by_hand import Bare, Run, unpacked

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "compatibility.md"

PROJECTS = """
requests-2.34.2.tar.gz f288924cae4e29463698d6d60bc6a4da69c89185ad1e0bcc4104f584e960b9ed
flask-3.1.3.tar.gz 0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb
click-8.5.1.tar.gz 9bbfada76703fd1d784b83eea012e3e8c6a001a876543ef104fa56aaaeb072b4
jinja2-3.1.6.tar.gz 0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d
werkzeug-3.1.9.tar.gz 55ca7c70a75689be937aa27f8ff4b018f06ff4838fc73045560bf0f5a1291060
itsdangerous-2.2.0.tar.gz e0050c0b7da1eea53ffaf149c0cfbb5c6e2e2b69c4bef22c81fa6eb73e5f6173
markupsafe-3.0.4.tar.gz 2e9ad7dd851bf45fab9f75cbff4cb493fee9979e8d8c7c9c3ee119022518edd6
attrs-26.1.0.tar.gz d03ceb89cb322a8fd706d4fb91940737b6642aa36998fe130a9bc96c985eff32
pluggy-1.7.0.tar.gz d1eaa46ebb595891b860ab086b4d09c8588af65ebd4361b8e8f4bb8920b90ba8
packaging-26.3.tar.gz 94edc256424af38762eb31306eed28beb9f0efc50a8837492c9d6fd6004aed79
httpx-0.28.1.tar.gz 75e98c5f16b0f35b567856f597f06ff2270a374470a5c2392242528e3e3e42fc
starlette-1.10.0.tar.gz b8399098d4c1e3522734f7235dc79b1fc967f96cf139c81e0fa30479e0685f9b
anyio-4.16.0.tar.gz 59bb03251907983d1603d27c3087ddb1e93299ea2163adcdba37899a4fb12ffb
sqlparse-0.6.1.tar.gz ca722573f848ff2d30e40ea30f53a104b7dea7635ea9285891263eb2c58fb6e7
more_itertools-11.2.1.tar.gz cbf08fd0af284dc69718b9b76a8e6203df624d70209ea511e4219d350c856f63
tenacity-9.2.1.tar.gz a606b5c808d0cded4a359d5b9932d867ff2a6a6b64d37350260fd01bbdf83839
python_dateutil-4.0.0.tar.gz d7295ff14fdc0f92f662100bfb6c551d160ca090f2939f1ec5b9794265c03f06
pyyaml-6.0.4.tar.gz e24bf71af8a432d7808fabff134d38dfe16d3cbb41f2873bb4b1e42422de0a1a
simplejson-4.3.0.tar.gz ffe34ab51a0d37e6d1c661a5672df00d2d5e18804e38eac07abffb83fa5ec3d7
msgpack-1.2.4.tar.gz 475c44e12f2a5de766a8448783f149c9b33f3f49b88953c6cd739a77d93c732c
multidict-7.2.1.tar.gz e8af3e6f1bdbc31fd762b094133b478b89988eaebc63cbe82b1d9e3bbd15cede
yarl-1.25.1.tar.gz 03dd38de09bc213e9a8b29761eec33ee1d5318dac0e49d8af36e4d27830e23a7
tornado-6.6.1.tar.gz 28e6311402af59c8b02e3fa0f5e7d8eb465b25081381803b127d97e6a4395d5a
beautifulsoup4-4.15.0.tar.gz 288e3ca7d54b06f2ac191970bc275c1939cb46d450b255bf6718b04aa37ab4f7
markdown-3.11.3.tar.gz 81eb91631dc97ad1efbc76019ef0f80fe90ca49ddf81546752d79989c3bfff3e
marshmallow-4.4.0.tar.gz 9e6ffa8511012ca89732324c1c253efd7b4d35632dcbdf80aa793fe01804af3e
jsonschema-4.26.0.tar.gz 0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326
structlog-26.1.0.tar.gz f63a716cbd1b1291cf7661de7794b455acfa4c43c5bcf1630e6ad5ddc1adb3b7
urllib3-2.8.0.tar.gz 63bf2ead4c879426ebf22ef2a781eeb4aa3b4ae798a0435506f8687fd5bb9b63
redis-8.1.0.tar.gz 6e1a19beef9225c83efd689c7e6b7da2d5215b1f42cd13b7fc3714d0a09c7b25
"""
"""Chosen before anything was measured: source distributions that carry their tests, of all ages and build backends."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    project: str
    result: str
    remark: str
    tests: int = 0
    covered: int = 0
    executable: int = 0
    seconds: float = 0.0
    bare_seconds: float = 0.0


def main() -> int:
    """Measure, print a line a project, and write the table where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these projects")
    parser.add_argument(
        "--write", action="store_true", help=f"write {DOCUMENT.relative_to(ROOT)}, of earlier runs too"
    )
    parser.add_argument("--downloads", type=Path, default=Path(tempfile.gettempdir(), "gate-compatibility"))
    parser.add_argument("--no-bare", action="store_true", help="measure in the box only, compare nothing")
    options = parser.parse_args()
    options.downloads.mkdir(exist_ok=True)
    for line in PROJECTS.split("\n"):
        file, _, digest = line.partition(" ")
        name = file.rpartition("-")[0]
        if file and (not options.names or name in options.names):
            with tempfile.TemporaryDirectory(prefix="gate-compatibility-") as folder:
                Path(folder).chmod(0o755)
                archive = download(file, digest, options.downloads)
                row = measured(archive, Path(folder), bare=not options.no_bare)
            print(shown(row), flush=True)
            keep(row, options.downloads / "rows")
    if options.write:
        DOCUMENT.write_text(document(kept(options.downloads / "rows")))
    return 0


def project_names() -> list[str]:
    """`name-version` of each project of the list."""
    return [line.partition(" ")[0].removesuffix(".tar.gz") for line in PROJECTS.split("\n") if line]


def keep(row: Row, folder: Path) -> None:
    """Note a row, so that a table can be made of several runs."""
    folder.mkdir(exist_ok=True)
    (folder / f"{row.project}.json").write_text(json.dumps(asdict(row)))


def kept(folder: Path) -> list[Row]:
    """The rows noted so far, in the order of the list; those of projects that were not run are missing."""
    files = [folder / f"{name}.json" for name in project_names()]
    return [Row(**json.loads(file.read_bytes())) for file in files if file.exists()]


def shown(row: Row) -> str:
    """The row as a line of text."""
    figures = f"{row.tests} tests, {row.covered}/{row.executable} lines, {row.seconds:.1f} s"
    figures += f" (by hand {row.bare_seconds:.1f} s)" if row.bare_seconds else ""
    return f"{row.project:28} {row.result:14} {figures}  {row.remark}"


def download(file: str, digest: str, folder: Path) -> Path:
    """The source distribution, from uv's default index, checked against its hash."""
    place = folder / file
    if not place.exists():
        name = file.rpartition("-")[0].replace("_", "-")
        page_url = f"{default_index()}/{name}/"
        with urllib.request.urlopen(page_url, timeout=60) as page:
            links = re.findall(r'href="([^"]+)"', page.read().decode())
        link = next(html.unescape(link) for link in links if f"/{file}" in link)
        with urllib.request.urlopen(urljoin(page_url, link.partition("#")[0]), timeout=300) as content:
            place.write_bytes(content.read())
    if hashlib.sha256(place.read_bytes()).hexdigest() != digest:
        sys.exit(f"{place} is not the file it should be: remove it")
    return place


def default_index() -> str:
    """The package index uv uses when nobody names one."""
    command = [find_uv_bin(), "pip", "compile", "-", "--emit-index-url", "--no-config", "--quiet"]
    told = subprocess.run(command, input="", check=True, capture_output=True, text=True).stdout
    return next(line.split()[1] for line in told.splitlines() if line.startswith("--index-url"))


def measured(archive: Path, folder: Path, *, bare: bool) -> Row:
    """One project's row."""
    name = archive.name.removesuffix(".tar.gz")
    checkout = committed(archive, folder / "boxed")
    began = time.monotonic()
    command = [sys.executable, "-m", "gate", "measure", "HEAD", "--check", "coverage", "--format", "json"]
    done = subprocess.run(
        [*command, str(checkout)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )
    seconds = time.monotonic() - began
    if done.returncode:
        return Row(name, "not measured", " ".join(done.stderr.split())[:400], seconds=seconds)
    report = json.loads(done.stdout)
    boxed = boxed_run(report)
    if not bare:
        return row_of(name, boxed, report["suite"]["outcome"], outcomes(boxed))
    packages = next((folder / "cache").glob("gate/environments/*/packages.json"))
    environment = Bare(archive, folder, json.loads(packages.read_bytes())["packages"])
    if environment.failure:
        return row_of(name, boxed, "unclear", f"by hand: {environment.failure}")
    by_hand = [environment.run(report["suite"]["command"], boxed.files) for _ in range(2)]
    wanting = report["suite"]["unreachable"] + report["suite"]["skipped_unreachable"]
    result, remark = judged(boxed, compared(boxed, *by_hand), wanting)
    return replace(row_of(name, boxed, result, remark), bare_seconds=by_hand[0].seconds)


def boxed_run(report: dict[str, Any]) -> Run:
    """What `gate measure` tells of the run in the box."""
    lines = {
        path: (frozenset(found["covered"]), frozenset(found["missing"]))
        for path, found in report["files"].items()
    }
    return Run(report["suite"]["tests"], lines, report["suite"]["seconds"])


def judged(boxed: Run, difference: Difference, wanting: int) -> tuple[str, str]:
    """(result, remark); `wanting` are the tests of which the check says that they want a network or a service."""
    if not difference.text:
        return "measured", outcomes(boxed)
    passed = any(boxed.tests.get(test) == "passed" for test in difference.tests)
    if wanting >= max(1, len(difference.tests)) and not passed:
        told = f"the check says: {wanting} tests want a network or a service"
        return "handled", f"{told}; {difference.text}"
    return "differs", difference.text


def row_of(name: str, run: Run, result: str, remark: str) -> Row:
    """The row of a run in the box."""
    covered = sum(len(lines[0]) for lines in run.files.values())
    executable = covered + sum(len(lines[1]) for lines in run.files.values())
    return Row(name, result, remark, len(run.tests), covered, executable, run.seconds)


def outcomes(run: Run) -> str:
    """How many tests ended how."""
    ends = list(run.tests.values())
    return ", ".join(
        f"{ends.count(end)} {end}" for end in ("passed", "skipped", "failed", "error") if end in ends
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between a run in the box and runs by hand."""

    tests: tuple[str, ...]
    """Those that end otherwise."""
    text: str
    """For people; empty where nothing differs."""


def compared(boxed: Run, first: Run, second: Run) -> Difference:
    """What differs between the box and both runs by hand."""
    chance = {
        name for name in {*first.tests, *second.tests} if first.tests.get(name) != second.tests.get(name)
    }
    # Of a test named after the time of its run no two names are equal.
    patterns = {re.sub(r"\d+", "0", name) for name in chance}
    names = {name for name in {*boxed.tests, *first.tests} if re.sub(r"\d+", "0", name) not in patterns}
    tests = sorted(name for name in names if boxed.tests.get(name) != first.tests.get(name))
    lines = []
    for path in sorted({*boxed.files, *first.files}):
        mine, one, two = (run.files.get(path, (frozenset(), frozenset())) for run in (boxed, first, second))
        steady = (one[0] | one[1]) - (one[0] ^ two[0])
        apart = ((mine[0] ^ one[0]) | (mine[1] ^ one[1])) - ((one[0] | one[1]) - steady)
        if apart:
            where = "in the box" if min(apart) in mine[0] else "by hand"
            lines.append(f"{path}:{min(apart)} covered {where} (+{len(apart) - 1})")
    told = []
    if tests:
        ends = f"{boxed.tests.get(tests[0], 'absent')}, by hand {first.tests.get(tests[0], 'absent')}"
        told.append(f"{len(tests)} tests end otherwise: {tests[0]} {ends}")
    if lines:
        told.append(f"lines of {len(lines)} files differ: {', '.join(lines[:3])}")
    return Difference(tuple(tests), "; ".join(told))


def committed(archive: Path, folder: Path) -> Path:
    """The files of the distribution as the one commit of a repository."""
    checkout = unpacked(archive, folder)
    identity = ["-c", "user.name=Gate", "-c", "user.email=gate@localhost"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A", "-f"],
        [*identity, "commit", "-q", "-m", "all"],
    ):
        subprocess.run(["git", "-C", str(checkout), *command], check=True)
    return checkout


HEAD = """# Compatibility

Which well-known projects have their coverage measured without a `.gate.toml`, made by `python -m benchmarks.compatibility --write` from source distributions that carry their tests. Nothing is tuned for one of them.

**Measured** means: every test ends as it does in a run by hand without a box (an ordinary virtual environment, the same versions, the project installed with `-e .`), and the same lines of the same files are covered.
Tests and lines that differ between two runs by hand are chance and left out. **Handled** means: what differs goes with tests that want a network or a service, and the check says so. **Differs** says what differs; **not measured** gives the check's own words.
"""


def document(rows: list[Row]) -> str:
    """The page for people."""
    missing = [name for name in project_names() if name not in {row.project for row in rows}]
    count, handled = (sum(row.result == result for row in rows) for result in ("measured", "handled"))
    table = [
        f"| {row.project} | {row.result} | {row.tests:,} | {row.covered:,} of {row.executable:,} | {row.seconds:.1f}"
        f" | {row.bare_seconds:.1f} | {row.remark.replace('|', '&#124;')} |"
        for row in rows
    ]
    return "\n".join(
        (
            HEAD,
            f"{count} of the {len(rows)} that were run are measured, {handled} more handled; Python {platform.python_version()}, {os.cpu_count()} cores.",
            "",
            "| Project | Result | Tests | Lines covered | Seconds in the box | by hand | |",
            "|:--|:--|--:|--:|--:|--:|:--|",
            *table,
            *(["", f"Not run yet: {', '.join(missing)}."] if missing else []),
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
