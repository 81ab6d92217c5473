"""Draws that record the chance every trace had.

A draw is decided by a hash of seed and id, not by the state of a generator. So it is
the same on every machine and with every version of every library, and a trace that is
loaded later does not reshuffle the others. The hash is computed here and not in SQL:
DuckDB has no BLAKE2, its own ``hash()`` may change with a version, and what was drawn
before must be drawn again. A million ids take about a second.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SMALLER = "(smaller strata)"
_NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A trace that was chosen, why, and the chance it had.

    Attributes
    ----------
    trace_id : str
        The trace.
    stratum : str or None
        Why it is here: the stratum it was drawn from, its region, the signals that
        found it.
    inclusion_probability : float or None
        Chance of being drawn, in (0, 1]; None where it was chosen on purpose.
    """

    trace_id: str
    stratum: str | None
    inclusion_probability: float | None


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
    chosen = heapq.nsmallest(n, zip(_ranks(ids, seed), ids, strict=True))
    return [Drawn(trace_id, None, n / len(ids)) for _, trace_id in chosen]


def draw_stratified(
    strata: Mapping[str, str | None],
    n: int,
    *,
    seed: int,
    allocation: str = "proportional",
    at_least: int = 0,
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
        gets at least one. Where n is smaller than the number of strata, those too
        small for a place of their own are drawn together: a stratum that no draw can
        reach would bias every rate.
    at_least : int, default 0
        Smallest number from every stratum; all of a stratum that is smaller.

    Returns
    -------
    list of Drawn
        In random order over the strata.

    Raises
    ------
    NothingToDoError
        n is too small for ``at_least`` of every stratum.

    Examples
    --------
    >>> strata = {f"w{i}": "web" for i in range(8)} | {"a0": "app", "a1": "app"}
    >>> drawn = draw_stratified(strata, 5, seed=1)
    >>> sorted((d.stratum, d.inclusion_probability) for d in drawn)
    [('app', 0.5), ('web', 0.5), ('web', 0.5), ('web', 0.5), ('web', 0.5)]
    """
    n = min(n, len(strata))
    sizes = dict(Counter(_NONE if one is None else one for one in strata.values()))
    _check_minimum(sizes, n, at_least)
    together = _too_small(sizes, n)
    members: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
    ranks = _ranks(strata, seed)
    for rank, (trace_id, stratum) in zip(ranks, strata.items(), strict=True):
        name = _NONE if stratum is None else stratum
        members[SMALLER if name in together else name].append((rank, trace_id))
    sizes = {name: len(found) for name, found in sorted(members.items())}
    quota = _allocate(sizes, n, allocation, at_least)
    drawn = [
        (*item, name)
        for name, found in members.items()
        for item in heapq.nsmallest(quota[name], found)
    ]
    return [
        Drawn(trace_id, name, quota[name] / sizes[name])
        for _, trace_id, name in sorted(drawn)
    ]


def order(ids: Iterable[str], *, seed: int) -> list[str]:
    """Return ids in the random order in which a draw with this seed takes them.

    Examples
    --------
    >>> order(["a", "b", "c"], seed=1) == order(["c", "b", "a"], seed=1)
    True
    """
    known = list(ids)
    return [name for _, name in sorted(zip(_ranks(known, seed), known, strict=True))]


def _ranks(ids: Iterable[str], seed: int) -> list[bytes]:
    key = seed.to_bytes(8, "little", signed=True)
    fresh = hashlib.blake2b(digest_size=16, key=key).copy  # the key is hashed once
    ranks = []
    for trace_id in ids:
        state = fresh()
        state.update(trace_id.encode("utf-8", "surrogatepass"))
        ranks.append(state.digest())
    return ranks


def _check_minimum(sizes: Mapping[str, int], n: int, at_least: int) -> None:
    needed = sum(min(size, at_least) for size in sizes.values())
    if needed > n:
        raise NothingToDoError(
            f"At least {at_least} traces from each of {len(sizes)} strata are {needed},"
            f" and n is {n}. Ask for more, sample({needed}, …), or for fewer of each:"
            f" at_least={n // len(sizes)}."
        )


def _too_small(sizes: Mapping[str, int], n: int) -> set[str]:
    """Return the strata whose share of n is less than one trace, if n is too few."""
    if n >= len(sizes):
        return set()
    total = sum(sizes.values())
    return {name for name, size in sizes.items() if n * size < total}


def _allocate(
    sizes: Mapping[str, int], n: int, allocation: str, at_least: int
) -> dict[str, int]:
    """Share n over strata: largest remainders, at least one each, never too many."""
    total = sum(sizes.values())
    if allocation == "equal":
        wish = {name: n / len(sizes) for name in sizes}
    else:
        wish = {name: n * size / total for name, size in sizes.items()}
    least = {name: min(size, max(at_least, 1)) for name, size in sizes.items()}
    if sum(least.values()) > n:  # what was said together is one stratum now
        least = dict.fromkeys(sizes, 1)
    quota = {
        name: min(sizes[name], max(least[name], int(share)))
        for name, share in wish.items()
    }
    while (left := n - sum(quota.values())) != 0:
        step = 1 if left > 0 else -1
        movable = [
            name
            for name in sizes
            if (quota[name] < sizes[name] if step > 0 else quota[name] > least[name])
        ]
        name = max(movable, key=lambda name: (step * (wish[name] - quota[name]), name))
        quota[name] += step
    return quota
