"""GitHub's rules for check runs and comments that its description says only in prose, or that its answers teach.

Source: https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.fake_github.check_runs import CheckRun

TEXT_LENGTH = 65535
MESSAGE_BYTES = 64 * 1024
TITLE_LENGTH = 255
COMMENT_LENGTH = 65536
"""Source: the answer itself, "Body is too long (maximum is 65536 characters)"."""
ANNOTATIONS = 50
ACTIONS = {"label": 20, "identifier": 20, "description": 40}
MOST_ACTIONS = 3
_UNSENDABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""NUL and half a surrogate pair are refused as no text; of the other control characters that is not said, so none is let by."""


def text_mistakes(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """(field, sentence) for every text in a body that is no text to GitHub."""
    if isinstance(value, str) and _UNSENDABLE.search(value):
        yield field, "control characters and lone surrogates are not allowed"
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from text_mistakes(part, f"{field}.{name}".lstrip("."))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from text_mistakes(part, f"{field}[{position}]")


def check_run_mistakes(body: dict[str, Any], *, run: CheckRun | None = None) -> list[tuple[str, str]]:
    """(field, sentence) for everything GitHub would refuse in a create, or in an update of `run`."""
    found = list(text_mistakes(body))
    completed = body.get("status") == "completed" or "completed_at" in body
    if completed and not body.get("conclusion") and not (run and run.conclusion):
        found.append(("conclusion", "conclusion is required when the status is completed"))
    if "conclusion" in body and body.get("status", "completed") != "completed":
        found.append(("status", "a conclusion means completed"))
    if not body.get("name", "a name").strip():
        found.append(("name", "name may not be empty"))
    address = urlsplit(body.get("details_url", "https://github.com"))
    if address.scheme not in {"http", "https"} or not address.netloc or " " in address.geturl():
        found.append(("details_url", "details_url must be a HTTP or HTTPS URL"))
    found += _action_mistakes(body.get("actions", []))
    return found + _output_mistakes(body.get("output", {}))


def _action_mistakes(actions: list[dict[str, str]]) -> list[tuple[str, str]]:
    found = [("actions", f"Only {MOST_ACTIONS} are allowed")] if len(actions) > MOST_ACTIONS else []
    for action in actions:
        found += [
            ("actions", f"{name} has 1 to {most} characters")
            for name, most in ACTIONS.items()
            if not 1 <= len(action.get(name, "")) <= most
        ]
    return found


def _output_mistakes(output: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in ("title", "summary"):
        if not output.get(name, "there").strip():
            found.append((f"output.{name}", "may not be blank"))
    for name in ("title", "summary", "text"):
        if len(output.get(name, "")) > TEXT_LENGTH:
            found.append((f"output.{name}", f"Only {TEXT_LENGTH} characters are allowed"))
    if (
        len(output.get("summary", "").encode("utf-8", "surrogatepass")) > TEXT_LENGTH
        or len(output.get("text", "").encode("utf-8", "surrogatepass")) > TEXT_LENGTH
    ):
        # GitHub says characters; whether it counts bytes is not said, so the stricter reading is held.
        found.append(("output", f"Only {TEXT_LENGTH} bytes are allowed"))
    annotations = output.get("annotations", [])
    if len(annotations) > ANNOTATIONS:
        found.append(("output.annotations", f"Only {ANNOTATIONS} a request are allowed"))
    for position, annotation in enumerate(annotations):
        wrong = annotation_mistakes(annotation)
        found.extend((f"output.annotations[{position}].{field}", sentence) for field, sentence in wrong)
    return found


def annotation_mistakes(annotation: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, sentence) for everything GitHub would refuse in one annotation."""
    found: list[tuple[str, str]] = []
    start, end, path = annotation["start_line"], annotation["end_line"], annotation["path"]
    if start < 1 or end < start:
        found.append(("start_line", "lines start from 1 and end after they start"))
    if start != end and ("start_column" in annotation or "end_column" in annotation):
        found.append(("start_column", "columns are only for annotations on one line"))
    if {"", ".", ".."} & set(path.split("/")):
        found.append(("path", "the path is relative to the repository"))
    if len(annotation.get("title", "")) > TITLE_LENGTH:
        found.append(("title", f"Only {TITLE_LENGTH} characters are allowed"))
    for name in ("message", "raw_details"):
        if len(annotation.get(name, "").encode("utf-8", "surrogatepass")) > MESSAGE_BYTES:
            found.append((name, "Only 64 KB are allowed"))
    if not annotation["message"].strip():
        found.append(("message", "message may not be empty"))
    return found


def comment_mistakes(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, sentence) for everything GitHub would refuse in a comment."""
    text, found = body["body"], list(text_mistakes(body))
    if not text.strip():
        found.append(("body", "body can't be blank"))
    if len(text) > COMMENT_LENGTH:
        found.append(("body", f"Body is too long (maximum is {COMMENT_LENGTH} characters)"))
    return found
