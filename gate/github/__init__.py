"""The GitHub API through PyGithub, whose traps end here.

Nothing waits or repeats in here but one exchange of a refused token and one look-up of a renamed repository: what may
help later is raised as Transient for the engine, what will not as Permanent. It verifies no webhooks and runs no git.
"""

from gate.github.app import GitHub, convert_manifest
from gate.github.artifacts import Artifact, TooLargeError
from gate.github.failure import NotFoundError, NotShownError
from gate.github.hook import DeliveryAttempt, deliveries, redeliver
from gate.github.installations import installation_state, installations, repositories
from gate.github.permission import lacking
from gate.github.registration import (
    AppView,
    InstallationView,
    WebhookView,
    app_view,
    installation_of,
    repository_of,
    webhook,
)
from gate.github.repository import GitHubRepository, PullRequestView
from gate.github.user import Users

__all__ = [
    "AppView",
    "Artifact",
    "DeliveryAttempt",
    "GitHub",
    "GitHubRepository",
    "InstallationView",
    "NotFoundError",
    "NotShownError",
    "PullRequestView",
    "TooLargeError",
    "Users",
    "WebhookView",
    "app_view",
    "convert_manifest",
    "deliveries",
    "installation_of",
    "installation_state",
    "installations",
    "lacking",
    "redeliver",
    "repositories",
    "repository_of",
    "webhook",
]
