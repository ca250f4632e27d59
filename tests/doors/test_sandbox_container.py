"""Runs in a container of their own: the same contract as a box's, what ends them, what is left, and who is refused."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from checks.codec import encode
from checks.report import CoverageReport
from gate.environments import Environment, prepare
from gate.sandbox import Mount, Sandbox
from tests.boxes import sandbox_or_skip
from tests.containers import PYTHON, contained, told
from tests.wheel_index import WHEELS, has_wheel
from tests.workflows.test_run_tests import APP, OTHER_PROCESS, POLICY, TESTS, run

TREE = {
    "src/app.py": APP,
    "src/lone.py": "x = 1\n",
    "tests/test_app.py": TESTS,
    "tests/test_other.py": OTHER_PROCESS,
}


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.mark.box
def test_source_arrives_and_a_result_leaves(sandbox: Sandbox) -> None:
    """Files, mounts and links of the order have the places of a box, below the folder of the run, which is gone with it."""
    code = """
name = "one"
root = sandbox.root(name)
program = '''
import os
os.mkdir("locked"); open("locked/file", "w").close(); os.chmod("locked", 0)
print(open("a/b.py").read(), os.readlink("link"), os.getcwd(), os.getsid(0) == os.getpid())
print(open(os.environ["WHERE"] + "/gate/x").read(), os.path.isdir(os.environ["WHERE"] + "/mounted"), sorted(os.environ))
print(os.environ["HOME"], os.environ["TMPDIR"])
os.write(int(os.environ["GATE_RESULT_FD"]), b"result")
raise SystemExit(7)
'''
ended = sandbox.run((interpreter.python(), "-I", "-c", program), name=name, limits=LIMITS,
    write_source=tar_of({"a/b.py": b"x = 1"}, links={"link": "a/b.py"}),
    mounts=(Mount(interpreter._package(), "/mounted"),), files={"/gate/x": b"content"}, environment={"WHERE": root})
tell([root, ended.status, ended.result.decode(), ended.output.decode(), os.listdir("/tmp")])
"""

    root, status, result, output, left = told(sandbox, code, {"UNRELATED": "of the container"})

    assert (status, result, left) == (7, "result", [])
    assert output.splitlines() == [
        f"x = 1 a/b.py {root}/work True",
        "content True ['GATE_RESULT_FD', 'HOME', 'LANG', 'LOGNAME', 'PATH', 'TMPDIR', 'TZ', 'USER', 'WHERE']",
        f"{root}/home/gate {root}/tmp",
    ]


@pytest.mark.long
@pytest.mark.box
def test_limits_end_a_run(sandbox: Sandbox) -> None:
    """Time, output, a result and a cancellation; memory is each process's, and the program's own words explain it."""
    code = """
def ends(program, limits=LIMITS, **more):
    ended = boxed(sandbox, program, limits=limits, **more)
    return [ended.status, ended.ended_by, ended.text]
sleep = sandbox.run(("sleep", "600"), name="cancelled", limits=LIMITS, cancelled=lambda: True)
tell([
    ends("import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)", replace(LIMITS, seconds=1)),
    ends("while True: print('x' * 9999)", replace(LIMITS, output_mb=1)),
    ends("import os; os.write(100, bytes(3 << 20))", replace(LIMITS, result_mb=1)),
    ends("bytearray(1 << 30)"),
    ends("open('x', 'wb').write(bytes(80 << 20))"),
    ends("for n in range(99): open(str(n), 'wb').write(bytes(8 << 20))"),
    [sleep.status, sleep.ended_by, sleep.text],
    os.listdir("/tmp"),
])
"""

    *ends, left = told(sandbox, code)

    assert ends == [
        [137, "time", "It reached its limit of 1 s and was ended."],
        [137, "output", "It printed more than 16 MB and was ended."],
        [137, "result", "Its result was larger than 1 MB."],
        [1, "", "It was refused memory: each of its processes may have 256 MB."],
        [1, "", ""],
        [1, "", "It was told that no space is left: the container's disk is full."],
        [137, "cancelled", "It was cancelled."],
    ]
    assert left == []


@pytest.mark.long
@pytest.mark.box
def test_nothing_outlives_a_run(sandbox: Sandbox) -> None:
    """Daemons, deaf and stopped ones, and a process that runs away from every signal by forking."""
    code = """
program = '''
import os, signal, time
for number in range(8):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for each in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(each, signal.SIG_IGN)
            if number % 2:
                os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(600)
        os._exit(0)
if os.fork() == 0:
    while not os.fork():
        pass
    os._exit(0)
print("left")
'''
def processes():
    return sum(name.isdigit() for name in os.listdir("/proc"))
before = processes()
ended = boxed(sandbox, program)
tell([ended.status, ended.output.decode(), processes() - before])
"""

    assert told(sandbox, code) == [0, "left\n", 0]


@pytest.mark.box
def test_a_run_dies_with_its_worker(sandbox: Sandbox) -> None:
    """Nobody has to come back for it; the folder goes with the next start, and that of a living worker stays."""
    code = """
import select, signal, subprocess
worker = '''
import os
from gate.sandbox import Mount, Sandbox
from tests.boxes import LIMITS, boxed
boxed(Sandbox("container"), "import os, time; print(os.getpid(), flush=True); time.sleep(600)",
    on_output=lambda part: os.write(1, part))
'''
def started():
    process = subprocess.Popen([sys.executable, "-c", worker], stdout=subprocess.PIPE)
    first = os.pidfd_open(int(process.stdout.readline()))
    return process, first
killed, run_of_killed = started()
living, run_of_living = started()
killed.kill()
killed.wait()
dead = select.poll()
dead.register(run_of_killed, select.POLLIN)
ended = bool(dead.poll(20000))
before = len(os.listdir("/tmp"))
boxed(sandbox, "")
alive = select.poll()
alive.register(run_of_living, select.POLLIN)
lives = not alive.poll(0)
left = [name.split("-")[2].split(".")[1] == str(living.pid) for name in os.listdir("/tmp")]
living.kill()
living.wait()
tell([ended, before, lives, left])
"""

    assert told(sandbox, code) == [True, 2, True, [True]]


@pytest.mark.box
def test_a_killed_keeper_is_no_proof(sandbox: Sandbox) -> None:
    """Who could not be shown to have gone is not taken for gone: the run has no result."""
    code = """
import signal
def kill_keeper(part):
    os.kill(int(part), signal.SIGKILL)
try:
    boxed(sandbox, "import os, time; print(os.getppid(), flush=True); time.sleep(600)", on_output=kill_keeper)
except SandboxError as error:
    tell(str(error))
"""

    assert told(sandbox, code).startswith("what the run left behind could not be proved gone")


@pytest.mark.long
@pytest.mark.box
def test_a_stopped_keeper_goes_on(sandbox: Sandbox) -> None:
    """A run that stopped it, where nothing forbids that, is ended all the same."""
    code = """
import signal
def stop_keeper(part):
    os.kill(int(part), signal.SIGSTOP)
ended = boxed(sandbox, "import os, time; print(os.getppid(), flush=True); time.sleep(600)",
    limits=replace(LIMITS, output_mb=0, seconds=1), on_output=stop_keeper)
tell([ended.status, ended.ended_by])
"""

    assert told(sandbox, code) == [137, "output"]


@pytest.mark.box
def test_what_does_not_hold_is_told(sandbox: Sandbox) -> None:
    """By the doctor's features and the phrase for people; what is needed comes first."""
    features, description = told(
        sandbox, "tell([[(each.name, each.required) for each in sandbox.features], sandbox.description])"
    )

    assert features == [
        ["unprivileged user", True], ["no new privileges", True], ["seccomp", True], ["no secrets", True], ["keeper", True],
        ["memory", False], ["processes", False], ["network", False], ["processes of Gate", False], ["files of Gate", False],
    ]  # fmt: skip
    assert description.startswith(
        "in a container of its own, without a box; memory is bounded per process only"
    )
    assert description.endswith("a run can change Gate's files and fill the container's disk")


@pytest.mark.box
def test_a_run_reaches_no_process_of_gate(sandbox: Sandbox) -> None:
    """Where the kernel can keep it from that, it neither signals them nor reads their variables; the filter is on."""
    code = """
import subprocess
from gate.sandbox import container_probe, seccomp
program = '''
import ctypes, os, sys
def tried(attempt):
    try:
        attempt()
    except PermissionError:
        return "refused"
    return "done"
worker, ptrace = map(int, sys.argv[1:])
print(tried(lambda: os.kill(worker, 0)), tried(lambda: os.kill(os.getppid(), 0)),
    tried(lambda: open(f"/proc/{worker}/environ", "rb").read()), ctypes.CDLL(None).syscall(ptrace, 0, 0, 0, 0))
'''
arguments = (str(os.getpid()), str(seccomp.number_of("ptrace")))
outside = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True).stdout
tell([container_probe.scoped(), outside, boxed(sandbox, program, *arguments).output.decode()])
"""

    scoped, outside, inside = told(sandbox, code)

    assert outside.startswith("done done done")
    assert inside.endswith(" -1\n")
    if not scoped:
        pytest.skip("the kernel has no Landlock that knows signals")
    assert inside == "refused refused refused -1\n"


@pytest.mark.box
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"GATE_PRIVATE_KEY": "pem"}, "GATE_PRIVATE_KEY"),
        ({"CI_JOB_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "x"}, "AWS_SECRET_ACCESS_KEY, CI_JOB_TOKEN"),
        ({"GATE_INDEX_URL": "https://user:word@index.example/simple"}, "GATE_INDEX_URL"),
    ],
)
def test_secrets_are_refused(sandbox: Sandbox, variables: dict[str, str], named: str) -> None:
    """By the names of their variables, never their values; nothing runs."""
    code = """
try:
    boxed(sandbox, "")
except SandboxError as error:
    tell(str(error))
"""

    said = told(sandbox, code, variables)

    assert said == (f"no secrets: a test could read {named}, so no tests run: start the container without it")


@pytest.mark.box
def test_secrets_of_others_and_in_files_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """Another process's variables, the key to the App that `/setup` stored, what the runtime mounts; an empty one is none."""
    code = """
import subprocess
from pathlib import Path
key = Path("/work/secret.key")
absent = Sandbox("container", secret_files=(key,)).refusal()
key.touch()
present = Sandbox("container", secret_files=(key,)).refusal()
other = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"A_TOKEN": "x"})
other.stdin.write(b"!")
other.stdin.flush()
other.stdout.read(1)
beside = Sandbox("container").refusal()
other.communicate()
tell([absent, present, beside])
"""

    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted/token").touch()
    mounted = Mount(tmp_path / "mounted", "/run/secrets/account")

    absent, present, beside = told(sandbox, code, {"GITHUB_TOKEN": ""})
    refused = told(sandbox, "tell(sandbox.refusal())", mounts=(mounted,))

    assert absent == ""
    assert "a test could read /run/secrets/account/token, so" in refused
    assert "a test could read /work/secret.key, so" in present
    assert "a test could read A_TOKEN, so" in beside


def test_each_condition_is_looked_at() -> None:
    """The user, new privileges and the filter, as the kernel says; what is missing refuses with its remedy."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    conditions = {
        "unprivileged user": os.geteuid() != 0,
        "no new privileges": status["NoNewPrivs"].strip() == "1",
        "seccomp": status["Seccomp"].strip() == "2",
    }

    sandbox = Sandbox("container")

    found = {feature.name: feature.holds for feature in sandbox.features if feature.name in conditions}
    assert found == conditions
    for name, holds in conditions.items():
        assert (f"{name}: " in sandbox.refusal()) is not holds


@pytest.mark.long
@pytest.mark.box
def test_a_tree_is_measured_as_in_a_box(sandbox: Sandbox, tmp_path: Path) -> None:
    """The same environment and the same suite give the same report, processes that lose their variables included."""
    code = f"""
from pathlib import Path
from checks.codec import encode
from gate.environments import prepare
from tests.wheel_index import WHEELS, has_wheel
from tests.workflows.test_run_tests import POLICY, run
made = prepare(sandbox, {{}}, tests=POLICY, command=None, index_urls=(), directory=Path("/work"))
tell([encode(run(sandbox, made, {TREE!r})), os.listdir("/tmp")])
"""
    made = prepare(sandbox, {}, tests=POLICY, command=None, index_urls=(), directory=tmp_path)
    assert isinstance(made, Environment)
    boxed = run(sandbox, made, TREE)
    assert isinstance(boxed, CoverageReport)

    report, left = told(sandbox, code)

    assert left == []
    assert _timeless(report) == _timeless(json.loads(json.dumps(encode(boxed))))
    assert boxed.suite.outcome == "passed"


@pytest.mark.long
@pytest.mark.skipif(
    not has_wheel("pytest"), reason="no wheels here: `pip download -d .wheels pytest` makes them"
)
@pytest.mark.box
def test_packages_are_installed_from_the_index(sandbox: Sandbox) -> None:
    """Through the proxy's socket, which stands below the folder of the run; the suite then runs with them."""
    code = f"""
from pathlib import Path
from checks.codec import encode
from gate.core.suite_command import SuiteCommand
from gate.environments import prepare
from tests.wheel_index import wheel_index
from tests.wheel_index import WHEELS, has_wheel
from tests.workflows.test_run_tests import POLICY, run
with wheel_index() as url:
    made = prepare(sandbox, {{}}, tests=POLICY, command=SuiteCommand("pytest"), index_urls=(url,), directory=Path("/work"))
report = run(sandbox, made, {{**{TREE!r}, "tests/test_it.py": "import app\\n\\ndef test_it():\\n    app.sign(-1)\\n"}},
    policy=replace(POLICY, command="pytest tests/test_it.py"))
tell([made.packages, encode(report)])
"""

    packages, report = told(sandbox, code, mounts=(Mount(WHEELS, "/opt/gate/.wheels"),))

    assert [name.split("-")[0] for name in packages] == [
        "iniconfig",
        "packaging",
        "pluggy",
        "pygments",
        "pytest",
    ]
    assert report["suite"]["tests"] == [["tests.test_it.test_it", "passed"]]


@pytest.mark.box
def test_a_command_finds_its_environment(sandbox: Sandbox) -> None:
    """`gate sandbox run` puts the interpreter and the project first, below the folder of the run."""
    code = """
set -eu
export HOME=/work/home
mkdir -p home source/src
echo 'x = 5' > source/src/app.py
python -m gate sandbox run --source source --env-from source -- python -c 'import app, sys; print(app.x, sys.prefix)'
"""

    ended = contained(sandbox, ("/bin/sh", "-c", code), {"GATE_SANDBOX": "container"})

    assert ended.status == 0
    assert re.search(rb"^5 /tmp/gate-run-[0-9a-f.-]+/venv$", ended.output, re.MULTILINE)


@pytest.mark.long
@pytest.mark.box
def test_gate_check_says_how_it_was_measured(sandbox: Sandbox) -> None:
    """By the mode, and what such a run does not hold; never as if it had been a box."""
    code = f"""
set -eu
export HOME=/work
mkdir -p src tests
printf %s '{APP}' > src/app.py
printf %s '{TESTS}' > tests/test_app.py
git init --quiet --initial-branch main
git add --all
git -c user.name=Ann -c user.email=ann@example.org commit --quiet --message Begin
git -c user.name=Ann -c user.email=ann@example.org commit --quiet --message More --allow-empty
printf 'def more():\\n    return 1\\n' >> src/app.py
COLUMNS=400 {PYTHON} -m gate check --base HEAD~1 || true
"""

    ended = contained(sandbox, ("/bin/sh", "-c", code), {"GATE_SANDBOX": "container"})

    output = ended.output.decode()
    assert (
        "measured now, in a container of its own, without a box; memory is bounded per process only" in output
    )


def _timeless(report: Any) -> Any:
    """Without what differs between two runs of one suite."""
    report["suite"]["seconds"] = 0
    report["suite"]["output"] = ""
    return report
