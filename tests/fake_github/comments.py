"""A comment below a pull request as GitHub keeps it, and who may change it; every change is announced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fake_github.pull_requests import PullRequest


@dataclass(slots=True, eq=False)
class Comment:
    """One comment in the conversation of a pull request."""

    id: int
    pull: PullRequest = field(repr=False)
    author: str
    """A login; one that ends in `[bot]` is an App's own."""
    body: str
    through_app: bool
    """Whether our App wrote it, or somebody by means of it."""
    created_at: datetime
    updated_at: datetime
    history: list[str] = field(default_factory=list)
    """Every body it ever had, the present one last."""

    @property
    def by_app(self) -> bool:
        """Whether our App wrote it."""
        return self.through_app and self.author.endswith("[bot]")

    def edit(self, body: str, *, sender: str = "octocat") -> None:
        """Write something else in its place; nobody gets a notification."""
        github = self.pull.github
        with github.lock:
            before, self.body, self.updated_at = self.body, body, github.now()
            self.history.append(body)
            self._announce("edited", sender, changes={"body": {"from": before}})

    def delete(self, *, sender: str = "octocat") -> None:
        """Remove it for good."""
        with self.pull.github.lock:
            self.pull.comments.remove(self)
            self._announce("deleted", sender)

    def _announce(self, action: str, sender: str, **more: object) -> None:
        pull = self.pull
        details = {"comment": self, **more}
        pull.github.changed(
            "issue_comment", action, pull.repository, pull=pull, sender=sender, details=details
        )


def write(pull: PullRequest, body: str, *, author: str, through_app: bool) -> Comment:
    """A new comment; whoever follows the pull request gets a notification."""
    github = pull.github
    with github.lock:
        now = github.now()
        made = Comment(github.new_id(), pull, author, body, through_app, now, now, [body])
        pull.comments.append(made)
        pull.notifications += 1
        made._announce("created", author)
        return made
