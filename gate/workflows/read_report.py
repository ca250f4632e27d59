"""Read an uploaded coverage report, and what is possible in a tree's sources, in boxes; what comes out is hostile input.

It neither takes uploads nor keeps them, and does not merge: `gate.core.uploaded_coverage` does.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from checks.codec import DecodeError, decode, encode
from checks.coverage_job import JOB, JOB_VARIABLE, SCRATCH
from checks.possible_lines import AnalysisJob, SourceAnalysis
from checks.reported_lines import ReportError, UploadedReport
from gate.sandbox import WORK, Exit, Limits, Sandbox, interpreter, never

_FILE = "report"
"""What `checks.coverage_reports.job` reads in the folder where it starts."""
_READING = Limits(memory_mb=300, seconds=60, processes=16, disk_mb=128, output_mb=1)
"""The file itself is memory, twice where SQLite needs it unpacked; the largest one takes some ten seconds."""
_ANALYSING = Limits(memory_mb=1024, seconds=600, processes=16)
_SEND_LESS = "Send one report for each part of the suite instead: they are merged line by line."


class AnalysisError(Exception):
    """What is possible in the sources could not be found out; the text says why."""


def read_report(
    sandbox: Sandbox, file: Path, upload: str, *, name: str, cancelled: Callable[[], bool] = never
) -> UploadedReport:
    """What the uploaded file says, read in a box of that name; `upload` is what people called it.

    Raises: ReportError for whatever is no report, SandboxError where there is no box.
    """
    ended = sandbox.run(
        interpreter.module_command("checks.coverage_reports.job", root=sandbox.root(name)),
        name=name,
        limits=_READING,
        write_source=lambda stream: write_report(stream, file),
        cancelled=cancelled,
    )
    if fault := fault_of(ended):
        raise ReportError(f"it cannot be read: {fault}", remedy=_SEND_LESS, name=upload)
    try:
        return UploadedReport.parse(ended.result, upload)
    except DecodeError as error:
        raise ReportError(
            f"what was read of it makes no sense: {error}", remedy=_SEND_LESS, name=upload
        ) from None


def analyse_sources(
    sandbox: Sandbox,
    job: AnalysisJob,
    *,
    write_source: Callable[[BinaryIO], None],
    name: str,
    cancelled: Callable[[], bool] = never,
) -> SourceAnalysis:
    """What is possible in the sources of a tree, found out in a box of that name.

    `job.configuration` is made for `source_root`. Raises: AnalysisError, SandboxError where there is no box.
    """
    root = sandbox.root(name)
    ended = sandbox.run(
        interpreter.module_command("checks.source_analysis", tools=True, root=root),
        name=name,
        limits=_ANALYSING,
        write_source=write_source,
        mounts=interpreter.tool_mounts(),
        files={JOB: json.dumps(encode(replace(job, scratch=f"{root}{SCRATCH}"))).encode()},
        environment={JOB_VARIABLE: f"{root}{JOB}"},
        cancelled=cancelled,
    )
    if fault := fault_of(ended):
        raise AnalysisError(f"the sources could not be analysed: {fault}")
    try:
        analysis = decode(SourceAnalysis, json.loads(ended.result))
    except (ValueError, RecursionError) as error:
        raise AnalysisError(f"the analysis of the sources cannot be read: {error}") from None
    named = [path for path, _ in analysis.files] + [path for path, _ in analysis.unparsable]
    if len(set(named)) != len(named) or not set(named) <= set(job.sources):
        raise AnalysisError("the analysis of the sources is of other files")
    return analysis


def source_root(sandbox: Sandbox, name: str) -> str:
    """Where the sources lie in a box of that name, for `gate.core.coverage_configuration.rcfile`."""
    return f"{sandbox.root(name)}{WORK}"


def write_report(stream: BinaryIO, file: Path) -> None:
    """The file as the source of a box, under the name that the jobs which read one know."""
    with tarfile.open(fileobj=stream, mode="w|") as archive, file.open("rb") as content:
        member = tarfile.TarInfo(_FILE)
        member.size = file.stat().st_size
        archive.addfile(member, content)


def fault_of(ended: Exit, *, has_result: bool = False) -> str:
    """Why a job has no result, as a phrase; empty where it has one, or where it went elsewhere."""
    if ended.ended_by == "cancelled":
        return "it was cancelled"
    if ended.ended_by or ended.status != 0 or not (ended.result or has_result):
        return ended.text.rstrip(".") or f"the job ended with status {ended.status} and no result"
    return ""
