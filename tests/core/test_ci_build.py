"""Which commit and pull request a build is of, by what each CI service says."""

from __future__ import annotations

import pytest

from gate.core.ci_build import Build, build_of

HEAD, MERGE = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("variables", "build"),
    [
        # GitHub Actions: the commit of a pull request is the one that merges it, as in the token.
        ({"GITHUB_ACTIONS": "true", "GITHUB_SHA": HEAD, "GITHUB_REF": "refs/heads/main"}, (HEAD, None)),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_SHA": MERGE, "GITHUB_REF": "refs/pull/17/merge"},
            (MERGE, 17),
        ),
        ({"GITHUB_ACTIONS": "true", "GITHUB_SHA": HEAD, "GITHUB_REF": "refs/tags/pull/17"}, (HEAD, None)),
        # GitLab: its own merge requests have numbers of another place.
        ({"GITLAB_CI": "true", "CI_COMMIT_SHA": HEAD, "CI_MERGE_REQUEST_IID": "3"}, (HEAD, None)),
        ({"GITLAB_CI": "true", "CI_COMMIT_SHA": HEAD, "CI_EXTERNAL_PULL_REQUEST_IID": "17"}, (HEAD, 17)),
        # CircleCI: the number stands in an address, for forks alone by itself.
        ({"CIRCLECI": "true", "CIRCLE_SHA1": HEAD}, (HEAD, None)),
        (
            {
                "CIRCLECI": "true",
                "CIRCLE_SHA1": HEAD,
                "CIRCLE_PULL_REQUEST": "https://github.com/a/b/pull/17",
            },
            (HEAD, 17),
        ),
        ({"CIRCLECI": "true", "CIRCLE_SHA1": HEAD, "CIRCLE_PR_NUMBER": "17"}, (HEAD, 17)),
        # Jenkins: a multibranch project, and the older plug-in.
        ({"JENKINS_URL": "https://ci/", "GIT_COMMIT": HEAD}, (HEAD, None)),
        ({"JENKINS_URL": "https://ci/", "GIT_COMMIT": HEAD, "CHANGE_ID": "17"}, (HEAD, 17)),
        (
            {
                "JENKINS_URL": "https://ci/",
                "GIT_COMMIT": MERGE,
                "ghprbActualCommit": HEAD,
                "ghprbPullId": "17",
            },
            (HEAD, 17),
        ),
        # Buildkite says `false` for none, and may not know the commit yet.
        ({"BUILDKITE": "true", "BUILDKITE_COMMIT": HEAD, "BUILDKITE_PULL_REQUEST": "false"}, (HEAD, None)),
        ({"BUILDKITE": "true", "BUILDKITE_COMMIT": HEAD, "BUILDKITE_PULL_REQUEST": "17"}, (HEAD, 17)),
        ({"BUILDKITE": "true", "BUILDKITE_COMMIT": "HEAD"}, ("", None)),
        # Travis builds a merge that nobody else has.
        ({"TRAVIS": "true", "TRAVIS_COMMIT": HEAD, "TRAVIS_PULL_REQUEST": "false"}, (HEAD, None)),
        (
            {
                "TRAVIS": "true",
                "TRAVIS_COMMIT": MERGE,
                "TRAVIS_PULL_REQUEST": "17",
                "TRAVIS_PULL_REQUEST_SHA": HEAD,
            },
            (HEAD, 17),
        ),
        # Azure names the head beside its merge.
        ({"TF_BUILD": "True", "BUILD_SOURCEVERSION": HEAD}, (HEAD, None)),
        (
            {
                "TF_BUILD": "True",
                "BUILD_SOURCEVERSION": MERGE,
                "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD,
                "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "17",
                "SYSTEM_PULLREQUEST_PULLREQUESTID": "555",
            },
            (HEAD, 17),
        ),
        # What is no sha and no number is nothing.
        ({"CIRCLECI": "true", "CIRCLE_SHA1": HEAD.upper(), "CIRCLE_PR_NUMBER": "x"}, (HEAD, None)),
        ({"CIRCLECI": "true", "CIRCLE_SHA1": "abc123", "CIRCLE_PR_NUMBER": "0"}, ("", None)),
        ({"CIRCLECI": "true"}, ("", None)),
        ({"CIRCLECI": "true", "CIRCLE_SHA1": "c" * 64}, ("c" * 64, None)),
    ],
)
def test_each_service_says_what_it_builds(variables: dict[str, str], build: tuple[str, int | None]) -> None:
    """
    The head of a pull request where it is told, for no one else has another service's merge.
    """
    found = build_of(variables)

    assert found is not None
    assert (found.sha, found.number) == build


def test_a_service_that_looks_like_another_is_itself() -> None:
    """
    Some set the variables of others for what was made for those.
    """
    variables = {"JENKINS_URL": "x", "GIT_COMMIT": MERGE, "BUILDKITE": "true", "BUILDKITE_COMMIT": HEAD}

    assert build_of(variables) == Build("Buildkite", HEAD)


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}, {"GITHUB_ACTIONS": " "}, {"GIT_COMMIT": HEAD}])
def test_without_a_service_nothing_is_guessed(variables: dict[str, str]) -> None:
    """
    A developer's machine, for instance.
    """
    assert build_of(variables) is None
