"""Interleaved rounds, and what they say together.

Absolute figures of a shared machine drift by a third from minute to minute. Whatever is compared
is therefore measured turn by turn, and only the ratios of one round are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several values, with the least and the most of them."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value."""
    return Spread(median(values), min(values), max(values))


def interleave(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Call every measure once a round and return their values by name, in the order of rounds.

    Every other round goes backwards, so that nobody always follows the same neighbour.
    """
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        names = list(measures)
        for name in names if number % 2 == 0 else reversed(names):
            found[name].append(measures[name]())
    return found


def ratio(ours: Sequence[float], bare: Sequence[float]) -> Spread:
    """Return ours divided by bare, round by round."""
    return spread([a / b for a, b in zip(ours, bare, strict=True)])
