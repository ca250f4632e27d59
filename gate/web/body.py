"""Bodies of requests that take long or end early: a deadline for the whole of one, and reading on before an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]  # it ships no types
from werkzeug.exceptions import ClientDisconnected

PIECE = 256 * 1024
BROKEN = (OSError, ParseException, ClientDisconnected)
"""What reading raises when a body is cut off, or no valid chunked encoding."""


def drain(most: int) -> None:
    """Read on for a while: closing with unread bytes resets the connection, and the sender never sees the answer."""
    left = most
    while left > 0 and (piece := request.stream.read(PIECE)):
        left -= len(piece)


@contextmanager
def deadline(seconds: float) -> Iterator[threading.Event]:
    """Ends the reading of a body after so long; the event is set when it did.

    A time-out of the socket would be for each packet, and one byte every few seconds would hold the thread for days.
    """
    passed = threading.Event()
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    if connection is None:
        yield passed
        return

    def end() -> None:
        passed.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()
