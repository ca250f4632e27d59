"""Whether a change can alter what the tests cover: documentation and the like cannot."""

from __future__ import annotations

import re

from gate.core.diff import Diff

_PROSE = re.compile(
    r"(docs?|\.github|\.vscode|\.idea)/.*|(.*/)?[^/]*\.(md|rst|adoc)|(.*/)?(LICEN[CS]E|COPYING|AUTHORS|NOTICE|CODEOWNERS)(\.txt)?"
    r"|(.*/)?\.(editorconfig|gitignore|gitattributes|mailmap|git-blame-ignore-revs)"
)
_SUITE = re.compile(
    r"(.*/)?(tests?/.*|test_[^/]*|[^/]*_test\..*|conftest\.py)|.*\.(py|toml|cfg|ini)|(.*/)?requirements[^/]*\.txt"
)
"""Read by tests, perhaps, wherever they lie: a document among the tests may be an expected result."""


def matters_to_tests(diff: Diff) -> bool:
    """Whether any changed file may alter a run of the tests; when in doubt, it may."""
    return any(
        not _PROSE.fullmatch(path) or _SUITE.fullmatch(path)
        for change in diff.changes
        for path in (change.old_path, change.new_path)
        if path
    )
