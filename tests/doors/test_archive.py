"""What becomes of an environment's files on the disk."""

from __future__ import annotations

import stat
from pathlib import Path

from gate.environments import archive


def mode(place: Path) -> str:
    return stat.filemode(place.lstat().st_mode)


def test_everybody_may_read_an_environment(tmp_path: Path) -> None:
    """A service with a strict umask makes environments for the uids of boxes all the same; links stay as they are."""
    folder = tmp_path / "venv"
    folder.mkdir(mode=0o700)
    (folder / "module.py").touch(mode=0o600)
    (folder / "program").touch(mode=0o700)
    (folder / "python").symlink_to("/usr/bin/python3")

    archive.make_readable(tmp_path)

    assert mode(folder) == "drwxr-xr-x"
    assert mode(folder / "module.py") == "-rw-r--r--"
    assert mode(folder / "program") == "-rwxr-xr-x"
    assert (folder / "python").is_symlink()
