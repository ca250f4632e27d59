"""Runs `gate check` and `gate measure` on real repositories with history, and radon and bandit beside them.

    python benchmarks/agreement.py REPOSITORY... [--back 20] [--steps 3]

For every repository and for `steps` pairs of revisions `back` commits apart it demands that

* `gate measure` has every block of `radon cc --show-closures` and every finding of `bandit`, and no other;
* `gate check` has the totals of both sides, and its changed functions and findings are exactly what leads from the
  plain tools' results of the base to those of the head.

Prints a line a pair and every difference; exit status 1 when there is one. Files the plain command lines cannot read
(byte order mark, coding cookie) are left out on both sides and counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
Json = Any


def run(*command: str, cwd: Path | None = None, ok: tuple[int, ...] = (0,)) -> str:
    """Standard output of a command; any status but those in `ok` ends the script."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in ok:
        sys.exit(f"{' '.join(command[:6])}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def gate(*arguments: str, ok: tuple[int, ...] = (0,)) -> Json:
    """The JSON object a gate command prints."""
    return json.loads(run(str(BIN / "gate"), *arguments, ok=ok))


class Plain:
    """One revision's files in a folder without any configuration, and what the plain tools say of them."""

    def __init__(self, repository: Path, revision: str, folder: Path) -> None:
        listing = run("git", "-C", str(repository), "ls-tree", "-r", "-z", revision).split("\0")
        self.paths: set[str] = set()
        for line in filter(None, listing):
            meta, path = line.split("\t", 1)
            mode, _, blob = meta.split(" ")
            if not mode.startswith("100"):
                continue
            source = (
                subprocess.run(
                    ["git", "-C", str(repository), "cat-file", "blob", blob], capture_output=True, check=True
                ).stdout
                if path.endswith(".py")
                else b""
            )
            if path.endswith(".py"):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source)
                self.paths.add(path)
        self.folder = folder
        self.blocks = self._radon()
        self.findings = self._bandit()

    def _radon(self) -> dict[str, Counter[tuple[str, str, int, int]]]:
        result: dict[str, Counter[tuple[str, str, int, int]]] = {}
        printed = json.loads(self._in_batches([str(BIN / "radon"), "cc", "-j", "--show-closures"]) or "{}")
        self.unreadable = {path for path, blocks in printed.items() if isinstance(blocks, dict)}
        for path, blocks in printed.items():
            if path not in self.unreadable:
                result[path] = Counter(map(_block, blocks))
        return result

    def _bandit(self) -> dict[str, Counter[tuple[str, int, str, str]]]:
        result: dict[str, Counter[tuple[str, int, str, str]]] = {}
        printed = json.loads(
            self._in_batches([str(BIN / "bandit"), "-q", "-f", "json", "-x", "/nothing"], ok=(0, 1)) or "{}"
        )
        for item in printed.get("results", ()):
            key = (
                item["test_id"],
                item["line_number"],
                item["issue_severity"].lower(),
                item["issue_confidence"].lower(),
            )
            result.setdefault(item["filename"].removeprefix("./"), Counter())[key] += 1
        return result

    def _in_batches(self, command: list[str], ok: tuple[int, ...] = (0,)) -> str:
        paths = sorted(self.paths)
        merged: dict[str, Any] = {}
        for start in range(0, len(paths), 500):
            printed = json.loads(run(*command, *paths[start : start + 500], cwd=self.folder, ok=ok))
            if "results" in printed:
                merged.setdefault("results", []).extend(printed["results"])
            else:
                merged.update(printed)
        return json.dumps(merged)


def _block(item: Json) -> tuple[str, str, int, int]:
    """(qualified name, type, line, complexity) of a radon block; closures stand in the list beside what holds them."""
    name = f"{item['classname']}.{item['name']}" if item["type"] == "method" else item["name"]
    kind = "closure" if item["type"] == "function" and "." in name else item["type"]
    return name, kind, item["lineno"], item["complexity"]


def loose(blocks: Counter[tuple[str, str, int, int]]) -> Counter[tuple[str, int, int]]:
    """Blocks without classes, by last part of the name, line and complexity: radon qualifies closures of methods otherwise."""
    result: Counter[tuple[str, int, int]] = Counter()
    for (name, kind, line, complexity), times in blocks.items():
        if kind != "class":
            result[name.rsplit(".", 1)[-1], line, complexity] += times
    return result


def compare_measure(repository: Path, revision: str, plain: Plain) -> list[str]:
    """Differences between `gate measure` and the plain tools on one revision."""
    problems = []
    measured = gate("measure", revision, "--check", "complexity", "--format", "json", str(repository))
    ours: dict[str, Counter[tuple[str, str, int, int]]] = {}
    for block in measured["blocks"]:
        key = (block["name"], block["type"], block["line"], block["complexity"])
        ours.setdefault(block["path"], Counter())[key] += 1
    for path in sorted(plain.paths - plain.unreadable):
        left, right = loose(ours.get(path, Counter())), loose(plain.blocks.get(path, Counter()))
        problems += [f"{path}: only gate: {key}" for key in left - right]
        problems += [f"{path}: only radon: {key}" for key in right - left]
    measured = gate("measure", revision, "--check", "security", "--format", "json", str(repository))
    found: dict[str, Counter[tuple[str, int, str, str]]] = {}
    for item in measured["findings"]:
        key2 = (item["rule"], item["line"], item["severity"], item["confidence"])
        found.setdefault(item["path"], Counter())[key2] += 1
    for path in sorted(plain.paths - plain.unreadable):
        mine, theirs = found.get(path, Counter()), plain.findings.get(path, Counter())
        problems += [f"{path}: only gate: {key}" for key in mine - theirs]
        problems += [f"{path}: only bandit: {key}" for key in theirs - mine]
    return problems


def compare_check(repository: Path, base: str, head: str, old: Plain, new: Plain) -> list[str]:
    """Differences between what `gate check` says changed and what changed between the plain tools' results."""
    verdict = gate(
        "check", "--base", base, "--head", head, "--only", "complexity", "--only", "security", "--format", "json",
        str(repository), ok=(0, 1, 2),
    )  # fmt: skip
    problems = []
    complexity = verdict["checks"]["complexity"]
    for side, plain in (("base", old), ("head", new)):
        values = [
            key[3]
            for blocks in plain.blocks.values()
            for key, times in blocks.items()
            if key[1] in ("function", "method") and _listed(key)
            for _ in range(times)
        ]
        wanted = {"blocks": len(values), "sum": sum(values), "max": max(values, default=0)}
        if not plain.unreadable and complexity["totals"][side] != wanted:
            problems.append(f"totals of the {side}: gate {complexity['totals'][side]}, radon {wanted}")
    if old.unreadable | new.unreadable:
        return problems
    before, after = _all_values(old), _all_values(new)
    for change in complexity["functions"]:
        if change["before"] is not None:
            before[change["before"]] -= 1
        if change["after"] is not None:
            after[change["after"]] -= 1
    if +before != +after or min([*before.values(), *after.values()], default=0) < 0:
        problems.append(f"functions called the same differ: {before - after} against {after - before}")
    for rule in {key[0] for plain in (old, new) for counts in plain.findings.values() for key in counts}:
        delta = _count(new, rule) - _count(old, rule)
        security = verdict["checks"]["security"]
        said = sum(f["rule"] == rule for f in security["introduced"]) - sum(
            f["rule"] == rule for f in security["fixed"]
        )
        if delta != said:
            problems.append(f"{rule}: bandit {delta:+}, gate {said:+}")
    return problems


def _listed(key: tuple[str, str, int, int]) -> bool:
    return key[0].count(".") == (1 if key[1] == "method" else 0)


def _all_values(plain: Plain) -> Counter[int]:
    return Counter(
        key[3]
        for blocks in plain.blocks.values()
        for key, times in blocks.items()
        if key[1] != "class"
        for _ in range(times)
    )


def _count(plain: Plain, rule: str) -> int:
    return sum(times for counts in plain.findings.values() for key, times in counts.items() if key[0] == rule)


def main() -> None:
    """Compares every pair asked for and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--back", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3)
    arguments = parser.parse_args()
    failed = False
    print(
        f"{'repository':16} {'head':10} {'base':10} {'files':>6} {'blocks':>7} {'findings':>8} {'unread':>6} differences"
    )
    for repository in arguments.repositories:
        for step in range(arguments.steps):
            head, base = (
                run(
                    "git", "-C", str(repository), "rev-parse", f"HEAD~{(step + extra) * arguments.back}"
                ).strip()
                for extra in (0, 1)
            )
            with tempfile.TemporaryDirectory() as folder:
                new = Plain(repository, head, Path(folder, "new"))
                old = Plain(repository, base, Path(folder, "old"))
                problems = compare_measure(repository, head, new) + compare_check(
                    repository, base, head, old, new
                )
            failed = failed or bool(problems)
            print(
                f"{repository.name:16} {head[:10]:10} {base[:10]:10} {len(new.paths):6} "
                f"{sum(b.total() for b in new.blocks.values()):7} {sum(f.total() for f in new.findings.values()):8} "
                f"{len(new.unreadable):6} {len(problems)}",
                flush=True,
            )
            for problem in problems[:20]:
                print(f"    {problem}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
