"""Settings of a tool on both sides of a change, and what of their change loosens. It knows no tool and reads no file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.core.direction import Direction, Effect, Way, effect
from gate.core.guard.place import line_of
from gate.core.guard.values import Loosening, Value
from gate.core.markdown import clean, shorten
from gate.core.policy.lines import Key

_SHOWN_CHARACTERS = 60
_SHOWN_ITEMS = 5

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a tool's files say under one name."""

    value: object
    places: tuple[tuple[str, Key], ...]
    """(path, key) of the files that say it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which way a setting loosens, and what holds where no file says it."""

    direction: Direction
    default: object


Settings = Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Tool:
    """Whose settings they are."""

    name: str
    """`coverage.py`."""
    rules: Mapping[str, Rule]
    """By the name of the setting; settings without a rule have no say."""
    counts: str
    """From when on they count, as a sentence."""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that may have loosened, and where its files say it."""

    label: str
    """For people, code between backticks: "`omit` of coverage.py"."""
    name: str
    before: object
    after: object
    effect: Effect
    places: tuple[tuple[str, Key], ...]
    """At the head; those of the base where the head says nothing any more."""
    said: bool
    """Whether the head says it."""
    counts: str
    narrows: bool = False
    """Whether it lists what is looked at, so that an empty list is everything."""


def changed_settings(tool: Tool, before: Settings, after: Settings) -> Iterator[SettingChange]:
    """Those settings of the tool whose change is no tightening, by name."""
    for name, rule in sorted(tool.rules.items()):
        old, new = before.get(name), after.get(name)
        old_value = old.value if old else rule.default
        new_value = new.value if new else rule.default
        what = effect(rule.direction, old_value, new_value)
        if what:
            places = new.places if new else old.places if old else ()
            label = f"`{_plain(name.rpartition('.')[2])}` of {tool.name}"
            yield SettingChange(
                label,
                name,
                old_value,
                new_value,
                what,
                places,
                said=new is not None,
                counts=tool.counts,
                narrows=rule.direction is Way.NARROWS,
            )


def loosening(change: SettingChange, head: Files) -> Loosening:
    """What is said of it: at the line of the first new item, or of the setting itself."""
    gained, lost = _items(change.after, change.before), _items(change.before, change.after)
    path, line = _place(change, head, gained)
    verb = "loosens" if change.effect == "looser" else "changes"
    doubt = "" if change.effect == "looser" else " Whether that loosens is not known."
    return Loosening(
        path,
        change.name,
        f"{verb} {change.label}: {_difference(change, gained, lost)}.{doubt} {change.counts}",
        _remedy(change, path, gained, lost),
        line,
        line,
        before=_short(change.before),
        after=_short(change.after),
        written=change.said and bool(gained or not lost),
    )


def _place(change: SettingChange, head: Files, gained: list[str]) -> tuple[str, int]:
    """(path, line) of the first item that is new, else of the setting itself, else of nothing but a file."""
    for items in (gained[:_SHOWN_ITEMS], []) if change.said else ():
        for path, key in change.places:
            line = line_of(path, head.get(path, b""), key, items)
            if line:
                return path, line
    return (change.places[0][0] if change.places else ""), 0


def _items(these: object, others: object) -> list[str]:
    """The items of the one list that the other has not; none where they are no lists."""
    if not isinstance(these, tuple) or not isinstance(others, tuple):
        return []
    known = {*others}
    return [_text(item) for item in these if item not in known]


def _difference(change: SettingChange, gained: list[str], lost: list[str]) -> str:
    if change.narrows and not change.before:
        return f"everything -> only {_listed(gained)}"
    parts = [f"it gains {_listed(gained)}"] if gained else []
    parts += [f"it loses {_listed(lost)}"] if lost else []
    return " and ".join(parts) or f"{_shown(change.before)} -> {_shown(change.after)}"


def _remedy(change: SettingChange, path: str, gained: list[str], lost: list[str]) -> str:
    name = change.label.partition("` of ")[0].removeprefix("`")
    parts = [f"take {_listed(gained)} out of `{name}`"] if gained else []
    parts += [f"put {_listed(lost)} back into `{name}`"] if lost else []
    text = " and ".join(parts) or f"set `{name}` back to {_shown(change.before)}"
    return f"{text[0].upper()}{text[1:]} in {path}." if path else f"{text[0].upper()}{text[1:]}."


def _listed(items: list[str]) -> str:
    shown = ", ".join(f"`{_plain(item)}`" for item in items[:_SHOWN_ITEMS])
    return shown + (f" and {len(items) - _SHOWN_ITEMS} more" if len(items) > _SHOWN_ITEMS else "")


def _shown(value: object) -> str:
    """As a file would have it: `true`, 80, "auto"; a text that is not there is nothing."""
    if isinstance(value, tuple):
        return _listed([_text(item) for item in value]) if value else "nothing"
    if value is None or value == "":
        return "nothing"
    return _plain(value if isinstance(value, str) else json.dumps(value, default=str))


def _text(item: object) -> str:
    """An item of a list, or a variable with its value."""
    return "=".join(map(str, item)) if isinstance(item, tuple) else str(item)


def _short(value: object) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _plain(_shown(value))


def _plain(text: str) -> str:
    """Hostile text that cannot end a piece of code."""
    return shorten(clean(text).replace("`", "'"), _SHOWN_CHARACTERS)
