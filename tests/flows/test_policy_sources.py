"""Whose policy judges a pull request: the organisation's below the repository's, and that of branches by their names."""

from __future__ import annotations

import pytest

from tests.flows.conftest import SHOP, SOURCE, TANGLE, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows")]

LIMIT_20 = "[complexity]\nmaximum = 20\n"
SMALL = "\n\ndef small(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(5))
"""A function of complexity 6."""


def test_an_organisation_gives_what_a_repository_does_not_say(world: World) -> None:
    """
    The file of the private `.github` repository holds key by key; the repository's own keys win.
    """
    world.github.repository(
        {".gate.toml": "[complexity]\nmaximum = 5\n[security]\nseverity = 'low'\n"},
        name="acme/.github",
        private=True,
    )
    plain = world.repository(owner="acme")
    own = world.repository({**SHOP, ".gate.toml": LIMIT_20}, owner="acme")

    by_theirs = plain.open_pull_request({"shop.py": SOURCE + SMALL})
    by_own = own.open_pull_request({"shop.py": SOURCE + TANGLE})

    world.settled(by_theirs, by_own)
    assert by_theirs.check_runs["gate / complexity"].title == "small is 6, limit 5"
    assert "gates from acme/.github/.gate.toml at blob " in by_theirs.check_run.summary
    assert by_own.check_runs["gate / complexity"].conclusion == "success"
    assert "(main) over acme/.github/.gate.toml at blob " in by_own.check_run.summary
    assert "1 low severity" not in by_own.check_runs["gate / security"].title
    assert "low severity and medium confidence" in by_own.check_runs["gate / security"].summary


@pytest.mark.long
@pytest.mark.usefixtures("box")
def test_the_tests_of_the_head_inherit_too(world: World) -> None:
    """
    `[tests]` of a head that says nothing of a key has it from the organisation.
    """
    world.github.repository(
        {".gate.toml": "[tests]\nenv = { SHOP_COUNTRY = 'CH' }\n"}, name="env-org/.github", private=True
    )
    checks = "import os\nimport unittest\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(os.environ.get('SHOP_COUNTRY'), 'CH')\n"
    own = "[tests]\nenv = { SHOP_COUNTRY = 'CH' }\n"
    repository = world.repository({"test_shop.py": checks, ".gate.toml": own}, owner="env-org")

    pull = repository.open_pull_request({".gate.toml": None})

    assert world.verdict(pull).conclusion == "success"


@pytest.mark.long
def test_without_the_app_on_it_there_is_no_organisation_policy_and_it_is_said(world: World) -> None:
    """
    Every verdict tells why no organisation's file counts.
    """
    world.github.repository({".gate.toml": LIMIT_20}, name="bare/.github", installed=False)
    unseen = world.repository(owner="bare")
    world.github.repository({"README.md": "Hello\n"}, name="empty/.github")
    without = world.repository(owner="empty")

    pulls = [one.open_pull_request({"shop.py": SOURCE + TANGLE}) for one in (unseen, without)]

    world.settled(*pulls)
    assert [pull.check_run.conclusion for pull in pulls] == ["failure", "failure"]
    assert "no organisation policy: Gate sees no bare/.github" in pulls[0].check_run.summary
    assert "no organisation policy: empty/.github has no .gate.toml" in pulls[1].check_run.summary


@pytest.mark.long
def test_a_broken_organisation_policy_blocks_and_names_its_repository(world: World) -> None:
    """
    It is never replaced by the defaults, also where the repository has a valid policy of its own.
    """
    world.github.repository({".gate.toml": "[complexity]\nmaximum = 'ten'\n"}, name="broken/.github")
    repository = world.repository({**SHOP, ".gate.toml": LIMIT_20}, owner="broken")

    pull = repository.open_pull_request({"README.md": "# Shop 2\n"})

    assert world.verdict(pull).conclusion == "failure"
    assert "broken/.github/.gate.toml line 2: `complexity.maximum`" in pull.check_run.summary


@pytest.mark.long
def test_branches_that_a_glob_lists_bring_their_own_policy(world: World) -> None:
    """
    `release/*` lists every release branch; other base branches are judged by the default branch's policy.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[gate]\nbranches = ['release/*']\n"})
    repository.push("release/1", {".gate.toml": LIMIT_20})
    repository.push("other", {".gate.toml": LIMIT_20})

    pulls = [
        repository.open_pull_request({"shop.py": SOURCE + TANGLE, "to": base}, base=base, branch=f"to-{base}")
        for base in ("release/1", "other")
    ]

    world.settled(*pulls)
    assert [pull.check_runs["gate / complexity"].conclusion for pull in pulls] == ["success", "failure"]
    assert "(release/1; no organisation policy" in pulls[0].check_run.summary


@pytest.mark.usefixtures("box")
def test_the_policy_of_the_head_is_previewed(world: World) -> None:
    """
    `gate` says what would differ once it is merged, from the same reports, and stays red.
    """
    repository = world.repository()

    pull = repository.open_pull_request(
        {"shop.py": SOURCE + TANGLE, ".gate.toml": "[complexity]\nmaximum = 20\n[coverage]\npatch = 0\n"}
    )

    assert world.verdict(pull).conclusion == "failure"
    section = pull.check_run.summary.partition("**With the policy of this pull request**")[2]
    assert "- Complexity would pass: No changed function over 20" in section
    assert "- Coverage would pass: " in section
    assert "- The gate would pass." in section


def test_a_head_that_breaks_the_policy_is_blocked(world: World) -> None:
    """
    Merged, it would block every other pull request.
    """
    repository = world.repository()

    pull = repository.open_pull_request({".gate.toml": "[complexity]\nmaximum = 'ten'\n"})

    assert world.verdict(pull).conclusion == "failure"
    assert "policy" in pull.check_run.title
    assert "This change breaks the policy" in pull.check_run.summary
    assert f"blob/{pull.head_sha}/.gate.toml#L2" in pull.check_run.summary


@pytest.mark.long
def test_a_head_that_began_with_a_broken_policy_is_judged(world: World) -> None:
    """
    Only what the head writes itself comes with it: the repair of the default branch stays.
    """
    repository = world.repository({**SHOP, ".gate.toml": "[complexity]\nmaximum = 'ten'\n"})
    old = repository.head_sha
    repository.push("main", {".gate.toml": LIMIT_20})
    head = repository.commit({"README.md": "# Shop 2\n"}, parents=(old,))

    pull = repository.open_pull_request(sha=head)

    world.verdict(pull)
    assert "This change breaks the policy" not in pull.check_run.summary
    assert "With the policy" not in pull.check_run.summary
    assert pull.check_runs["gate / complexity"].conclusion == "success"
