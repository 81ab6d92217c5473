"""The ways in which a trace can be rated, and how often each came up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import UNEVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

MOST_PATTERNS = 100
_FEW = 4


def patterns(sizes: Sequence[int], levels: int) -> np.ndarray | None:
    """Return all ways to give so many ratings, or None where there are too many.

    Examples
    --------
    >>> patterns([2], 2).tolist()
    [[0, 2], [1, 1], [2, 0]]
    """
    import numpy as np

    if sum(math.comb(m + levels - 1, m) for m in sizes) > MOST_PATTERNS:
        return None
    rows = [row for m in sizes for row in _ways(m, levels)]
    return np.array(rows, dtype=int).reshape(len(rows), levels)


def tally(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different rows of counts, and how often each is there."""
    import numpy as np

    base, width = int(rows.max()) + 1, rows.shape[1]
    if base**width > 2**62:  # the rows do not fit a number each
        return np.unique(rows, axis=0, return_counts=True)
    keys = rows @ base ** np.arange(width)
    _, first, times = np.unique(keys, return_index=True, return_counts=True)
    return rows[first], times


def _ways(m: int, levels: int) -> list[tuple[int, ...]]:
    if levels == 1:
        return [(m,)]
    return [
        (first, *rest)
        for first in range(m + 1)
        for rest in _ways(m - first, levels - 1)
    ]


def pseudo(agrees: np.ndarray) -> np.ndarray:
    """Return the pseudo-traces of patterns: one for all that agree, one for the others.

    Half a trace at most for each.

    Examples
    --------
    >>> import numpy as np
    >>> pseudo(np.array([True, True, False, False, False, False])).tolist()
    [0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    """
    import numpy as np

    agree, differ = max(2, int(agrees.sum())), max(2, int((~agrees).sum()))
    return np.where(agrees, 1 / agree, 1 / differ)


def few_caution(counts: np.ndarray, *, ordered: bool = False) -> str:
    """Say where simulated intervals leave 93.5 to 97.5 of 100 cases.

    Parameters
    ----------
    counts : numpy.ndarray
        One row a trace, one column a level.
    ordered : bool, default False
        Whether the levels have an order: then none of them is too rare.
    """
    sizes, most = counts.sum(1), counts.max(1, initial=0)
    same = counts[(sizes > 1) & (most == sizes)]
    differ = int((most < sizes).sum())
    often = int((same > 0).sum(0).max(initial=0))
    return say_few(differ, len(counts) if ordered else len(same) - often)


def say_few(differ: int, rare: int) -> str:
    """Say so from the traces with unequal ratings, and with equal ones that are rare.

    Examples
    --------
    >>> say_few(3, 20)
    'uneven here: ratings differ on 3 traces; such intervals hold in 93 to 98 % of
    cases'
    >>> say_few(9, 9)
    ''
    """
    if min(differ, rare) > _FEW:
        return ""
    what = f"ratings differ on {differ} traces"
    if rare < differ:
        what = f"{rare} traces have equal ratings other than the most frequent"
    return f"{UNEVEN}{what}; such intervals hold in 93 to 98 % of cases"
