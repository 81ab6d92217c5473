"""A number with its interval, its n, its method and what it assumes."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

Z95 = 1.959963984540054
CONSERVATIVE = "conservative here: "
SHORT = "may cover less than 95 % here: "
UNEVEN = "uneven here: "
_SINGLE, _FEW = 1, 4


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
    caution : str
        Where simulation has shown the interval to hold more or less often than in 95 of
        100 cases, in words; decided by the counts alone. Empty elsewhere. Where it may
        hold less often, the level is printed as ``≤95%``.

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
    caution: str = ""

    def __repr__(self) -> str:
        """Say it in one line."""
        if math.isnan(self.value):
            return f"no estimate, n={self.n}"
        level = "≤95%" if SHORT in self.caution else "95%"
        return (
            f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}],"
            f" n={self.n}, {level} {self.method}"
        )

    def frame(self) -> pl.DataFrame:
        """Return the estimate as a frame of one row."""
        import polars as pl

        return pl.DataFrame([vars(self)])

    def _repr_html_(self) -> str:
        said = "; ".join(part for part in (self.assumes, self.caution) if part)
        note = f" <small>{html.escape(said)}</small>" if said else ""
        return f"<code>{html.escape(repr(self))}</code>{note}"


def wilson(count: int, n: int, *, assumes: str = "") -> Estimate:
    """Estimate one proportion.

    The default for a share of traces that were drawn alone and with equal chances; see
    `clopper_pearson` for a bound that holds in every case, `jeffreys` for many
    intervals at once, `weighted_rate` and `clustered_rate` for other draws.

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
        The share and its Wilson score interval.

    Raises
    ------
    ValueError
        The count is negative or larger than n.

    Notes
    -----
    The bounds are the p with ``|count / n - p| = z * sqrt(p * (1 - p) / n)``. It
    assumes that the traces are independent and fail equally often.

    How often it holds jumps from one true rate to the next: on average over a range of
    rates 95 %, at single ones 92 to 98 % where five or more are counted and five or
    more not. With fewer the estimate's `caution` says so: just below a rate of ``0.18 /
    n`` it is 83 %.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Brown,
    Cai and DasGupta (2001), Statistical Science 16, 101-133, on the jumps.

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
    low, high = wilson_bounds(count / n, n)
    return Estimate(count / n, low, high, n, "Wilson", assumes, uneven(count, n))


def uneven(count: int, n: int) -> str:
    """Say that a Wilson interval of so few holds unevenly; else nothing.

    Examples
    --------
    >>> uneven(2, 40)
    'uneven here: with 2 of 40 counted such intervals hold in 91 to 98 % of cases,
    depending on the true rate'
    >>> uneven(18, 100)
    ''
    """
    few = min(count, n - count)
    if few > _FEW:
        return ""
    held = "83 to 100" if few <= _SINGLE else "91 to 98"
    return (
        f"{UNEVEN}with {count} of {n} counted such intervals hold in {held} % of cases,"
        " depending on the true rate"
    )


def wilson_bounds(rate: float, n: float) -> tuple[float, float]:
    """Return the Wilson bounds of a rate; n may be an effective, broken number.

    Examples
    --------
    >>> low, high = wilson_bounds(0.18, 100)
    >>> round(low, 4), round(high, 4)
    (0.117, 0.2667)
    """
    z2 = Z95 * Z95
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    # at the ends the bound is exact, and floating point must not say 1e-17
    low = 0.0 if rate <= 0 else max(0.0, centre - half)
    high = 1.0 if rate >= 1 else min(1.0, centre + half)
    return low, high
