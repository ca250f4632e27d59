"""One thing that a change loosens of its own checks, and the sentences that are said of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gate.core.markdown import clean, shorten
from gate.core.verdict import Reason
from gate.core.verdict.wording import author_of_line

_NAME_CHARACTERS = 60
_ADDRESS = re.compile(r"@\S*")

Value = int | str | None


@dataclass(frozen=True, slots=True)
class Loosening:
    """What a change loosens, before it is known who did it."""

    path: str
    name: str
    """What it is: `nosec`, `skip`, `test file`, or the key of a setting."""
    what: str
    """What stands behind the place in the sentence: `adds a skipped test: ...`."""
    remedy: str
    """A sentence: how to take it back."""
    line: int = 0
    """Of the head; 0 where it has none."""
    end_line: int = 0
    before: Value = None
    after: Value = None
    identity: tuple[str, ...] = ()
    """What tells it from the next one, where what is said of it does not; see `Reason`."""
    written: bool = True
    """Whether somebody wrote the line; a line that only shows where something was taken away has no author."""

    @property
    def place(self) -> tuple[str, int]:
        """Whose author is to be asked for."""
        return self.path, self.line

    def reason(self, author: str) -> Reason:
        """As a reason, with its author where one is known."""
        line = f" line {self.line}" if self.line else ""
        return Reason(
            "loosened",
            f"{self.path}{line}{author_of_line(author)} {self.what}",
            path=self.path,
            line=self.line,
            end_line=self.end_line,
            name=self.name,
            before=self.before,
            after=self.after,
            # Loosened further at another head, it is another reason.
            identity=self.identity or (hashlib.sha256(self.what.encode()).hexdigest(),),
            author=author,
            remedy=self.remedy,
        )


def author_name(written: str) -> str:
    """The name of a commit's author as it may be shown: one short line, never an address; empty where nothing is left."""
    return shorten(clean(_ADDRESS.sub("", written)).strip(" <>()"), _NAME_CHARACTERS)


def with_authors(found: tuple[Loosening, ...], authors: Mapping[tuple[str, int], str]) -> tuple[Reason, ...]:
    """The loosenings as reasons; `authors` are names, as `author_name` gives them, by path and line."""
    return tuple(each.reason(authors.get(each.place, "") if each.written else "") for each in found)
