"""The box every attack is made in."""

from __future__ import annotations

import pytest

from gate.sandbox import Sandbox
from tests.boxes import sandbox_or_skip


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()
