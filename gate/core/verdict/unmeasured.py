"""What verdicts say of files that could not be measured."""

from __future__ import annotations

from collections.abc import Iterable

from gate.core.comparison import Unmeasured
from gate.core.verdict.values import Outcome, Reason
from gate.core.verdict.wording import counted, short_name, title


def unmeasured_reasons(files: Iterable[Unmeasured]) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """One reason for every file that stands in the way of a verdict, and one note for each of the others."""
    reasons: list[Reason] = []
    notes: list[Reason] = []
    for file in files:
        cause = "That is Gate's limit, not a fault of the file" if file.ours else "Mend the file"
        remedy = f" {cause}." if file.judged else " It is listed and not judged."
        text = f"Could not measure {file.path}: {file.text}.{remedy}"
        (reasons if file.judged else notes).append(
            Reason("unmeasurable_file", text, path=file.path, line=file.line)
        )
    return tuple(reasons), tuple(notes)


def outcome_of(*, blocked: bool, unmeasured: bool) -> Outcome:
    """A reason that blocks weighs more than a file without a measurement; without either the check has passed."""
    if blocked:
        return Outcome.BLOCKED
    return Outcome.COULD_NOT_MEASURE if unmeasured else Outcome.PASSED


def title_of_unmeasured(files: Iterable[Unmeasured]) -> str:
    """The title when nothing but files without a measurement stands in the way."""
    first, *others = [file for file in files if file.judged]
    return title(f"Could not measure {short_name(first.path)}: {first.text}", more=len(others))


def title_of_unreported(paths: tuple[str, ...]) -> str:
    """The same for coverage, which knows only the paths."""
    if len(paths) == 1:
        return title(f"Could not measure {short_name(paths[0])}")
    return title(f"Could not measure {counted(len(paths), 'changed source file')}")
