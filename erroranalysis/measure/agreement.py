"""Agreement of two raters on the same traces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import Estimate, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

_RESAMPLES = 2_000


@dataclass(frozen=True)
class Agreement:
    """How often two raters agree, plainly and beyond chance.

    Attributes
    ----------
    percent : Estimate
        Share of traces with the same verdict.
    kappa : Estimate
        Cohen's kappa; NaN where one of the raters used a single verdict only and
        agreement beyond chance has no meaning.
    raters : tuple of str
        Who.
    """

    percent: Estimate
    kappa: Estimate
    raters: tuple[str, str] = ("a", "b")

    def __repr__(self) -> str:
        """Say it in one line."""
        who = " and ".join(self.raters)
        return f"Agreement({who}: kappa {self.kappa}; same verdict {self.percent})"

    def frame(self) -> pl.DataFrame:
        """Return one row a quantity."""
        import polars as pl

        rows = [("kappa", self.kappa), ("same verdict", self.percent)]
        return pl.DataFrame([{"quantity": name, **vars(item)} for name, item in rows])


def cohen_kappa(
    first: Sequence[str],
    second: Sequence[str],
    *,
    raters: tuple[str, str] = ("a", "b"),
    seed: int = 0,
) -> Agreement:
    """Measure the agreement of two raters.

    Parameters
    ----------
    first, second : sequence of str
        Verdicts of the two on the same traces, in the same order.
    raters : tuple of str, optional
        Their names.
    seed : int, default 0
        Seed of the bootstrap.

    Returns
    -------
    Agreement
        Percent agreement with a Wilson interval; Cohen's kappa with a percentile
        bootstrap interval over traces (2,000 resamples).

    Notes
    -----
    At perfect agreement the bootstrap interval would be [1, 1]; the lower bound is
    then the kappa that the Wilson bound of the percent agreement allows.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46.

    Examples
    --------
    >>> cohen_kappa(["pass"] * 8 + ["fail"] * 4, ["pass"] * 7 + ["fail"] * 5).kappa
    0.82 [0.40, 1.00], n=12, 95% bootstrap
    """
    import numpy as np

    n = len(first)
    same = sum(a == b for a, b in zip(first, second, strict=True))
    percent = wilson(same, n)
    names = sorted({*first, *second})
    codes = {name: place for place, name in enumerate(names)}
    pairs = np.array(
        [codes[a] * len(names) + codes[b] for a, b in zip(first, second, strict=True)],
        dtype=int,
    )
    value = (
        float(_kappa(np.bincount(pairs, minlength=len(names) ** 2)[None, :])[0])
        if n
        else math.nan
    )
    if math.isnan(value):
        kappa = Estimate(math.nan, -1.0, 1.0, n, "bootstrap")
        return Agreement(percent, kappa, raters)
    shares = np.bincount(pairs, minlength=len(names) ** 2) / n
    rng = np.random.default_rng(seed)
    drawn = _kappa(rng.multinomial(n, shares, size=_RESAMPLES))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    if same == n:
        by_chance = float((shares.reshape(len(names), -1).sum(1) ** 2).sum())
        low = (percent.low - by_chance) / (1 - by_chance)
    kappa = Estimate(value, float(low), float(high), n, "bootstrap")
    return Agreement(percent, kappa, raters)


def _kappa(tables: np.ndarray) -> np.ndarray:
    """Return kappa of flattened square tables of counts, one a row; NaN at 0/0."""
    import numpy as np

    size = math.isqrt(tables.shape[1])
    square = tables.reshape(-1, size, size)
    n = square.sum((1, 2)).astype(float)
    observed = np.trace(square, axis1=1, axis2=2) / n
    chance = (square.sum(1) * square.sum(2)).sum(1) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa: np.ndarray = np.where(
            chance < 1, (observed - chance) / (1 - chance), np.nan
        )
    return kappa
