"""How long a trace takes to read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

IDLE_SECONDS = 600.0  # longer than this on one trace is a break, not reading


def median_seconds(seconds: Sequence[float]) -> Estimate:
    """Return the median with an interval between two order statistics.

    Examples
    --------
    >>> found = median_seconds([10, 20, 30, 40, 50, 60])
    >>> found.value, found.low, found.high
    (35.0, 10.0, 60.0)
    """
    n = len(seconds)
    method = "median, order statistics"
    if not n:
        return Estimate(math.nan, 0.0, IDLE_SECONDS, 0, method)
    import numpy as np
    from scipy.stats import binom

    ordered = np.sort(np.asarray(seconds, dtype=float))
    # the largest k with P(X < k) <= 0.025 for X from Bin(n, 1/2)
    below = int(binom.ppf(0.025, n, 0.5))
    if binom.cdf(below - 1, n, 0.5) > 0.025:  # noqa: PLR2004 - of a 95 % interval
        below -= 1
    low, high = (
        (float(ordered[below - 1]), float(ordered[n - below]))
        if below >= 1
        else (0.0, IDLE_SECONDS)
    )
    return Estimate(float(np.median(ordered)), low, high, n, method)


def say_seconds(seconds: Estimate) -> str:
    """Write a median time in words.

    Examples
    --------
    >>> say_seconds(median_seconds([]))
    'not timed'
    """
    if not seconds.n:
        return "not timed"
    low, high = f"{seconds.low:.0f}", f"{seconds.high:.0f}"
    return f"{seconds.value:.0f} s a trace [{low}, {high}], n={seconds.n:,}"
