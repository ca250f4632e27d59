"""The codec: what goes out comes back equal, and nothing else comes in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import pytest

from checks.codec import DecodeError, decode, encode, tagged


class Colour(StrEnum):
    RED = "red"


@tagged
@dataclass(frozen=True, slots=True)
class Circle:
    radius: float


@tagged
@dataclass(frozen=True, slots=True)
class Square:
    side: int = 1


@dataclass(frozen=True, slots=True)
class Drawing:
    shape: Circle | Square | None
    colours: tuple[Colour, ...] = ()
    corner: tuple[int, int] = (0, 0)
    unit: Literal["mm", "inch"] = "mm"
    names: dict[str, int] | None = None
    at: datetime | None = None
    limit: int | str | None = None
    extra: Any = None


FULL = Drawing(
    Square(3),
    (Colour.RED,),
    (1, 2),
    "inch",
    {"a": 1},
    datetime(2026, 11, 23, tzinfo=UTC),
    "all",
    {"free": [1]},
)


@pytest.mark.parametrize("value", [FULL, Drawing(Circle(1.5)), Drawing(None), Drawing(Square(), limit=5)])
def test_a_value_survives_json(value: Drawing) -> None:
    """
    A value decoded from its own JSON is equal to it.
    """
    text = json.dumps(encode(value))

    assert decode(Drawing, json.loads(text)) == value


def test_defaults_are_left_out() -> None:
    """
    A field at its default takes no room.
    """
    assert encode(Drawing(None)) == {"shape": None}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"shape": None, "colour": 1}, "$: unknown key 'colour'"),
        ({}, "$: key 'shape' is missing"),
        ([], "$: expected Drawing, got list"),
        ({"shape": {"type": "Star"}}, "$.shape: unknown type 'Star'"),
        ({"shape": {"type": "Circle", "radius": "1"}}, "$.shape.radius: expected float, got '1'"),
        ({"shape": {"type": "Circle", "radius": float("nan")}}, "$.shape.radius: expected float, got nan"),
        ({"shape": {"type": "Circle", "radius": float("inf")}}, "$.shape.radius: expected float, got inf"),
        (
            {"shape": {"type": "Circle", "radius": 10**400}},
            "$.shape.radius: expected float, got 1" + "0" * 56 + "...",
        ),
        ({"shape": {"type": "Circle", "radius": True}}, "$.shape.radius: expected float, got True"),
        ({"shape": 5}, "$.shape: expected Circle or Square or NoneType, got 5"),
        ({"shape": None, "colours": ["blue"]}, "$.colours[0]: expected one of 'red', got 'blue'"),
        ({"shape": None, "colours": "red"}, "$.colours: expected list, got 'red'"),
        ({"shape": None, "corner": [1]}, "$.corner: expected 2 items, got 1"),
        ({"shape": None, "corner": 5}, "$.corner: expected list, got 5"),
        ({"shape": None, "corner": [1, True]}, "$.corner[1]: expected int, got True"),
        ({"shape": None, "unit": "cm"}, "$.unit: expected one of 'mm', 'inch', got 'cm'"),
        ({"shape": None, "names": {"a": "b"}}, "$.names.a: expected int, got 'b'"),
        ({"shape": None, "names": []}, "$.names: expected object, got list"),
        ({"shape": None, "at": "yesterday"}, "$.at: expected time, got 'yesterday'"),
        ({"shape": None, "at": "2026-11-23"}, "$.at: the time '2026-11-23' has no zone"),
        ({"shape": None, "limit": 1.5}, "$.limit: expected int or str or NoneType, got 1.5"),
        ({"shape": "x" * 100}, "$.shape: expected Circle or Square or NoneType, got '" + "x" * 56 + "..."),
    ],
)
def test_anything_else_is_refused_with_its_place(value: object, text: str) -> None:
    """
    A value that is not of the type is refused, and the error says where and what was found.
    """
    with pytest.raises(DecodeError) as error:
        decode(Drawing, value)

    assert str(error.value) == text
