"""A Gate of the future, as far as a deploy is concerned: a schema that is one step further, and tests that run in another way.

`python -m tests.flows.next_release migrate`, or `worker`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from gate.cli.serve import carry_out
from gate.service import Service
from gate.settings import Settings
from gate.store import schema
from gate.workflows import measure_coverage
from tests.flows.fast import TIMES

STEP = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("verdict", sa.Column("mood", sa.String(16)))
    op.create_table("horoscope", sa.Column("sign", sa.String(16), primary_key=True))
"""


def main(command: str) -> None:
    """Become the next release, and carry out the command."""
    with tempfile.TemporaryDirectory(prefix="gate-next-") as place:
        _advance(Path(place) / "migrations")
        measure_coverage.VERSION = "of the next release"
        service = Service.from_settings(Settings.from_environment())
        if command == "migrate":
            service.store.migrate()
        else:
            carry_out(service, TIMES)


def _advance(folder: Path) -> None:
    newest = schema.versions()[-1]
    schema.versions.cache_clear()
    shutil.copytree(schema._FOLDER, folder)
    schema._FOLDER = folder
    (folder / "versions" / "9999_look_ahead.py").write_text(STEP.format(newest=newest))


if __name__ == "__main__":
    main(sys.argv[1])
