"""One service for the histories of a session: nothing of a verdict may depend on what was judged before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.service import Service
from tests.corpus.history import samples
from tests.corpus.ruling import service, warm


@pytest.fixture(scope="session")
def static_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a box, which has measured every file."""
    with service(tmp_path_factory.mktemp("service")) as made:
        warm(made, samples(), tmp_path_factory.mktemp("all"))
        yield made


@pytest.fixture(scope="session")
def box_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that runs tests in boxes."""
    with service(tmp_path_factory.mktemp("service"), sandbox="bwrap") as made:
        yield made
