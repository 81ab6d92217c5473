"""Which traces to read: draws that record the chance every trace had.

A draw is decided by a hash of seed and id, not by the state of a generator. So it is
the same on every machine and with every version of every library, and a trace that is
loaded later does not reshuffle the others.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Drawn:
    """A trace that was drawn, its stratum, and the chance it had.

    Attributes
    ----------
    trace_id : str
        The trace.
    stratum : str or None
        The stratum it was drawn from.
    inclusion_probability : float
        Chance of being drawn, in (0, 1].
    """

    trace_id: str
    stratum: str | None
    inclusion_probability: float


def draw_random(ids: Sequence[str], n: int, *, seed: int) -> list[Drawn]:
    """Draw a simple random sample without replacement.

    Parameters
    ----------
    ids : sequence of str
        The population.
    n : int
        How many; all of them where there are fewer.
    seed : int
        The same seed draws the same traces.

    Returns
    -------
    list of Drawn
        In random order.

    Examples
    --------
    >>> drawn = draw_random(["a", "b", "c", "d"], 2, seed=7)
    >>> [item.inclusion_probability for item in drawn]
    [0.5, 0.5]
    >>> drawn == draw_random(["d", "c", "b", "a"], 2, seed=7)
    True
    """
    n = min(n, len(ids))
    chosen = heapq.nsmallest(n, ids, key=_rank(seed))
    return [Drawn(trace_id, None, n / len(ids)) for trace_id in chosen]


def draw_stratified(
    strata: Mapping[str, str | None],
    n: int,
    *,
    seed: int,
    allocation: str = "proportional",
) -> list[Drawn]:
    """Draw a random sample inside every stratum.

    Parameters
    ----------
    strata : mapping of str to str or None
        Stratum of every trace; None is a stratum of its own.
    n : int
        How many over all strata.
    seed : int
        The same seed draws the same traces.
    allocation : {"proportional", "equal"}
        Shares like the population's, or as equal as the strata allow. Every stratum
        gets at least one where n allows it.

    Returns
    -------
    list of Drawn
        In random order over the strata.

    Examples
    --------
    >>> strata = {f"w{i}": "web" for i in range(8)} | {"a0": "app", "a1": "app"}
    >>> drawn = draw_stratified(strata, 5, seed=1)
    >>> sorted((d.stratum, d.inclusion_probability) for d in drawn)
    [('app', 0.5), ('web', 0.5), ('web', 0.5), ('web', 0.5), ('web', 0.5)]
    """
    members: dict[str, list[str]] = defaultdict(list)
    for trace_id, stratum in strata.items():
        members["(none)" if stratum is None else stratum].append(trace_id)
    sizes = {name: len(ids) for name, ids in sorted(members.items())}
    quota = _allocate(sizes, min(n, len(strata)), allocation)
    drawn = [
        Drawn(trace_id, name, quota[name] / sizes[name])
        for name, ids in members.items()
        for trace_id in heapq.nsmallest(quota[name], ids, key=_rank(seed))
    ]
    rank = _rank(seed)
    return sorted(drawn, key=lambda item: rank(item.trace_id))


def _rank(seed: int) -> Callable[[str], bytes]:
    key = seed.to_bytes(8, "little", signed=True)

    def rank(trace_id: str) -> bytes:
        text = trace_id.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16, key=key).digest()

    return rank


def _allocate(sizes: Mapping[str, int], n: int, allocation: str) -> dict[str, int]:
    """Share n over strata: largest remainders, at least one each, never too many."""
    total = sum(sizes.values())
    if allocation == "equal":
        wish = {name: n / len(sizes) for name in sizes}
    else:
        wish = {name: n * size / total for name, size in sizes.items()}
    least = 1 if n >= len(sizes) else 0
    quota = {
        name: min(sizes[name], max(least, int(share))) for name, share in wish.items()
    }
    while (left := n - sum(quota.values())) != 0:
        step = 1 if left > 0 else -1
        movable = [
            name
            for name in sizes
            if (quota[name] < sizes[name] if step > 0 else quota[name] > least)
        ]
        name = max(movable, key=lambda name: (step * (wish[name] - quota[name]), name))
        quota[name] += step
    return quota
