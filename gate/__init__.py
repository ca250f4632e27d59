"""Gate: a code-quality gate and metrics service as a GitHub App."""
