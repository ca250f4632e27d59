"""What each worker does for the mirrors of its machine."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.event import RepositoryRef
from gate.service import LONG_SECONDS
from gate.workflows.tidy_mirrors import SILENT, elsewhere, repack_mirrors, sweep_mirrors, until_night
from tests.doors.engine_door import CLOSE, EVALUATE
from tests.fake_github import FakeGitHub
from tests.workflows.conftest import Later, ref_of

LEFT = RepositoryRef(5, 7, "ada/engine", "main", private=True)
STAYS = RepositoryRef(5, 8, "ada/brakes", "main", private=False)
QUIET = timedelta(days=2)


def mirrors(service: Later) -> list[str]:
    return sorted(path.name for path in service.mirrors.iterdir())


def test_the_mirror_of_a_removed_repository_goes(service: Later) -> None:
    """It is a copy of their code, and can be had again."""
    for ref in (LEFT, STAYS):
        service.store.save_repository(ref)
        (service.mirrors / f"{ref.id}.git").mkdir(parents=True)
    service.store.keep_repositories(5, [STAYS], now=service.now())

    sweep_mirrors(service)

    assert mirrors(service) == ["8.git"]


def test_mirrors_beyond_the_operators_limit_go(service: Later) -> None:
    """The longest unused first; a limit of nothing takes all."""
    service.store.save_repository(STAYS)
    pack = service.mirrors / "8.git" / "pack"
    pack.parent.mkdir(parents=True)
    with pack.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 20)
    service.ahead = QUIET

    sweep_mirrors(service)
    within = mirrors(service)
    service.settings = replace(service.settings, max_mirrors_gb=0)
    sweep_mirrors(service)

    assert (within, mirrors(service)) == (["8.git"], [])


def test_a_mirror_that_cannot_be_repacked_stands_in_no_others_way(
    service: Later, github: FakeGitHub, tmp_path: Path
) -> None:
    """It is told in the log; the next one is looked at, and a sound mirror of few files is left as it is."""
    repository = github.repository(files={"app.py": "x = 1\n"})
    ref = ref_of(repository)
    (service.mirrors / "1.git").mkdir(parents=True)
    tip = service.mirror(ref).fetch_tip("refs/heads/main")

    repack_mirrors(service)

    assert service.mirror(ref).resolve(tip) == tip


def test_whoever_is_told_to_stop_stops(service: Later) -> None:
    """Before the next mirror: the damaged one is not looked at."""
    (service.mirrors / "1.git").mkdir(parents=True)

    repack_mirrors(service, lambda: True)

    assert mirrors(service) == ["1.git"]


def test_runs_are_left_to_whom_has_the_mirror(service: Later) -> None:
    """As long as somebody elsewhere has one that took long to make, and this place has none; places that are silent are gone."""
    at = service.now()
    wanted = replace(EVALUATE, repository=STAYS)
    nobody = elsewhere(service, wanted)
    service.store.save_mirror_place(STAYS.id, "another place", at)
    other = elsewhere(service, wanted), elsewhere(service, CLOSE)
    service.store.save_mirror_place(STAYS.id, service.place, at)
    (service.mirrors / f"{STAYS.id}.git").mkdir(parents=True)
    both = elsewhere(service, wanted)
    (service.mirrors / f"{STAYS.id}.git").rmdir()

    sweep_mirrors(service)
    lost = service.store.mirror_places(STAYS.id)
    service.ahead = SILENT + timedelta(minutes=1)
    sweep_mirrors(service)

    assert (nobody, other, both) == (False, (True, False), False)
    assert lost == {"another place"}
    assert service.store.mirror_places(STAYS.id) == frozenset()


def test_a_place_that_took_long_is_noted(service: Later) -> None:
    """On Postgres, where there may be others."""
    service._note_mirror(STAYS.id, LONG_SECONDS)
    embedded = service.store.mirror_places(STAYS.id)
    service.settings = replace(service.settings, database_url="postgresql://gate@/gate")
    service._note_mirror(STAYS.id, LONG_SECONDS - 1)
    quick = service.store.mirror_places(STAYS.id)
    service._note_mirror(STAYS.id, LONG_SECONDS)

    assert (embedded, quick) == (frozenset(), frozenset())
    assert service.store.mirror_places(STAYS.id) == {service.place}


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 1, 0, 47, tzinfo=UTC), 3),
        (datetime(2026, 3, 1, 3, 47, tzinfo=UTC), 24),
        (datetime(2026, 3, 1, 4, 47, tzinfo=UTC), 23),
        (datetime(2026, 12, 31, 23, 47, tzinfo=UTC), 4),
    ],
)
def test_it_is_done_every_night(now: datetime, hours: int) -> None:
    """Never twice at once, never a day later."""
    assert until_night(now) == timedelta(hours=hours)
