"""Tests and intervals for two that judge the same traces, and several tests at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from erroranalysis.measure.estimate import Z95

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


class McNemar(NamedTuple):
    """P values of McNemar's test.

    Attributes
    ----------
    exact : float
        Never more false alarms than 5 in 100, and fewer where traces are few.
    mid_p : float
        Closer to 5 in 100, and so more likely to show a difference that is there.
    """

    exact: float
    mid_p: float


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """Test whether two pass equally often on the same traces.

    Use `paired_comparison` where you have the verdicts: it calls this and says how
    large the difference is. Use this where you have the two counts alone.

    Parameters
    ----------
    only_first : int
        Traces that the first passes and the second fails.
    only_second : int
        Traces that the second passes and the first fails.

    Returns
    -------
    McNemar
        The exact two-sided p value and the mid-p value; both 1 without a trace on
        which the two differ.

    Raises
    ------
    ValueError
        A count is negative.

    Notes
    -----
    Under no difference ``only_first ~ Binomial(only_first + only_second, 1/2)``. The
    mid-p value counts half of the probability of what was seen, doubled for two sides.
    With 50 traces the exact test has about 1 false alarm in 100 instead of 5.

    It is assumed that the traces are independent.

    References
    ----------
    McNemar (1947), Psychometrika 12, 153-157; Fagerland, Lydersen and Laake (2013),
    BMC Medical Research Methodology 13, 91, who recommend the mid-p test.

    Examples
    --------
    >>> p = mcnemar(1, 7)
    >>> round(p.exact, 4), round(p.mid_p, 4)
    (0.0703, 0.0391)
    """
    from scipy.stats import binom

    if min(only_first, only_second) < 0:
        raise ValueError(
            f"Counts of traces cannot be negative: {only_first} and {only_second}."
        )
    few, both = min(only_first, only_second), only_first + only_second
    if both == 0:
        return McNemar(1.0, 1.0)
    tail, here = float(binom.cdf(few, both, 0.5)), float(binom.pmf(few, both, 0.5))
    return McNemar(min(1.0, 2 * tail), min(1.0, 2 * tail - here))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust the p values of several tests that are read together.

    Compare twenty failure modes at 5 % each and one of them will differ by luck. After
    Holm's adjustment, 5 % is the chance of even one false alarm among all of them.
    Use it over whatever is looked at together: TPR and TNR, all judges, all modes.

    For slices of one rate `slice_rates` adjusts the intervals themselves.

    Parameters
    ----------
    p_values : mapping of str to float
        P value of each test; NaN where there was none.

    Returns
    -------
    dict of str to float
        Adjusted p values by the same names; NaN stays NaN and does not count.

    Raises
    ------
    ValueError
        A p value is not between 0 and 1.

    Notes
    -----
    The smallest of m p values times m, the next times m - 1, and so on, none below the
    one before. statsmodels has the same, but one NaN makes all of its results NaN.

    Nothing is assumed of how the tests depend on each other.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm({"late": 0.01, "rude": 0.04})
    {'late': 0.02, 'rude': 0.04}
    """
    for name, p in p_values.items():
        if not (math.isnan(p) or 0 <= p <= 1):
            raise ValueError(f"The p value of {name!r} is {p}: it must be 0 to 1.")
    adjusted, before = dict(p_values), 0.0
    tested = [name for name, p in p_values.items() if not math.isnan(p)]
    for place, name in enumerate(sorted(tested, key=p_values.__getitem__)):
        before = max(before, min(1.0, (len(tested) - place) * p_values[name]))
        adjusted[name] = before
    return adjusted


def tango(
    more: np.ndarray | int, less: np.ndarray | int, n: np.ndarray | int
) -> tuple[np.ndarray, np.ndarray]:
    """Return Tango's bounds of ``(more - less) / n``, for many tables at once.

    Examples
    --------
    >>> low, high = tango(1, 7, 21)
    >>> round(float(low), 3), round(float(high), 3)
    (-0.517, -0.026)
    """
    import numpy as np

    b, c, n = (np.asarray(item, dtype=float) for item in (more, less, n))
    bounds = []
    for end in (-1.0, 1.0):
        inside, outside = (b - c) / n, np.full(np.broadcast(b, c, n).shape, end)
        for _ in range(50):
            d = (inside + outside) / 2
            linear = (2 * n - b + c) * d - b - c
            root = np.sqrt(np.maximum(linear**2 + 8 * n * c * d * (1 - d), 0))
            q = (root - linear) / (4 * n)
            variance = np.maximum(n * (2 * q + d * (1 - d)), 0)
            fits = np.abs(b - c - n * d) <= Z95 * np.sqrt(variance) + 1e-12
            inside, outside = np.where(fits, d, inside), np.where(fits, outside, d)
        bounds.append(np.where(np.abs(outside - end) < 1e-12, end, inside))  # noqa: PLR2004 - never left the end
    return bounds[0], bounds[1]


def fisher(x: int, m: int, y: int, n: int) -> tuple[float, float]:
    """Return the mid-p and the exact p value of x of m passes against y of n.

    Examples
    --------
    >>> [round(p, 3) for p in fisher(3, 10, 8, 10)]
    [0.038, 0.07]
    """
    from scipy.stats import fisher_exact, hypergeom

    drawn = hypergeom(m + n, x + y, m)
    half = float(drawn.pmf(x)) / 2
    tail = min(float(drawn.cdf(x)), float(drawn.sf(x - 1))) - half
    exact = float(fisher_exact([[x, m - x], [y, n - y]]).pvalue)
    return min(1.0, 2 * tail), exact
