"""What the end of an installer's box means: the step that failed, the cause in a sentence, and what would help."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from gate.environments.index import Unreachable
from gate.environments.values import Unprepared
from gate.sandbox import Exit, Refusal

_OUTPUT_LINES = 40
_BUILD = re.compile(
    r"Failed to (?:download and )?build `([\w.@=+!-]{1,200})`|build backend returned an error"
)
_NOT_FETCHED = re.compile(
    r"Failed to (?:fetch|download)[^\n]*/([A-Za-z0-9_.]{1,100})-[0-9][^/\s]*$", re.MULTILINE
)
_NO_SOLUTION = ("No solution found", "not found in the package registry")
_NO_WHEELS = "Wheels are required for"

_INSTALL = '[tests]\ninstall = ["requirements.txt"]  # the requirement files, extras and groups to install'
_SDISTS = "[tests]\nsdists = true  # builds what has no wheel; that runs its code, in the box"

_WITHHELD = (
    "Packages of a private index are not given to forks, and without them the requirements cannot be met."
)
_NOT_A_FORK = "A maintainer can push the branch to the repository itself, or send coverage from CI"

_REMEDIES = {
    "endpoint": "which is not the package index. An operator can name it in GATE_INDEX_URL.",
    "address": "whose address is in a private network and not that of the package index. An operator can name it in"
    " GATE_INDEX_URL, or serve the files from the index itself.",
    "name": "under another name than its own, which the proxy does not let pass.",
}
"""What follows on `wanted HOST:PORT,`."""


def unreachable(found: Unreachable) -> Unprepared:
    """No box was started, for the index itself does not answer."""
    return Unprepared("install", _cannot_be_reached(found.index, found.reason), "", ours=True)


def failed(ended: Exit, *, sdists: bool, secrets: Iterable[str], withheld: bool = False) -> Unprepared:
    """Why an installer's box gave no environment. None of the `secrets` is repeated.

    `withheld`: indexes with a password were left out.
    """
    text = ended.output.decode(errors="replace")
    for secret in secrets:
        text = text.replace(secret, "****")
    output = "\n".join(text.splitlines()[-_OUTPUT_LINES:])
    if ended.ended_by:
        return Unprepared("install", f"Installing the test environment: {ended.text}", _INSTALL, output)
    for refusal in ended.refusals:
        if refusal.kind in ("bytes", "connections"):
            downloads = " of downloads" if refusal.kind == "bytes" else ""
            sentence = f"Installing the test environment was ended: {refusal.reason}{downloads}."
            return Unprepared("install", sentence, _INSTALL, output)
        if refusal.kind == "unreachable":
            sentence = _cannot_be_reached(refusal.target, refusal.reason)
            return Unprepared("install", sentence, "", output, ours=True)
    wanted = _wanted(ended.refusals)
    if build := _BUILD.search(output):
        what = f"`{build[1]}`" if build[1] else "a package"
        sentence = f"The source distribution of {what} could not be built."
        return Unprepared("build", f"{sentence} {wanted}".strip(), _INSTALL, output)
    if any(each in output for each in _NO_SOLUTION):
        source = "the package index" if sdists else "wheels of the package index"
        sentence = _WITHHELD if withheld else f"The requirements cannot be met from {source}."
        hint = _NOT_A_FORK if withheld else _SDISTS if _NO_WHEELS in output else _INSTALL
        return Unprepared("resolve", f"{sentence} {wanted}".strip(), hint, output, ours=withheld)
    sentence = wanted or "The test environment could not be installed."
    return Unprepared("install", sentence, "" if wanted else _INSTALL, output)


def package_elsewhere(ended: Exit) -> str:
    """The package of a file on a server that is not known to be the index's; empty when no such file was wanted."""
    if not any(refusal.kind == "endpoint" for refusal in ended.refusals):
        return ""
    found = _NOT_FETCHED.search(ended.output.decode(errors="replace"))
    return canonicalize_name(found[1]) if found else ""


def _wanted(refusals: Iterable[Refusal]) -> str:
    """The first thing that was asked of another server than the index, as a sentence; empty when nothing was."""
    for refusal in refusals:
        if refusal.kind in _REMEDIES:
            return f"The installer wanted {refusal.target}, {_REMEDIES[refusal.kind]}"
    return ""


def _cannot_be_reached(index: str, reason: str) -> str:
    return (
        f"The package index {index} cannot be reached: {reason}. "
        "Measure again when it can, or let an operator set GATE_INDEX_URL."
    )
