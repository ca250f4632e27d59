"""Find out what the sandbox can rest on here, by trying it; nothing is decided by version or name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gate.sandbox import box, cgroup, seccomp
from gate.sandbox.command import Order
from gate.sandbox.supervision import supervise
from gate.sandbox.values import Feature, Limits, SandboxError

_PROBE_LIMITS = Limits(memory_mb=256, seconds=20, processes=16, disk_mb=16)
_SECRETS = (
    "GATE_PRIVATE_KEY",
    "GATE_WEBHOOK_SECRET",
    "GATE_CLIENT_SECRET",
    "GATE_SECRET_KEY",
    "GATE_SMTP_URL",
)


def bubblewrap(hierarchy: cgroup.Hierarchy | None) -> tuple[Feature, ...]:
    """The features `GATE_SANDBOX=bwrap` needs, and the control group it can do without."""
    program = shutil.which("bwrap") is not None
    found = [
        Feature(
            "bubblewrap",
            program,
            "bwrap is installed" if program else "bwrap is not installed: install the package bubblewrap",
        ),
        Feature(
            "seccomp",
            seccomp.supported(),
            "the filter knows this processor"
            if seccomp.supported()
            else f"no filter for {os.uname().machine}: use x86_64 or aarch64",
        ),
    ]
    if all(feature.holds for feature in found):
        found.append(_namespaces())
    found.append(_control_group(hierarchy))
    return tuple(found)


def container() -> tuple[Feature, ...]:
    """What can be verified of the promise that this container isolates one run."""
    status = _status()
    unprivileged = os.geteuid() != 0
    no_new_privileges = status.get("NoNewPrivs") == "1"
    filtered = status.get("Seccomp") == "2"
    secrets = sorted(name for name in _SECRETS if name in _environment_names())
    return (
        Feature("unprivileged user", unprivileged, _either(unprivileged, "not uid 0", "runs as uid 0")),
        Feature(
            "no new privileges",
            no_new_privileges,
            _either(no_new_privileges, "set", "not set: start the container with no-new-privileges"),
        ),
        Feature("seccomp", filtered, _either(filtered, "a filter is on", "no filter is on")),
        Feature(
            "no secrets",
            not secrets,
            _either(not secrets, "none", f"the environment has {', '.join(secrets)}"),
        ),
    )


def _namespaces() -> Feature:
    order = Order(("/bin/sh", "-c", 'test "$(id -u)" = 1000'), f"probe-{os.getpid()}", _PROBE_LIMITS)
    try:
        with box.opened(order, None) as opened:
            ended = supervise(
                opened, _PROBE_LIMITS, write_source=None, cancelled=lambda: False, on_output=None
            )
    except SandboxError as error:
        return Feature("namespaces", False, f"{error}; user namespaces may be forbidden here")
    if ended.status != 0:
        return Feature("namespaces", False, f"the trial box ended with status {ended.status}")
    return Feature("namespaces", True, "user, network, process and mount namespaces work")


def _control_group(hierarchy: cgroup.Hierarchy | None) -> Feature:
    name = "control group"
    if hierarchy is None:
        text = "none can be made: memory and processes are bounded per process, not in total"
        return Feature(name, False, text, required=False)
    try:
        cgroup.create(hierarchy, f"probe-{os.getpid()}", _PROBE_LIMITS).remove()
    except SandboxError as error:
        return Feature(
            name, False, f"{error}: memory and processes are bounded per process only", required=False
        )
    return Feature(name, True, f"version {hierarchy.version} bounds memory and processes", required=False)


def _status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _environment_names() -> frozenset[str]:
    """Names of this process's variables; their values are not looked at."""
    entries = Path("/proc/self/environ").read_bytes().split(b"\0")
    return frozenset(entry.partition(b"=")[0].decode(errors="replace") for entry in entries)


def _either(holds: bool, yes: str, no: str) -> str:
    return yes if holds else no
