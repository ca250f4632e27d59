"""Frozen dataclasses to JSON values and back, strictly: unknown keys, wrong types and non-finite numbers are errors.

One codec for file reports, coverage reports, verdicts and work. Standard library only: it also reads hostile
results, so it never builds anything but the types it was asked for. It does not version: callers keep a version
beside what they store. A reader is made once for each type, for thousands of reports are read for one verdict.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import types
import typing
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

T = TypeVar("T")
Read = Callable[[Any], Any]
"""From a JSON value to a value; raises DecodeError."""

_TAGGED: set[type] = set()
_OWN_FORM: set[type] = set()
_PLAIN = (str, int, bool, type(None))


class DecodeError(ValueError):
    """The data is not of the type asked for; the text says where (`$.blocks[3].line`) and what was found."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text
        self._place: list[str] = []

    def inside(self, part: str) -> DecodeError:
        """The same, one level further out."""
        self._place.append(part)
        return self

    def __str__(self) -> str:
        return f"${''.join(reversed(self._place))}: {self._text}"


def tagged(kind: type[T]) -> type[T]:
    """Class decorator: the dataclass carries its name as `type`, so that it can be a member of a union."""
    _TAGGED.add(kind)
    return kind


def own_form(kind: type[T]) -> type[T]:
    """Class decorator: `encoded()` makes the dataclass's JSON value, `decoded(value)` reads it or raises ValueError."""
    _OWN_FORM.add(kind)
    return kind


def encode(value: object) -> Any:
    """The JSON value of a dataclass, tuple, enum, datetime or plain value; fields at their default are left out."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if dataclasses.is_dataclass(kind):
        return _encode_dataclass(value)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


def decode(wanted: type[T], value: object) -> T:
    """The `wanted` dataclass (or other type) from a JSON value.

    Raises: DecodeError, naming the place and the value's type.
    """
    kind: Any = wanted
    return typing.cast("T", _reader(kind)(value))


def _encode_dataclass(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _OWN_FORM:
        return value.encoded()
    encoded: dict[str, Any] = {"type": kind.__name__} if kind in _TAGGED else {}
    for name, default in _defaults(kind):
        item = getattr(value, name)
        if item is not default and (default is dataclasses.MISSING or item != default):
            encoded[name] = encode(item)
    return encoded


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in dataclasses.fields(kind))


@cache
def _reader(wanted: Any) -> Read:
    origin = get_origin(wanted)
    if origin is Literal:
        return _literal(get_args(wanted))
    if origin in (Union, types.UnionType):
        return _union(get_args(wanted))
    if origin is tuple:
        return _tuple(get_args(wanted))
    if origin is dict:
        return _dict(get_args(wanted)[1])
    if dataclasses.is_dataclass(wanted):
        kind = typing.cast("type", wanted)
        return _in_own_form(kind) if kind in _OWN_FORM else _dataclass(kind)
    return _plain(wanted)


def _in_own_form(wanted: Any) -> Read:
    def read(value: object) -> object:
        try:
            return wanted.decoded(value)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    return read


def _dataclass(wanted: type) -> Read:
    hints = typing.get_type_hints(wanted)
    readers = {field.name: _late(hints[field.name]) for field in dataclasses.fields(wanted)}
    required = {field.name for field in dataclasses.fields(wanted) if _is_required(field)}
    if tagged := wanted in _TAGGED:
        readers.setdefault("type", lambda value: value)

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _mismatch(wanted.__name__, value)
        arguments: dict[str, Any] = {}
        key = ""
        try:
            for key, item in value.items():
                arguments[key] = readers[key](item)
        except KeyError:
            raise DecodeError(f"unknown key {key!r}") from None
        except DecodeError as error:
            raise error.inside(f".{key}") from None
        if tagged:
            arguments.pop("type", None)
        if not required <= arguments.keys():
            missing = next(name for name in readers if name in required - arguments.keys())
            raise DecodeError(f"key {missing!r} is missing")
        return wanted(**arguments)

    return read


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _late(wanted: Any) -> Read:
    """The reader of a type, made when first used: types may hold themselves."""
    if wanted in _PLAIN:
        return _plain(wanted)
    made: list[Read] = []

    def read(value: object) -> object:
        if not made:
            made.append(_reader(wanted))
        return made[0](value)

    return read


def _union(members: tuple[Any, ...]) -> Read:
    others = [member for member in members if member is not types.NoneType]
    by_name: dict[str, Any] = {_name(member): member for member in others if dataclasses.is_dataclass(member)}
    names = " or ".join(map(_name, members))

    def read(value: object) -> object:
        if value is None and len(others) < len(members):
            return None
        if isinstance(value, dict) and "type" in value:
            if value["type"] not in by_name:
                raise DecodeError(f"unknown type {value['type']!r}")
            return _reader(by_name[value["type"]])(value)
        if len(others) == 1:
            return _reader(others[0])(value)
        for member in others:
            try:
                return _reader(member)(value)
            except DecodeError:
                continue
        raise _mismatch(names, value)

    return read


def _tuple(members: tuple[Any, ...]) -> Read:
    if len(members) == 2 and members[1] is Ellipsis:
        return _items_of(members[0])
    readers = [_reader(member) for member in members]
    kinds = list(members) if {*members} <= {*_PLAIN} else None

    def read(value: object) -> object:
        if not isinstance(value, list):
            raise _mismatch("list", value)
        if kinds is not None and list(map(type, value)) == kinds:
            return tuple(value)
        if len(readers) != len(value):
            raise DecodeError(f"expected {len(readers)} items, got {len(value)}")
        return _items(list(zip(readers, value, strict=True)))

    return read


def _items_of(member: Any) -> Read:
    each = _reader(member)
    kind = {member} if member in _PLAIN else None

    def read_all(value: object) -> object:
        if not isinstance(value, list):
            raise _mismatch("list", value)
        if kind is not None and {*map(type, value)} <= kind:
            return tuple(value)
        return _items([(each, item) for item in value])

    return read_all


def _items(pairs: list[tuple[Read, Any]]) -> tuple[Any, ...]:
    result: list[Any] = []
    try:
        for reader, item in pairs:
            result.append(reader(item))
    except DecodeError as error:
        raise error.inside(f"[{len(result)}]") from None
    return tuple(result)


def _dict(wanted: Any) -> Read:
    each = _reader(wanted)

    def read(value: object) -> object:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise _mismatch("object", value)
        result: dict[str, Any] = {}
        for key, item in value.items():
            try:
                result[key] = each(item)
            except DecodeError as error:
                raise error.inside(f".{key}") from None
        return result

    return read


def _plain(wanted: Any) -> Read:
    if wanted is Any or wanted is object:
        return lambda value: value
    if wanted is datetime:
        return _time
    if wanted is float:
        return _float
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        member = _literal(tuple(member.value for member in wanted))
        return lambda value: wanted(member(value))

    def read(value: object) -> object:
        if type(value) is wanted:
            return value
        raise _mismatch(_name(wanted), value)

    return read


def _literal(allowed: tuple[object, ...]) -> Read:
    texts = frozenset(member for member in allowed if type(member) is str)

    def read(value: object) -> object:
        if type(value) is str and value in texts:
            return value
        for member in allowed:
            if type(member) is type(value) and member == value:
                return member
        raise DecodeError(f"expected one of {', '.join(map(repr, allowed))}, got {_short(value)}")

    return read


def _float(value: object) -> float:
    # A whole number of JSON may be larger than any float.
    if type(value) is float or (type(value) is int and abs(value) <= sys.float_info.max):
        number = float(typing.cast("float", value))
        if math.isfinite(number):
            return number
    raise _mismatch("float", value)


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(typing.cast("str", value))
    except (TypeError, ValueError):
        raise _mismatch("time" if isinstance(value, str) else "datetime", value) from None
    if time.tzinfo is None:
        raise DecodeError(f"the time {value!r} has no zone")
    return time


def _name(wanted: Any) -> str:
    return str(getattr(wanted, "__name__", wanted))


def _mismatch(wanted: str, value: object) -> DecodeError:
    return DecodeError(f"expected {wanted}, got {_short(value)}")


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
