"""Install a project and run its tests as a person would, without Gate and without a box, to compare with what Gate measures."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from uv import find_uv_bin

from checks.report import FileCoverage
from checks.unreachable import left_out
from gate.core.coverage_configuration import rcfile
from gate.core.suite_command import SuiteCommand, detect, is_evidence
from gate.core.tool_configuration import COVERAGE_FILES

ROOT = Path(__file__).parent.parent
BARE_UID = 65534
"""Of `nobody`, who runs the tests by hand where root would: some tests demand that they are not root, and have a name."""
MINUTES = 20
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

Lines = Mapping[str, tuple[frozenset[int], frozenset[int]]]
"""(covered, missing) by path."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a suite gave."""

    tests: Mapping[str, str]
    files: Lines
    seconds: float


def unpacked(archive: Path, folder: Path) -> Path:
    """The distribution's only folder."""
    folder.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "--no-same-owner", "-C", str(folder)], check=True)
    return next(folder.iterdir())


class Bare:
    """The environment and the runs by hand."""

    def __init__(self, archive: Path, folder: Path, packages: list[str]) -> None:
        self.failure = ""
        self._folder = folder
        self._checkout = unpacked(archive, folder / "bare")
        self._python = str(folder / "venv" / "bin" / "python")
        uv = find_uv_bin()
        pins = ["==".join(each.rsplit("-", 1)) for each in packages if not each.startswith("coverage-")]
        coverage = f"coverage=={subprocess.check_output([sys.executable, '-c', 'import coverage; print(coverage.__version__)'], text=True).strip()}"
        base = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
        home = folder / "home"
        home.mkdir()
        self._own(folder)
        found = self._detected()
        self._variables = dict(found.environment) if found else {}
        for command in (
            [uv, "venv", "--quiet", "--no-project", "--python", base, str(folder / "venv")],
            [uv, "pip", "install", "-q", "--no-deps", "--python", self._python, *pins, coverage],
            [uv, "pip", "install", "-q", "--no-deps", "--python", self._python, "-e", str(self._checkout)],
        ):
            done = self._do(command)
            if done.returncode:
                self.failure = " ".join((done.stdout + done.stderr).split())[-300:]
                return

    def run(self, shown_command: str, sources: Lines) -> Run:
        """One run of the tests under coverage.py and what it covered of the sources."""
        scratch = Path(tempfile.mkdtemp(dir=self._folder))
        configuration = scratch / "coverage.ini"
        files = {
            name: (self._checkout / name).read_bytes()
            for name in COVERAGE_FILES
            if (self._checkout / name).exists()
        }
        text = rcfile(files, branches=False, root=str(self._checkout))
        configuration.write_text(text.replace("[run]\n", f"[run]\ndata_file = {scratch}/.coverage\n", 1))
        self._own(scratch)
        coverage = [self._python, "-m", "coverage"]
        began = time.monotonic()
        done = self._do([*coverage, "run", f"--rcfile={configuration}", *self._words(shown_command, scratch)])
        seconds = time.monotonic() - began
        self._do([*coverage, "combine", "-q", f"--rcfile={configuration}", str(scratch)])
        written = scratch / "coverage.json"
        reported = self._do(
            [
                *coverage,
                "json",
                "-q",
                "--ignore-errors",
                f"--rcfile={configuration}",
                "-o",
                str(written),
                *sources,
            ]
        )
        if not written.exists():
            sys.exit(
                f"{self._checkout.name}: {done.stdout[-1500:]}{done.stderr[-1500:]}{reported.stdout}{reported.stderr}"
            )
        told: Mapping[str, Any] = json.loads(written.read_bytes())["files"]
        lines = {path: self._lines(path, told[path]) for path in sources if path in told}
        written = scratch / "outcomes.json"
        tests = (
            json.loads(written.read_bytes()) if written.exists() else dict(from_junit(scratch / "junit.xml"))
        )
        if not tests:
            print(done.stdout[-1500:], done.stderr[-500:], file=sys.stderr)
        # Some tests are named after the folder they or their packages lie in.
        places = {str(self._checkout): "/work", str(self._folder / "venv"): "/venv"}
        for place, there in places.items():
            tests = {name.replace(place, there): end for name, end in tests.items()}
        return Run(tests, lines, seconds)

    def _lines(self, path: str, told: Mapping[str, Any]) -> tuple[frozenset[int], frozenset[int]]:
        """Without lines that cannot run here, which are no source to Gate."""
        plain = FileCoverage(tuple(told["executed_lines"]), tuple(told["missing_lines"]))
        ours = left_out(plain, (self._checkout / path).read_bytes(), sys.version_info[:3])
        return frozenset(ours.covered), frozenset(ours.missing)

    def _words(self, shown_command: str, scratch: Path) -> list[str]:
        program, *words = shlex.split(shown_command)
        if program == "pytest":
            return [
                "-m",
                "pytest",
                f"--junitxml={scratch}/junit.xml",
                "--continue-on-collection-errors",
                *words,
            ]
        if words == ["-m", "unittest", "discover"]:
            return self._unittest(scratch)
        return words if program == "python" else [program, *words]

    def _unittest(self, scratch: Path) -> list[str]:
        """The test files that discovery finds, by a runner that writes down what became of each test."""
        found = self._detected()
        (scratch / "files.json").write_text(json.dumps(found.test_files if found else ()))
        return [
            str(ROOT / "checks" / "unittest_outcomes.py"),
            str(scratch / "outcomes.json"),
            str(scratch / "files.json"),
        ]

    def _detected(self) -> SuiteCommand | None:
        """How the tests are run, variables included, as a person would read it from the same files."""
        files = [path for path in self._checkout.rglob("*") if path.is_file() and not path.is_symlink()]
        contents = {
            str(path.relative_to(self._checkout)): path.read_bytes()
            for path in files
            if path.stat().st_size < 1 << 20
        }
        return detect(list(contents), {path: text for path, text in contents.items() if is_evidence(path)})

    def _do(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        hosts = self._folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
        hosts.chmod(0o644)
        bound = f'mount --bind {hosts} /etc/hosts && exec "$@"'
        as_nobody = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            bound,
            "sh",
            "setpriv",
            f"--reuid={BARE_UID}",
            f"--regid={BARE_UID}",
            "--clear-groups",
            "--",
        ]
        path = f"{Path(self._python).parent}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            [*(as_nobody if os.geteuid() == 0 else []), *command],
            cwd=self._checkout,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MINUTES * 60,
            stdin=subprocess.DEVNULL,
            env={
                "PATH": path,
                "HOME": str(self._folder / "home"),
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "UV_NO_CONFIG": "1",
                "SSL_CERT_FILE": CERTIFICATES,
                **self._variables,
            },
        )

    def _own(self, folder: Path) -> None:
        if os.geteuid() == 0:
            for place in [
                folder,
                *(
                    path
                    for path in folder.rglob("*")
                    if "cache" not in path.parts and "boxed" not in path.parts
                ),
            ]:
                if not place.is_symlink():
                    shutil.chown(place, BARE_UID, BARE_UID)


def from_junit(file: Path) -> Iterator[tuple[str, str]]:
    """(test, outcome) of pytest's report, the worst of several last."""
    rank = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}
    worst: dict[str, str] = {}
    for case in ET.parse(file).iter("testcase") if file.exists() else ():
        name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
        tags = {child.tag for child in case}
        end = (
            "failed"
            if "failure" in tags
            else "error"
            if "error" in tags
            else "skipped"
            if "skipped" in tags
            else "passed"
        )
        worst[name] = max(worst.get(name, end), end, key=rank.__getitem__)
    yield from worst.items()
