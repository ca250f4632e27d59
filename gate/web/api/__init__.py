"""`/api/v1`: what the pages show, as JSON and tables as CSV, for programs; and coverage reports from CI, which it takes.

All but the reports is read-only, and from the database alone.

What a request may read is decided as for pages, or by the API token. `docs/api.md` is for its users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, get_args

from flask import Blueprint, Response, abort, g, request

from gate.core.failure import Transient
from gate.core.markdown import clean, shorten
from gate.core.trend import period
from gate.store import Order, PullRequestRecord, RepositoryRecord, ShortVerdict
from gate.web.api import answers, document, reader, reports, values

if TYPE_CHECKING:
    from gate.service import Service

MONTHS = 6
MOST_MONTHS = 36
_NAMED = "/repositories/<owner>/<name>"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def blueprint(service: Service) -> Blueprint:
    """The routes, and errors as JSON."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    _describe(api, service)
    _repositories(api, service)
    _trends(api, service)
    _pull_requests(api, service)
    _verdicts(api, service)
    _files(api, service)
    _waivers(api, service)
    reports.add_routes(api, service)
    _errors(api)

    @api.after_request
    def keep(answer: Response) -> Response:
        return _kept(answer)

    return api


def _describe(api: Blueprint, service: Service) -> None:
    @api.get("/openapi.json")
    def openapi() -> Response:
        answers.only()
        return answers.as_json(document.openapi(service.settings.public_url))


def _repositories(api: Blueprint, service: Service) -> None:
    @api.get("/repositories")
    def repositories() -> Response:
        asked = answers.paging()
        found = reader.repositories(service, limit=asked.limit, offset=asked.offset)
        return answers.as_json(
            [values.repository(service.settings, each) for each in answers.shown(found, asked)],
            answers.links(service, found, asked),
        )

    @api.get(_NAMED)
    def repository(owner: str, name: str) -> Response:
        answers.only()
        found = reader.repository(service, owner, name)
        newest = next(iter(service.store.revisions(found.id, limit=1)), None)
        shown = values.repository(service.settings, found)
        return answers.as_json({**shown, "newest": values.revision(newest)})


def _trends(api: Blueprint, service: Service) -> None:
    @api.get(f"{_NAMED}/trends", defaults={"csv": False})
    @api.get(f"{_NAMED}/trends.csv", defaults={"csv": True})
    def trends(owner: str, name: str, *, csv: bool) -> Response:
        found = reader.repository(service, owner, name)
        answers.only("months")
        months = answers.integer("months", MONTHS, lowest=1, highest=MOST_MONTHS)
        first, last = period(service.now(), found.timezone, months)
        trend = service.store.trend(found, first=first, last=last)
        if answers.wants_csv(csv):
            rows = [values.trend_row(point) for point in trend.points]
            return answers.as_csv(f"{found.full_name}-trends", values.TREND_COLUMNS, rows)
        return answers.as_json(values.trend(found.full_name, months, trend))


def _pull_requests(api: Blueprint, service: Service) -> None:
    @api.get(f"{_NAMED}/pulls", defaults={"csv": False})
    @api.get(f"{_NAMED}/pulls.csv", defaults={"csv": True})
    def pulls(owner: str, name: str, *, csv: bool) -> Response:
        repository = reader.repository(service, owner, name)
        asked = answers.paging("state")
        open_only = answers.choice("state", ("all", "open")) == "open"
        found = service.store.pull_requests(
            repository.id, open_only=open_only, by_number=True, limit=asked.limit, offset=asked.offset
        )
        links = answers.links(service, found, asked)
        lines = _with_verdicts(service, repository, answers.shown(found, asked))
        if answers.wants_csv(csv):
            rows = [values.pull_request_row(*line) for line in lines]
            return answers.as_csv(f"{repository.full_name}-pulls", values.PULL_REQUEST_COLUMNS, rows, links)
        return answers.as_json([values.pull_request(*line) for line in lines], links)

    @api.get(f"{_NAMED}/pulls/<int:number>")
    def pull(owner: str, name: str, number: int) -> Response:
        answers.only()
        repository = reader.repository(service, owner, name)
        found = service.store.pull_request(repository.id, number)
        if found is None:
            _not_found()
        ((_, newest),) = _with_verdicts(service, repository, (found,))
        return answers.as_json(values.pull_request(found, newest))


def _verdicts(api: Blueprint, service: Service) -> None:
    @api.get(f"{_NAMED}/pulls/<int:number>/verdicts")
    def verdicts(owner: str, name: str, number: int) -> Response:
        repository = reader.repository(service, owner, name)
        asked = answers.paging()
        if service.store.pull_request(repository.id, number) is None:
            _not_found()
        found = service.store.verdicts(repository.id, number, limit=asked.limit, offset=asked.offset)
        return answers.as_json(
            [values.short_verdict(record.short) for record in answers.shown(found, asked)],
            answers.links(service, found, asked),
        )

    @api.get("/verdicts/<run_id>")
    def verdict(run_id: str) -> Response:
        answers.only()
        repository = reader.may_read(service, service.store.repository_of(run_id))
        record = service.store.verdict(run_id)
        if record is None:
            _not_found()
        return answers.as_json(values.run(repository.full_name, record))


def _files(api: Blueprint, service: Service) -> None:
    @api.get(f"{_NAMED}/files", defaults={"csv": False})
    @api.get(f"{_NAMED}/files.csv", defaults={"csv": True})
    def files(owner: str, name: str, *, csv: bool) -> Response:
        repository = reader.repository(service, owner, name)
        asked = answers.paging("folder", "order")
        order = answers.choice("order", get_args(Order))
        found = service.store.file_list(
            repository.id, inside=answers.folder(), order=order, limit=asked.limit, offset=asked.offset
        )
        links = answers.links(service, found, asked)
        listed = answers.shown(found, asked)
        if answers.wants_csv(csv):
            rows = [values.file(each) for each in listed]
            return answers.as_csv(f"{repository.full_name}-files", values.FILE_COLUMNS, rows, links)
        return answers.as_json(values.files(service.store.files_at(repository.id), listed), links)


def _waivers(api: Blueprint, service: Service) -> None:
    @api.get(f"{_NAMED}/waivers", defaults={"csv": False})
    @api.get(f"{_NAMED}/waivers.csv", defaults={"csv": True})
    def waivers(owner: str, name: str, *, csv: bool) -> Response:
        repository = reader.repository(service, owner, name)
        asked = answers.paging()
        found = service.store.waivers_of(repository.id, limit=asked.limit, offset=asked.offset)
        links = answers.links(service, found, asked)
        records = answers.shown(found, asked)
        if answers.wants_csv(csv):
            rows = [values.waiver_row(record) for record in records]
            return answers.as_csv(f"{repository.full_name}-waivers", values.WAIVER_COLUMNS, rows, links)
        return answers.as_json([values.waiver(record) for record in records], links)


def _errors(api: Blueprint) -> None:
    @api.route("/", defaults={"rest": ""}, methods=_METHODS, provide_automatic_options=False)
    @api.route("/<path:rest>", methods=_METHODS, provide_automatic_options=False)
    def anything_else(rest: str) -> Response:
        if rest == "reports":
            return answers.error(405, f"{request.method}: reports are sent here; send POST", Allow="POST")
        if request.method not in {"GET", "HEAD"}:
            return answers.error(
                405, f"{request.method}: this address is read-only; send GET or HEAD", Allow="GET, HEAD"
            )
        _not_found()

    @api.errorhandler(404)
    def not_there(_problem: Exception) -> Response:
        return answers.error(
            404,
            f"{_path()}: nothing is here, or nothing that you may see; /api/v1/openapi.json lists the addresses, and what is "
            "private is for those who are signed in and see it on GitHub, or who send the API token",
        )

    @api.errorhandler(Transient)
    def try_again(problem: Transient) -> Response:
        return answers.error(503, f"{problem}; try again later", **{"Retry-After": "60"})


def _kept(answer: Response) -> Response:
    """Say who may keep an answer, and send none that the client has already."""
    answer.vary.add("Authorization")
    if g.get("api_by_accept"):
        answer.vary.add("Accept")
    private = "private, no-store"
    answer.headers.setdefault("Cache-Control", private if g.get("api_token") else "no-cache")
    if answer.status_code == 200:
        answer.add_etag()
        answer.make_conditional(request)
    return answer


def _with_verdicts(
    service: Service, repository: RepositoryRecord, found: tuple[PullRequestRecord, ...]
) -> list[tuple[PullRequestRecord, ShortVerdict | None]]:
    newest = service.store.newest_in_short(repository.id, [each.number for each in found])
    return [(each, newest.get(each.number)) for each in found]


def _not_found() -> NoReturn:
    abort(404)


def _path() -> str:
    return shorten(clean(request.path), 200)
