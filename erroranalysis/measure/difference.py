"""Two rates of separate traces and how far they are apart."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import Z95, Estimate

if TYPE_CHECKING:
    import polars as pl

_POWER_80 = 0.8416212335729143


@dataclass(frozen=True)
class Difference:
    """Two rates of separate traces and how far they are apart.

    Attributes
    ----------
    first, second : Estimate
        The rates.
    estimate : Estimate
        First less second, between -1 and 1.
    """

    first: Estimate
    second: Estimate
    estimate: Estimate

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        found = self.estimate
        return not math.isnan(found.value) and not found.low <= 0 <= found.high

    @property
    def detectable(self) -> float:
        """The difference that as wide an interval would show in 80 of 100 cases."""
        half = (self.estimate.high - self.estimate.low) / 2
        return min(1.0, half * (1 + _POWER_80 / Z95))

    @property
    def says(self) -> str:
        """The difference in words."""
        found = self.estimate
        if math.isnan(found.value):
            return "no difference can be given: one of the rates has no traces"
        if self.shown:
            which = "higher" if found.value > 0 else "lower"
            ends = sorted((abs(found.low), abs(found.high)))
            return (
                f"the first rate is {which} by {abs(found.value) * 100:.0f} points"
                f" ({ends[0] * 100:.0f} to {ends[1] * 100:.0f})"
            )
        return (
            f"no difference shown; with these {found.n} traces a difference of"
            f" {self.detectable * 100:.0f} points could have been shown"
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"Difference({self.estimate}; {self.says})"

    def frame(self) -> pl.DataFrame:
        """Return three rows: the first rate, the second and the difference."""
        import polars as pl

        rows = {"first": self.first, "second": self.second, "difference": self.estimate}
        return pl.DataFrame([{"quantity": k, **vars(v)} for k, v in rows.items()])

    def _repr_html_(self) -> str:
        found = html.escape(repr(self.estimate))
        return f"<p><code>{found}</code><br>{html.escape(self.says)}</p>"


def rate_difference(first: Estimate, second: Estimate) -> Difference:
    """Estimate how far two rates of separate traces are apart.

    For two periods, two versions or two slices, each with traces of its own. Two judges
    or two prompts on the *same* traces need a paired comparison instead.

    Parameters
    ----------
    first, second : Estimate
        Two rates, each from traces of its own: of `wilson`, and then this is Newcombe's
        interval, but also weighted, clustered or corrected ones.

    Returns
    -------
    Difference
        First less second, with a sentence. Without an estimate on one side the value is
        NaN and the interval what is possible.

    Notes
    -----
    ``low = d - sqrt((p1 - l1)^2 + (u2 - p2)^2)`` and
    ``high = d + sqrt((u1 - p1)^2 + (p2 - l2)^2)``.

    It is assumed that the two samples are independent.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Zou and Donner
    (2008), Statistics in Medicine 27, 1693-1702, for intervals other than Wilson's.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> rate_difference(wilson(56, 70), wilson(48, 80)).estimate
    0.20 [0.05, 0.33], n=150, 95% Newcombe
    >>> print(rate_difference(wilson(9, 40), wilson(6, 40)).says)
    no difference shown; with these 80 traces a difference of 25 points could have been
    shown
    """
    n, method = first.n + second.n, "Newcombe"
    if {first.method, second.method} != {"Wilson"}:
        method = f"Newcombe ({first.method}; {second.method})"
    assumes = "; ".join(dict.fromkeys(a for a in (first.assumes, second.assumes) if a))
    value = first.value - second.value
    if math.isnan(value):
        low, high = first.low - second.high, first.high - second.low
    else:
        low = value - math.hypot(first.value - first.low, second.high - second.value)
        high = value + math.hypot(first.high - first.value, second.value - second.low)
    low, high = max(-1.0, low), min(1.0, high)
    return Difference(first, second, Estimate(value, low, high, n, method, assumes))
