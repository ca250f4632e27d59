"""Looking for runs and cancelling them from outside; a run that is running notices by itself."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from dbos import DBOS
from dbos import error as dbos_error

from checks.codec import decode
from gate.core import work

P = ParamSpec("P")
T = TypeVar("T")

TRIES = "tries"
"""The attribute that a run has from the first time it was postponed within a step."""

WOKEN = "woken"
"""The attribute of a run that should look again for what it waits for, whether it has begun to wait or not."""

_UNFINISHED = ["ENQUEUED", "PENDING", "DELAYED"]
_WORK: Any = work.Work


def outside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the library as no part of the workflow around us, so that it records nothing for its replay."""
    return contextvars.Context().run(functools.partial(function, *args, **kwargs))


def status_of(workflow_id: str) -> str:
    """The library's word for how a run is, e.g. `CANCELLED`; empty when there is no such run."""
    status = outside(DBOS.get_workflow_status, workflow_id)
    return status.status if status is not None else ""


def is_with(workflow_id: str, executor_id: str) -> bool:
    """Whether a run goes on with that executor: neither cancelled nor taken over by another one."""
    status = outside(DBOS.get_workflow_status, workflow_id)
    return status is not None and status.status == "PENDING" and status.executor_id == executor_id


def attributes_of(workflow_id: str) -> dict[str, Any]:
    """What we noted of a run."""
    status = outside(DBOS.get_workflow_status, workflow_id)
    return (status.attributes or {}) if status is not None else {}


def unfinished(subject: str, own_id: str) -> tuple[str, ...]:
    """Ids of the runs about a subject that wait, run or were postponed; but one's own."""
    runs = outside(
        DBOS.list_workflows,
        workflow_id_prefix=f"{subject}:",
        status=_UNFINISHED,
        load_input=False,
        load_output=False,
    )
    return tuple(sorted(run.workflow_id for run in runs if run.workflow_id != own_id))


def cancel(workflow_ids: tuple[str, ...], wind_up: Callable[[str, work.Work], None]) -> None:
    """Cancel runs, and wind up those that were postponed: what they left open nobody else would end.

    One that was taken up again just before winds itself up once more when it stops: after its last write.
    """
    try:
        outside(DBOS.cancel_workflows, list(workflow_ids))
    except dbos_error.DBOSNonExistentWorkflowError:
        return  # pruned meanwhile, so finished long ago
    cancelled = outside(
        DBOS.list_workflows, workflow_ids=list(workflow_ids), status="CANCELLED", load_output=False
    )
    for run in cancelled:
        if TRIES in (run.attributes or {}) and run.schedule_name is None and run.input is not None:
            wind_up(run.workflow_id, decode(_WORK, run.input["args"][0]))
