"""What Gate says of a sample, by the path `gate check` takes; run as a program it prints verdicts.

`python -m tests.corpus.ruling FOLDER EVERY` prints JSON. How samples put a verdict is the work of `words`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gate.cli.local import Wanted, question_of
from gate.core.component import REST
from gate.core.diff import TreeEntry
from gate.core.event import RepositoryRef
from gate.core.failure import PolicyError
from gate.core.policy import DEFAULT
from gate.core.verdict import Verdict, broken_policy, combine, judge_coverage, sub_verdicts
from gate.core.verdict_json import JsonObject, as_json
from gate.git import Checkout
from gate.service import Service
from gate.settings import SandboxMode, Settings
from gate.store import Store
from gate.workflows.cover import compare, cover
from gate.workflows.judge import Case
from gate.workflows.measure import Code, static_reports
from gate.workflows.measure_coverage import Running
from gate.workflows.question import Judged, Question
from tests.corpus.history import Sample, make_one_of_all, make_repository, samples
from tests.migrated import migrate

_REPOSITORY = RepositoryRef(0, 7, "corpus/samples", "main", private=True)
"""All samples are one repository to the store, so that equal blobs are measured once."""
_STATIC = ("complexity", "security", "escapes", "syntax")


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict, and how its numbers were obtained, for people."""

    verdict: Verdict
    obtained: str = ""


@contextmanager
def service(folder: Path, database_url: str = "", *, sandbox: SandboxMode = "none") -> Iterator[Service]:
    """A service that keeps what it measures in that database, or in memory."""
    with Store(database_url) if database_url else Store.in_memory() as store:
        migrate(store)
        store.save_repository(_REPOSITORY)
        yield Service(Settings(None, folder, database_url, sandbox=sandbox), store=store)


@contextmanager
def case(service: Service, sample: Sample, folder: Path) -> Iterator[Case]:
    """The sample as a git repository in an empty folder, with what `gate check` asks of it.

    Raises: PolicyError.
    """
    make_repository(sample, folder / "sample")
    with Checkout.find(folder / "sample") as checkout:
        question = _question(checkout, sample, folder)
        yield Case(service, Code(_REPOSITORY.id, checkout), question, compares_all=True)


def rule(service: Service, sample: Sample, folder: Path) -> Ruling:
    """The verdict on a sample, whose repository is made in the folder."""
    try:
        with case(service, sample, folder) as made:
            made.measure(_STATIC)
            judged = (*_coverage(made, sample), made.complexity(), made.security())
            obtained = "; ".join(each.obtained for each in judged)
            return Ruling(_combined(made, judged), obtained)
    except PolicyError as error:
        return Ruling(broken_policy(str(error), head="change"))


def warm(service: Service, chosen: Iterable[Sample], folder: Path) -> None:
    """Has the files of these samples measured at once: starting analysers for each takes longer than all the rest."""
    make_one_of_all(chosen, folder / "all")
    with Checkout.find(folder / "all") as checkout:
        sha = checkout.resolve("main")
        entries: dict[str, TreeEntry] = {}
        while sha:
            entries |= {each.blob: each for each in checkout.entries(sha) if each.path.endswith(".py")}
            sha = next(iter(checkout.parents(sha)), None)
        wanted = dict.fromkeys(_STATIC, tuple(entries.values()))
        static_reports(service, Code(_REPOSITORY.id, checkout), wanted, options={})


def backwards(made: Case) -> Case:
    """The same two revisions with base and head exchanged."""
    asked = made.question
    there = replace(asked, base=asked.head, head=asked.base, head_name=asked.base)
    return Case(made.service, made.code, there, compares_all=True)


def rule_some(folder: Path, database_url: str = "", *, every: int) -> str:
    """The verdicts on every so many of the samples whose tests need not be run, as the command line prints JSON.

    `folder` is made; everything happens in it.
    """
    chosen = [sample for sample in samples() if not sample.runs_tests][::every]
    ruled: dict[str, JsonObject] = {}
    with service(folder, database_url) as made:
        folder.mkdir(parents=True)
        warm(made, chosen, folder)
        for number, sample in enumerate(chosen):
            place = folder / str(number)
            place.mkdir()
            ruled[sample.name] = as_json(rule(made, sample, place).verdict)
    return json.dumps(ruled, indent=2)


def _question(checkout: Checkout, sample: Sample, folder: Path) -> Question:
    """What `gate check --head change` compares; before a first commit what a push of it compares."""
    if not sample.has_base:
        head = checkout.resolve("change") or ""
        return Question(
            base="", head=head, head_name=head, rules="", policy=DEFAULT, policy_source="the defaults"
        )
    wanted = Wanted(head="change")
    if "policy" in sample.told:
        file = folder / "policy.toml"
        file.write_text(sample.told["policy"])
        wanted = replace(wanted, policy_file=file)
    return question_of(checkout, wanted)


def _combined(made: Case, judged: tuple[Judged, ...]) -> Verdict:
    asked = made.question
    return combine(
        (each.verdict for each in judged),
        asked.provenance(judged),
        asked.policy,
        loosened=made.loosened(),
        components=sub_verdicts(each.components for each in judged),
    )


def _coverage(made: Case, sample: Sample) -> Iterator[Judged]:
    if sample.runs_tests:
        yield cover(made, Running(f"samples-{os.getpid()}"), armed=False, assume_armed=True)
    elif sample.tells_lines:
        base, head = (sample.report(side) for side in ("base", "head"))
        assert head is not None
        armed = bool(sample.told.get("armed", True))
        told = {
            part.name: judge_coverage(part.policy, compare(made, part, base, head).facts, armed)
            for part in made.parts.all
        }
        components = made.of_components("coverage", lambda part: told[part.name])
        yield Judged(told[REST], "told by the sample", components)


if __name__ == "__main__":
    print(rule_some(Path(sys.argv[1]), every=int(sys.argv[2])))
