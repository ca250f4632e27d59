"""`gate upload`: send the coverage reports of a CI build, and say what became of each."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import click

from gate.cli.sending import Answer, Connection, WorkflowToken, with_query
from gate.core.ci_build import build_of
from gate.core.commit_sha import is_full_sha
from gate.core.failure import Transient
from gate.core.markdown import clean
from gate.core.report_files import PATTERNS, names_of, reports_among
from gate.core.upload_token import is_name
from gate.settings import variables_of_build

WAIT_SECONDS = 300
"""For all reports to be read."""
POLL_SECONDS = 2.0
_REFUSED = frozenset({400, 409, 413, 415})
"""What is wrong with a report, and not with who sends it."""
_FORKS = "a workflow of a pull request from a fork gets no token from GitHub, so that its reports cannot be sent this way"


@dataclass(frozen=True, slots=True)
class Target:
    """Where reports go, and for what."""

    url: str
    token: Callable[[], str]
    commit: str = ""
    number: str = ""


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--name", default="", help="What to call it, e.g. unit-3.12: each job of a matrix needs its own."
)
@click.option("--commit", default="", metavar="SHA", help="The commit that was tested. [default: as CI says]")
@click.option("--pull-request", type=click.IntRange(1), metavar="N", help="[default: as CI says]")
@click.option("--url", default="", help="Where Gate is. [default: $GATE_URL]")
@click.option("--token-env", default="GATE_TOKEN", show_default=True, help="The variable that has the token.")
def upload(
    files: tuple[Path, ...], name: str, commit: str, pull_request: int | None, url: str, token_env: str
) -> None:
    """Sends coverage reports: these FILES, or those it finds here.

    In GitHub Actions the job needs `permissions: id-token: write` and no secret; elsewhere a token of the repository.
    Exit status: 0 all were read, 1 one was refused, 2 wrong usage, or Gate could not be reached.
    """
    variables = variables_of_build()
    if name and not is_name(name):
        raise click.BadParameter("1 to 100 letters, digits, spaces and . _ - / :", param_hint="--name")
    named = _named(files or _found(), name)
    connection = Connection()
    target = _target(connection, variables, url or variables.get("GATE_URL", ""), token_env)
    target = _about(target, variables, commit, pull_request)
    states = [_send(connection, target, file, called) for file, called in named]
    ended = _wait(connection, target, states)
    for (file, _), answer in zip(named, ended, strict=True):
        click.echo(_line(file, answer))
    sys.exit(max(map(_status, ended)))


def _found() -> tuple[Path, ...]:
    names = reports_among(path.name for path in Path.cwd().iterdir() if path.is_file())
    if not names:
        raise click.UsageError(f"no report is here ({', '.join(PATTERNS)}): name the FILES to send")
    click.echo(f"found {', '.join(map(clean, names))}")
    return tuple(map(Path, names))


def _named(files: tuple[Path, ...], name: str) -> list[tuple[Path, str]]:
    try:
        return list(zip(files, names_of([path.as_posix() for path in files], name), strict=True))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _target(connection: Connection, variables: Mapping[str, str], url: str, token_env: str) -> Target:
    """With the token of a repository where there is one, else with one of GitHub Actions."""
    url = url.strip().rstrip("/")
    if urlsplit(url).scheme not in {"https", "http"} or not urlsplit(url).hostname:
        raise click.BadParameter(
            "say where Gate is, as in https://gate.example.org, here or in GATE_URL", param_hint="--url"
        )
    if own := variables.get(token_env, "").strip():
        return Target(url, lambda: own)
    if variables.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        return Target(url, WorkflowToken(connection, variables, url))
    if variables.get("GITHUB_ACTIONS"):
        raise click.UsageError(
            f"GitHub gave this job no token: add `permissions: id-token: write` to it, or set {token_env}; {_FORKS}"
        )
    raise click.UsageError(
        f"{token_env} is not set: an operator of Gate makes a token of the repository with `gate tokens create`"
    )


def _about(target: Target, variables: Mapping[str, str], commit: str, number: int | None) -> Target:
    """With the commit and the pull request; a token of GitHub Actions says both itself."""
    if commit and not is_full_sha(commit.lower()):
        raise click.BadParameter("expected a full sha, 40 or 64 hexadecimal digits", param_hint="--commit")
    build = None if isinstance(target.token, WorkflowToken) else build_of(variables)
    told = commit.lower() or (build.sha if build else "")
    if not told and not isinstance(target.token, WorkflowToken):
        who = build.service if build else "the environment"
        why = f" ({build.why})" if build and build.why else ""
        raise click.UsageError(f"{who} does not say which commit was tested{why}: say it with --commit SHA")
    number = number or (build.number if build else None)
    return Target(target.url, target.token, told, str(number or ""))


def _send(connection: Connection, target: Target, file: Path, name: str) -> Answer:
    """Sends one report; the answer to that."""
    query = {"name": name, "commit": target.commit, "pull_request": target.number}
    with _packed(file) as (body, headers):
        return connection.ask(
            with_query(f"{target.url}/api/v1/reports", query), target.token(), body=body, headers=headers
        )


@contextmanager
def _packed(file: Path) -> Iterator[tuple[IO[bytes], dict[str, str]]]:
    """The file's content, compressed, with the headers that say so; on the disk, for it may be large."""
    with file.open("rb") as content, tempfile.TemporaryFile() as packed:
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as engine:
            shutil.copyfileobj(content, engine, 1 << 20)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "gzip",
            "Content-Length": str(packed.tell()),
        }
        yield packed, headers


def _wait(connection: Connection, target: Target, sent: list[Answer]) -> list[Answer]:
    """What became of each, once nothing changes any more. Raises: Transient when that takes too long."""
    deadline = time.monotonic() + WAIT_SECONDS
    ended: list[Answer] = []
    for answer in sent:
        now = answer
        while now.status in {200, 202} and ("detail" not in now.body or now.body.get("state") == "received"):
            if now is not answer:
                time.sleep(POLL_SECONDS)
            if time.monotonic() > deadline:
                raise Transient(
                    f"Gate has received the reports and not read them within {WAIT_SECONDS} s: its workers may be busy or away. "
                    "It still will; nothing has to be sent again"
                )
            number = answer.body.get("id")
            now = connection.ask(f"{target.url}/api/v1/reports/{number}", target.token())
        ended.append(now)
    return ended


def _line(file: Path, answer: Answer) -> str:
    """What became of a file."""
    told = {key: clean(str(value)) for key, value in answer.body.items()}
    if told.get("state") == "read":
        return f"accepted {clean(str(file))} as {told['name']} for {told['commit']}: {told['files']} files, {told['lines']} lines"
    why = told.get("detail") or answer.error
    return f"refused {clean(str(file))}: {why}"


def _status(answer: Answer) -> int:
    if answer.body.get("state") in {"read", "refused"}:
        return int(answer.body["state"] == "refused")
    return 1 if answer.status in _REFUSED else 2
