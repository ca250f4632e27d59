"""The web process's entry, `gate.wsgi:app`; how it is served stands in `gate.gunicorn`."""

from __future__ import annotations

from flask import Flask

from gate.service import Service
from gate.settings import Settings
from gate.web import create_app


def _build() -> Flask:
    settings = Settings.from_environment()
    service = Service.from_settings(settings)
    service.telemetry.configure_log(settings.log_level)
    return create_app(service)


app = _build()
