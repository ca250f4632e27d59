"""One source file of the default branch: its lines with what tests run of them, and what stands out. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from gate.core.links import Links
from gate.core.source_page import source_part
from gate.store import RepositoryRecord
from gate.web.page import render, visible

if TYPE_CHECKING:
    from gate.service import Service


class FilePath(PathConverter):
    """A path in a repository: any text, for file names may have ends of lines in them."""

    regex = r"[^/][\s\S]*?"


def blueprint(service: Service) -> Blueprint:
    """The page of a file."""
    pages = Blueprint("file_page", __name__)

    @pages.record_once
    def know_paths(state: BlueprintSetupState) -> None:
        state.app.url_map.converters["file_path"] = FilePath

    @pages.get("/r/<owner>/<name>/file/<file_path:path>")
    def source_file(owner: str, name: str, path: str) -> str:
        return _page(service, visible(service, service.store.repository_named(f"{owner}/{name}")), path)

    return pages


def _page(service: Service, repository: RepositoryRecord, path: str) -> str:
    store = service.store
    at, found = store.files_at(repository.id), store.file(repository.id, path)
    if at is None or found is None:
        abort(404)
    part = None
    if found.source is not None:
        part = source_part(found.source, found.lines, found.notes, request.args.get("part", 1, type=int))
        if part is None:
            abort(404)
    names = path.split("/")
    return render(
        service,
        "file.html.j2",
        repository=repository,
        at=at,
        links=Links(service.settings.repository_url(repository.full_name), at.sha, "", "", ""),
        file=found.file,
        notes=found.notes,
        measured=found.lines is not None,
        part=part,
        name=names[-1],
        crumbs=[(each, "/".join(names[: index + 1]) + "/") for index, each in enumerate(names[:-1])],
    )
