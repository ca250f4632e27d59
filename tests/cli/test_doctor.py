"""`gate doctor`: each feature by name, with what holds or what follows."""

from __future__ import annotations

import pytest

from tests.boxes import sandbox_or_skip
from tests.cli.conftest import Project


@pytest.mark.box
def test_every_feature_of_the_box_is_tried(project: Project) -> None:
    """
    A line for each, in the order in which they are needed, and the interpreters that were found.
    """
    features = sandbox_or_skip().features

    done = project.gate("doctor", GATE_SANDBOX="bwrap", COLUMNS="80")

    lines = [line.split(":")[0][2:] for line in done.output.splitlines()]
    assert [each.name for each in features] == [
        "bubblewrap", "processor", "namespaces", "uid", "network", "seccomp", "storage", "socket memory", "memory", "processes", "cpu",
    ]  # fmt: skip
    assert lines[lines.index("bubblewrap") : -1] == [*(each.name for each in features), "interpreters"]
    assert "(the service's)" in done.output


def test_what_a_mode_without_tests_says(project: Project) -> None:
    """
    It is no feature that holds, and so the exit status says that something is missing.
    """
    done = project.gate("doctor", GATE_SANDBOX="none")

    assert done.status == 1
    assert "✘ sandbox: GATE_SANDBOX=none: tests do not run here, static checks do" in done.output


def test_a_data_folder_that_cannot_be_made_is_told(project: Project) -> None:
    """
    It is a line with the remedy like any other, and what does not rest on it is tried all the same.
    """
    done = project.gate("doctor", GATE_DATA_DIR="/proc/nowhere")

    assert done.status == 1
    assert (
        "✘ data folder: /proc/nowhere cannot be written (No such file or directory); set GATE_DATA_DIR"
        in done.output
    )
    assert "interpreters:" in done.output
    assert "Traceback" not in done.errors
