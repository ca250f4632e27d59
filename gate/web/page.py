"""What pages share: who looks at one, what they may see, whether a form is theirs, and who may keep a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from flask import Response, abort, current_app, g, make_response, request

from gate import templating
from gate.core.failure import Permanent
from gate.store import RepositoryRecord
from gate.web import address, cookies, sessions
from gate.web.constant_time import same
from gate.web.sessions import Visitor
from gate.web.slowness import Slowness

if TYPE_CHECKING:
    from gate.service import Service

MOST_FORM_BYTES = 64 * 1024
_SLOWNESS = "gate slowness"


def visitor(service: Service, *, at_once: bool = False) -> Visitor | None:
    """Who is signed in; asked once a request, and of GitHub in this moment when `at_once`."""
    if not service.signs_in:
        return None
    if "visitor" not in g or (at_once and not g.visitor_at_once):
        g.visitor = sessions.find(service, cookies.read(service.settings, cookies.SESSION), at_once=at_once)
        g.visitor_at_once = at_once
    return cast("Visitor | None", g.visitor)


def visible(service: Service, repository: RepositoryRecord | None) -> RepositoryRecord:
    """The repository, when the visitor may see it; otherwise the request ends as for one that does not exist."""
    who = visitor(service)  # Asked in any case: an answer must not take longer for what exists.
    seen = who.repositories if who else frozenset()
    # Of a repository that the App was removed from nobody tells us whether it is private by now.
    if repository is None or (repository.hidden and repository.id not in seen):
        abort(404)
    return repository


def named(service: Service, owner: str, name: str) -> RepositoryRecord:
    """The repository of an address, see `visible`."""
    return visible(service, service.store.repository_named(f"{owner}/{name}"))


def page_number() -> int:
    """The page asked for, from 1; nonsense is the first."""
    return min(max(request.args.get("page", 1, type=int), 1), 10_000)


def neighbours(page: int, found: int, a_page: int) -> dict[str, str]:
    """Links to the page before and after, each empty when there is none; `found` may be one more than is shown."""
    return {
        "before": f"?page={page - 1}" if page > 1 else "",
        "after": f"?page={page + 1}" if found > a_page else "",
    }


def render(service: Service, template: str, **values: object) -> str:
    """A page for the visitor."""
    return templating.render(
        template,
        root=address.root(service.settings),
        now=service.now(),
        visitor=visitor(service),
        signs_in=service.signs_in,
        late=current_app.extensions.setdefault(_SLOWNESS, Slowness()).sentence(service),
        **values,
    )


def refuse(service: Service, status: int, title: str, text: str) -> NoReturn:
    """End the request with a page that says why."""
    abort(make_response(render(service, "refused.html.j2", title=title, text=text), status))


def submitted(service: Service, *, at_once: bool = False) -> Visitor:
    """Who sent the form of this request from a page of ours; any other request ends here.

    Origin and session are looked at before a byte of the form is read.
    """
    request.max_content_length = MOST_FORM_BYTES
    who = visitor(service, at_once=at_once)
    if who is None:
        refuse(service, 403, "You are not signed in", "Your session has ended. Sign in and try again.")
    # A browser that does not say where a form comes from is not believed.
    said = request.headers.get("Origin") or request.headers.get("Referer", "")
    if not address.is_ours(service.settings, said) or not same(
        request.form.get("form_token", ""), who.form_token
    ):
        refuse(
            service,
            403,
            "This form was not sent from here",
            "Nothing was done. Open the page again, at the address of this service, and try once more.",
        )
    return who


MAINTAINING_ROLES = ("admin", "maintain")


def maintained(service: Service, repository: RepositoryRecord, who: Visitor, needs: str) -> None:
    """Ends the request unless the visitor maintains the repository, by what GitHub says now; `needs`: what needs the role."""
    try:
        role = service.on_github(repository.ref).role(who.login)
    except Permanent as error:
        refuse(service, 403, "Nothing was changed", f"GitHub does not say what you may do here: {error}.")
    if role not in MAINTAINING_ROLES:
        needed = " or ".join(MAINTAINING_ROLES)
        refuse(service, 403, "Nothing was changed", f"{needs} needs the role {needed} on GitHub.")


def guard(service: Service, answer: Response) -> Response:
    """Let nobody keep what is one person's, and no cache take it for what everybody gets."""
    if "visitor" not in g:
        return answer
    if g.visitor is None and cookies.read(service.settings, cookies.SESSION):
        cookies.drop(answer, service.settings, cookies.SESSION)
    if g.visitor is not None or "Set-Cookie" in answer.headers:
        answer.headers["Cache-Control"] = "private, no-store"
    else:
        answer.vary.add("Cookie")
    return answer
