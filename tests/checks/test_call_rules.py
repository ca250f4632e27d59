"""What is known of a file's imports: what bandit finds in them, without going through all of them each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checks import security
from checks.call_rules import Imports

NAMES = st.sampled_from(["os", "os.path", "flask", "flask.app", "a", ""])


class Counted(str):
    """A name that counts how often something is looked for in it."""

    __slots__ = ()
    looks = 0

    def __contains__(self, text: object) -> bool:
        Counted.looks += 1
        return str(text) in str(self)


@given(steps=st.lists(st.tuples(st.booleans(), NAMES)))
def test_a_module_is_found_in_what_was_imported_so_far(steps: list[tuple[bool, str]]) -> None:
    """
    In whatever order things are imported and looked for.
    """
    imports, plain = Imports(), set[str]()

    for is_import, name in steps:
        if is_import:
            imports.add(name)
            plain.add(name)
        assert imports.like(name) == any(name in known for known in plain)

    assert imports == plain


def test_each_name_is_looked_through_once() -> None:
    """
    However often something is looked for: else a file of 8,000 imports takes time with the square of them.
    """
    imports = Imports()
    Counted.looks = 0

    for number in range(1000):
        imports.add(Counted(f"module{number}"))
        assert not imports.like("flask")

    assert Counted.looks == 1000


def test_findings_know_the_imports_before_them() -> None:
    """
    `run(debug=True)` is B201 once Flask is imported, after however many others.
    """
    others = "".join(f"import a{number}\nf(1)\n" for number in range(50))
    call = "app.run(debug=True)\n"
    report = security.measure("app.py", f"{others}{call}import flask\n{call}".encode(), {})

    assert [(finding.rule, finding.line) for finding in report.findings if finding.rule == "B201"] == [
        ("B201", 103)
    ]
