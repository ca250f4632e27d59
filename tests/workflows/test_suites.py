"""When what is said of coverage blocks, of the repository's suite and of one that a component has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.report import CoverageReport
from gate.core.component import Part
from gate.core.policy import DEFAULT
from gate.workflows.measure_coverage import Measured
from gate.workflows.run_tests import Unmeasurable
from gate.workflows.suites import Arming, Sides, arming_of, before
from tests.two_trees import run

REST = Part("", DEFAULT)
API = Part("api", DEFAULT, "api")
RAN = Measured(run({}), "measured now")
UNREACHABLE = Measured(
    replace(run({}), suite=replace(run({}).suite, unreachable=1, outcome="failed")), "measured now"
)
BROKEN = Measured(Unmeasurable("install", "No such requirement.", "[tests]\ncommand"), "not measured")
NO_BOX = Measured(Unmeasurable("sandbox", "No box.", ours=True), "not measured")


def sides(suite: Part, base: Measured | None, head: Measured) -> Sides:
    """A suite whose trees do not matter."""
    return Sides(suite, None, None, head, base)


def told(arming: Arming) -> tuple[bool, bool]:
    """(what cannot be measured blocks, what was measured is judged)."""
    return arming.armed, arming.judges


@pytest.mark.parametrize(
    ("base", "head", "armed", "expected"),
    [
        # It ran at the base: what happens at the head is the change's doing.
        (RAN, BROKEN, False, (True, True)),
        (RAN, RAN, False, (True, True)),
        # It does not run there: nobody answers for it,
        (BROKEN, BROKEN, True, (False, False)),
        (BROKEN, RAN, True, (False, False)),
        # unless the cause is ours.
        (NO_BOX, NO_BOX, True, (True, True)),
        (NO_BOX, NO_BOX, False, (False, False)),
        # Nor while it wants what is not there.
        (UNREACHABLE, RAN, True, (False, False)),
        # A new component is judged on the head alone, if that can be measured.
        (None, RAN, True, (False, True)),
        (None, BROKEN, True, (False, True)),
        (None, NO_BOX, True, (True, True)),
    ],
)
def test_a_components_suite_is_armed_while_it_runs_at_the_base(
    base: Measured | None, head: Measured, armed: bool, expected: tuple[bool, bool]
) -> None:
    """
    On the server and on a person's machine alike.
    """
    assert told(arming_of(sides(API, base, head), armed=armed)) == expected
    assert told(arming_of(sides(API, base, head), armed=False, assume=armed)) == expected


@pytest.mark.parametrize(
    ("base", "armed", "assume", "expected"),
    [
        (RAN, True, False, (True, True)),
        (RAN, False, True, (False, False)),
        (BROKEN, True, False, (True, True)),
        (BROKEN, False, True, (False, False)),
        (NO_BOX, False, True, (True, True)),
        (UNREACHABLE, True, True, (False, False)),
        (None, False, False, (False, False)),
        (None, False, True, (True, True)),
    ],
)
def test_the_repositorys_suite_stays_armed(
    base: Measured | None, armed: bool, assume: bool, expected: tuple[bool, bool]
) -> None:
    """
    Once it ran; on a person's machine a missing box is no excuse.
    """
    assert told(arming_of(sides(REST, base, RAN), armed=armed, assume=assume)) == expected


def test_a_hint_names_the_section_of_the_component() -> None:
    """
    What would help stands below its own tests.
    """
    assert arming_of(sides(API, BROKEN, RAN), armed=True).hint == "[component.tests]\ncommand"
    assert arming_of(sides(REST, BROKEN, RAN), armed=True).hint == "[tests]\ncommand"


def test_lines_of_every_suite_are_known_at_the_base() -> None:
    """
    What moved to another component is followed, with what flipped there; the tests are the suite's own.
    """
    own = run({"a.py": ((1,), ())}, tests={"test_a": "passed"})
    other: CoverageReport = replace(
        run({"api/b.py": ((2,), ())}), unstable=(("api/b.py", (2,)),), unparsable=(("api/c.py", "line 1"),)
    )
    rest = sides(REST, Measured(own, ""), RAN)
    api = sides(API, Measured(other, ""), RAN)

    found = before(rest, (rest, api))

    assert found == replace(
        own, files=(*own.files, *other.files), unstable=other.unstable, unparsable=other.unparsable
    )
    assert before(sides(REST, BROKEN, RAN), (api,)) is None
