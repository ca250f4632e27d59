"""What code in a box looks for first: the secrets, files and descriptors of the service."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.sandbox import Sandbox
from tests.attacks.attack import attacked, breaches, contained

pytestmark = pytest.mark.box

SECRET = f"s3cret-{os.urandom(8).hex()}"

ENVIRONMENT = "import os, sys\nif sys.argv[1] in os.environ.values(): print('BREACH')"
ENVIRONMENTS = """
import glob, sys
for file in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/task/*/environ'):
    try:
        if sys.argv[1].encode() in open(file, 'rb').read(): print('BREACH', file)
    except OSError: pass
"""
FOLDERS = """
import glob, sys
for file in glob.glob('/proc/[0-9]*/' + sys.argv[2]):
    try:
        if sys.argv[1] in open(file).read(): print('BREACH', file)
    except (OSError, ValueError): pass
"""
DESCRIPTORS = """
import glob, os, stat, sys
for file in glob.glob(sys.argv[2]):
    try:
        if stat.S_ISREG(os.stat(file).st_mode) and sys.argv[1].encode() in open(file, 'rb').read(1 << 16): print('BREACH', file)
    except OSError: pass
"""
MEMORY = """
import glob, sys
wanted = sys.argv[1].encode()
for process in glob.glob('/proc/[0-9]*'):
    try:
        if sys.argv[2].encode() not in open(process + '/cmdline', 'rb').read().split(b'\\0')[:5]: continue
        with open(process + '/mem', 'rb') as memory:
            for line in open(process + '/maps'):
                if ' rw' not in line or '[v' in line: continue
                start, end = (int(part, 16) for part in line.split()[0].split('-'))
                try:
                    memory.seek(start)
                    if wanted in memory.read(end - start): print('BREACH'); raise SystemExit
                except (OSError, ValueError, OverflowError): pass
    except OSError: pass
"""
READ = "import sys\nif sys.argv[1].encode() in open(sys.argv[2], 'rb').read(): print('BREACH')"
WALK = """
import os, sys
for folder, folders, files in os.walk('/'):
    folders[:] = [f for f in folders if folder != '/' or f not in ('usr', 'proc', 'sys', 'dev')]
    if sys.argv[1] in files: print('BREACH', folder)
"""
QUERY = "import sqlite3, sys\nif sqlite3.connect(f'file:{sys.argv[2]}?mode=ro', uri=True).execute('select secret from app').fetchone()[0] == sys.argv[1]: print('BREACH')"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a secret in its environment, its folder, its memory and an open file."""
    (tmp_path / "secret").write_text(SECRET)
    code = (
        "import sys; kept = open('secret').read(); held = open('secret'); print(flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", code, tmp_path.name],
        cwd=tmp_path,
        env={"GATE_PRIVATE_KEY": SECRET},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.readline()
    yield process
    process.communicate()


def test_the_services_variables_are_not_inherited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A box starts with an environment of its own."""
    monkeypatch.setenv("GATE_PRIVATE_KEY", SECRET)

    ended = contained(sandbox, ENVIRONMENT, SECRET)

    assert ended.status == 0


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        pytest.param(ENVIRONMENTS, (), id="variables"),
        pytest.param(FOLDERS, ("cwd/secret",), id="working folder"),
        pytest.param(DESCRIPTORS, ("/proc/[0-9]*/fd/*",), id="open files"),
    ],
)
def test_no_process_outside_is_seen(sandbox: Sandbox, code: str, arguments: tuple[str, ...]) -> None:
    """`/proc` of a box knows the box's own processes only."""
    contained(sandbox, code, SECRET, *arguments)


def test_no_root_folder_outside_is_entered(sandbox: Sandbox, tmp_path: Path) -> None:
    """`/proc/PID/root` leads to the box's own root."""
    (tmp_path / "secret").write_text(SECRET)

    contained(sandbox, FOLDERS, SECRET, f"root{tmp_path}/secret")


def test_the_memory_of_the_service_is_out_of_reach(
    sandbox: Sandbox, service: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """A process outside has no file `mem` in a box."""
    assert service.poll() is None

    contained(sandbox, MEMORY, SECRET, tmp_path.name)


def test_open_files_of_the_service_are_not_inherited(sandbox: Sandbox, tmp_path: Path) -> None:
    """Only the descriptors a box needs are passed to it, those included that are marked inheritable."""
    (tmp_path / "secret").write_text(SECRET)
    with (tmp_path / "secret").open() as file:
        os.set_inheritable(file.fileno(), True)

        outside = breaches(DESCRIPTORS, SECRET, "/proc/self/fd/*", inherited=(file.fileno(),))
        attacked(sandbox, DESCRIPTORS, SECRET, "/proc/self/fd/*")

    assert outside


def test_a_box_has_its_streams_and_nothing_else(sandbox: Sandbox) -> None:
    """Input is empty; output and result are pipes; no folder, socket or memory file is open."""
    code = "import os\nprint(sorted({os.readlink(f'/proc/self/fd/{n}').split(':')[0] for n in os.listdir('/proc/self/fd') if os.path.islink(f'/proc/self/fd/{n}')}))"

    ended = attacked(sandbox, code)

    assert ended.output == b"began\n['/dev/null', 'pipe']\n"


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_private_key_cannot_be_read(sandbox: Sandbox, tmp_path: Path, mode: int) -> None:
    """Only what was mounted exists in a box, whatever its permissions."""
    key = tmp_path / "key.pem"
    key.write_text(SECRET)
    key.chmod(mode)

    ended = contained(sandbox, READ, SECRET, str(key))

    assert b"No such file" in ended.output


def test_no_folder_of_the_service_is_in_the_box(sandbox: Sandbox, tmp_path: Path) -> None:
    """Walking through everything there is finds no file of the data folder."""
    (tmp_path / SECRET).write_text("x")

    contained(sandbox, WALK.replace("'/')", "sys.argv[2])"), SECRET, "/", outside=(SECRET, str(tmp_path)))


def test_the_database_cannot_be_opened(sandbox: Sandbox, tmp_path: Path) -> None:
    """The rows of other repositories are not for the code of this one."""
    with sqlite3.connect(tmp_path / "gate.db") as database:
        database.execute("create table app as select ? as secret", (SECRET,))
    database.close()

    ended = contained(sandbox, QUERY, SECRET, str(tmp_path / "gate.db"))

    assert b"unable to open" in ended.output


@pytest.mark.parametrize("file", ["/etc/shadow", "/root/.ssh", "/var/lib", "/run", "/sys", "/boot", "/srv"])
def test_folders_of_the_system_are_not_there(sandbox: Sandbox, file: str) -> None:
    """Of the system a box has `/usr` and a handful of harmless files of `/etc`."""
    code = "import os, sys\nif os.path.lexists(sys.argv[1]): print('BREACH')"

    contained(sandbox, code, file, outside=("/etc",))
