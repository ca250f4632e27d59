"""Which commit and pull request a build of a CI service is of, by the variables that service sets; nothing is guessed.

Each service's own documentation of its variables is the source, named beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.core.commit_sha import is_full_sha

Variables = Mapping[str, str]

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


def build_of(variables: Variables) -> Build | None:
    """The build that has these variables; None where no known service has set them."""
    for name, (service, told) in _SERVICES.items():
        if variables.get(name, "").strip():
            sha, number = told(variables)
            return Build(service, _sha(sha), _number(number))
    return None


def _github(variables: Variables) -> tuple[str, str]:
    """Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables"""
    found = _MERGE.fullmatch(variables.get("GITHUB_REF", ""))
    return variables.get("GITHUB_SHA", ""), found[1] if found else ""


def _gitlab(variables: Variables) -> tuple[str, str]:
    """Of a repository on GitHub that GitLab builds; its own merge requests are no pull requests.

    Source: https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    return variables.get("CI_COMMIT_SHA", ""), variables.get("CI_EXTERNAL_PULL_REQUEST_IID", "")


def _circle(variables: Variables) -> tuple[str, str]:
    """Source: https://circleci.com/docs/reference/variables/"""
    found = _LAST.search(variables.get("CIRCLE_PULL_REQUEST", ""))
    number = variables.get("CIRCLE_PR_NUMBER", "") or (found[1] if found else "")
    return variables.get("CIRCLE_SHA1", ""), number


def _jenkins(variables: Variables) -> tuple[str, str]:
    """`ghprb...` are those of the GitHub Pull Request Builder, which builds a merge of its own.

    Source: https://www.jenkins.io/doc/book/pipeline/multibranch/ and https://plugins.jenkins.io/ghprb/
    """
    sha = variables.get("ghprbActualCommit", "") or variables.get("GIT_COMMIT", "")
    return sha, variables.get("ghprbPullId", "") or variables.get("CHANGE_ID", "")


def _buildkite(variables: Variables) -> tuple[str, str]:
    """The commit may be `HEAD`, and the pull request `false`.

    Source: https://buildkite.com/docs/pipelines/configure/environment-variables
    """
    return variables.get("BUILDKITE_COMMIT", ""), variables.get("BUILDKITE_PULL_REQUEST", "")


def _travis(variables: Variables) -> tuple[str, str]:
    """TRAVIS_COMMIT of a pull request is a merge that only Travis has.

    Source: https://docs.travis-ci.com/user/environment-variables/
    """
    sha = variables.get("TRAVIS_PULL_REQUEST_SHA", "") or variables.get("TRAVIS_COMMIT", "")
    return sha, variables.get("TRAVIS_PULL_REQUEST", "")


def _azure(variables: Variables) -> tuple[str, str]:
    """BUILD_SOURCEVERSION of a pull request is the commit that merges it.

    Source: https://learn.microsoft.com/azure/devops/pipelines/build/variables
    """
    sha = variables.get("SYSTEM_PULLREQUEST_SOURCECOMMITID", "") or variables.get("BUILD_SOURCEVERSION", "")
    return sha, variables.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "")


_SERVICES: Mapping[str, tuple[str, Callable[[Variables], tuple[str, str]]]] = {
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
