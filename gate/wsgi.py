"""The web process's entry, `gate.wsgi:app`; how it is served stands in `gate.gunicorn`."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from gate.service import Service
from gate.settings import Settings
from gate.web import create_app


def _build() -> Flask:
    settings = Settings.from_environment()
    service = Service.from_settings(settings)
    service.telemetry.configure_log(settings.log_level)
    # Now, and not by the first webhook: while one thread imports it, another may find SQLAlchemy half imported.
    import_module("gate.engine")
    return create_app(service)


app = _build()
