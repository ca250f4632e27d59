"""What installation tokens may do: each no more than its use needs. GitHub adds `metadata: read` to every token."""

from __future__ import annotations

from collections.abc import Mapping

Permissions = Mapping[str, str]
"""Name of a permission to `read` or `write`, as GitHub spells them."""

FOR_GIT: Permissions = {"contents": "read", "metadata": "read"}
FOR_API: Permissions = {"checks": "write", "metadata": "read", "pull_requests": "read"}
FOR_COMMENTS: Permissions = {"metadata": "read", "pull_requests": "write"}
"""`issues: write` is not needed.

Source: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps, "Pull requests"
"""
FOR_DEFAULTS: Permissions = {"contents": "read"}
"""For the policy file of an account's `.github` repository."""
FOR_ARTIFACTS: Permissions = {"actions": "read", "metadata": "read"}
"""For what workflows of pull requests from forks leave behind. Of its own: an owner who has not accepted it loses nothing else."""
FOR_LISTS: Permissions = {"metadata": "read"}
"""For the repositories of an installation."""
