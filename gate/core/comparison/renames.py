"""Which names a change renamed: definitions whose old name is gone, whose new one was not there, and that are alike.

It looks at modules and classes; local names are replaced in shapes already. Where the old name stays, as another name
for the new one, nothing was renamed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from checks.report import Statement
from gate.core.comparison.pairing import pair_alike

Names = Mapping[str, str]
"""New name by old name."""


def renamed_names(files: Sequence[tuple[Sequence[Statement], Sequence[Statement]]]) -> list[Names]:
    """For the statements of each changed file at base and head the names that are other ones now, but mean the same.

    A name that one file defines counts in all files where the old one is gone and the new one was not there either.
    """
    everything = _consistent(pair for before, after in files for pair in _definitions(before, after))
    return [_fitting(everything, _names(before), _names(after)) for before, after in files]


def _definitions(before: Sequence[Statement], after: Sequence[Statement]) -> Iterable[tuple[str, str]]:
    """(old, new) of the definitions that are alike under another name."""
    old_names, new_names = _names(before), _names(after)
    gone = [each for each in before if each.binds and each.binds not in new_names]
    come = [each for each in after if each.binds and each.binds not in old_names]
    inside_old, inside_new = _outlines_by_scope(before), _outlines_by_scope(after)
    parts = {id(each): _parts(each, inside_old) for each in gone}
    parts |= {id(each): _parts(each, inside_new) for each in come}
    pairs, _, _ = pair_alike(gone, come, lambda each: parts[id(each)], lambda old, new: ())
    return [(old.binds, new.binds) for old, new in pairs if old.outline == new.outline]


def _outlines_by_scope(statements: Iterable[Statement]) -> Mapping[str, Sequence[str]]:
    """What stands in each function and class, in those inside it too."""
    found: dict[str, list[str]] = defaultdict(list)
    for statement in statements:
        scopes = statement.scope.split(".")
        for count in range(1, len(scopes) + 1):
            found[".".join(scopes[:count])].append(statement.outline)
    return found


def _parts(definition: Statement, inside: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """What a definition is alike by: the statements inside, or itself where there are none."""
    return inside.get(f"{definition.scope}.{definition.binds}".lstrip("."), [definition.outline])


def _consistent(pairs: Iterable[tuple[str, str]]) -> Names:
    """Those pairs of names that contradict no other one."""
    distinct = {*pairs}
    olds, news = Counter(old for old, _ in distinct), Counter(new for _, new in distinct)
    return {old: new for old, new in sorted(distinct) if olds[old] == news[new] == 1}


def _fitting(names: Names, before: frozenset[str], after: frozenset[str]) -> Names:
    return {
        old: new for old, new in names.items() if old in before - after and new not in before and new in after
    }


def _names(statements: Iterable[Statement]) -> frozenset[str]:
    return frozenset(name for statement in statements for name in (*statement.names, statement.binds))
