"""A small stateful GitHub over real HTTP and real bare git repositories; what GitHub refuses, it refuses.

It shows no web pages but those of registering an App and of signing in, knows one App, and needs no pytest.
"""

from tests.fake_github.bare_git import Executable, Link, Submodule
from tests.fake_github.check_runs import Annotation, CheckRun
from tests.fake_github.comments import Comment
from tests.fake_github.protection import NotMergeableError, NotOfferedError
from tests.fake_github.pull_requests import PullRequest
from tests.fake_github.repositories import Repository
from tests.fake_github.server import FakeGitHub
from tests.fake_github.webhooks import Delivery

__all__ = [
    "Annotation",
    "CheckRun",
    "Comment",
    "Delivery",
    "Executable",
    "FakeGitHub",
    "Link",
    "NotMergeableError",
    "NotOfferedError",
    "PullRequest",
    "Repository",
    "Submodule",
]
