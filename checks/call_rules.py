"""The rules to ask about a call, by its name: those of bandit that look at the name and the imports only are tried once.

It asks no rule about a call: a rule is tried with a context that has nothing but the name and the imports. One that
finds nothing without asking for more finds nothing in any call of this name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from checks import rule_gates
from checks.rule_gates import KeywordGate, Rule

Gated = tuple[Rule, "KeywordGate | None"]
Context = Callable[[dict[str, Any]], Any]
"""bandit's own, from what it holds."""

_NAMES = frozenset({"name", "qualname"})
_NAMES_AND_IMPORTS = _NAMES | {"imports"}
_REMEMBERED = 20_000
"""Names of calls that are remembered from file to file."""
_LONGEST_NAME = 200


class Imports(set[str]):
    """What a file imports, in its order. It only grows, so each name is looked through once for each thing looked for."""

    def __init__(self) -> None:
        super().__init__()
        self._order: list[str] = []
        self._looked_through: dict[str, int | None] = {}
        """By what was looked for: in how many names in vain; None where it was found."""

    def add(self, name: str) -> None:
        """Imports it; a second time changes nothing."""
        if name not in self:
            super().add(name)
            self._order.append(name)

    def like(self, module: str) -> bool:
        """Whether the text is a part of any of the names."""
        begin = self._looked_through.get(module, 0)
        if begin is None:
            return True
        found = any(module in name for name in self._order[begin:])
        self._looked_through[module] = None if found else len(self._order)
        return found


class CallRules:
    """The rules for calls under one configuration, and what is known of them by name, in whatever file."""

    def __init__(self, rules: Sequence[Rule], context: Context) -> None:
        self._context = context
        self._rules = tuple(rules)
        self._gates = {id(rule): rule_gates.keyword_gate(rule) for rule in rules}
        self._names = {id(rule): rule_gates.call_names(rule) for rule in rules}
        self._tried = {id(rule) for rule in rules if rule_gates.known_as(rule)}
        self._tried -= {rule for rule, gate in self._gates.items() if gate is not None}
        self._tried -= {rule for rule, names in self._names.items() if names is not None}
        self._by_name: dict[str, tuple[Rule, ...]] = {}

    def all(self) -> tuple[Gated, ...]:
        """Every rule, without a gate."""
        return tuple((rule, None) for rule in self._rules)

    def named(self, name: str) -> tuple[Rule, ...]:
        """The rules that may find something in a call of this name, whatever is imported."""
        rules = self._by_name.get(name)
        if rules is None:
            rules = tuple(rule for rule in self._rules if self._may_find(rule, name))
            if len(self._by_name) >= _REMEMBERED:
                self._by_name.clear()
            if len(name) <= _LONGEST_NAME:
                self._by_name[name] = rules
        return rules

    def gated(self, rules: Sequence[Rule]) -> tuple[Gated, ...]:
        """The rules, each with its gate."""
        return tuple((rule, self._gates[id(rule)]) for rule in rules)

    def finds_nothing(self, rule: Rule, known: dict[str, Any], readable: frozenset[str]) -> bool:
        """Whether the rule finds nothing, and reads nothing but what it may read."""
        if id(rule) not in self._tried:
            return False
        about = vars(rule)
        configuration = [about["_config"]] if "_config" in about else []
        try:
            return rule(self._context(_Bounded(known, readable)), *configuration) is None
        except _ReadsMoreError:
            return False
        except Exception:  # noqa: BLE001 - rules fail in any way; then they are asked as bandit asks them
            return False

    def _may_find(self, rule: Rule, name: str) -> bool:
        names = self._names[id(rule)]
        if names is not None:
            return name in names
        return not self.finds_nothing(rule, _about(name), _NAMES)


class CallsOfFile:
    """The rules to ask about the calls of one file, whose imports grow on the way."""

    def __init__(self, rules: CallRules, imports: Imports) -> None:
        self._rules = rules
        self._imports = imports
        self._imported = -1
        self._idle: set[int] = set()
        self._by_name: dict[str, tuple[Gated, ...]] = {}

    def about(self, node: ast.Call, name: str) -> list[Rule]:
        """The rules that may find something in this call, in bandit's order."""
        if type(node.func) is ast.Name and node.func.id == "__import__":
            return [rule for rule, _ in self._rules.all()]
        if len(self._imports) != self._imported:
            self._forget()
        rules = self._by_name.get(name)
        if rules is None:
            rules = self._by_name[name] = self._left(name)
        if not node.keywords:
            return [rule for rule, gate in rules if gate is None]
        arguments = [keyword.arg for keyword in node.keywords]
        return [rule for rule, gate in rules if gate is None or any(map(gate, arguments))]

    def _forget(self) -> None:
        """Begin anew with other imports: which rules do nothing with them, in whatever call."""
        self._imported = len(self._imports)
        self._by_name.clear()
        known = {"imports": self._imports}
        only = frozenset(known)
        every = self._rules.all()
        self._idle = {id(rule) for rule, _ in every if self._rules.finds_nothing(rule, known, only)}

    def _left(self, name: str) -> tuple[Gated, ...]:
        known = {**_about(name), "imports": self._imports}
        left = [
            rule
            for rule in self._rules.named(name)
            if id(rule) not in self._idle and not self._rules.finds_nothing(rule, known, _NAMES_AND_IMPORTS)
        ]
        return self._rules.gated(left)


class _ReadsMoreError(BaseException):
    """The rule looks at more than it may: no `Exception`, for rules catch those."""


class _Bounded(dict[str, Any]):
    """What a context holds, of which only some may be read."""

    def __init__(self, known: dict[str, Any], readable: frozenset[str]) -> None:
        super().__init__(known)
        self._readable = readable

    def __getitem__(self, key: str) -> Any:
        self._read(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._read(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As of any mapping."""
        self._read(key)
        return super().get(key, default)

    def _read(self, key: object) -> None:
        if key not in self._readable:
            raise _ReadsMoreError


def _about(name: str) -> dict[str, Any]:
    return {"qualname": name, "name": name.rsplit(".", maxsplit=1)[-1]}
