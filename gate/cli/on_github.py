"""What holds on GitHub of the App and of one repository, for `gate doctor --repository`: is the check really required?

It reads and prints; it changes nothing on GitHub.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.core.event import RepositoryRef
from gate.core.failure import Permanent, Transient
from gate.core.required import assess
from gate.github import (
    AppView,
    GitHub,
    InstallationView,
    app_view,
    installation_of,
    lacking,
    repository_of,
    webhook,
)
from gate.sandbox import Feature
from gate.service import Service
from gate.settings import App

_FOLLOWS = {
    "checks": "no check run can be posted",
    "contents": "no code can be fetched",
    "actions": "coverage reports of forks are not fetched",
    "issues": "`/gate` commands are not heard",
    "pull_requests": "pull requests are not heard of",
    "statuses": "no ruleset takes the App as the expected source of `gate`",
}
"""What a missing permission means."""


def on_github(service: Service, full_name: str) -> Iterator[Feature]:
    """A line for each thing the check rests on, down to the branch's rules; the first that fails for good is the last."""
    app = _app(service)
    if app is None:
        yield Feature(
            "GitHub App",
            False,
            "none yet: start `gate serve` and open /setup, or set GATE_APP_ID, GATE_PRIVATE_KEY_FILE and GATE_WEBHOOK_SECRET",
        )
        return
    try:
        yield from _of_app(service, app, full_name)
    except Transient as error:
        text = f"{error} Check the network of this machine and GATE_GITHUB_API_URL ({service.settings.github_api_url})."
        yield Feature("GitHub", False, text)
    except Permanent as error:
        yield Feature("GitHub", False, str(error))
    finally:
        service.github.close()


def _app(service: Service) -> App | None:
    try:
        return service.app
    except Transient:
        return None  # a database without tables has no App


def _of_app(service: Service, app: App, full_name: str) -> Iterator[Feature]:
    door = service.github
    view = app_view(door)
    yield Feature("GitHub App", True, f'"{view.slug}", id {app.id}, at {service.settings.github_api_url}')
    yield _webhook(door, view, service.settings.public_url, service.settings.github_url)
    installation = installation_of(door, full_name)
    install = f"{view.html_url}/installations/new"
    if installation is None:
        text = f"the App is not installed on {full_name}, or there is no such repository: install it at {install}"
        yield Feature("installation", False, text)
        return
    if installation.suspended:
        text = f"{installation.account} has suspended the App: an owner lets it work again at {installation.html_url}"
        yield Feature("installation", False, text)
        return
    yield Feature("installation", True, f"on {installation.account}, {installation.html_url}")
    yield from _granted(view, installation, f"{service.settings.github_url}/{view.settings_path}")
    repository = repository_of(door, installation.id, full_name)
    yield Feature("repository", True, _described(repository))
    yield from _required(service, app, repository)


def _webhook(door: GitHub, view: AppView, public_url: str, github_url: str) -> Feature:
    found, settings = webhook(door), f"{github_url}/{view.settings_path}"
    wanted = f"{public_url}/webhook"
    if found is None or not found.url:
        text = f"the App has none, so that GitHub tells it nothing: set {wanted} and a secret at {settings}"
        return Feature("webhook", False, text)
    if not found.url.endswith("/webhook"):
        text = f"{found.url} is not an address of Gate's, which end in /webhook: set {wanted} at {settings}"
        return Feature("webhook", False, text)
    if found.insecure_ssl:
        text = (
            f"GitHub sends to {found.url} whatever certificate it has: enable SSL verification at {settings}"
        )
        return Feature("webhook", False, text, required=False)
    if found.url != wanted:
        text = f"{found.url}, where GATE_PUBLIC_URL says {wanted}: right if something passes the deliveries on, wrong otherwise"
        return Feature("webhook", False, text, required=False)
    return Feature("webhook", True, f"{found.url}, {found.content_type or 'json'}")


def _granted(view: AppView, installation: InstallationView, settings: str) -> Iterator[Feature]:
    """What app.yaml asks for, the App, and then the owner of the account, have to say yes to."""
    from gate.web.setup import asked_for  # Flask costs 0.1 s of start-up

    wanted, events = asked_for()
    unasked = lacking(wanted, view.permissions)
    missing = lacking(wanted, installation.permissions)
    if unasked:
        text = f"the App does not ask for {_listed(unasked)}: add it at {settings}/permissions, then owners have to accept it"
        yield Feature("permissions", False, text)
    elif missing:
        text = f"not granted: {_listed(missing)}; an owner of {installation.account} accepts at {installation.html_url}"
        yield Feature("permissions", False, text)
    else:
        yield Feature("permissions", True, ", ".join(f"{name}: {level}" for name, level in wanted.items()))
    unheard = sorted(events - installation.events)
    if unheard:
        text = f"not subscribed: {', '.join(unheard)}; what they tell is never heard: tick them at {settings}/permissions"
        yield Feature("events", False, text)
    else:
        yield Feature("events", True, ", ".join(sorted(events)))


def _listed(permissions: Mapping[str, str]) -> str:
    return ", ".join(
        f"{name}: {level} ({_FOLLOWS[name]})" if name in _FOLLOWS else f"{name}: {level}"
        for name, level in permissions.items()
    )


def _described(repository: RepositoryRef) -> str:
    kind = "private" if repository.private else "public"
    return f"{repository.full_name}, {kind}, default branch {repository.default_branch}"


def _required(service: Service, app: App, repository: RepositoryRef) -> Iterator[Feature]:
    door = service.github.repository(repository.installation_id, repository.id, repository.full_name)
    web_url = service.settings.repository_url(repository.full_name)
    found = assess(door.branch_rules(repository.default_branch), app_id=app.id, web_url=web_url)
    strict = "; pull requests have to be up to date with it" if found.strict else ""
    yield Feature("required check", found.required, f"{found.headline}{strict}")
    for gap in found.gaps:
        places = " ".join(link.url for link in gap.links)
        yield Feature("required check", False, f"{gap.text} {gap.remedy} {places}".rstrip(), gap.blocking)
    for text in found.unseen:
        yield Feature("not seen", False, text, required=False)
