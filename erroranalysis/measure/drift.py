"""Has the pass rate changed? An answer that may be asked for every week."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError
from erroranalysis.measure.coefficients import same_length
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.named_traces import by_period
from erroranalysis.measure.results import frame_of, many, table_of
from erroranalysis.measure.watching import (
    baseline_doubt,
    change_bounds,
    log_evidence,
    p_from,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_ALPHA = 0.05
_METHOD = "confidence sequence"
_ASSUMES = (
    "traces are drawn at random and do not depend on each other, the same judge or"
    " person judged all of them, and the baseline was not picked for its rate"
)


@dataclass(frozen=True)
class Drift:
    """A pass rate watched over time against a baseline.

    Attributes
    ----------
    periods : tuple
        Names of the periods, in order.
    rates : tuple of Estimate
        Pass rate of each period alone; good for one look, not for a search.
    baseline : Estimate
        What the rate was; with ``n`` 0 where it was given as a known number.
    p_values : tuple of float
        After each period, the p value of "nothing has changed". It may be looked at
        after every period: with nothing changed it is ever 0.05 or less in at most 5
        of 100 watches.
    change : Estimate
        Mean pass rate of all watched periods less that of the baseline; holds at every
        look at once.
    failing : tuple of tuple of str
        For each period, the traces that failed; where ids were given.
    """

    periods: tuple[object, ...]
    rates: tuple[Estimate, ...]
    baseline: Estimate
    p_values: tuple[float, ...]
    change: Estimate
    failing: tuple[tuple[str, ...], ...] = ()

    @property
    def place(self) -> int | None:
        """Place, from 0, of the period after which a change was first noticed."""
        hits = [i for i, p in enumerate(self.p_values) if p <= _ALPHA]
        return hits[0] if hits else None

    @property
    def noticed(self) -> object | None:
        """The period after which a change was first noticed; None for not yet."""
        return None if self.place is None else self.periods[self.place]

    @property
    def since(self) -> object | None:
        """The period in which the change most likely began; None for no change."""
        start = self._start()
        return None if start is None else self.periods[start]

    @property
    def sentence(self) -> str:
        """What a reader needs to know, in words."""
        before, looks = f"{100 * self.baseline.value:.0f} %", len(self.periods)
        start = self._start()
        if not self.change.n:
            return f"Nothing to watch yet; the baseline is {before}."
        if start is None or self.place is None:
            low, high = 100 * self.change.low, 100 * self.change.high
            return (
                f"No change noticed in {many(looks, 'period')}: on average the pass"
                f" rate is {low:+.0f} to {high:+.0f} points from the baseline of"
                f" {before}."
            )
        passed, n = self._counts(start, self.place)
        way = "fell" if passed / n < self.baseline.value else "rose"
        return (
            f"The pass rate {way} from {before} to about {100 * passed / n:.0f} %, most"
            f" likely since {self.since}; noticed after {self.noticed}, period"
            f" {self.place + 1} of {looks}."
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"Drift({self.sentence})"

    def trace_ids(self, period: object) -> tuple[str, ...]:
        """Return the traces of a period that failed."""
        named = zip(self.periods, self.failing, strict=False)  # none without ids
        return next((ids for name, ids in named if name == period), ())

    def frame(self) -> pl.DataFrame:
        """Return one row a period: its rate with interval, and the p value so far."""
        rows = [
            {
                "period": period,
                "rate": rate.value,
                "low": rate.low,
                "high": rate.high,
                "n": rate.n,
                "p_value": p,
                "noticed": p <= _ALPHA,
            }
            for period, rate, p in zip(
                self.periods, self.rates, self.p_values, strict=True
            )
        ]
        return frame_of(
            rows, ["period", "rate", "low", "high", "n", "p_value", "noticed"]
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence)}</p>{table_of(self.frame().to_dicts())}"

    def _counts(self, first: int, last: int) -> tuple[int, int]:
        part = [r for r in self.rates[first : last + 1] if r.n]
        return sum(round(r.value * r.n) for r in part), sum(r.n for r in part)

    def _start(self) -> int | None:
        """Return the start for which the periods up to the alarm differ most."""
        if self.place is None:
            return None

        def distance(first: int) -> float:
            passed, n = self._counts(first, self.place or 0)
            if not n:
                return 0.0
            before = min(max(self.baseline.value, 1e-9), 1 - 1e-9)
            return sum(
                count * math.log(count / n / share)
                for count, share in ((passed, before), (n - passed, 1 - before))
                if count
            )

        return max(range(self.place + 1), key=distance)


def drift(
    passes: Sequence[int],
    traces: Sequence[int],
    *,
    baseline: tuple[int, int] | float,
    periods: Sequence[object] | None = None,
    trace_ids: Sequence[Sequence[str]] | None = None,
) -> Drift:
    """Watch a pass rate, period by period, for a change from a baseline.

    Call it again after every week with all weeks so far. A test of each week at 5 %
    raises a false alarm in 93 of 100 years in which nothing changes; this one in at
    most 5. For a single comparison of two fixed samples `unpaired_comparison` shows
    smaller changes.

    Parameters
    ----------
    passes, traces : sequence of int
        Passes and traces judged in each period, in order of time; a period may be
        empty.
    baseline : tuple of two int, or float
        Passes and traces of the time before, apart from the watched ones; or a rate
        between 0 and 1 that is known, such as a target.
    periods : sequence, optional
        What the periods are called; by default 1, 2, 3.
    trace_ids : sequence of sequences of str, optional
        For each period the ids of the traces that failed.

    Returns
    -------
    Drift
        Rates, a p value that stays valid, when a change was noticed, in words.

    Raises
    ------
    NothingToDoError
        The baseline has no traces.
    ValueError
        Lengths differ, counts or ids do not fit, or a known rate is not between 0 and
        1.

    Notes
    -----
    A bettor starts with 1 and, before each trace, bets against "the rate is p" at fair
    odds; what he owns, ``E(p)``, is 20 or more at any time with a chance of 1 in 20 at
    most (Ville). His stakes are spread over 24 sizes of change and over the period j in
    which it begins, with weights ``1 / (j (j + 1))``, so that late changes are not
    hidden by the good weeks before. With a known rate the p value is 1 over the most he
    ever owned. With a counted baseline each p is also judged by the exact binomial p
    value of the baseline, P(p); ``r = max over p of P(p) / E(p)`` and the p value is
    ``r (1 + log(1 / r))``, since P and E do not depend on each other.

    At 100 traces a week and a known rate of 85 %, half of the falls by 10 points are
    noticed within 2 to 4 weeks and by 5 points within 7 to 11 (at once, or after half a
    year without a change); with a baseline of 1,000 traces within 3 and 15. See
    `periods_until_noticed`.

    It is assumed that traces are drawn at random and do not depend on each other.

    References
    ----------
    Ville (1939), Étude critique de la notion de collectif; Waudby-Smith and Ramdas
    (2024), Journal of the Royal Statistical Society B 86, 1-27, on betting; Shin,
    Ramdas and Rinaldo (2024), New England Journal of Statistics in Data Science 2, on
    starts; Ignatiadis, Wang and Ramdas (2024), Biometrika 111, 417-439, on P over E.

    Examples
    --------
    >>> weeks = [84, 86, 85, 83, 70, 72, 71]
    >>> found = drift(weeks, [100] * 7, baseline=(850, 1000))
    >>> found.noticed, found.since
    (6, 5)
    >>> drift(weeks[:4], [100] * 4, baseline=(850, 1000))
    Drift(No change noticed in 4 periods: on average the pass rate is -9 to +7 points
    from the baseline of 85 %.)
    """
    import numpy as np

    same_length(passes, traces, "Passes and traces")
    names = range(1, len(passes) + 1) if periods is None else periods
    same_length(names, passes, "Names of the periods and passes")
    k, n = np.asarray(passes, dtype=float), np.asarray(traces, dtype=float)
    if not (np.isfinite(k) & np.isfinite(n) & (k >= 0) & (k <= n)).all():
        raise ValueError("Passes of a period must be between 0 and its traces.")
    start = baseline_of(baseline)
    shares, doubt = baseline_doubt(start)
    evidence = log_evidence(k[None, :], n, shares[None, :])
    most = np.maximum.accumulate(np.maximum(evidence[0], 0.0), axis=0)
    p_values = p_from((doubt - most).max(1), known=not start.n)
    total = int(n.sum())
    change = Estimate(math.nan, -1.0, 1.0, 0, _METHOD, _ASSUMES)
    if total:
        low, high = change_bounds(float(k.sum()), total, shares, doubt)
        value = float(k.sum()) / total - start.value
        low, high = min(low, value), max(high, value)
        change = Estimate(value, low, high, total, _METHOD, _ASSUMES)
    return Drift(
        tuple(names),
        tuple(wilson(int(a), int(b)) for a, b in zip(k, n, strict=True)),
        start,
        tuple(float(p) for p in p_values),
        change,
        by_period(trace_ids, (n - k).tolist()),
    )


def baseline_of(given: tuple[int, int] | float) -> Estimate:
    """Return the rate before, counted or known.

    Examples
    --------
    >>> baseline_of(0.85).n
    0
    """
    if isinstance(given, tuple):
        passed, n = given
        if n == 0:
            raise NothingToDoError(
                "The baseline has no traces. Give the passes and traces of the time"
                " before, as baseline=(170, 200), or a known rate, as baseline=0.85."
            )
        return wilson(passed, n)
    if not 0 < given < 1:
        raise ValueError(
            f"baseline is {given}: a known rate must be between 0 and 1. If all of the"
            " traces passed, give their number, as baseline=(200, 200)."
        )
    return Estimate(given, given, given, 0, "known")
