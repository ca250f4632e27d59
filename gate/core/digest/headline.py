"""Better or worse? The answer as a headline and as the subject of the mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.core.digest.values import Number, Story, Tone
from gate.core.markdown import clean
from gate.core.percent import NO_BREAK_SPACE
from gate.core.trend import MEASURES, number_of

_STANDING = ("coverage", "over", "high")
"""What the answer rests on; how well one week's changed lines were tested is news, but no state of the code."""
_WORDS = {(True, False): "Better", (False, True): "Worse", (True, True): "Mixed", (False, False): "No change"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a repository in the week."""

    name: str
    better: tuple[str, ...]
    """Phrases: `coverage is up`."""
    worse: tuple[str, ...]
    merged_red: int
    coverage: str
    """`coverage 80.4 % (+0.6 pp)`; empty where it was not measured in the week."""
    fallback: str
    """What to say where nothing changed."""

    @property
    def word(self) -> str:
        """`Better`, `Worse`, `Mixed` or `No change`."""
        return _WORDS[bool(self.better), bool(self.worse or self.merged_red)]

    @property
    def tone(self) -> Tone:
        """For colours; mixed is worse, for somebody should look."""
        if self.worse or self.merged_red:
            return "worse"
        return "better" if self.better else "same"

    @property
    def text(self) -> str:
        """`Mixed: coverage is up, but 1 pull request was merged past a failing gate`."""
        bad = [*self.worse, *([_past(self.merged_red, "was", "were")] if self.merged_red else [])]
        sides = [" and ".join(side) for side in (self.better, bad) if side]
        return f"{self.word}: {', but '.join(sides) or self.fallback}"


def answer(story: Story, numbers: Sequence[Number]) -> Answer:
    """What became of one repository."""
    by_name = {number.name: number for number in numbers}
    phrases = [(by_name[name].tone, _phrase(by_name[name])) for name in _STANDING]
    point = story.trend.points[-1]
    checked = len(point.checked)
    return Answer(
        name=clean(story.full_name),
        better=tuple(text for tone, text in phrases if tone == "better"),
        worse=tuple(text for tone, text in phrases if tone == "worse"),
        merged_red=len(point.merged_red),
        coverage=_coverage(by_name["coverage"]),
        fallback=f"{checked} pull request{'' if checked == 1 else 's'} checked, {len(point.blocked)} blocked",
    )


def headline(answers: Sequence[Answer]) -> str:
    """For one repository what became of it; for several how many got better and worse."""
    if len(answers) == 1:
        return answers[0].text
    merged = sum(one.merged_red for one in answers)
    text = ", ".join(_tally(answers)) or f"No change in {len(answers)} repositories"
    return f"{text}; {_past(merged, 'was', 'were')}" if merged else text


def subject(answers: Sequence[Answer], week: int) -> str:
    """`octo/shop, week 47: coverage 80.4 % (+0.6 pp), 1 pull request merged past a failing gate`."""
    merged = sum(one.merged_red for one in answers)
    if len(answers) == 1:
        (only,) = answers
        rest = [*only.worse, *only.better]
        parts = [only.coverage, *(text for text in rest if not text.startswith("coverage"))][:2]
        said = [part for part in parts if part]
        name = only.name
    else:
        said = [part[0].lower() + part[1:] for part in _tally(answers)]
        name = f"{len(answers)} repositories"
    if merged:
        said = [*said[: 1 if len(answers) == 1 else 3], _past(merged)]
    return f"{name}, week {week}: {', '.join(said) or 'no change'}".replace(NO_BREAK_SPACE, " ")


def _tally(answers: Sequence[Answer]) -> list[str]:
    found: list[str] = []
    for word in ("Better", "Mixed", "Worse"):
        names = [one.name for one in answers if one.word == word]
        if names:
            of = f" of {len(answers)}" if not found else ""
            found.append(f"{word if not found else word.lower()} in {len(names)}{of}")
    return found


def _past(count: int, *verb: str) -> str:
    middle = f"{verb[count != 1]} " if verb else ""
    return f"{count} pull request{'' if count == 1 else 's'} {middle}merged past a failing gate"


def _phrase(number: Number) -> str:
    known = [round(number_of(value)) for value in number.values if value is not None]
    if number.name == "coverage" or len(known) < 2:
        return f"coverage is {'up' if number.arrow == '▲' else 'down'}"
    count = abs(known[-1] - known[-2])
    plural = "" if count == 1 else "s"
    if number.name == "over":
        return f"{count} function{plural} {'more' if number.arrow == '▲' else 'fewer'} over the limit"
    return (
        f"{count} new high finding{plural}" if number.arrow == "▲" else f"{count} high finding{plural} fewer"
    )


def _coverage(number: Number) -> str:
    known = [value for value in number.values if value is not None]
    if number.values[-1] is None:
        return ""
    change = MEASURES["coverage"].change(known[-2], known[-1]) if len(known) > 1 else ""
    return f"coverage {number.value}" + (f" ({change})" if change not in {"", "±0"} else "")
