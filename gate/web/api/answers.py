"""Questions and answers of the API: parameters, pages with links, JSON and CSV, and errors that say what to do."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import quote, urlencode

from flask import Response, abort, g, request

from gate.core.cell import cell
from gate.core.markdown import clean, shorten

if TYPE_CHECKING:
    from gate.service import Service

T = TypeVar("T")
Word = TypeVar("Word", bound=str)

A_PAGE = 30
MOST_A_PAGE = 100
MOST_PAGES = 100_000
_JSON = "application/json; charset=utf-8"
_CSV = "text/csv; charset=utf-8; header=present"


@dataclass(frozen=True, slots=True)
class Paging:
    """The part of a list that was asked for."""

    page: int
    per_page: int

    @property
    def limit(self) -> int:
        """One more than is shown: it tells whether there is a next page."""
        return self.per_page + 1

    @property
    def offset(self) -> int:
        """Entries before it."""
        return (self.page - 1) * self.per_page


def paging(*others: str) -> Paging:
    """Of the request, which may have these parameters too."""
    only("page", "per_page", *others)
    return Paging(
        integer("page", 1, lowest=1, highest=MOST_PAGES),
        integer("per_page", A_PAGE, lowest=1, highest=MOST_A_PAGE),
    )


def only(*names: str) -> None:
    """Ends a request with a parameter of another name: one that is misspelt would be ignored in silence."""
    for name in request.args:
        if name not in names:
            known = f"known are {', '.join(names)}" if names else "none is known here"
            stop(400, f"{_shown(name)}: no such parameter; {known}")


def integer(name: str, default: int, *, lowest: int, highest: int) -> int:
    """A parameter that is a whole number within bounds; any other ends the request."""
    value = request.args.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
        stop(400, f"{name}: expected a whole number from {lowest} to {highest}, got {_shown(value)}")
    return int(value)


def choice(name: str, allowed: Sequence[Word]) -> Word:
    """A parameter that is one of these words, the first one if it is not given; any other ends the request."""
    value = request.args.get(name, allowed[0])
    found = next((word for word in allowed if word == value), None)
    if found is None:
        stop(400, f"{name}: expected one of {', '.join(allowed)}, got {_shown(value)}")
    return found


def folder() -> str:
    """The parameter `folder`, empty for all; one without a slash at its end ends the request."""
    value = request.args.get("folder", "")
    if value and not value.endswith("/"):
        stop(400, f"folder: expected a path with a slash at its end, as in src/app/, got {_shown(value)}")
    return value


def stop(status: int, text: str, **headers: str) -> NoReturn:
    """End the request with an error."""
    abort(error(status, text, **headers))


def error(status: int, text: str, **headers: str) -> Response:
    """An error as JSON, which no cache keeps."""
    return Response(
        json.dumps({"error": text}) + "\n",
        status,
        {"Cache-Control": "private, no-store", **headers},
        content_type=_JSON,
    )


def as_json(value: object, links: str = "") -> Response:
    """An answer; everything that is not ASCII is escaped, so that no client reads it in another way."""
    answer = Response(json.dumps(value, allow_nan=False) + "\n", content_type=_JSON)
    if links:
        answer.headers["Link"] = links
    return answer


def wants_csv(path_says: bool) -> bool:
    """Whether a table is to be CSV: the path ends so, or the client prefers it."""
    g.api_by_accept = True
    best = request.accept_mimetypes.best_match(["application/json", "text/csv"], "application/json")
    return path_says or best == "text/csv"


def as_csv(
    name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]], links: str = ""
) -> Response:
    """A table with a header; no cell is a formula to a spreadsheet. `name` is the file's, without ending."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(row[column]) for column in columns] for row in rows)
    answer = Response(text.getvalue(), content_type=_CSV)
    file_name = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}.csv"'
    if links:
        answer.headers["Link"] = links
    return answer


def shown(found: tuple[T, ...], asked: Paging) -> tuple[T, ...]:
    """Those of the page, without the one that says that there are more."""
    return found[: asked.per_page]


def links(service: Service, found: Sequence[object], asked: Paging) -> str:
    """The Link header of a page. Source: RFC 8288."""
    pages = {"first": 1}
    if asked.page > 1:
        pages["prev"] = asked.page - 1
    if len(found) > asked.per_page:
        pages["next"] = asked.page + 1
    others = {name: value for name, value in request.args.items() if name not in {"page", "per_page"}}
    address = f"{service.settings.public_url}{quote(request.path)}"
    return ", ".join(
        f'<{address}?{urlencode({**others, "page": page, "per_page": asked.per_page})}>; rel="{relation}"'
        for relation, page in pages.items()
    )


def _shown(value: str) -> str:
    return repr(shorten(clean(value), 60))
