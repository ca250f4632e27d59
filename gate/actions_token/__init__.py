"""Tokens by which a workflow of GitHub Actions says what it is (OpenID Connect): verified here, issued nowhere here."""

from gate.actions_token.keys import Keys
from gate.actions_token.verification import ActionsTokens, Claims, RefusedTokenError

__all__ = ["ActionsTokens", "Claims", "Keys", "RefusedTokenError"]
