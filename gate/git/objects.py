"""Write a tree as a tar stream, and read trees as git stores them.

It does not use `git archive`: that obeys the `export-ignore` and `export-subst` of the tree it packs, which hides
files from the gate.
"""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

from gate.core.diff import TreeEntry
from gate.core.failure import Permanent
from gate.git.reader import Blob, Reader, StoredTree

_MTIME = 946684800
"""2000-01-01: the same tree gives the same tar, and zip files made from it have a date they can hold."""

_CHUNK = 1 << 16


def write_tar(reader: Reader, entries: Sequence[TreeEntry], stream: BinaryIO) -> None:
    """Write the files as a POSIX tar: links as links, submodules as empty folders, plain mode bits, no owner."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for entry in entries:
            if entry.mode == "160000":
                tar.addfile(_member(entry, tarfile.DIRTYPE, 0o755))
        files = [entry for entry in entries if entry.mode != "160000"]
        with contextlib.closing(reader.blobs(entry.blob for entry in files)) as blobs:
            for entry, blob in zip(files, blobs, strict=True):
                _add(tar, entry, blob)


def check_path(path: str) -> None:
    """Refuse a path that would leave its folder or change a repository; no honest git writes one.

    Raises: Permanent, naming the path.
    """
    parts = path.split("/")
    if any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts):
        raise Permanent(f"the tree holds the forbidden path {path!r}")


def regular_files(reader: Reader, treeish: str, paths: Iterable[str]) -> dict[str, str]:
    """{path: blob} of those of the paths that are regular files of a tree; its folders alone are read.

    Raises: Permanent (Transient for a mirror) where there is no such tree.
    """
    folders: dict[str, list[str]] = {}
    for path in sorted({*paths}):
        folder, _, name = path.rpartition("/")
        if not ({"", ".", ".."} & {*path.split("/")} or "\n" in folder):
            folders.setdefault(folder, []).append(name)
    root = f"{treeish}^{{tree}}"
    (tree,) = reader.trees([root]).values() or (None,)
    if tree is None:
        raise reader.failure(root)
    names = {folder: f"{tree.id}:{folder}" for folder in folders}
    found = reader.trees(names.values())
    return {
        f"{folder}/{name}" if folder else name: blob
        for folder, wanted in folders.items()
        if names[folder] in found
        for mode, name, blob in _in_folder(found[names[folder]])
        if mode.startswith("100") and name in wanted
    }


def _in_folder(tree: StoredTree) -> Iterator[tuple[str, str, str]]:
    """(mode, name, id) of what stands in one folder: `MODE NAME`, a NUL and the id's bytes, one after the other."""
    content, id_bytes = tree.content, len(tree.id) // 2
    start = 0
    while start < len(content):
        end = content.index(b"\0", start)
        mode, _, name = content[start:end].partition(b" ")
        start = end + 1 + id_bytes
        yield mode.decode("ascii"), name.decode("utf-8", "surrogateescape"), content[end + 1 : start].hex()


def _add(tar: tarfile.TarFile, entry: TreeEntry, blob: Blob) -> None:
    if entry.mode == "120000":
        member = _member(entry, tarfile.SYMTYPE, 0o777)
        member.linkname = blob.read().decode("utf-8", "surrogateescape")
        tar.addfile(member)
        return
    member = _member(entry, tarfile.REGTYPE, 0o755 if entry.mode == "100755" else 0o644)
    member.size = blob.size
    if blob.size <= _CHUNK:
        tar.addfile(member, BytesIO(blob.read()))
    else:
        tar.addfile(member, blob)


def _member(entry: TreeEntry, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(entry.path)
    member.type = kind
    member.mode = mode
    member.mtime = _MTIME
    return member
