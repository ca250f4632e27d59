"""How gunicorn is to serve the web process: `gunicorn --config python:gate.gunicorn gate.wsgi:app`."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

from gate.settings import Settings, SettingsError

IDLE_SECONDS = 15
"""A sender that stalls for so long in the middle of a request is cut off, and its thread is free again."""

# The names below are gunicorn's settings.

# One process, whose threads wait for the database and hardly for the interpreter: one register of metrics, and
# one memory of who began a registration at /setup.
workers = 1
worker_class = "gthread"
threads = 32
timeout = 60
graceful_timeout = 20
keepalive = 5
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# It would be opened in the home folder, which a container may not have.
control_socket_disable = True

try:
    bind = [Settings.from_environment().bind]
except SettingsError as error:
    sys.exit(str(error))


def when_ready(server: Any) -> None:
    """Accepted connections inherit the time-out; gunicorn has none for a request that has begun."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", IDLE_SECONDS, 0))
