"""GitHub's rules for check runs that its description says only in prose.

Source: https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

from typing import Any

from tests.fake_github.check_runs import CheckRun

TEXT_LENGTH = 65535
MESSAGE_BYTES = 64 * 1024
TITLE_LENGTH = 255
COMMENT_LENGTH = 65536
"""Source: the answer itself, "Body is too long (maximum is 65536 characters)"."""


def check_run_mistakes(body: dict[str, Any], *, run: CheckRun | None = None) -> list[tuple[str, str]]:
    """(field, sentence) for everything GitHub would refuse in a create, or in an update of `run`."""
    found: list[tuple[str, str]] = []
    completed = body.get("status") == "completed" or "completed_at" in body
    if completed and not body.get("conclusion") and not (run and run.conclusion):
        found.append(("conclusion", "conclusion is required when the status is completed"))
    if "conclusion" in body and body.get("status", "completed") != "completed":
        found.append(("status", "a conclusion means completed"))
    if not body.get("name", "a name"):
        found.append(("name", "name may not be empty"))
    output = body.get("output", {})
    for name in ("title", "summary", "text"):
        if len(output.get(name, "")) > TEXT_LENGTH:
            found.append((f"output.{name}", f"Only {TEXT_LENGTH} characters are allowed"))
    if (
        len(output.get("summary", "").encode()) > TEXT_LENGTH
        or len(output.get("text", "").encode()) > TEXT_LENGTH
    ):
        # GitHub says characters; whether it counts bytes is not said, so the stricter reading is held.
        found.append(("output", f"Only {TEXT_LENGTH} bytes are allowed"))
    for position, annotation in enumerate(output.get("annotations", [])):
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
    if not path or path.startswith(("/", "./", "../")) or "/../" in path:
        found.append(("path", "the path is relative to the repository"))
    if len(annotation.get("title", "")) > TITLE_LENGTH:
        found.append(("title", f"Only {TITLE_LENGTH} characters are allowed"))
    for name in ("message", "raw_details"):
        if len(annotation.get(name, "").encode()) > MESSAGE_BYTES:
            found.append((name, "Only 64 KB are allowed"))
    if not annotation["message"]:
        found.append(("message", "message may not be empty"))
    return found


def comment_mistakes(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, sentence) for everything GitHub would refuse in a comment."""
    text = body["body"]
    if not text.strip():
        return [("body", "body can't be blank")]
    if len(text) > COMMENT_LENGTH:
        return [("body", f"Body is too long (maximum is {COMMENT_LENGTH} characters)")]
    return []
