"""Hunts: what several reasons found, shared out so that no reason crowds out others.

A trace that was hunted has no chance of inclusion: it says what goes wrong, never how
often.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from erroranalysis.sampling.draws import Drawn, order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def take(hits: Iterable[tuple[str, str]], n: int) -> list[Drawn]:
    """Take n traces in turn from every reason, each with all reasons that found it.

    Parameters
    ----------
    hits : iterable of (str, str)
        Trace and reason, the best of every reason first.
    n : int
        How many; all where fewer were found.

    Returns
    -------
    list of Drawn
        No trace twice.

    Examples
    --------
    >>> hits = [("a", "slowest"), ("b", "slowest"), ("b", "error"), ("c", "error")]
    >>> [(d.trace_id, d.stratum) for d in take(hits, 2)]
    [('a', 'slowest'), ('b', 'slowest, error')]
    """
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    queues: dict[str, list[str]] = defaultdict(list)
    for trace_id, reason in hits:
        reasons[trace_id][reason] = None
        queues[reason].append(trace_id)
    chosen: dict[str, None] = {}
    waiting = [iter(queue) for queue in queues.values()]
    while waiting and len(chosen) < n:
        still = []
        for queue in waiting:
            found = next((one for one in queue if one not in chosen), None)
            if found is not None:
                chosen[found] = None
                still.append(queue)
            if len(chosen) == n:
                break
        waiting = still
    return [Drawn(one, ", ".join(reasons[one]), None) for one in chosen]


def richest_first(
    found: Mapping[str, Sequence[str]], *, seed: int
) -> list[tuple[str, str]]:
    """Return hits for :func:`take`: traces with the most reasons first.

    Parameters
    ----------
    found : mapping of str to sequence of str
        The reasons of every trace.
    seed : int
        Decides between traces with equally many.

    Examples
    --------
    >>> richest_first({"a": ["refusal"], "b": ["refusal", "frustration"]}, seed=1)
    [('b', 'refusal'), ('b', 'frustration'), ('a', 'refusal')]
    """
    shuffled = order(found, seed=seed)
    ranked = sorted(shuffled, key=lambda trace_id: -len(found[trace_id]))
    return [(trace_id, reason) for trace_id in ranked for reason in found[trace_id]]
