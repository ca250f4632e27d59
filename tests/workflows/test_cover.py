"""When what is said of coverage blocks."""

from __future__ import annotations

import pytest

from gate.workflows.cover import Arming, arming_of_component
from gate.workflows.measure_coverage import Measured
from gate.workflows.run_tests import Unmeasurable
from tests.two_trees import run

RAN = Measured(run({}), "measured now")
BROKEN = Measured(Unmeasurable("install", "No such requirement."), "not measured")
NO_BOX = Measured(Unmeasurable("sandbox", "No box.", ours=True), "not measured")


@pytest.mark.parametrize(
    ("base", "head", "armed", "expected"),
    [
        # It ran at the base: what happens at the head is the change's doing.
        (RAN, BROKEN, False, Arming(armed=True)),
        (RAN, RAN, False, Arming(armed=True)),
        # It does not run there: nobody answers for it,
        (BROKEN, BROKEN, True, Arming(armed=False)),
        (BROKEN, RAN, True, Arming(armed=False)),
        # unless the cause is ours.
        (NO_BOX, NO_BOX, True, Arming(armed=True)),
        (NO_BOX, NO_BOX, False, Arming(armed=False)),
        # A new component is judged on the head alone, if that can be measured.
        (None, RAN, True, Arming(armed=False, alone=True)),
        (None, BROKEN, True, Arming(armed=False, alone=True)),
        (None, NO_BOX, True, Arming(armed=True, alone=True)),
    ],
)
def test_a_components_suite_is_armed_while_it_runs_at_the_base(
    base: Measured | None, head: Measured, armed: bool, expected: Arming
) -> None:
    """
    On the server and on a person's machine alike.
    """
    assert arming_of_component(base, head, armed=armed) == expected
