"""A number with its interval, its n, its method and what it assumes."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A value between 0 and 1 (or a difference, or a coefficient) with its interval.

    Attributes
    ----------
    value : float
        Point estimate; NaN where there is none.
    low, high : float
        Bounds of the 95 % interval.
    n : int
        Observations it rests on.
    method : str
        How the interval was computed.
    assumes : str
        What has to be true for it to hold.

    Examples
    --------
    >>> Estimate(0.18, 0.1172, 0.2666, 100, "Wilson")
    0.18 [0.12, 0.27], n=100, 95% Wilson
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    assumes: str = ""

    def __repr__(self) -> str:
        """Say it in one line."""
        if math.isnan(self.value):
            return f"no estimate, n={self.n}"
        return (
            f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}],"
            f" n={self.n}, 95% {self.method}"
        )

    def frame(self) -> pl.DataFrame:
        """Return the estimate as a frame of one row."""
        import polars as pl

        return pl.DataFrame([vars(self)])

    def _repr_html_(self) -> str:
        note = f" <small>{html.escape(self.assumes)}</small>" if self.assumes else ""
        return f"<code>{html.escape(repr(self))}</code>{note}"


def wilson(count: int, n: int, *, assumes: str = "") -> Estimate:
    """Estimate one proportion.

    Parameters
    ----------
    count : int
        Successes.
    n : int
        Trials; 0 gives no estimate, with the interval [0, 1].
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The share and its Wilson score interval.

    Raises
    ------
    ValueError
        The count is negative or larger than n.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> wilson(18, 100)
    0.18 [0.12, 0.27], n=100, 95% Wilson
    >>> wilson(0, 0)
    no estimate, n=0
    """
    if not 0 <= count <= n:
        raise ValueError(f"count must be between 0 and n, got {count} of {n}")
    if n == 0:
        return Estimate(math.nan, 0.0, 1.0, 0, "Wilson", assumes)
    low, high = _wilson_bounds(count / n, n)
    # at the ends the bound is exact, and floating point must not say 1e-17
    low, high = (0.0 if count == 0 else low), (1.0 if count == n else high)
    return Estimate(count / n, low, high, n, "Wilson", assumes)


def weighted_rate(
    values: Sequence[bool],
    probabilities: Sequence[float],
    *,
    assumes: str = "",
) -> Estimate:
    """Estimate a proportion from traces that had unequal chances of being read.

    Parameters
    ----------
    values : sequence of bool
        What was found, one a trace.
    probabilities : sequence of float
        Inclusion probability of each trace, in (0, 1].
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The Hájek estimate; a Wilson interval at Kish's effective sample size.

    References
    ----------
    Hájek (1971), in Foundations of Statistical Inference; Kish (1965), Survey
    Sampling, section 11.7.

    Examples
    --------
    >>> weighted_rate([True, False], [0.5, 0.25])
    0.33 [0.04, 0.85], n=2, 95% Wilson, weighted (effective n 1.8)
    """
    weights = [1.0 / probability for probability in probabilities]
    total = sum(weights)
    if not total:
        return wilson(0, 0, assumes=assumes)
    rate = sum(w for w, value in zip(weights, values, strict=True) if value) / total
    effective = total**2 / sum(w * w for w in weights)
    low, high = _wilson_bounds(rate, effective)
    method = f"Wilson, weighted (effective n {effective:.1f})"
    return Estimate(rate, low, high, len(weights), method, assumes)


def clustered_rate(
    values: Sequence[bool],
    probabilities: Sequence[float],
    clusters: Sequence[str],
    *,
    assumes: str = "",
) -> Estimate:
    """Estimate a proportion from traces that were drawn in whole clusters.

    Parameters
    ----------
    values : sequence of bool
        What was found, one a trace.
    probabilities : sequence of float
        Inclusion probability of each trace, in (0, 1].
    clusters : sequence of str
        What each trace was drawn with, such as its session.
    assumes : str, optional
        What has to be true for the estimate to hold.

    Returns
    -------
    Estimate
        The Hájek estimate; a Wilson interval at the sample size that would be as
        precise, from the spread between clusters. Where all traces are alike it is the
        number of clusters.

    References
    ----------
    Kish (1965), Survey Sampling, sections 6.1 and 8.2; Korn and Graubard (1998),
    Survey Methodology 24, 193-201.

    Examples
    --------
    >>> clustered_rate([True, True, False, False], [0.1] * 4, ["a", "a", "b", "b"])
    0.50 [0.05, 0.95], n=4, 95% Wilson, 2 clusters (effective n 1.0)
    """
    weights = [1.0 / probability for probability in probabilities]
    total = sum(weights)
    if not total:
        return wilson(0, 0, assumes=assumes)
    rate = sum(w for w, value in zip(weights, values, strict=True) if value) / total
    residuals: dict[str, float] = {}
    for weight, value, cluster in zip(weights, values, clusters, strict=True):
        residuals[cluster] = residuals.get(cluster, 0.0) + weight * (value - rate)
    count = len(residuals)
    spread = sum(part * part for part in residuals.values()) / total**2
    if count > 1 and spread > 0:
        # by the number of clusters less one, as for any variance from a sample
        effective = rate * (1 - rate) / spread * (count - 1) / count
        effective = max(1.0, min(effective, total**2 / sum(w * w for w in weights)))
    else:
        effective = float(count)
    low, high = _wilson_bounds(rate, effective)
    method = f"Wilson, {count} clusters (effective n {effective:.1f})"
    return Estimate(rate, low, high, len(weights), method, assumes)


def _wilson_bounds(rate: float, n: float) -> tuple[float, float]:
    z2 = Z95 * Z95
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
