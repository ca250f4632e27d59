"""Every sentence of docs/policy.md that says what blocks has a sample that stands for it, or a test elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.corpus.history import Sample, samples
from tests.corpus.rules import sentences, text

ROOT = Path(__file__).parents[2]
SAMPLES = tuple(samples())

ELSEWHERE = {
    # The beginning of a sentence that no small history can show, and the test that holds it.
    "| pull request |": "flows/test_lifecycle.py::test_a_listed_base_branch_brings_its_own_policy_until_the_base_changes",
    "| merge group |": "core/test_event.py::test_a_merge_group_is_read",
    "| push to the default branch |": "flows/test_lifecycle.py::test_the_first_commit_of_a_repository_arms_it",
    "**One sha has one `gate`.": "flows/test_lifecycle.py::test_an_unguarded_branch_does_not_turn_the_same_head_green",
    "Check runs belong to a sha": "flows/test_lifecycle.py::test_the_same_head_is_not_green_before_all_its_pull_requests_are_judged",
    "It is never silently replaced.": "flows/test_pull_requests.py::test_a_broken_policy_blocks_until_it_is_repaired",
    "Every check echoes": "core/test_check_run.py::test_check_runs_read_as_agreed",
    "**Armed** once": "flows/test_lifecycle.py::test_the_first_commit_of_a_repository_arms_it",
    "Tests and coverage.py share a process": "attacks/test_results.py::test_a_report_that_lies_is_refused",
    "| `superseded` |": "flows/test_pull_requests.py::test_a_force_push_supersedes_the_old_head",
    "Complexity and security are always armed": "cli/test_check.py::test_without_a_box_the_rest_is_judged",
    "A missing box or index exits 2.": "cli/test_check.py::test_without_a_box_the_rest_is_judged",
}
NOT_YET = (
    # What docs/policy.md promises and the README's limits take back for now: whoever builds it writes its samples.
    "The head's policy is validated and previewed",
    "A push that changes the policy re-judges",
    "An organisation's defaults",
    "While the base has such tests",
    "Before it blocks, both sides run once more",
    "| `waived` |",
    "**A waiver**",
    "It holds for these reasons",
    "It needs a role",
    "The check run's details link",
    "Stored, shown in the check",
    "branches = false",
    'source = "run"',
    "reports = []",
    "wait_minutes = 30",
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_quote_the_rules(sample: Sample) -> None:
    """
    The rule of a sample is to be found in docs/policy.md word for word: who changes the rule looks at its samples.
    """
    assert sample.rule in text()


def test_every_sentence_has_a_sample() -> None:
    """
    A new sentence needs a sample in `tests/samples`, or a line in ELSEWHERE that names the test that holds it.
    """
    excused = (*ELSEWHERE, *NOT_YET)

    unheld = [
        sentence
        for sentence in sentences()
        if not sentence.startswith(excused) and not any(sample.rule in sentence for sample in SAMPLES)
    ]

    assert unheld == []


def test_no_excuse_is_out_of_date() -> None:
    """
    What is excused stands in docs/policy.md, has no sample of its own, and its test exists.
    """
    known = tuple(sentences())

    for excuse in (*ELSEWHERE, *NOT_YET):
        excused = [sentence for sentence in known if sentence.startswith(excuse)]
        assert excused, f"no sentence begins with {excuse!r} any more"
        assert not any(sample.rule in sentence for sample in SAMPLES for sentence in excused), excuse
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
        assert not name or name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (
            place
        )
