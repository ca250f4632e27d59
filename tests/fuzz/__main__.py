"""`make fuzz`: a million mutated inputs, by several processes; ends with 1 when one of them crashed, hung or was slow."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.running import TARGETS, Tally, run

PIECE = 5000
"""Inputs that a process tries in a row: each piece of the web's begins with a new database."""


def _piece(place: int, seed: int, first: int, last: int) -> tuple[int, Tally]:
    target = TARGETS[place]
    # Python says so of sets such as `[[a]`, which strangers may write in a glob.
    warnings.filterwarnings("ignore", "Possible (nested set|set)", FutureWarning)
    with tempfile.TemporaryDirectory(prefix="gate-fuzz-") as folder, target.opened(Path(folder)) as attempt:
        return place, run(target, attempt, seed, range(first, last), timed=True)


def main() -> int:
    """The exit status."""
    given = _arguments()
    chosen = [place for place, target in enumerate(TARGETS) if given.only in target.name]
    if not chosen:
        sys.exit(f"--only {given.only}: known are {', '.join(target.name for target in TARGETS)}")
    tallies = {place: Tally() for place in chosen}
    began = time.monotonic()
    with ProcessPoolExecutor(given.processes) as pool:
        pieces = [
            pool.submit(_piece, place, given.seed, first, min(first + PIECE, given.first + count))
            for place, count in _counts(chosen, given.inputs).items()
            for first in range(given.first, given.first + count, PIECE)
        ]
        for piece in pieces:
            place, tally = piece.result()
            tallies[place].add(tally)
    return _told(tallies, given.seed, time.monotonic() - began)


def _counts(chosen: list[int], inputs: int) -> dict[int, int]:
    """Inputs of each target, by its share; at least as many as were asked for."""
    shares = sum(TARGETS[place].share for place in chosen)
    return {place: -(-inputs * TARGETS[place].share // shares) for place in chosen}


def _told(tallies: dict[int, Tally], seed: int, seconds: float) -> int:
    print(f"{'target':34} {'inputs':>9} {'a second':>9} {'slowest':>9}  its number")
    for place, tally in tallies.items():
        rate = tally.inputs / tally.seconds if tally.seconds else 0
        slowest = f"{tally.slowest_seconds * 1000:,.0f} ms"
        print(f"{TARGETS[place].name:34} {tally.inputs:9,} {rate:9,.0f} {slowest:>9}  {tally.slowest}")
    inputs = sum(tally.inputs for tally in tallies.values())
    problems = [problem for tally in tallies.values() for problem in tally.problems]
    print(f"{inputs:,} inputs of seed {seed} in {seconds:,.0f} seconds, {len(problems)} problems")
    for problem in problems:
        print(f"\n{problem}")
    return 1 if problems else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many, of all targets together")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other inputs")
    parser.add_argument("--first", type=int, default=0, help="number of the first input, to try one again")
    parser.add_argument("--only", default="", help="targets with this in their name")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
