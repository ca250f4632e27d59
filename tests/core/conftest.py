"""How properties are searched: as long as it takes, for the machine that runs the tests may be busy with others."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
