"""`gate serve`, `web`, `worker` and `migrate`: the processes of the service."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from gate.cli.ending import Ending
from gate.cli.terminal import messages
from gate.service import Service
from gate.settings import Settings, SettingsError

if TYPE_CHECKING:
    from gate.engine import Times

RESTART_SECONDS = 1.0
"""Between the death of a process of `gate serve` and its successor."""
STOP_SECONDS = 30.0
"""For processes to finish what they do; then they are killed."""
CLOSING_SECONDS = 8.0
"""For a worker to end after the time its runs have for it; then it prints where each thread is, and is gone."""


@click.command()
def migrate() -> None:
    """Brings the database to this version. Safe to run by several at once, and again."""
    _migrated(Service.from_settings(Settings.from_environment()))


@click.command()
def web() -> None:
    """Answers webhooks and serves the pages."""
    Settings.from_environment()  # mistakes are said before gunicorn hides them in a worker
    arguments = [sys.executable, "-m", "gunicorn", "--config", "python:gate.gunicorn", "gate.wsgi:app"]
    os.execv(sys.executable, arguments)  # noqa: S606  (no shell: that is the point)


@click.command()
def worker() -> None:
    """Carries out the work: one process on SQLite, any number on Postgres."""
    carry_out(Service.from_settings(Settings.from_environment()))


def carry_out(service: Service, times: Times | None = None) -> None:
    """Works until a signal comes; `times` are the engine's, for tests.

    Exits with status 75 (try again) when the clock jumped: whoever started it starts another one.
    """
    from gate.engine import Engine, Times  # DBOS costs 0.5 s of start-up
    from gate.workflows.gone import look_again
    from gate.workflows.registry import AT_START, schedules, workflows
    from gate.workflows.tidy_mirrors import elsewhere, sweep_mirrors

    service.telemetry.configure_log(service.settings.log_level)
    _show_metrics(service)
    _migrated(service)
    sweep_mirrors(service)
    stopping, jumped = threading.Event(), threading.Event()
    times = times or Times()
    # A thread of somebody's library that does not end must not keep this process, and what it holds, for ever.
    limit = times.close + CLOSING_SECONDS
    ending = Ending(lambda: faulthandler.dump_traceback_later(limit, exit=True))

    def clock_jumped(seconds: float) -> None:
        if seconds > 0:  # the time of a machine that slept does not count
            service.store.set_due_later(timedelta(seconds=seconds))
        jumped.set()
        ending.ask()

    engine = Engine(service.settings, service.telemetry, times=times)
    engine.register(workflows(service), when_gone=look_again, elsewhere=partial(elsewhere, service))
    for name, (cron, function) in schedules(service).items():
        engine.schedule(name, cron, function)
    engine.launch(clock_jumped=clock_jumped)
    if service.app is not None:
        engine.submit(AT_START, f"start:{uuid.uuid4()}")
    threading.Thread(target=_tidy_nightly, args=(service, stopping), daemon=True, name="mirrors").start()
    ending.wait()
    stopping.set()
    engine.close()
    if jumped.is_set():
        sys.exit(os.EX_TEMPFAIL)


@click.command()
def serve() -> None:
    """Web and worker together, on SQLite unless GATE_DATABASE_URL says otherwise."""
    settings = Settings.from_environment()
    service = Service.from_settings(settings)
    _migrated(service)
    messages().print(f"Gate is at {settings.public_url}", markup=False)
    if service.app is None:
        messages().print(
            "No GitHub App is configured yet: the log names the address of /setup.", markup=False
        )
    sys.exit(_Group(("web", "worker")).run())


def _show_metrics(service: Service) -> None:
    """Raises: SettingsError, when another process listens there or the address is not this machine's."""
    address = service.settings.worker_metrics_bind
    if not address:
        return
    try:
        service.telemetry.serve(address)
    except OSError as error:
        cause = error.strerror or error
        text = f"cannot listen on {address}: {cause}; give each worker of a machine a port of its own"
        raise SettingsError([f"GATE_WORKER_METRICS_BIND: {text}"]) from error


def _tidy_nightly(service: Service, stopping: threading.Event) -> None:
    """Look after this machine's mirrors; the schedules of the engine are for one worker of all machines."""
    from gate.workflows.tidy_mirrors import repack_mirrors, sweep_mirrors, until_night

    while not stopping.wait(until_night(service.now()).total_seconds()):
        try:
            repack_mirrors(service, stopping.is_set)
            sweep_mirrors(service)
        except Exception:
            service.telemetry.log.exception("mirrors not looked after")


class _Group:
    """The processes of `gate serve`: a dead one is started again, a signal to us ends them all."""

    def __init__(self, commands: tuple[str, ...]) -> None:
        self._commands = commands
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> int:
        """Keeps the processes running until a signal comes; the exit status for us."""
        ending = Ending()
        self._processes = {command: self._start(command) for command in self._commands}
        while not ending.wait(0.2):
            for command, process in self._processes.items():
                if process.poll() is not None:
                    messages().print(
                        f"{command} ended with status {process.returncode}; starting it again", markup=False
                    )
                    ending.wait(RESTART_SECONDS)
                    self._processes[command] = self._start(command)
        return self._end()

    def _start(self, command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "gate", command],
            preexec_fn=_end_with_parent,  # noqa: PLW1509  (this process has but one thread)
        )

    def _end(self) -> int:
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return 0


def _end_with_parent() -> None:
    """Have the kernel ask this process to end when `gate serve` is killed: else it would hold port and lock for ever.

    Source: prctl(2), PR_SET_PDEATHSIG, which stays in force across exec.
    """
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _migrated(service: Service) -> None:
    """Our tables and the engine's, so that a webhook can be taken before a worker ever ran."""
    from gate import engine  # DBOS costs 0.5 s of start-up

    service.store.migrate()
    engine.migrate(service.settings)
