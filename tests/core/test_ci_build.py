"""Which commit and pull request a build is of, by what each CI service says."""

from __future__ import annotations

import pytest

from gate.core.ci_build import Build, build_of

HEAD, MERGE = "a" * 40, "b" * 40


def github(event: str, sha: str, ref: str) -> dict[str, str]:
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_SHA": sha, "GITHUB_REF": ref}


@pytest.mark.parametrize(
    ("variables", "build"),
    [
        # GitHub Actions: the commit of a pull request is the one that merges it, as in the token.
        (github("push", HEAD, "refs/heads/main"), (HEAD, None)),
        (github("pull_request", MERGE, "refs/pull/17/merge"), (MERGE, 17)),
        (github("release", HEAD, "refs/tags/pull/17"), (HEAD, None)),
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
                "ghprbActualCommit": MERGE,
                "ghprbPullId": "17",
            },
            (MERGE, 17),
        ),
        # Buildkite says `false` for none, and may not know the commit yet.
        ({"BUILDKITE": "true", "BUILDKITE_COMMIT": HEAD, "BUILDKITE_PULL_REQUEST": "false"}, (HEAD, None)),
        ({"BUILDKITE": "true", "BUILDKITE_COMMIT": HEAD, "BUILDKITE_PULL_REQUEST": "17"}, (HEAD, 17)),
        ({"BUILDKITE": "true", "BUILDKITE_COMMIT": "HEAD"}, ("", None)),
        # Travis builds a merge that nobody else has, unless the head is what it built.
        ({"TRAVIS": "true", "TRAVIS_COMMIT": HEAD, "TRAVIS_PULL_REQUEST": "false"}, (HEAD, None)),
        (
            {
                "TRAVIS": "true",
                "TRAVIS_COMMIT": HEAD,
                "TRAVIS_PULL_REQUEST": "17",
                "TRAVIS_PULL_REQUEST_SHA": HEAD,
            },
            (HEAD, 17),
        ),
        # Azure checks out the merge that GitHub made, and names the head beside it.
        ({"TF_BUILD": "True", "BUILD_SOURCEVERSION": HEAD}, (HEAD, None)),
        (
            {
                "TF_BUILD": "True",
                "BUILD_SOURCEVERSION": MERGE,
                "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD,
                "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "17",
                "SYSTEM_PULLREQUEST_PULLREQUESTID": "555",
            },
            (MERGE, 17),
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
    The commit that is checked out, where others have it too.
    """
    found = build_of(variables)

    assert found is not None
    assert (found.sha, found.number, found.why) == (*build, "")


@pytest.mark.parametrize(
    ("variables", "number", "part"),
    [
        # These run for the tip of the default branch, whatever they send.
        (
            github("workflow_run", HEAD, "refs/heads/main"),
            None,
            "a workflow for 'workflow_run' runs for another",
        ),
        (
            github("pull_request_target", HEAD, "refs/heads/main"),
            None,
            "a workflow for 'pull_request_target'",
        ),
        (github("issue_comment", HEAD, "refs/heads/main"), None, "a workflow for 'issue_comment'"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_SHA": HEAD}, None, "a workflow for ''"),
        # Their merges are nobody else's, and lines of the head lie elsewhere.
        (
            {
                "TRAVIS": "1",
                "TRAVIS_COMMIT": MERGE,
                "TRAVIS_PULL_REQUEST": "17",
                "TRAVIS_PULL_REQUEST_SHA": HEAD,
            },
            17,
            "check out $TRAVIS_PULL_REQUEST_SHA",
        ),
        (
            {"JENKINS_URL": "x", "GIT_COMMIT": MERGE, "ghprbActualCommit": HEAD, "ghprbPullId": "17"},
            17,
            "check out $ghprbActualCommit",
        ),
        (
            {"JENKINS_URL": "x", "ghprbActualCommit": HEAD, "ghprbPullId": "17"},
            17,
            "a merge of the pull request",
        ),
    ],
)
def test_what_is_not_tested_is_no_commit(variables: dict[str, str], number: int | None, part: str) -> None:
    """
    It is for people to say it, and they are told why.
    """
    found = build_of(variables)

    assert found is not None
    assert (found.sha, found.number) == ("", number)
    assert part in found.why


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
