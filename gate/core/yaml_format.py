"""YAML as strangers write it: read in a time that grows with its length, or refused; see `formats`.

A module of its own, for PyYAML costs 30 ms of start-up and few have such a file.
"""

from __future__ import annotations

import yaml

_MOST_MERGED = 10_000
"""Pairs that stand where `<<` names another mapping."""
_MOST_CHARACTERS = 64 * 1024
"""PyYAML reads some 100 kB a second, and its time for a number such as `1:1:1` grows with the square."""


def plain_yaml(text: str) -> object:
    """The document of plain values; aliases share them. Raises: ValueError."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"more than {_MOST_CHARACTERS >> 10} kB")
    try:
        return yaml.load(text, _Loader)  # noqa: S506  (a safe loader of ours)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from None


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with an end to merging."""

    merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Counts what it adds: mappings merged into mappings double with each line."""
        super().flatten_mapping(node)
        self.merged += len(node.value)
        if self.merged > _MOST_MERGED:
            raise ValueError(f"more than {_MOST_MERGED} values")
