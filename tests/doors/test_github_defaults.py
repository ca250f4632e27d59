"""The defaults of an organisation are read with a token that reads this one repository, and cheaply."""

from __future__ import annotations

import pytest

from gate.core.failure import PolicyError, Transient
from gate.github import GitHub
from gate.github.defaults import DefaultsFile
from tests.doors.github_door import tokens_made
from tests.fake_github import FakeGitHub, Repository
from tests.fake_github.faults import Fault

READ = "GET /repos/{owner}/{repo}/contents/{path}"
READ_CONTENTS = "GET /repos/{owner}/{repo}/contents/{path}"
TEXT = "[complexity]\nmaximum = 7\n"


def installation_of(repository: Repository) -> int:
    """The installation that covers it."""
    installation = repository.github.installation_of(repository)
    assert installation
    return installation.id


def answers(github: FakeGitHub) -> list[int]:
    """The statuses of all requests for a file so far."""
    return [one.status for one in github.exchanges if one.operation == READ]


def test_the_file_is_read_at_the_tip_of_the_default_branch(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    A push there counts at once; a file that did not change is not sent again.
    """
    organisation = github.repository({".gate.toml": TEXT}, name="octo/.github", private=True)
    installation = installation_of(repository)

    first = door.defaults_file(installation, "octo")
    again = door.defaults_file(installation, "octo")
    organisation.push("main", {".gate.toml": "# grün\n"})
    changed = door.defaults_file(installation, "octo")

    assert isinstance(first, DefaultsFile)
    assert (first.content, again) == (TEXT.encode(), first)
    assert isinstance(changed, DefaultsFile)
    assert changed.content == "# grün\n".encode()
    assert changed.blob != first.blob
    assert (answers(github), tokens_made(github)) == ([200, 304, 200], 1)


def test_the_token_reads_nothing_else(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    It is for the contents of that repository alone, and no other token of ours could read them.
    """
    organisation = github.repository({".gate.toml": TEXT}, name="octo/.github", private=True)

    door.defaults_file(installation_of(repository), "octo")

    (token,) = github.tokens.values()
    assert token.repository_ids == frozenset({organisation.id})
    assert token.permissions == {"contents": "read"}


def test_what_is_not_there_is_told_apart(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    No repository, one without the App, one without the file, one without any commit.
    """
    installation = installation_of(repository)

    found = [door.defaults_file(installation, "octo")]
    organisation = github.repository({"README.md": "Hello\n"}, name="octo/.github", installed=False)
    found.append(door.defaults_file(installation, "octo"))
    github.install(organisation)
    found.append(door.defaults_file(installation, "octo"))

    assert found == ["no repository", "no repository", "no file"]


def test_a_file_that_was_removed_is_gone(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    What was read before is not remembered in its place.
    """
    organisation = github.repository({".gate.toml": TEXT}, name="octo/.github")
    installation = installation_of(repository)
    door.defaults_file(installation, "octo")

    organisation.push("main", {".gate.toml": None})

    assert door.defaults_file(installation, "octo") == "no file"


def test_a_file_that_github_does_not_send_is_a_broken_policy(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    It is not taken for none.
    """
    github.repository({".gate.toml": "#" * (1024 * 1024 + 1)}, name="octo/.github")

    with pytest.raises(PolicyError, match=r"octo/\.github is larger than 1 MB"):
        door.defaults_file(installation_of(repository), "octo")


def test_an_answer_that_is_not_githubs_is_not_taken_for_no_file(
    door: GitHub, github: FakeGitHub, repository: Repository
) -> None:
    """
    A page of something in between would switch the organisation's policy off.
    """
    github.repository({".gate.toml": TEXT}, name="octo/.github")
    github.faults.script(READ_CONTENTS, Fault(200, body="<html>One moment, please</html>"))

    with pytest.raises(Transient, match="is not GitHub"):
        door.defaults_file(installation_of(repository), "octo")


def test_every_owner_has_a_file_of_its_own(door: GitHub, github: FakeGitHub, repository: Repository) -> None:
    """
    What is kept of one is never taken for another's, and no installation reads what another may.
    """
    github.repository({".gate.toml": TEXT}, name="octo/.github", private=True)
    other = github.repository({"app.py": "x = 1\n"}, name="acme/app")
    github.repository({".gate.toml": "# acme's\n"}, name="acme/.github", private=True)

    found = [
        door.defaults_file(installation_of(of), owner)
        for of in (repository, other)
        for owner in ("octo", "acme", "octo")
    ]

    contents = [each.content if isinstance(each, DefaultsFile) else None for each in found]
    assert contents == [TEXT.encode(), None, TEXT.encode(), None, b"# acme's\n", None]
