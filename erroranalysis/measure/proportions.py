"""Rates of traces: drawn alone, with unequal chances, in clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure.design import design_based
from erroranalysis.measure.estimate import Estimate, wilson

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np


def clopper_pearson(count: int, n: int, *, assumes: str = "") -> Estimate:
    """Estimate one proportion with an interval that covers in at least 95 of 100 cases.

    For a promise that must hold whatever the rate is, such as a bound in a contract.
    `wilson` is the default elsewhere: it covers 95 % on average and is narrower.

    Parameters
    ----------
    count : int
        Traces that were found to have what is counted.
    n : int
        Traces looked at; 0 gives no estimate, with the interval [0, 1].
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The share and its Clopper-Pearson interval.

    Raises
    ------
    ValueError
        The count is negative or larger than n.

    Notes
    -----
    The bounds are quantiles of Beta(count, n - count + 1) and Beta(count + 1,
    n - count); with none (or all) counted the lower (upper) one is exactly 0 (1).

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404-413. Brown, Cai and DasGupta (2001),
    Statistical Science 16, 101-133, on why it is not the default.

    Examples
    --------
    >>> clopper_pearson(18, 100)
    0.18 [0.11, 0.27], n=100, 95% Clopper-Pearson
    >>> clopper_pearson(0, 30)
    0.00 [0.00, 0.12], n=30, 95% Clopper-Pearson
    """
    value = wilson(count, n).value
    low, high = _beta_bounds(count, n, (0, 1), 0.95)
    return Estimate(value, low, high, n, "Clopper-Pearson", assumes)


def jeffreys(count: int, n: int, *, at_once: int = 1, assumes: str = "") -> Estimate:
    """Estimate one proportion of several that are read together, such as one a slice.

    Each interval is widened so that all of them hold together in 95 of 100 cases.
    Wilson's cannot be: far out, its lower bound for a rare failure is too high.

    For one interval alone take `wilson`.

    Parameters
    ----------
    count : int
        Traces that were found to have what is counted.
    n : int
        Traces looked at; 0 gives no estimate, with the interval [0, 1].
    at_once : int, default 1
        Number of intervals, of separate traces, that are read together.
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The share and its Jeffreys interval.

    Raises
    ------
    ValueError
        The count is negative or larger than n, or at_once is below 1.

    Notes
    -----
    Equal-tailed quantiles of Beta(count + 1/2, n - count + 1/2) at the Šidák level
    ``0.95 ** (1 / at_once)``; with none (or all) counted the lower (upper) bound is 0
    (1).

    References
    ----------
    Brown, Cai and DasGupta (2001), Statistical Science 16, 101-133. Šidák (1967),
    Journal of the American Statistical Association 62, 626-633.

    Examples
    --------
    >>> jeffreys(18, 100)
    0.18 [0.11, 0.26], n=100, 95% Jeffreys
    >>> jeffreys(18, 100, at_once=12)
    0.18 [0.09, 0.31], n=100, 95% Jeffreys, 12 at once
    """
    if at_once < 1:
        raise ValueError(f"at_once counts the intervals, at least 1; got {at_once}")
    value = wilson(count, n).value
    low, high = _beta_bounds(count, n, (0.5, 0.5), 0.95 ** (1 / at_once))
    method = "Jeffreys" if at_once == 1 else f"Jeffreys, {at_once} at once"
    return Estimate(value, low, high, n, method, assumes)


def weighted_rate(
    values: Sequence[bool] | Sequence[str] | np.ndarray,
    probabilities: Sequence[float] | np.ndarray,
    *,
    assumes: str = "",
) -> Estimate:
    """Estimate a proportion from traces that had unequal chances of being read.

    For stratified and mixed batches. With equal chances it is `wilson`; where whole
    sessions were drawn use `clustered_rate`.

    Parameters
    ----------
    values : sequence of bool or of verdicts
        What was found, one a trace: True counts, and of verdicts ``"fail"`` counts.
    probabilities : sequence of float
        Inclusion probability of each trace, in (0, 1]; only their ratios matter.
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The Hájek estimate; a Wilson interval at the sample size that would be as
        precise with equal chances.

    Raises
    ------
    ValueError
        Lengths differ, or a value or probability cannot be used.
    UnknownNameError
        A verdict is neither ``"pass"`` nor ``"fail"``.

    Notes
    -----
    See `clustered_rate`: a trace that was drawn alone is a cluster of one. The strata
    themselves are not used, so the interval is on the wide side where they differ much,
    and so is it where a large part of all traces was read.

    References
    ----------
    Hájek (1971), in Foundations of Statistical Inference; Kish (1965), Survey
    Sampling, section 11.7; Korn and Graubard (1998), Survey Methodology 24, 193-201.

    Examples
    --------
    >>> weighted_rate([True, False], [0.5, 0.25])
    0.33 [0.04, 0.85], n=2, 95% Wilson, weighted (effective n 1.8)
    >>> weighted_rate(["fail", "pass", "pass"], [0.2, 0.2, 0.2])
    0.33 [0.06, 0.79], n=3, 95% Wilson, weighted (effective n 3.0)
    """
    found, weights = _checked(values, probabilities)
    return design_based(found, weights, None, assumes)


def clustered_rate(
    values: Sequence[bool] | Sequence[str] | np.ndarray,
    probabilities: Sequence[float] | np.ndarray,
    clusters: Sequence[Hashable] | np.ndarray,
    *,
    assumes: str = "",
) -> Estimate:
    """Estimate a proportion from traces that were drawn in whole clusters.

    Traces of a session tend to fail together, so that 100 traces of 20 sessions say
    less than 100 traces drawn alone.

    Where every trace was drawn alone it is `weighted_rate`, or `wilson`, and narrower.

    Parameters
    ----------
    values : sequence of bool or of verdicts
        What was found, one a trace: True counts, and of verdicts ``"fail"`` counts.
    probabilities : sequence of float
        Inclusion probability of each trace, in (0, 1]; only their ratios matter.
    clusters : sequence of hashable
        What each trace was drawn with, such as its session; a name of its own for a
        trace that was drawn alone.
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The Hájek estimate; a Wilson interval at the sample size that would be as
        precise. Where all traces are alike that is the number of clusters, corrected
        for their unequal weights.

    Raises
    ------
    ValueError
        Lengths differ, or a value, probability or cluster cannot be used.
    UnknownNameError
        A verdict is neither ``"pass"`` nor ``"fail"``.

    Notes
    -----
    The effective n is ``n / deff``, times the squared ratio of t quantiles as in Korn
    and Graubard. The variance between clusters alone (Kish 1965, linearised) says too
    little with few or very unequal clusters, so deff is a mean of two: this one, with
    the degrees of freedom of Satterthwaite, and Kish's model
    ``n * (sum w_i^2 + rho * (sum W_c^2 - sum w_i^2)) / W^2`` with the weight of ten
    degrees; rho is the ANOVA estimate, drawn towards 1 by one cluster. Below an
    effective n of 30 the model is also the floor. In clusters the degrees of freedom
    are at most 2 m + 1, with m the clusters that hold a failure, or a pass if these are
    fewer. These numbers were chosen by simulation (``benchmarks/coverage/rates.py``).

    References
    ----------
    Kish (1965), Survey Sampling, sections 6.1 and 8.2; Kish (1987), The Survey
    Statistician 17; Korn and Graubard (1998), Survey Methodology 24, 193-201;
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114.

    Examples
    --------
    >>> clustered_rate(["fail"] * 3 + ["pass"] * 9, [0.1] * 12, list("aaabbbcccddd"))
    0.25 [0.02, 0.81], n=12, 95% Wilson, 4 clusters (effective n 1.8)
    """
    found, weights = _checked(values, probabilities)
    return design_based(found, weights, _codes(clusters, len(found)), assumes)


def _beta_bounds(
    count: int, n: int, add: tuple[float, float], level: float
) -> tuple[float, float]:
    """Return equal-tailed Beta quantiles; add (0, 1) or (1, 0) is Clopper-Pearson."""
    from scipy.special import betaincinv

    tail, (one, other) = (1 - level) / 2, add
    low = betaincinv(count + one, n - count + other, tail) if count else 0.0
    high = betaincinv(count + other, n - count + one, 1 - tail) if count < n else 1.0
    return float(low), float(high)


def counted(values: Sequence[bool] | Sequence[str] | np.ndarray) -> np.ndarray:
    """Return what is counted as an array of bool: True, 1, or the verdict "fail".

    Examples
    --------
    >>> counted(["fail", "pass"]).tolist()
    [True, False]
    """
    import numpy as np

    given = np.asarray(values)
    if given.ndim != 1:
        raise ValueError(f"values must be one row of verdicts, got shape {given.shape}")
    if given.dtype == bool or not given.size:
        return given.astype(bool)
    if given.dtype.kind in "US":
        unknown = sorted(set(given.tolist()) - {"pass", "fail"})
        if unknown:
            raise UnknownNameError.among("verdict", unknown[0], ["pass", "fail"])
        fails: np.ndarray = given == "fail"
        return fails
    if given.dtype == object or not np.isin(given, (0, 1)).all():
        raise ValueError(
            "values must be True and False, or 'pass' and 'fail'; leave traces without"
            " a verdict (None, NaN) out, with their probabilities and clusters"
        )
    return given.astype(bool)


def _checked(
    values: Sequence[bool] | Sequence[str] | np.ndarray,
    probabilities: Sequence[float] | np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is counted and the weights."""
    import numpy as np

    found = counted(values)
    chances = np.asarray(probabilities, dtype=float)
    if chances.shape != found.shape:
        raise ValueError(
            f"there are {len(found)} values and {chances.size} probabilities:"
            " give one inclusion probability a trace"
        )
    if not ((chances > 0) & (chances <= 1)).all():
        raise ValueError(
            "inclusion probabilities must be above 0 and at most 1; a trace that could"
            " not be drawn, or was picked by hand, has none and must be left out"
        )
    return found, 1.0 / chances


def _codes(clusters: Sequence[Hashable] | np.ndarray, n: int) -> np.ndarray:
    """Give each trace the number of its cluster, from 0."""
    import numpy as np

    names = clusters.tolist() if isinstance(clusters, np.ndarray) else list(clusters)
    if len(names) != n:
        raise ValueError(f"there are {n} values and {len(names)} clusters")
    places: dict[Hashable, int] = {}
    codes = [places.setdefault(name, len(places)) for name in names]
    if any(name is None or name != name for name in places):  # noqa: PLR0124 - NaN
        raise ValueError(
            "a cluster is None or NaN: give a trace without a session a name of its own"
        )
    return np.array(codes, dtype=int)
