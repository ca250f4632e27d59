"""Whose tests wait for a maintainer's word, where the policy wants that; only tests that would run here do."""

from __future__ import annotations

import pytest

from gate.core.policy import parse
from gate.core.work import Evaluate
from gate.workflows.approve import waits
from tests.fake_github import FakeGitHub
from tests.workflows.conftest import Later, ref_of

COMPONENT = (
    '[[component]]\nname = "a"\npaths = ["a/**"]\n[component.tests]\n[component.coverage]\nsource = "{}"\n'
)


@pytest.mark.parametrize(
    ("coverage", "waiting"),
    [
        ("", True),
        ('[coverage]\nsource = "either"\n', True),
        # None of theirs runs here; GitHub asks for a maintainer's word of its own.
        ('[coverage]\nsource = "upload"\n', False),
        ('[coverage]\nsource = "upload"\n' + COMPONENT.format("upload"), False),
        ('[coverage]\nsource = "upload"\n' + COMPONENT.format("run"), True),
    ],
)
def test_reports_from_ci_need_nobodys_word(
    service: Later, github: FakeGitHub, coverage: str, waiting: bool
) -> None:
    """
    A first-time contributor's tests do, where they run here.
    """
    pull = github.repository({"app.py": "x = 1\n"}).open_pull_request(
        {"app.py": "x = 2\n"}, fork=True, author="stranger", association="FIRST_TIME_CONTRIBUTOR"
    )
    ref = ref_of(pull.repository)
    work = Evaluate(
        ref,
        pull.number,
        pull.head_sha,
        "",
        "main",
        service.now(),
        "stranger",
        "A title",
        head_full_name="stranger/app",
        association=pull.association,
    )

    assert waits(service, work, parse(f'[gate]\nforks = "approve"\n{coverage}')) is waiting
