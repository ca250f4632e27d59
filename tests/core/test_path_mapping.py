"""Paths of reports from any machine, and the repository's files that they mean."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.path_mapping import Mapping, RepositoryPaths, Unmatched, map_paths

REPOSITORY = (
    "README.md",
    "setup.py",
    "src/shop/__init__.py",
    "src/shop/cart.py",
    "src/shop/orders/__init__.py",
    "src/shop/orders/model.py",
    "plugins/mail/shop/__init__.py",
    "plugins/mail/shop/mail.py",
    "tests/__init__.py",
    "tests/test_cart.py",
)

NAMES = st.sampled_from(["a", "b", "src", "pkg", "x.py", "y.py", "__init__.py", "site-packages"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
REPOSITORIES = st.lists(PATHS, min_size=1, max_size=12, unique=True)
ANY_TEXT = st.text(st.sampled_from("ab/\\.:C x~%\0"), max_size=20) | st.text(max_size=12)


def mapped(reported: Iterable[str], repository: Iterable[str], roots: Sequence[str] = ()) -> Mapping:
    return map_paths(reported, RepositoryPaths(repository), roots)


@pytest.mark.parametrize(
    ("path", "roots", "file"),
    [
        # As the repository has it, however it is written.
        ("src/shop/cart.py", (), "src/shop/cart.py"),
        ("./src/shop//cart.py", (), "src/shop/cart.py"),
        ("src\\shop\\cart.py", (), "src/shop/cart.py"),
        ("tests/../src/shop/cart.py", (), "src/shop/cart.py"),
        ("../src/shop/cart.py", (), "src/shop/cart.py"),
        # Of another machine.
        ("/home/runner/work/shop/shop/src/shop/cart.py", (), "src/shop/cart.py"),
        ("/app/src/shop/orders/model.py", (), "src/shop/orders/model.py"),
        ("C:\\build\\7\\src\\shop\\cart.py", (), "src/shop/cart.py"),
        ("C:/build/7/src/shop/cart.py", (), "src/shop/cart.py"),
        ("\\\\?\\C:\\build\\src\\shop\\cart.py", (), "src/shop/cart.py"),
        ("\\\\server\\share\\src\\shop\\cart.py", (), "src/shop/cart.py"),
        # A container that has the package without `src`.
        ("/app/shop/cart.py", (), "src/shop/cart.py"),
        ("shop/cart.py", (), "src/shop/cart.py"),
        ("cart.py", (), "src/shop/cart.py"),
        # Installed.
        ("/venv/lib/python3.12/site-packages/shop/cart.py", (), "src/shop/cart.py"),
        (".tox/py312/lib/python3.12/site-packages/shop/orders/model.py", (), "src/shop/orders/model.py"),
        ("/usr/lib/python3/dist-packages/shop/mail.py", (), "plugins/mail/shop/mail.py"),
        # Relative to one of the report's roots.
        ("cart.py", ("/ci/src/shop",), "src/shop/cart.py"),
        ("__init__.py", ("/ci/src/shop/orders",), "src/shop/orders/__init__.py"),
        ("orders/__init__.py", ("/ci/plugins/mail/shop", "/ci/src/shop"), "src/shop/orders/__init__.py"),
        ("shop/__init__.py", ("C:\\ci\\plugins\\mail",), "plugins/mail/shop/__init__.py"),
        # An absolute path asks no root.
        ("/ci/tests/__init__.py", ("/ci/src/shop",), "tests/__init__.py"),
        # The whole path of a file stands before longer ones that end like it.
        ("/ci/setup.py", (), "setup.py"),
    ],
)
def test_the_longest_end_decides(path: str, roots: tuple[str, ...], file: str) -> None:
    """One path, one file."""
    assert mapped([path], REPOSITORY, roots).files == {path: file}


@pytest.mark.parametrize(
    ("path", "unmatched"),
    [
        ("/usr/lib/python3.12/json/decoder.py", Unmatched("/usr/lib/python3.12/json/decoder.py", "unknown")),
        # Installed packages have no shorter name.
        (
            "/venv/lib/site-packages/tool/setup.py",
            Unmatched("/venv/lib/site-packages/tool/setup.py", "unknown"),
        ),
        ("", Unmatched("", "unknown")),
        ("..", Unmatched("..", "unknown")),
        ("/", Unmatched("/", "unknown")),
        ("site-packages", Unmatched("site-packages", "unknown")),
        ("src/shop", Unmatched("src/shop", "unknown")),
        (
            "/app/shop/__init__.py",
            Unmatched(
                "/app/shop/__init__.py",
                "ambiguous",
                ("plugins/mail/shop/__init__.py", "src/shop/__init__.py"),
            ),
        ),
    ],
)
def test_what_is_not_matched_says_why(path: str, unmatched: Unmatched) -> None:
    """No guess: it is unknown, or several files are named."""
    found = mapped([path], REPOSITORY)

    assert found.files == {}
    assert found.unmatched == (unmatched,)
    assert path in found.unmatched[0].text
    assert all(name in found.unmatched[0].text for name in unmatched.candidates)


def test_several_roots_may_hold_the_same_name() -> None:
    """Nothing says which of them is meant."""
    found = mapped(["__init__.py"], REPOSITORY, ["/ci/src/shop", "/ci/plugins/mail/shop"])

    assert [each.candidates for each in found.unmatched] == [
        ("plugins/mail/shop/__init__.py", "src/shop/__init__.py")
    ]


def test_most_files_tell_where_an_ambiguous_one_lies() -> None:
    """`/app` is `src`, as the other files of the report show."""
    reported = [
        "/app/shop/__init__.py",
        "/app/shop/cart.py",
        "/app/shop/orders/model.py",
        "/lib/shop/mail.py",
    ]

    found = mapped(reported, REPOSITORY)

    assert found.unmatched == ()
    assert found.files["/app/shop/__init__.py"] == "src/shop/__init__.py"


RUNNER = "/home/runner/work/r/r/"
TREE = ("src/app/core.py", "src/app/__init__.py", "src/app/sub/deep.py", "tools/release/version.py", "tools/app/made.py", "shop.py")  # fmt: skip


@pytest.mark.parametrize(
    ("reported", "path", "file", "roots"),
    [
        # What CI generates has the name of another file by chance, whatever the report is relative to.
        (("src/app/core.py",), "src/app/version.py", None, ()),
        ((f"{RUNNER}src/app/core.py",), f"{RUNNER}src/app/version.py", None, ()),
        ((f"{RUNNER}src/app/core.py",), f"{RUNNER}src/app/made.py", None, ()),
        ((f"{RUNNER}src/app/core.py",), f"{RUNNER}src/app/shop.py", None, ()),
        (("core.py", "sub/deep.py"), "version.py", None, ("/ci/src/app",)),
        (("core.py", "sub/deep.py"), "made.py", None, ("/ci/src/app",)),
        ((), "/app/version.py", None, ()),
        (("/app/sub/other.py",), "/app/version.py", None, ()),
        # The whole path of a file, wherever the checkout lies.
        ((f"{RUNNER}src/app/core.py",), f"{RUNNER}shop.py", "shop.py", ()),
        ((), f"{RUNNER}shop.py", "shop.py", ()),
        (("src/app/core.py",), "shop.py", "shop.py", ()),
        (("core.py",), "shop.py", "shop.py", (f"{RUNNER}src/app", RUNNER)),
        # A report made within a folder: all of its path, of one name only with others or alone.
        (("src/app/core.py",), "app/made.py", "tools/app/made.py", ()),
        (("sub/deep.py",), "core.py", "src/app/core.py", ()),
        (("sub/deep.py",), "version.py", None, ()),
        ((), "version.py", "tools/release/version.py", ()),
        ((), "version.py", "tools/release/version.py", ("/ci/release",)),
        # Another file was moved alike, by two names or more, or with nothing that speaks against it.
        (("/code/sub/deep.py",), "/code/core.py", "src/app/core.py", ()),
        (("/code/core.py",), "/code/__init__.py", "src/app/__init__.py", ()),
        ((f"{RUNNER}src/app/core.py", f"{RUNNER}build/version.py"), f"{RUNNER}build/__init__.py", None, ()),
        # A copy within the checkout, as several files tell.
        ((f"{RUNNER}shop.py", f"{RUNNER}src/app/core.py", f"{RUNNER}build/app/core.py"), f"{RUNNER}build/app/sub/deep.py", "src/app/sub/deep.py", ()),
        # What is installed has another folder before it, in the checkout or not.
        ((f"{RUNNER}src/app/core.py",), f"{RUNNER}.venv/site-packages/app/made.py", "tools/app/made.py", ()),
        ((f"{RUNNER}src/app/core.py",), f"{RUNNER}.venv/site-packages/version.py", None, ()),
    ],
)  # fmt: skip
def test_a_name_alone_is_no_match(
    reported: tuple[str, ...], path: str, file: str | None, roots: tuple[str, ...]
) -> None:
    """Part of a path decides only where the rest of the report agrees; else the path is unknown, and says what it resembles."""
    found = mapped([*reported, path], TREE, roots)

    assert found.files.get(path) == file
    assert [each.why for each in found.unmatched if each.path == path] == ([] if file else ["unknown"])
    assert all(name in each.text for each in found.unmatched for name in each.candidates)


def test_several_paths_may_mean_one_file() -> None:
    """As where several environments were combined."""
    reported = [f".tox/py{n}/lib/python3.{n}/site-packages/shop/cart.py" for n in (311, 312)]

    found = mapped(reported, REPOSITORY)

    assert found.files == dict.fromkeys(reported, "src/shop/cart.py")


@given(REPOSITORIES)
def test_its_own_paths_mean_themselves(repository: list[str]) -> None:
    """Whatever else ends alike; packages that are installed are looked for below their folder."""
    own = [path for path in repository if "site-packages" not in path]

    assert mapped(own, repository).files == {path: path for path in own}


@given(REPOSITORIES, st.sampled_from(["/home/me/w/", "C:\\w\\", "/w/../v/", "../../", "\\\\host\\w\\"]))
def test_a_folder_before_all_of_them_changes_nothing(repository: list[str], folder: str) -> None:
    """A checkout lies anywhere."""
    own = [path for path in repository if "site-packages" not in path]

    found = mapped([folder + path for path in own], repository)

    assert found.files == {folder + path: path for path in own}


@given(st.lists(ANY_TEXT | PATHS), REPOSITORIES, st.lists(ANY_TEXT, max_size=3))
def test_answers_are_files_of_the_repository(
    reported: list[str], repository: list[str], roots: list[str]
) -> None:
    """Whatever is asked; and every path is answered once, or said to have no answer."""
    found = mapped(reported, repository, roots)

    assert set(found.files.values()) <= set(repository)
    assert {*found.files, *(each.path for each in found.unmatched)} == set(reported)
    assert len(found.files) + len(found.unmatched) == len(set(reported))
    assert {name for each in found.unmatched for name in each.candidates} <= set(repository)


@given(st.lists(PATHS, unique=True), REPOSITORIES)
def test_separators_and_order_do_not_matter(reported: list[str], repository: list[str]) -> None:
    """Windows writes the same paths otherwise."""
    plain = mapped(reported, repository)
    windows = mapped([path.replace("/", "\\") for path in reversed(reported)], repository[::-1])

    assert {path.replace("\\", "/"): file for path, file in windows.files.items()} == plain.files


@given(PATHS, REPOSITORIES)
def test_the_index_is_the_longest_end_of_any_file(path: str, repository: list[str]) -> None:
    """Compared with every end of every file, which nobody could keep of a large tree."""
    parts = path.split("/")
    holders = {
        end: sorted(file for file in repository if f"/{file}".endswith(f"/{end}"))
        for end in ("/".join(parts[start:]) for start in range(len(parts)))
    }
    known = RepositoryPaths(repository)

    assert known.longest_end(path) == next((end for end, files in holders.items() if files), "")
    for end, files in holders.items():
        assert len(known.of(end)) == min(len(files), 5)
        assert {*known.of(end)} <= {*files}


def test_deep_folders_take_little_memory() -> None:
    """The index is as large as the paths; with every end of them it took 400 MB."""
    folder = "a/" * 1_000
    repository = [f"{folder}f{n}.py" for n in range(100)]
    tracemalloc.start()

    known = RepositoryPaths(repository)

    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert map_paths([f"/ci/{repository[7]}"], known).files == {f"/ci/{repository[7]}": repository[7]}


def test_long_roots_take_little_time() -> None:
    """As many and as long as a report may have; what is longer than any file is not looked at, and what is alike but once."""
    roots = ["b/" * 2_040 + f"{n}" for n in range(100)] + ["b/" * 2_000 + f"{n % 2}/src" for n in range(100)]
    reported = [f"x{n}/cart.py" for n in range(1_000)]
    begin = time.process_time()

    found = mapped([*reported, "shop/__init__.py"], REPOSITORY, roots)

    assert found.files["shop/__init__.py"] == "src/shop/__init__.py"
    assert time.process_time() - begin < 5


def test_too_many_roots_of_too_many_paths_are_not_tried() -> None:
    """What they would tell apart may then mean several files."""
    roots = [f"/ci/w{n}" for n in range(99)] + ["/ci/src"]
    reported = ["shop/__init__.py", *(f"x{n}.py" for n in range(10_000))]

    few, many = (mapped(paths, REPOSITORY, roots) for paths in (reported[:100], reported))

    assert few.files["shop/__init__.py"] == "src/shop/__init__.py"
    assert "shop/__init__.py" not in many.files
    assert many.unmatched[0].why == "ambiguous"


def test_ten_thousand_paths_take_little_time() -> None:
    """Of as many files, all of them ending alike."""
    repository = [f"src/p{n % 100}/q{n // 100}/deep/deeper/deepest/__init__.py" for n in range(10_000)]
    reported = [f"/ci/w{path.removeprefix('src')}" for path in repository]
    begin = time.process_time()

    found = mapped(reported, repository)

    assert found.files == dict(zip(reported, repository, strict=True))
    assert time.process_time() - begin < 5


def test_as_many_that_mean_nothing_certain_take_little_time_too() -> None:
    """Each of them may be any file of the repository."""
    repository = [f"src/p{n}/__init__.py" for n in range(10_000)]
    reported = [f"/ci/w{n}/__init__.py" for n in range(10_000)]
    begin = time.process_time()

    found = mapped(reported, repository, ["/x", "/y"])

    assert {each.why for each in found.unmatched} == {"ambiguous"}
    assert len(found.unmatched) == 10_000
    assert time.process_time() - begin < 5
