"""Which commit and pull request a build of a CI service is of, by the variables that service sets; nothing is guessed.

Each service's own documentation of its variables is the source, named beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.core.commit_sha import is_full_sha

Variables = Mapping[str, str]

EVENTS = ("push", "pull_request", "merge_group", "schedule", "workflow_dispatch", "release")
"""Of GitHub Actions, those in which the commit that is told is the one that the workflow checks out."""

_MERGE = re.compile(r"refs/pull/([0-9]+)/merge")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_LAST = re.compile(r"/pull/([0-9]+)/?\Z")


@dataclass(frozen=True, slots=True)
class Build:
    """What is built."""

    service: str
    """The CI service, as people call it."""
    sha: str = ""
    """Full, in lower case; empty where the service does not say it."""
    number: int | None = None
    """The pull request; None where it is none."""
    why: str = ""
    """Where the commit that the service says is not the one that is tested: which one that is, for people."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a service says, as it says it."""

    sha: str
    number: str = ""
    why: str = ""


def build_of(variables: Variables) -> Build | None:
    """The build that has these variables; None where no known service has set them."""
    for name, (service, told) in _SERVICES.items():
        if variables.get(name, "").strip():
            said = told(variables)
            return Build(service, _sha(said.sha), _number(said.number), said.why)
    return None


def _github(variables: Variables) -> _Told:
    """Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables"""
    event = variables.get("GITHUB_EVENT_NAME", "")
    if event not in EVENTS:
        # Of `workflow_run` and `pull_request_target` it is the tip of the default branch, whatever was tested.
        return _Told(
            "", why=f"a workflow for {event!r} runs for another commit than the one whose tests it may run"
        )
    found = _MERGE.fullmatch(variables.get("GITHUB_REF", ""))
    return _Told(variables.get("GITHUB_SHA", ""), found[1] if found else "")


def _gitlab(variables: Variables) -> _Told:
    """Of a repository on GitHub that GitLab builds; its own merge requests are no pull requests.

    Source: https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    return _Told(variables.get("CI_COMMIT_SHA", ""), variables.get("CI_EXTERNAL_PULL_REQUEST_IID", ""))


def _circle(variables: Variables) -> _Told:
    """Source: https://circleci.com/docs/reference/variables/"""
    found = _LAST.search(variables.get("CIRCLE_PULL_REQUEST", ""))
    number = variables.get("CIRCLE_PR_NUMBER", "") or (found[1] if found else "")
    return _Told(variables.get("CIRCLE_SHA1", ""), number)


def _jenkins(variables: Variables) -> _Told:
    """`ghprb...` are those of the GitHub Pull Request Builder, which builds a merge of its own unless told otherwise.

    Source: https://www.jenkins.io/doc/book/pipeline/multibranch/ and https://plugins.jenkins.io/ghprb/
    """
    built = variables.get("GIT_COMMIT", "")
    if number := variables.get("ghprbPullId", ""):
        return _head(built, "ghprbActualCommit", variables, number)
    return _Told(built, variables.get("CHANGE_ID", ""))


def _buildkite(variables: Variables) -> _Told:
    """The commit may be `HEAD`, and the pull request `false`.

    Source: https://buildkite.com/docs/pipelines/configure/environment-variables
    """
    return _Told(variables.get("BUILDKITE_COMMIT", ""), variables.get("BUILDKITE_PULL_REQUEST", ""))


def _travis(variables: Variables) -> _Told:
    """TRAVIS_COMMIT of a pull request is a merge that only Travis has.

    Source: https://docs.travis-ci.com/user/environment-variables/
    """
    built, number = variables.get("TRAVIS_COMMIT", ""), variables.get("TRAVIS_PULL_REQUEST", "")
    if _number(number) is not None:
        return _head(built, "TRAVIS_PULL_REQUEST_SHA", variables, number)
    return _Told(built, number)


def _head(built: str, name: str, variables: Variables, number: str) -> _Told:
    """The head of a pull request, in the variable `name`, if that is what is built: lines of a merge are elsewhere."""
    if built == variables.get(name, ""):
        return _Told(built, number)
    why = f"it tests a merge of the pull request that nobody else has, and not its head: check out ${name} for the tests"
    return _Told("", number, why)


def _azure(variables: Variables) -> _Told:
    """BUILD_SOURCEVERSION of a pull request is the commit that GitHub made to merge it, which is checked out.

    Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables
    """
    number = variables.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "")
    return _Told(variables.get("BUILD_SOURCEVERSION", ""), number)


_SERVICES: Mapping[str, tuple[str, Callable[[Variables], _Told]]] = {
    "GITHUB_ACTIONS": ("GitHub Actions", _github),
    "GITLAB_CI": ("GitLab CI", _gitlab),
    "CIRCLECI": ("CircleCI", _circle),
    "BUILDKITE": ("Buildkite", _buildkite),
    "TRAVIS": ("Travis CI", _travis),
    "TF_BUILD": ("Azure Pipelines", _azure),
    "JENKINS_URL": ("Jenkins", _jenkins),
}
"""By the variable that each sets always; Jenkins last, for others set its variable too for what was made for it."""


def _sha(text: str) -> str:
    sha = text.strip().lower()
    return sha if is_full_sha(sha) else ""


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text.strip()) else None
