"""What the artifact of a workflow is called, as far as it says that coverage reports are in it; nothing is opened here.

`gate-NAME` has the report NAME of the head, `gate-NAME@SHA` that of the commit which was checked out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gate.core.commit_sha import is_full_sha
from gate.core.report_files import names_of
from gate.core.upload_token import is_name

PREFIX = "gate-"
_OF_COMMIT = re.compile(r"(?P<name>[^@]*)@(?P<sha>.*)", re.DOTALL)


class ArtifactError(ValueError):
    """No report can be taken from an artifact; the text says what is wrong and what helps."""


@dataclass(frozen=True, slots=True)
class Named:
    """What an artifact's name says."""

    report: str
    sha: str = ""
    """The commit that was measured; empty for the head."""


def is_ours(name: str) -> bool:
    """Whether an artifact is meant for us."""
    return name.startswith(PREFIX)


def named(name: str) -> Named:
    """What the name of an artifact that is ours says. Raises: ArtifactError."""
    rest = name.removeprefix(PREFIX)
    found = _OF_COMMIT.fullmatch(rest)
    report, sha = (found["name"], found["sha"].lower()) if found else (rest, "")
    if not is_name(report):
        raise ArtifactError(
            f"after {PREFIX!r} its name has to be 1 to 100 letters, digits, spaces and any of . _ - as in gate-unit-3.12"
        )
    if found and not is_full_sha(sha):
        raise ArtifactError(
            "after '@' its name has to be the full sha of the commit that was tested, as in gate-unit@${{ github.sha }}"
        )
    return Named(report, sha)


def reports_in(files: Sequence[str], report: str) -> list[str]:
    """What each file of an artifact is called: as the artifact, or that and its path where there are several.

    Raises: ArtifactError.
    """
    try:
        names = names_of(files, report)
    except ValueError as error:
        raise ArtifactError(
            f"two of its files would be one report of {report!r}; upload each as an artifact of its own"
        ) from error
    wrong = [file for file, name in zip(files, names, strict=True) if not is_name(name)]
    if wrong:
        raise ArtifactError(
            f"{wrong[0][:100]!r} in it cannot be the name of a report: upload it under another"
        )
    return names
