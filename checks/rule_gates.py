"""Which rules of bandit can find nothing in a node, by what each of them looks at: those need not be asked.

It finds nothing itself, and never decides that a rule does. A gate is open, that is, the rule is always asked, for
every rule that is not bandit's own function of a version whose rules have been read (`READ`): rules of other people and
of later versions. The names and patterns of a gate are the rule's own data.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

READ = frozenset({"1.9.4"})
"""Versions of bandit whose rules look at nothing but what is written here."""
DYNAMIC_IMPORTS = frozenset({"importlib.import_module", "importlib.__import__"})
"""Calls of which the blacklist looks at the arguments."""

Rule = Any
"""A function of bandit or of one of its plugins; untyped."""
StringTest = Callable[[str, ast.Constant, Any], bool]
"""Whether the rule has to be asked about a string: its value, the node and the parent."""
KeywordGate = Callable[["str | None"], bool]
"""Whether the rule has to be asked about a call with a keyword argument of this name."""

_PLUGINS = "bandit.plugins."
_BLACKLIST = "bandit.core.blacklisting.blacklist"
_PASSWORDS = _PLUGINS + "general_hardcoded_password."
_SHELL = _PLUGINS + "injection_shell."
_TLS = _PLUGINS + "insecure_ssl_tls."


@cache
def is_read() -> bool:
    """Whether the installed bandit is one whose rules have been read."""
    return metadata.version("bandit") in READ


def known_as(rule: Rule) -> str:
    """The full name of a rule that is bandit's own function, of a version that has been read; of others nothing."""
    module, name = getattr(rule, "__module__", ""), getattr(rule, "__qualname__", "")
    own = module.startswith(_PLUGINS) or f"{module}.{name}" == _BLACKLIST
    if not (own and is_read() and vars(sys.modules[module]).get(name) is rule):
        return ""
    return f"{module}.{name}"


@dataclass(frozen=True, slots=True)
class StringGate:
    """When a rule may find something in the strings of one kind of parent."""

    is_open: bool = True
    """Whether it may at all."""
    test: StringTest | None = None
    """What a string has to pass, too."""


def string_gate(rule: Rule, parent: type) -> StringGate:
    """When the rule may find something in the strings whose parent is of this kind."""
    match known_as(rule).removeprefix(_PLUGINS):
        case "general_bind_all_interfaces.hardcoded_bind_all_interfaces":
            return StringGate(test=lambda value, node, parent: value == "0.0.0.0")  # noqa: S104 - what it looks for
        case "general_hardcoded_tmp.hardcoded_tmp_directory":
            folders = tuple(_texts(vars(rule)["_config"], "tmp_dirs"))
            return (
                StringGate(test=lambda value, node, parent: value.startswith(folders))
                if folders
                else StringGate()
            )
        case "general_hardcoded_password.hardcoded_password_string":
            search = rule.__globals__["RE_CANDIDATES"].search
            is_open = parent in {ast.Assign, ast.Compare, ast.Dict, ast.Subscript}
            named_elsewhere = parent in {ast.Assign, ast.Compare}
            return StringGate(
                is_open, None if named_elsewhere else lambda value, node, parent: bool(search(value))
            )
        case "injection_sql.hardcoded_sql_expressions":
            is_open = parent in {ast.BinOp, ast.Attribute, ast.JoinedStr}
            return StringGate(is_open, _is_first if parent is ast.JoinedStr else None)
    return StringGate()


def needs_defaults(rule: Rule) -> bool:
    """Whether the rule looks at nothing of a function but the defaults of its parameters."""
    return known_as(rule) in {_PASSWORDS + "hardcoded_password_default", _TLS + "ssl_with_bad_defaults"}


def import_prefixes(rule: Rule, kind: str) -> tuple[str, ...] | None:
    """How the names begin that the rule finds in imports of this kind; None when that is not known."""
    if known_as(rule) != _BLACKLIST:
        return None
    return tuple(_blacklisted(vars(rule)["_config"], kind))


def may_find_in(rule: Rule, text: str) -> bool:
    """Whether a rule that reads the whole file may find something in its text."""
    is_for_controls = known_as(rule) == _PLUGINS + "trojansource.trojansource"
    return not (is_for_controls and text.isascii())


def keyword_gate(rule: Rule) -> KeywordGate | None:
    """When the rule may find something in a call, by the names of its keyword arguments; None for other rules."""
    match known_as(rule):
        case name if name == _PASSWORDS + "hardcoded_password_funcarg":
            search = rule.__globals__["RE_CANDIDATES"].search
            return lambda argument: argument is not None and search(argument) is not None
        case name if name == _SHELL + "any_other_function_with_shell_equals_true":
            return frozenset({"shell"}).__contains__
        case name if name == _TLS + "ssl_with_bad_version":
            return frozenset({"method", "ssl_version"}).__contains__
    return None


def call_names(rule: Rule) -> frozenset[str] | None:
    """The names of calls in which the rule may find something; None when that is not known.

    The blacklist finds `__import__`, whatever that name means, besides.
    """
    match known_as(rule):
        case name if name == _BLACKLIST:
            return DYNAMIC_IMPORTS | frozenset(_blacklisted(vars(rule)["_config"], "Call"))
        case name if name == _SHELL + "start_process_with_partial_path":
            config = vars(rule)["_config"]
            lists = [_texts(config, key) for key in ("subprocess", "shell", "no_shell")]
            return frozenset().union(*lists) if all(lists) else None
    return None


def _is_first(value: str, node: ast.Constant, parent: ast.JoinedStr) -> bool:
    """Whether a string is the first one of an f-string; without this, bandit needs time with the square of them."""
    constants = (part for part in parent.values if isinstance(part, ast.Constant))
    return next(constants, None) is node


def _blacklisted(config: Mapping[str, Any], kind: str) -> Iterator[str]:
    for check in config.get(kind, ()):
        yield from check["qualnames"]


def _texts(config: object, key: str) -> Sequence[str]:
    """The texts a rule is configured with; none where somebody wrote something else than a list of texts."""
    found = config.get(key) if isinstance(config, Mapping) else None
    is_list = isinstance(found, list) and all(isinstance(text, str) for text in found)
    return found if is_list else ()  # type: ignore[return-value]  # looked at in the line above
