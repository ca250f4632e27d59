"""What a change of `.gate.toml` loosens. Which way a key loosens is said by `gate.core.policy.loosening`."""

from __future__ import annotations

from collections.abc import Iterator

from gate.core.failure import PolicyError
from gate.core.guard.setting import Files, SettingChange
from gate.core.guard.values import Loosening
from gate.core.policy import DEFAULT, Policy, parse
from gate.core.policy.lines import key_lines
from gate.core.policy.loosening import loosened_keys

POLICY_FILE = ".gate.toml"

_MERGED = "It counts once it is merged."
_AT_ONCE = "It counts in this change already."


def changed_keys(base: Files, head: Files) -> Iterator[SettingChange]:
    """The keys whose change is no tightening; none where one of the sides cannot be read."""
    before, after = _policy(base), _policy(head)
    if before is None or after is None:
        return
    said = key_lines(head.get(POLICY_FILE, b"").decode())
    for each in loosened_keys(before, after):
        at_once = "tests" in each.place[:-1]
        yield SettingChange(
            f"`{each.key}` of the policy",
            each.key,
            each.before,
            each.after,
            each.effect,
            ((POLICY_FILE, each.place),),
            said=each.place in said,
            counts=_AT_ONCE if at_once else _MERGED,
        )


def unreadable(base: Files, head: Files) -> Iterator[Loosening]:
    """The policy where it changed and one of the sides cannot be read."""
    if base.get(POLICY_FILE) == head.get(POLICY_FILE):
        return
    for side, files in (("base", base), ("head", head)):
        if _policy(files) is None:
            yield Loosening(
                POLICY_FILE,
                POLICY_FILE,
                f"is changed, and cannot be read at the {side}. Whether that loosens is not known.",
                f"Mend {POLICY_FILE}." if side == "head" else f"Merge a valid {POLICY_FILE} by itself first.",
                written=False,
            )
            return


def _policy(files: Files) -> Policy | None:
    if POLICY_FILE not in files:
        return DEFAULT
    try:
        return parse(files[POLICY_FILE])
    except PolicyError:
        return None
