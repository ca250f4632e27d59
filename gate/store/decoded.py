"""File reports that were decoded or written lately, by their content: the next verdict on a pull request reads most of them again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from checks.report import FileReport
from gate.store.content import packed, unpacked

MOST_BYTES = 2 * 1024 * 1024
"""Of packed content, some thousand files; decoded it takes twenty times as much memory."""


class Decoded:
    """Of one process. Thread-safe; a report is a value that nobody changes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, FileReport] = OrderedDict()
        """The one that was used last at the end."""
        self._bytes = 0

    def unpacked(self, content: bytes) -> FileReport | None:
        """As `content.unpacked`."""
        with self._lock:
            if (known := self._known.get(content)) is not None:
                self._known.move_to_end(content)
                return known
        report = unpacked(FileReport, content)
        if report is not None:
            self._keep(content, report)
        return report

    def packed(self, report: FileReport) -> bytes:
        """As `content.packed`; what is read again soon is not decoded."""
        content = packed(report)
        self._keep(content, report)
        return content

    def _keep(self, content: bytes, report: FileReport) -> None:
        with self._lock:
            if content not in self._known:
                self._bytes += len(content)
            self._known[content] = report
            self._known.move_to_end(content)
            while self._bytes > self._most_bytes:
                oldest, _ = self._known.popitem(last=False)
                self._bytes -= len(oldest)
