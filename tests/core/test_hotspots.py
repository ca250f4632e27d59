"""How hot files are, why they are to be mended first, and the map of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.comparison import Ratio
from gate.core.hotspot import heat, reasons
from gate.core.hotspot_map import MOST_FOLDERS, Plot, hotspot_map
from gate.core.measured_file import Folder, MeasuredFile
from gate.core.treemap import Box

FILE = MeasuredFile(
    path="app.py",
    blob="b",
    sloc=100,
    functions=4,
    complexity=20,
    worst=9,
    worst_name="plan",
    worst_line=3,
    over=0,
    maximum=10,
    coverage=Ratio(9, 10),
    uncovered=1,
    high=1,
    medium=2,
    low=3,
    suppressed=1,
    maintainability=5000,
    changes=5,
    score=100,
)
SIZE = Box(0, 0, 1000, 400)


@pytest.mark.parametrize(
    ("score", "hottest", "expected"),
    [
        (0, 0, 1),
        (0, 160, 1),
        (1, 160, 2),
        (9, 160, 2),
        (10, 160, 3),
        (40, 160, 4),
        (90, 160, 5),
        (160, 160, 5),
    ],
)
def test_heat_is_a_step_of_the_hottest(score: int, hottest: int, expected: int) -> None:
    """
    What never changed is cool; from a sixteenth, a quarter and nine sixteenths of the hottest on it is warmer.
    """
    assert heat(score, hottest) == expected


def test_each_file_has_one_reason() -> None:
    """
    What tells most is said: untested and changed most often, over the limit, untested, changed most often, or the plain numbers.
    """
    untested = Ratio(4, 10)
    files = [
        replace(FILE, changes=9, coverage=untested),
        replace(FILE, over=1, worst=12),
        replace(FILE, over=2, worst=12),
        replace(FILE, coverage=untested),
        replace(FILE, changes=9, coverage=None),
        FILE,
    ]

    assert reasons(files) == [
        "Changed most often, and tests run 40.0\N{NO-BREAK SPACE}% of it",
        "1 function is over the limit of 10; `plan` is at 12",
        "2 functions are over the limit of 10; `plan` is at 12",
        "Complexity 9 in `plan`, coverage 40.0\N{NO-BREAK SPACE}%",
        "Changed most often: 9 commits in 90 days",
        "Complexity 20 in 4 functions, changed 5 times",
    ]
    assert FILE.findings == 6


def of(*sizes: tuple[str, int]) -> list[MeasuredFile]:
    return [replace(FILE, path=path, sloc=sloc) for path, sloc in sizes]


def folders_of(files: list[MeasuredFile]) -> list[Folder]:
    """What lies directly in each folder."""
    found: dict[str, Folder] = {}
    for file in files:
        path = file.path[: file.path.rfind("/") + 1]
        known = found.get(path, Folder(path, 0, 0, 0, 0))
        found[path] = replace(
            known, files=known.files + 1, sloc=known.sloc + file.sloc, score=max(known.score, file.score)
        )
    return list(found.values())


def names(plots: tuple[Plot, ...]) -> dict[str, list[str]]:
    """Folder names, with the files in each."""
    return {
        plot.name: [tile.file.path if tile.file else f"{tile.files} more" for tile in plot.tiles]
        for plot in plots
    }


def test_a_large_folder_is_divided_and_a_shared_one_is_not_named() -> None:
    """
    Small folders stay with what lies directly in the one above.
    """
    files = of(
        ("src/shop/api/views.py", 300),
        ("src/shop/core/plan.py", 500),
        ("src/shop/a.py", 40),
        ("src/shop/b/c.py", 1),
    )

    plots = hotspot_map(folders_of(files), files, SIZE)

    assert names(plots) == {
        "core/": ["src/shop/core/plan.py"],
        "api/": ["src/shop/api/views.py"],
        "src/shop/": ["src/shop/a.py", "src/shop/b/c.py"],
    }
    assert [plot.path for plot in plots] == ["src/shop/core/", "src/shop/api/", "src/shop/"]


def test_files_without_a_box_are_counted() -> None:
    """
    What is too small, or was not handed over, is one tile at its size.
    """
    files = of(("a.py", 40_000), ("b.py", 20_000), ("c.py", 1))

    (plot,) = hotspot_map(folders_of(files), files[:1] + files[2:], SIZE)

    assert plot.name == "/"
    assert [(tile.files, tile.sloc, tile.heat) for tile in plot.tiles] == [(1, 40_000, 5), (2, 20_001, 1)]
    assert [tile.label for tile in plot.tiles] == ["a.py", "2 more"]


def test_there_are_not_too_many_folders() -> None:
    """
    The largest are named, the others stay with the one above.
    """
    files = of(
        *((f"src/p{number:02}/a.py", 100 - number) for number in range(MOST_FOLDERS + 2)), ("b/a.py", 200)
    )
    deep = of(
        *((f"p{number:02}/{name}.py", 100) for number in range(MOST_FOLDERS - 1) for name in ("a/b", "a/c"))
    )

    plots = hotspot_map(folders_of(files), files, SIZE)
    flat = hotspot_map(folders_of([*deep, *of(("p00/z/x.py", 900))]), deep, SIZE)

    assert len(plots) == MOST_FOLDERS
    assert {plot.name for plot in plots} == {"src/", "b/"} | {f"src/p{number:02}/" for number in range(14)}
    assert len(names(plots)["src/"]) == 4
    assert {plot.name for plot in flat} == {f"p{number:02}/" for number in range(MOST_FOLDERS - 1)} | {
        "p00/z/"
    }


def test_names_are_shortened_to_their_boxes() -> None:
    """
    First the ending goes, then the end; a box that is too small has none.
    """
    files = of(("measure_everything.py", 1000), ("x.py", 1))

    (plot,) = hotspot_map(folders_of(files), files, Box(0, 0, 140, 400))
    deep = hotspot_map(folders_of(of(("a/b/c.py", 9), ("d/e.py", 1))), [], Box(0, 0, 100, 30))
    (narrow,) = hotspot_map(folders_of(files), files, Box(0, 0, 90, 400))

    assert [tile.label for tile in plot.tiles] == ["measure_everythi\N{HORIZONTAL ELLIPSIS}", ""]
    assert [plot.label for plot in deep] == ["a/b/", "\N{HORIZONTAL ELLIPSIS}"]
    assert narrow.tiles[0].label == "measure_e\N{HORIZONTAL ELLIPSIS}"


def test_an_empty_repository_has_an_empty_map() -> None:
    """
    So has one whose files have no line of code.
    """
    files = of(("a.py", 0))

    assert hotspot_map([], [], SIZE) == ()
    assert hotspot_map(folders_of(files), files, SIZE) == ()
