"""What Gate needs of GitHub besides API and git: registering an App from a manifest."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug import Request, Response

from tests.fake_github.state import GitHub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REGISTRATION = re.compile(r"(/organizations/[^/]+)?/settings/apps/new$")
REQUIRED = ("url", "redirect_url", "hook_attributes", "default_permissions", "default_events")


class Pages:
    """The application for the paths it `has`; the person at the browser always agrees."""

    def __init__(self, github: GitHub) -> None:
        self.github = github

    def has(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return bool(REGISTRATION.match(path))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._register(Request(environ))(environ, start_response)

    def _register(self, request: Request) -> Response:
        """Take the posted manifest and send the browser back with a code."""
        try:
            manifest = json.loads(request.form["manifest"])
            missing = [name for name in REQUIRED if name not in manifest]
        except (KeyError, ValueError):
            missing = ["manifest"]
        if missing or not manifest["hook_attributes"].get("url"):
            self.github.problems.append(f"the App's manifest lacks {missing or 'hook_attributes.url'}")
            return Response("Error: the manifest is not valid.", 422)
        code = secrets.token_hex(20)
        self.github.manifests[code] = manifest
        answer = urlencode({"code": code, "state": request.args.get("state", "")})
        return Response("", 302, {"Location": f"{manifest['redirect_url']}?{answer}"})
