"""The files of a repository's default branch: a list sorted by what there is to do, by folder and paged. Read-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from flask import Blueprint, abort, request

from gate.core.links import Links
from gate.core.measured_file import Folder
from gate.store import Order, RepositoryRecord
from gate.web.page import render, visible

if TYPE_CHECKING:
    from gate.service import Service

FILES_A_PAGE = 100
FOLDERS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Child:
    """A folder directly in the one that is shown."""

    name: str
    path: str
    files: int
    uncovered: int


def blueprint(service: Service) -> Blueprint:
    """The list of files."""
    files = Blueprint("files", __name__)

    @files.get("/r/<owner>/<name>/files")
    def list_files(owner: str, name: str) -> str:
        return _list(service, visible(service, service.store.repository_named(f"{owner}/{name}")))

    return files


def page_number() -> int:
    """The page asked for, from 1; nonsense is the first."""
    return min(max(request.args.get("page", 1, type=int), 1), 10_000)


def _list(service: Service, repository: RepositoryRecord) -> str:
    store = service.store
    inside = request.args.get("in", "")
    sort, page = _sort(), page_number()
    at = store.files_at(repository.id)
    folders = store.file_folders(repository.id, inside=inside)
    if inside and (not folders or not inside.endswith("/")):
        abort(404)
    found = store.file_list(
        repository.id,
        inside=inside,
        order=sort,
        limit=FILES_A_PAGE + 1,
        offset=(page - 1) * FILES_A_PAGE,
    )
    children = _children(folders, inside)
    return render(
        service,
        "files.html.j2",
        repository=repository,
        at=at,
        links=_links(service, repository, at.sha if at else ""),
        inside=inside,
        crumbs=_crumbs(inside),
        folders=children[:FOLDERS_SHOWN],
        folders_left_out=max(0, len(children) - FOLDERS_SHOWN),
        files=found[:FILES_A_PAGE],
        count=sum(folder.files for folder in folders),
        first=(page - 1) * FILES_A_PAGE + 1,
        sort=sort,
        page=page,
        before=page - 1,
        after=page + 1 if len(found) > FILES_A_PAGE else 0,
    )


def _sort() -> Order:
    asked = request.args.get("sort", "")
    return cast("Order", asked) if asked in get_args(Order) else "uncovered"


def _links(service: Service, repository: RepositoryRecord, sha: str) -> Links:
    return Links(service.settings.repository_url(repository.full_name), sha, "", "", "")


def _crumbs(inside: str) -> list[tuple[str, str]]:
    """(name, path) of the folders that lead to the one that is shown."""
    names = inside.split("/")[:-1]
    return [(name, "/".join(names[: index + 1]) + "/") for index, name in enumerate(names)]


def _children(folders: Iterable[Folder], inside: str) -> list[Child]:
    """The folders directly in it, with what lies below each; those with most to do first."""
    below: dict[str, list[Folder]] = defaultdict(list)
    for folder in folders:
        rest = folder.path[len(inside) :]
        if rest:
            below[rest[: rest.find("/") + 1]].append(folder)
    children = [
        Child(
            name,
            inside + name,
            sum(each.files for each in found),
            sum(each.uncovered for each in found),
        )
        for name, found in below.items()
    ]
    return sorted(children, key=lambda child: (-child.uncovered, -child.files, child.name))
