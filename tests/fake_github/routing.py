"""What an operation of the fake is: a function of a call, registered with who may call it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.fake_github.identity import Token, UserToken
from tests.fake_github.repositories import Repository
from tests.fake_github.state import GitHub

Json = dict[str, Any]


class RefusedError(Exception):
    """An error answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        mistakes: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.mistakes = mistakes
        self.headers = headers or {}


def not_found() -> RefusedError:
    """What GitHub says of everything one may not know."""
    return RefusedError(404, "Not Found")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer; `body` None is none at all."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One valid, authenticated request."""

    github: GitHub
    path: str
    """Without the root of the API."""
    parameters: dict[str, str]
    query: dict[str, str]
    body: Any
    token: Token | None = None
    user: UserToken | None = None
    subject: Repository | None = None
    etag: str = ""
    """What the client holds already, from its `If-None-Match`."""

    @property
    def repository(self) -> Repository:
        """The repository the path names."""
        if self.subject is None:
            raise LookupError(f"{self.path} names no repository")
        return self.subject

    @property
    def login(self) -> str:
        """Of the person who asks."""
        if self.user is None:
            raise LookupError(f"nobody asks for {self.path}")
        return self.user.login

    @property
    def api(self) -> str:
        """Address of the repository in the API."""
        return f"{self.github.api_url}/repos/{self.repository.full_name}"

    def commit(self, ref: str) -> str:
        """The commit a branch, tag or sha names. Raises RefusedError as GitHub does for one it cannot find."""
        candidates = (ref, f"refs/heads/{ref}", f"refs/tags/{ref}")
        found = next((sha for one in candidates if (sha := self.repository.git.resolve(one))), None)
        if found is None or found in self.repository.invisible:
            raise RefusedError(422, f"No commit found for SHA: {ref}")
        return found

    def page(self, items: Sequence[Any], *, key: str | None = None) -> Answer:
        """One page of a list with its Link header; with `key` the list stands in an object beside the total."""
        size, number = int(self.query.get("per_page", "30")), int(self.query.get("page", "1"))
        last = max(1, -(-len(items) // size))
        chosen = list(items[(number - 1) * size : number * size])
        targets = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        if number <= 1:
            del targets["prev"], targets["first"]
        if number >= last:
            del targets["next"], targets["last"]
        links = [f'<{self._url(page)}>; rel="{name}"' for name, page in targets.items()]
        headers = {"Link": ", ".join(links)} if links else {}
        return Answer({"total_count": len(items), key: chosen} if key else chosen, headers=headers)

    def _url(self, page: int) -> str:
        return f"{self.github.api_url}{self.path}?{urlencode({**self.query, 'page': page})}"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation of the fake and who may call it."""

    function: Callable[[Call], Answer]
    needs: str
    """`app` (JWT), `anyone`, `user` (a person's token), `token` (any installation token), or a permission as `checks:write`."""


ROUTES: dict[str, Route] = {}


def route(operation: str, *, needs: str) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Register a function as an operation, named as in `description.Operation.name`."""

    def register(function: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        ROUTES[operation] = Route(function, needs)
        return function

    return register
