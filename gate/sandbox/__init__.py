"""Run untrusted code: bubblewrap, a seccomp filter, a control group, and a supervisor with one deadline.

Source goes in as a tar stream, one bounded result comes out; no untrusted file ever exists at a path of this machine.
It does not know what it runs: tests, installers and analysers are its callers' business.
"""

from __future__ import annotations

from gate.sandbox.analyser import Analyser
from gate.sandbox.child import AnalysisRequest
from gate.sandbox.command import PATH, WORK
from gate.sandbox.endpoints import Endpoint, Refusal
from gate.sandbox.sandbox import Sandbox, never
from gate.sandbox.values import PROCESSES, TEST_CPUS, Exit, Feature, Limits, Mode, Mount, SandboxError

__all__ = [
    "PATH",
    "PROCESSES",
    "TEST_CPUS",
    "WORK",
    "Analyser",
    "AnalysisRequest",
    "Endpoint",
    "Exit",
    "Feature",
    "Limits",
    "Mode",
    "Mount",
    "Refusal",
    "Sandbox",
    "SandboxError",
    "never",
]
