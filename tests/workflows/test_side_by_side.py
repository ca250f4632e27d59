"""Base and head run at the same time where both have to, and no run has more than two boxes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from gate.core.policy import parse
from gate.core.verdict import Outcome
from gate.sandbox import Exit, Sandbox
from tests.boxes import NAME
from tests.workflows.test_cover import APP, NEGATIVE, PROJECT, TESTS, Project, project

__all__ = ["project"]

pytestmark = [pytest.mark.slow, pytest.mark.box]

POLICY = '[[component]]\nname = "api"\npaths = ["api/**"]\n[component.tests]\n'


class Meeting(Sandbox):
    """A sandbox whose boxes for tests begin in pairs: one alone waits, and fails when no other comes."""

    def __init__(self) -> None:
        super().__init__("bwrap")
        self._pair = threading.Barrier(2, timeout=60)
        self._lock = threading.Lock()
        self._running = 0
        self.most = 0
        """Boxes for tests there were at a time."""
        self.names: list[str] = []

    def run(self, argv: Sequence[str], *, name: str, **order: Any) -> Exit:
        if not name.startswith(NAME):
            return super().run(argv, name=name, **order)
        with self._lock:
            self.names.append(name)
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            self._pair.wait()
            return super().run(argv, name=name, **order)
        finally:
            with self._lock:
                self._running -= 1


def test_base_and_head_run_side_by_side(project: Project) -> None:
    """
    Nothing is stored of either: of each suite both sides run at once, one suite after the other. Then all is stored,
    and nothing runs.
    """
    files = {**PROJECT, "api/sums.py": APP, "api/test_sums.py": TESTS.replace("from app", "from sums")}
    base = project.commit({**files, ".gate.toml": POLICY})
    head = project.commit({"test_app.py": NEGATIVE})
    project.service.sandbox = meeting = Meeting()

    first = project.judge(base, head, policy=parse(POLICY))
    names = [*meeting.names]
    second = project.judge(base, head, policy=parse(POLICY))

    assert first.verdict.outcome is second.verdict.outcome is Outcome.PASSED
    assert sorted(names) == [NAME, NAME, f"{NAME}-base", f"{NAME}-base"]
    assert meeting.most == 2
    assert meeting.names == names
