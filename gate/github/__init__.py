"""The GitHub API through PyGithub, whose traps end here.

Nothing waits or repeats in here but one exchange of a refused token and one look-up of a renamed repository: what may
help later is raised as Transient for the engine, what will not as Permanent. It verifies no webhooks and runs no git.
"""

from gate.github.app import GitHub, convert_manifest
from gate.github.failure import NotGrantedError
from gate.github.repository import GitHubRepository, PullRequestView

__all__ = ["GitHub", "GitHubRepository", "NotGrantedError", "PullRequestView", "convert_manifest"]
