"""Zip archives as `actions/upload-artifact` makes them, and as nobody honest does."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def archive(files: Mapping[str, bytes], *, modes: Mapping[str, int] | None = None) -> bytes:
    """A zip file with these files; `modes` are those of single entries, type of the file included."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (modes or {}).get(name, 0o100644) << 16
            opened.writestr(entry, content)
    return made.getvalue()


def with_flag(made: bytes, flag: int) -> bytes:
    """The archive of one file with a general purpose flag set, in its header and in the directory."""
    changed = bytearray(made)
    changed[6] |= flag
    directory = made.index(b"PK\x01\x02")
    changed[directory + 8] |= flag
    return bytes(changed)


def with_size(made: bytes, size: int) -> bytes:
    """The archive of one file that says so of the file's size, in the directory."""
    directory = made.index(b"PK\x01\x02")
    return made[: directory + 24] + size.to_bytes(4, "little") + made[directory + 28 :]
