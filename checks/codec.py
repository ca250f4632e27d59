"""Frozen dataclasses to JSON values and back, strictly: unknown keys, wrong types and non-finite numbers are errors.

One codec for file reports, coverage reports, verdicts and work. Standard library only: it also reads hostile
results, so it never builds anything but the types it was asked for. It does not version: callers keep a version
beside what they store.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

T = TypeVar("T")

_TAGGED: set[type] = set()


class DecodeError(ValueError):
    """The data is not of the type asked for; the text says where and what was found."""


def encode(value: object) -> Any:
    """The JSON value of a dataclass, tuple, enum, datetime or plain value; fields at their default are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _encode_dataclass(value)
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case tuple() | list():
            return [encode(item) for item in value]
        case dict():
            return {key: encode(item) for key, item in value.items()}
    return value


def decode(wanted: type[T], value: object) -> T:
    """The `wanted` dataclass (or other type) from a JSON value.

    Raises: DecodeError, naming the place (`$.blocks[3].line`) and the value's type.
    """
    return typing.cast("T", _decode(wanted, value, "$"))


def _encode_dataclass(value: Any) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    if type(value) in _TAGGED:
        encoded["type"] = type(value).__name__
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.default is dataclasses.MISSING or item != field.default:
            encoded[field.name] = encode(item)
    return encoded


def tagged(kind: type[T]) -> type[T]:
    """Class decorator: the dataclass carries its name as `type`, so that it can be a member of a union."""
    _TAGGED.add(kind)
    return kind


@cache
def _field_types(wanted: type) -> dict[str, tuple[Any, bool]]:
    hints = typing.get_type_hints(wanted)
    return {
        field.name: (
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(wanted)
    }


def _decode(wanted: Any, value: object, place: str) -> object:
    origin = get_origin(wanted)
    if origin is Literal:
        return _one_of(get_args(wanted), value, place)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(wanted), value, place)
    if origin is tuple:
        return _decode_tuple(get_args(wanted), value, place)
    if origin is dict:
        return _decode_dict(get_args(wanted), value, place)
    if dataclasses.is_dataclass(wanted):
        return _decode_dataclass(typing.cast("type", wanted), value, place)
    return _decode_plain(wanted, value, place)


def _decode_dataclass(wanted: type, value: object, place: str) -> object:
    if not isinstance(value, dict):
        raise _mismatch(wanted.__name__, value, place)
    fields = _field_types(wanted)
    given = {key: item for key, item in value.items() if not (key == "type" and wanted in _TAGGED)}
    unknown = given.keys() - fields.keys()
    if unknown:
        raise DecodeError(f"{place}: unknown key {min(map(str, unknown))!r}")
    missing = [name for name, (_, required) in fields.items() if required and name not in given]
    if missing:
        raise DecodeError(f"{place}: key {missing[0]!r} is missing")
    return wanted(**{name: _decode(fields[name][0], item, f"{place}.{name}") for name, item in given.items()})


def _decode_union(members: tuple[Any, ...], value: object, place: str) -> object:
    if value is None and types.NoneType in members:
        return None
    classes = [member for member in members if dataclasses.is_dataclass(member)]
    if isinstance(value, dict) and "type" in value:
        for member in classes:
            if typing.cast("type", member).__name__ == value["type"]:
                return _decode(member, value, place)
        raise DecodeError(f"{place}: unknown type {value['type']!r}")
    for member in members:
        if member is types.NoneType:
            continue
        try:
            return _decode(member, value, place)
        except DecodeError:
            if len(members) - (types.NoneType in members) == 1:
                raise
    raise _mismatch(" or ".join(getattr(m, "__name__", str(m)) for m in members), value, place)


def _decode_tuple(members: tuple[Any, ...], value: object, place: str) -> object:
    if not isinstance(value, list):
        raise _mismatch("list", value, place)
    if len(members) == 2 and members[1] is Ellipsis:
        return tuple(_decode(members[0], item, f"{place}[{index}]") for index, item in enumerate(value))
    if len(members) != len(value):
        raise DecodeError(f"{place}: expected {len(members)} items, got {len(value)}")
    return tuple(
        _decode(member, item, f"{place}[{index}]")
        for index, (member, item) in enumerate(zip(members, value, strict=True))
    )


def _decode_dict(members: tuple[Any, ...], value: object, place: str) -> object:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _mismatch("object", value, place)
    return {key: _decode(members[1], item, f"{place}.{key}") for key, item in value.items()}


def _decode_plain(wanted: Any, value: object, place: str) -> object:
    if wanted is Any or wanted is object:
        return value
    if wanted is datetime and isinstance(value, str):
        return _decode_time(value, place)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(_one_of(tuple(member.value for member in wanted), value, place))
    if wanted is float and type(value) in (int, float):
        number = float(typing.cast("float", value))
        if math.isfinite(number):
            return number
    elif type(value) is wanted:
        return value
    raise _mismatch(getattr(wanted, "__name__", str(wanted)), value, place)


def _decode_time(value: str, place: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise _mismatch("time", value, place) from None
    if time.tzinfo is None:
        raise DecodeError(f"{place}: the time {value!r} has no zone")
    return time


def _one_of(allowed: tuple[object, ...], value: object, place: str) -> object:
    for member in allowed:
        if type(member) is type(value) and member == value:
            return member
    raise DecodeError(f"{place}: expected one of {', '.join(map(repr, allowed))}, got {_short(value)}")


def _mismatch(wanted: str, value: object, place: str) -> DecodeError:
    return DecodeError(f"{place}: expected {wanted}, got {_short(value)}")


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
