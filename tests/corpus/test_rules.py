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
    "The head's policy is validated": "flows/test_policy_sources.py::test_the_policy_of_the_head_is_previewed",
    "**One sha has one `gate`.": "flows/test_lifecycle.py::test_an_unguarded_branch_does_not_turn_the_same_head_green",
    "Check runs belong to a sha": "flows/test_lifecycle.py::test_the_same_head_is_not_green_before_all_its_pull_requests_are_judged",
    "**A push that changes the rules": "flows/test_rejudging.py::test_a_new_policy_judges_open_pull_requests_again_without_measuring",
    "It counts on the default branch, on a listed": "flows/test_rejudging.py::test_a_listed_branch_judges_its_own_pull_requests_again",
    "The 200 pull requests that changed last": "flows/test_rejudging.py::test_a_push_that_leaves_the_rules_as_they_are_judges_nothing_again",
    "Until then the verdict by the rules of before": "flows/test_rejudging.py::test_an_evaluation_that_began_by_the_old_rules_ends_by_the_new_ones",
    "It is never silently replaced.": "flows/test_pull_requests.py::test_a_broken_policy_blocks_until_it_is_repaired",
    "Every check echoes": "core/test_check_run.py::test_check_runs_read_as_agreed",
    "**An organisation's defaults**": "flows/test_policy_sources.py::test_an_organisation_gives_what_a_repository_does_not_say",
    "What a repository's own file does not say": "core/policy/test_defaults.py::test_components_are_left_out",
    "Gate reads the file with a token": "doors/test_github_defaults.py::test_the_token_reads_nothing_else",
    "Where Gate sees no such repository": "flows/test_policy_sources.py::test_without_the_app_on_it_there_is_no_organisation_policy_and_it_is_said",
    "A broken file blocks in all": "flows/test_policy_sources.py::test_a_broken_organisation_policy_blocks_and_names_its_repository",
    "Gate itself keeps broken files out": "flows/test_policy_sources.py::test_a_head_that_breaks_the_policy_is_blocked",
    "What the file says is shown": "flows/test_policy_sources.py::test_a_broken_organisation_policy_blocks_and_names_its_repository",
    "The `.github` repository's own file": "flows/test_rejudging.py::test_the_policy_of_the_organisation_judges_all_its_repositories_again",
    "`[gate] branches` lists names and globs": "core/test_branch_globs.py::test_each_sign_means_one_thing",
    "`gate check` cannot read an organisation's": "cli/test_policy.py::test_check_takes_a_copy_of_the_defaults",
    "### The policy of the head": "flows/test_policy_sources.py::test_the_policy_of_the_head_is_previewed",
    "A head that changes what `.gate.toml` says": "flows/test_policy_sources.py::test_the_policy_of_the_head_is_previewed",
    "It comes from the reports that are there": "core/verdict/test_preview.py::test_another_mode_and_what_is_not_known_are_told",
    "Waivers are not previewed.": "core/verdict/test_preview.py::test_a_preview_does_not_decide",
    "A head that writes a `.gate.toml` which": "flows/test_policy_sources.py::test_a_head_that_breaks_the_policy_is_blocked",
    "A file the head has not touched": "flows/test_policy_sources.py::test_a_head_that_began_with_a_broken_policy_is_judged",
    "**Armed** once": "flows/test_lifecycle.py::test_the_first_commit_of_a_repository_arms_it",
    "While the base has such tests": "workflows/test_cover.py::test_a_suite_that_needs_a_service_arms_nothing",
    "**Branches**, with": "core/comparison/test_branches.py::test_totals_count_lines_and_branches_together",
    "A *new branch*": "core/comparison/test_branches.py::test_a_branch_is_new_when_the_line_it_begins_on_is",
    "A *lost branch*": "core/comparison/test_branches.py::test_a_branch_is_lost_when_both_of_its_ends_survive",
    "Allowances still count lines": "core/verdict/test_coverage_branches.py::test_the_allowance_counts_lines",
    "Both sides are measured with branches": "workflows/test_cover.py::test_branches_are_judged_where_the_policy_says_so",
    "That is: a test file": "workflows/test_cover.py::test_lost_lines_are_judged_everywhere_when_the_suite_changed",
    "**Chance**: before": "workflows/test_cover.py::test_a_line_missed_by_chance_at_the_head_is_not_lost",
    "A line that flips between two runs": "core/comparison/test_second_run.py::test_lines_that_flip_are_said",
    "A run that was cut short": "core/comparison/test_second_run.py::test_a_run_that_was_cut_short_tells_of_no_line",
    "What ran twice is stored": "core/comparison/test_second_run.py::test_a_third_run_forgets_nothing",
    "**Remembered** is": "workflows/test_cover.py::test_what_flips_on_the_default_branch_is_remembered_for_all",
    "It is not judged even where it flips": "core/comparison/test_chance.py::test_known_lines_are_set_apart",
    "What flips at the head of a pull request": "workflows/test_cover.py::test_what_flips_on_the_default_branch_is_remembered_for_all",
    "Tests and coverage.py share a process": "attacks/test_results.py::test_a_report_that_lies_is_refused",
    'With `[guard] loosening = "block"` each': "core/guard/test_settings.py::test_loosening_is_listed_and_tightening_is_not",
    "**Only loosening counts**": "core/guard/test_settings.py::test_loosening_is_listed_and_tightening_is_not",
    "Settings are compared by what they mean": "core/guard/test_settings.py::test_what_says_the_same_or_more_is_not_listed",
    "A change that may be either": "core/guard/test_settings.py::test_what_may_be_either_is_listed_as_a_change",
    "**Keys of `.gate.toml`**": "core/policy/test_loosening.py::test_every_key_has_a_direction",
    "Not known: `[gate] branches`": "core/policy/test_loosening.py::test_what_may_be_either_counts_as_a_change_both_ways",
    "The others have no say": "core/policy/test_loosening.py::test_what_has_no_say_is_no_loosening",
    "**What was moved was not added**": "core/guard/test_source.py::test_what_is_added_is_listed_and_what_is_removed_or_moved_is_not",
    "**The author** is": "doors/test_git_authors.py::test_each_line_has_the_author_who_wrote_it_since_the_base",
    "Where something was taken away": "doors/test_git_authors.py::test_line_0_is_whoever_touched_the_file_last",
    "Names are what commits say": "core/guard/test_source.py::test_names_are_hostile_text",
    "| `superseded` |": "flows/test_pull_requests.py::test_a_force_push_supersedes_the_old_head",
    "| `waived` |": "flows/test_waivers.py::test_a_maintainer_waives_what_blocks",
    "branches = false": "workflows/test_cover.py::test_branches_are_judged_where_the_policy_says_so",
    "Complexity and security are always armed": "cli/test_check.py::test_without_a_box_the_rest_is_judged",
    "A missing box or index exits 2.": "cli/test_check.py::test_without_a_box_the_rest_is_judged",
    "A monorepo's parts": "cli/test_components.py::test_each_component_has_limits_of_its_own",
    "**Every file has one judge**": "core/test_component.py::test_every_file_belongs_to_one_part",
    "Nothing is judged twice": "core/comparison/test_parts.py::test_the_lines_of_the_parts_add_up_to_the_whole",
    "Functions, findings and lines that move from one component": "core/comparison/test_parts.py::test_a_line_that_moved_to_another_part_can_lose_its_coverage_there",
    "Excess that falls, allowances": "core/comparison/test_parts.py::test_the_lines_of_the_parts_add_up_to_the_whole",
    "**One required check.": "flows/test_components.py::test_one_red_component_blocks_and_is_named",
    "`gate` and its details stay": "flows/test_components.py::test_one_red_component_blocks_and_is_named",
    "JSON has them under `components`": "cli/test_components.py::test_each_component_has_limits_of_its_own",
    "**Without `[component.tests]`**": "core/test_component.py::test_a_part_is_judged_by_what_its_component_says_and_inherits",
    "A failing test belongs to the component": "core/comparison/test_parts.py::test_a_failing_test_is_held_against_one_part",
    "**With `[component.tests]`**": "core/test_component.py::test_own_tests_run_in_the_folder_that_all_globs_share",
    "Manifests are looked for there": "workflows/test_components.py::test_without_manifests_of_its_own_a_component_borrows_the_repositorys",
    "The whole tree is there": "cli/test_components.py::test_two_services_with_conflicting_requirements",
    "What these tests cover is": "cli/test_components.py::test_pytest_at_the_root_leaves_out_suites_of_components",
    "**Armed** is such a suite": "workflows/test_suites.py::test_a_components_suite_is_armed_while_it_runs_at_the_base",
    "A component that is new is judged": "cli/test_components.py::test_a_component_without_a_suite_that_runs_is_not_armed",
    "**Branches** count for the parts": "workflows/test_cover.py::test_branches_count_for_the_component_that_wants_them",
    "What flips is told by the part": "core/comparison/test_parts.py::test_a_flaky_test_is_told_by_its_part",
    "**A waiver of a check** covers": "core/test_waiver.py::test_components_are_waived_on_their_own",
    "`[guard]` lists what is loosened for all": "cli/test_components.py::test_what_a_component_loosens_in_its_folder_is_listed",
    "A component no Python file belongs to": "core/verdict/test_parts.py::test_a_component_without_files_is_named",
}
NOT_YET = (
    # What docs/policy.md promises and the README's limits take back for now: whoever builds it writes its samples.
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
