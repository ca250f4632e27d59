"""Small histories written by hand in `tests/samples`: a base, a head and what the rules say of the change between them.

It reads them and makes them a git repository; it judges nothing. `tests/samples/README.md` explains the form.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.report import CoverageReport, FileCoverage, Suite

SAMPLES = Path(__file__).parents[1] / "samples"

Side = str
"""`base`, `head`; `tip`: the default branch's newest commit, where that is not the base; `earlier`: the base's parent."""
Tree = Mapping[str, tuple[str, bytes]]
"""(mode, content) by path, as git has them."""

_COVERED, _MISSING, _NOTHING = "> ", "! ", "  "
_ABOUT = ("rule", "wrong", "expect", "python_below")
_TREES = ("earlier", "base", "head", "tip", "delete", "rename", "links", "encoding")
_ASKED = ("policy", "suite", "armed", "lines", "runs")
_KEYS = frozenset((*_ABOUT, *_TREES, *_ASKED))


@dataclass(frozen=True, slots=True)
class Sample:
    """One history with its expectation."""

    name: str
    """`complexity/new-function-above`: its path below `tests/samples`."""
    told: Mapping[str, Any]
    """The TOML document."""

    @property
    def rule(self) -> str:
        """The words of docs/policy.md it stands for."""
        return " ".join(self.told["rule"].split())

    @property
    def expected(self) -> Mapping[str, Any]:
        """What the rules say, by the keys of `words.words`."""
        expected: Mapping[str, Any] = self.told["expect"]
        return expected

    @property
    def wrong(self) -> str:
        """Why the code does not say so yet; empty where it does."""
        return str(self.told.get("wrong", ""))

    @property
    def has_base(self) -> bool:
        """Whether anything was there before the head."""
        return "base" in self.told or "base" in self.told.get("lines", {})

    @property
    def runs_tests(self) -> bool:
        """Whether its tests are run for real; otherwise it says by itself which lines they run."""
        return bool(self.told.get("suite", False))

    @property
    def tells_lines(self) -> bool:
        """Whether it says which lines the tests run."""
        return "lines" in self.told or "runs" in self.told

    @property
    def is_measurable_here(self) -> bool:
        """Whether this Python is old enough for a sample about files that are too new for it."""
        below = self.told.get("python_below", "9.9")
        return sys.version_info < tuple(int(part) for part in below.split("."))

    def tree(self, side: Side) -> Tree:
        """All files of a side. Head and tip are written as what differs from the base."""
        if side in {"base", "earlier"}:
            return self._encoded(self._texts(side))
        files = self._texts("base")
        for old, new in self.told.get("rename", {}).items() if side == "head" else ():
            files[new] = files.pop(old)
        for path in self.told.get("delete", ()) if side == "head" else ():
            del files[path]
        return self._encoded(files | self._texts(side), links=side == "head")

    def report(self, side: Side) -> CoverageReport | None:
        """The run of the tests that the sample tells of; None where the base had none."""
        run = self.told.get("runs", {}).get(side, {})
        if not run.get("measured", True) or (side == "base" and not self.has_base):
            return None
        tests = tuple(sorted(run.get("tests", {}).items()))
        suite = Suite(run.get("outcome", "passed"), 0, 1.0, "pytest", tests)
        unparsable = tuple((path, "invalid syntax") for path in run.get("unparsable", ()))
        return CoverageReport(
            "1 coverage cpython", tuple(sorted(self._lines(side).items())), suite, unparsable
        )

    def _lines(self, side: Side) -> dict[str, FileCoverage]:
        files = dict(self.told.get("lines", {}).get("base", {}))
        if side == "head":
            for old, new in self.told.get("rename", {}).items():
                files[new] = files.pop(old)
            files = {path: text for path, text in files.items() if path not in self.told.get("delete", ())}
            files |= self.told.get("lines", {}).get("head", {})
        return {path: _marked(text) for path, text in files.items()}

    def _texts(self, side: Side) -> dict[str, str]:
        annotated = self.told.get("lines", {}).get(side, {})
        plain = {path: "\n".join(line[2:] for line in text.split("\n")) for path, text in annotated.items()}
        return dict(self.told.get(side, {})) | plain

    def _encoded(self, files: Mapping[str, str], *, links: bool = False) -> Tree:
        encodings = self.told.get("encoding", {})
        tree = {path: ("100644", text.encode(encodings.get(path, "utf-8"))) for path, text in files.items()}
        pointed = self.told.get("links", {}) if links else {}
        return tree | {path: ("120000", target.encode()) for path, target in pointed.items()}


def samples() -> Iterator[Sample]:
    """Every sample, by name. Raises: ValueError for a key nobody reads."""
    for path in sorted(SAMPLES.rglob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        if unknown := told.keys() - _KEYS:
            raise ValueError(f"{path}: unknown keys {sorted(unknown)}; known are {sorted(_KEYS)}")
        yield Sample(path.relative_to(SAMPLES).with_suffix("").as_posix(), told)


def make_repository(sample: Sample, root: Path) -> None:
    """A git checkout at `root`: the head is on the branch `change`, the base or tip on `main`; shas are always the same."""
    _git(root.parent, "init", "--quiet", "--initial-branch", "main", str(root))
    before = ("earlier", "base") if "earlier" in sample.told else ("base",) if sample.has_base else ()
    commits = [_commit("main", "", sample.tree(side)) for side in before]
    commits.append(_commit("change", "refs/heads/main" if commits else "", sample.tree("head")))
    if "tip" in sample.told:
        commits.append(_commit("main", "", sample.tree("tip")))
    _git(root, "fast-import", "--quiet", stdin=b"".join(commits))


def make_one_of_all(chosen: Iterable[Sample], root: Path) -> None:
    """A git checkout whose branch `main` has, one commit after the other, the bases and heads of these samples."""
    _git(root.parent, "init", "--quiet", "--initial-branch", "main", str(root))
    trees = [sample.tree(side) for sample in chosen for side in ("base", "head")]
    _git(root, "fast-import", "--quiet", stdin=b"".join(_commit("main", "", tree) for tree in trees))


def _commit(branch: str, parent: str, tree: Tree) -> bytes:
    """A commit for `git fast-import`; the newest commit of its branch is a parent anyway."""
    parts = [f"commit refs/heads/{branch}\ncommitter Ann <ann@example.org> 1700000000 +0000\n".encode()]
    parts.append(b"data 1\n.\n" + (f"from {parent}\n".encode() if parent else b"") + b"deleteall\n")
    for path, (mode, content) in tree.items():
        parts.append(f"M {mode} inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
    return b"".join((*parts, b"\n"))


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    subprocess.run(["git", *arguments], cwd=folder, input=stdin, check=True, capture_output=True)


def _marked(text: str) -> FileCoverage:
    """The lines of a file with coverage.py's marks: `> ` is run by tests, `! ` is not, two spaces are no code.

    Source: https://coverage.readthedocs.io/en/latest/cmd.html#text-annotation
    """
    marks = [line[:2].ljust(2) for line in text.split("\n")[:-1]]
    if stray := {*marks} - {_COVERED, _MISSING, _NOTHING}:
        raise ValueError(f"lines begin with {sorted(stray)}; allowed are '> ', '! ' and two spaces:\n{text}")
    numbered = list(enumerate(marks, start=1))
    return FileCoverage(
        tuple(number for number, mark in numbered if mark == _COVERED),
        tuple(number for number, mark in numbered if mark == _MISSING),
    )
