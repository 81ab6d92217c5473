"""Mixtures: a share that was drawn by chance, and shares that were hunted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from erroranalysis.sampling.draws import Drawn, order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def share(parts: Mapping[str, float], n: int) -> dict[str, int]:
    """Share n over the parts of a mixture by largest remainders.

    Examples
    --------
    >>> share({"random": 0.5, "signals": 0.3, "coverage": 0.2}, 9)
    {'random': 4, 'signals': 3, 'coverage': 2}
    """
    total = sum(parts.values())
    wish = {name: n * part / total for name, part in parts.items()}
    counts = {name: int(wanted) for name, wanted in wish.items()}
    by_rest = sorted(parts, key=lambda name: counts[name] - wish[name])
    for name in by_rest[: n - sum(counts.values())]:
        counts[name] += 1
    return counts


def blend(
    by_chance: Sequence[Drawn],
    hunted: Mapping[str, Sequence[Drawn]],
    counts: Mapping[str, int],
    *,
    seed: int,
) -> list[Drawn]:
    """Put the parts of a mixture together; no trace comes twice.

    Parameters
    ----------
    by_chance : sequence of Drawn
        The part that was drawn. These keep their chance, whatever else found them.
    hunted : mapping of str to sequence of Drawn
        What each strategy found, the best first; more than its count, since some may
        be taken already.
    counts : mapping of str to int
        How many to take of each.
    seed : int
        Decides the reading order, in which the parts are mixed: whoever stops early
        has read some of each.

    Returns
    -------
    list of Drawn
        The stratum of a hunted trace begins with its strategy.

    Examples
    --------
    >>> drawn = [Drawn("a", None, 0.5)]
    >>> found = {"signals": [Drawn("a", "refusal", None), Drawn("b", "refusal", None)]}
    >>> mixed = blend(drawn, found, {"signals": 1}, seed=1)
    >>> sorted((item.trace_id, item.stratum) for item in mixed)
    [('a', None), ('b', 'signals: refusal')]
    """
    chosen = {item.trace_id: item for item in by_chance}
    for name, found in hunted.items():
        fresh = [item for item in found if item.trace_id not in chosen]
        for item in fresh[: counts[name]]:
            why = f"{name}: {item.stratum}" if item.stratum else name
            chosen[item.trace_id] = replace(item, stratum=why)
    return [chosen[trace_id] for trace_id in order(chosen, seed=seed)]
