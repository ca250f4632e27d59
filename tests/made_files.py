"""Files of a made-up repository with their sources: what the pages about files show."""

from __future__ import annotations

import random
from datetime import datetime

from gate.core.comparison import Ratio
from gate.core.event import RepositoryRef
from gate.core.file_state import FileState, FindingNote, FunctionNote, LineStates, Notes, TestedLines
from gate.store import Store
from tests.made_changes import VERBS, path_of

_LINE = "    total += part.price * part.quantity if part.quantity else 0\n"


def with_files(
    store: Store, repository: RepositoryRef, *, now: datetime, sha: str, files: int, seed: int = 6
) -> None:
    """Adds the files of the newest commit to a history, by `path_of`; a few are complex and change often."""
    chance = random.Random(seed)
    made = [_file(chance, number, files) for number in range(files)]
    store.note_files(
        repository.id,
        sha,
        committed_at=now,
        states=[state for state, _, _ in made],
        sources=[(state.blob, source.encode()) for state, source, _ in made],
    )
    store.note_file_coverage(repository.id, sha, {state.path: tested for state, _, tested in made})


def _file(chance: random.Random, number: int, files: int) -> tuple[FileState, str, TestedLines]:
    names = [
        f"{verb}_{path_of(number).rpartition('/')[2].removesuffix('.py')}" for verb in chance.sample(VERBS, 5)
    ]
    source = ['"""Made up."""\n', "\n"]
    functions: list[FunctionNote] = []
    executable: list[int] = [1]
    for name in names:
        functions.append(FunctionNote(name, len(source) + 1, chance.randint(1, 8)))
        body = chance.randint(4, 24)
        executable += range(len(source) + 1, len(source) + body + 3)
        source += [
            f"def {name}(parts):\n",
            "    total = 0\n",
            *[_LINE] * (body - 1),
            "    return total\n",
            "\n",
            "\n",
        ]
    hot = number < 1 + files // 12
    if hot:
        functions[-1] = FunctionNote(
            names[-1], functions[-1].line, chance.randint(12, 24), ((functions[-1].line + 2, 4),)
        )
    missing = {line for line in executable if chance.random() < (0.35 if hot else 0.12)}
    severity = chance.choice(("low", "medium", "high")) if chance.random() < 0.06 else ""
    findings = (
        (FindingNote("B324", functions[0].line + 1, severity, "Use of weak MD5 hash for security."),)
        if severity
        else ()
    )
    worst = max(functions, key=lambda function: function.complexity)
    state = FileState(
        path=path_of(number), blob=f"{number:040x}", sloc=len(source), functions=len(functions),
        complexity=sum(function.complexity for function in functions), worst=worst.complexity, worst_name=worst.name,
        worst_line=worst.line, over=sum(function.complexity > 10 for function in functions),
        high=severity.count("high"), medium=severity.count("medium"), low=severity.count("low"), suppressed=0,
        maintainability=chance.randint(4000, 8000), changes=chance.randint(9, 40) if hot else chance.randint(0, 6),
        notes=Notes(10, tuple(functions), findings),
    )  # fmt: skip
    covered = tuple(line for line in executable if line not in missing)
    return (
        state,
        "".join(source),
        TestedLines(Ratio(len(covered), len(executable)), LineStates(covered, tuple(sorted(missing)))),
    )
