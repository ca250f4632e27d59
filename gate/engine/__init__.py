"""The durable engine: what is submitted is done, once, across crashes; DBOS is imported in this package alone.

`Submitter` is the web process's side, `Engine` the worker's. Neither knows what a workflow does.
"""

from __future__ import annotations

from gate.engine.database import EngineError, migrate
from gate.engine.patience import Times
from gate.engine.submitter import Submitter
from gate.engine.worker import Engine

__all__ = ["Engine", "EngineError", "Submitter", "Times", "migrate"]
