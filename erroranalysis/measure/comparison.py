"""Two judges, prompts, releases or models compared."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.coefficients import read_verdicts, same_length
from erroranalysis.measure.difference import rate_difference
from erroranalysis.measure.estimate import CONSERVATIVE, Estimate, wilson
from erroranalysis.measure.mcnemar import fisher, mcnemar, tango
from erroranalysis.measure.paired_planning import detectable_paired_difference
from erroranalysis.measure.planning import detectable_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

_ALPHA, FEW = 0.05, 5
SAME = "the same traces were given to both, in the same order"


@dataclass(frozen=True)
class Comparison:
    """How much more often the second passes than the first.

    Attributes
    ----------
    names : tuple of str
        The first and the second.
    quantity : str
        What is compared: ``pass rate``, ``TPR`` or ``TNR``.
    first, second : Estimate
        The two shares.
    difference : Estimate
        Second minus first.
    p_value : float
        Mid-p of McNemar's test (same traces) or of Fisher's (different traces).
    p_exact : float
        P value of the exact test; more careful, shows less.
    detectable : float
        Difference that these traces would have shown with 80 % chance; NaN where they
        could have shown none.
    only_first, only_second : int or None
        Traces on which the two differ, where the traces are the same.
    """

    names: tuple[str, str]
    quantity: str
    first: Estimate
    second: Estimate
    difference: Estimate
    p_value: float
    p_exact: float
    detectable: float
    only_first: int | None = None
    only_second: int | None = None

    @property
    def shown(self) -> bool:
        """Whether the p value is 0.05 or less."""
        return self.p_value <= _ALPHA

    @property
    def sentence(self) -> str:
        """What a reader needs to know, in words."""
        first, second = self.names
        if math.isnan(self.difference.value):
            return f"No {self.quantity} to compare: no traces."
        points = 100 * self.difference.value
        more = "more" if points >= 0 else "less"
        found = (
            f"{self.quantity} of {second} is {abs(points):.0f} points {more} than of"
            f" {first} ({100 * self.difference.low:+.0f} to"
            f" {100 * self.difference.high:+.0f})"
        )
        if self.shown:
            return f"The {found}; p = {self.p_value:.2g}."
        traces = f"these {self.difference.n} traces"
        if math.isnan(self.detectable):
            return f"No difference shown: {found}; {traces} could not have shown any."
        could = f"with {traces} a difference of {100 * self.detectable:.0f} points"
        return f"No difference shown: {found}; {could} could have been shown."

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"Comparison({self.sentence})"

    def frame(self) -> pl.DataFrame:
        """Return one row: the two shares, the difference and the p values."""
        import polars as pl

        return pl.DataFrame([row(self)])

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence)}</p>"


def paired_comparison(
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    names: tuple[str, str] = ("first", "second"),
    quantity: str = "pass rate",
) -> Comparison:
    """Compare how often two pass on the same traces.

    For two releases, models or prompts that were run on the same inputs, and for two
    judges without human labels. Where the traces differ use `unpaired_comparison`; it
    needs several times as many. Where there are human labels use `compare_judges`.

    Parameters
    ----------
    first, second : sequence of str or bool
        Verdicts of the same traces in the same order: ``pass`` / ``fail``, or True for
        pass.
    names : tuple of str, optional
        What the two are called.
    quantity : str, default "pass rate"
        What a pass rate is called here.

    Returns
    -------
    Comparison
        Second minus first with Tango's interval, p values, the detectable difference.

    Raises
    ------
    UnknownNameError
        A verdict other than pass or fail.
    ValueError
        The sequences differ in length, or a verdict is missing.

    Notes
    -----
    Score interval of Tango: all ``d`` for which ``(b - c - n d) / sqrt(n (2 q + d (1 -
    d)))`` lies within 1.96 of 0, with ``b`` and ``c`` the traces that only one passes
    and ``q`` the most likely share of ``c`` given ``d``. It covers 94 to 98 % from
    n = 50; where fewer than about three traces are expected to differ it covers more.

    It is assumed that the traces are a random sample of those that matter.

    References
    ----------
    Tango (1998), Statistics in Medicine 17, 891-908; Fagerland, Lydersen and Laake
    (2014), Statistics in Medicine 33, 2850-2875, who compare it with others.

    Examples
    --------
    >>> before = ["pass"] * 2 + ["fail"] * 19
    >>> after = ["pass", "fail"] + ["pass"] * 7 + ["fail"] * 12
    >>> paired_comparison(before, after).difference
    0.29 [0.03, 0.52], n=21, 95% Tango score
    """
    same_length(first, second, "Verdicts")
    a, b = passed(first), passed(second)
    n, more, less = len(a), int((b & ~a).sum()), int((a & ~b).sum())
    p = mcnemar(less, more)
    low, high = tango(more, less, n) if n else (-1.0, 1.0)
    found = difference_of(more, less, n, (float(low), float(high)))
    return Comparison(
        names,
        quantity,
        wilson(int(a.sum()), n),
        wilson(int(b.sum()), n),
        found,
        p.mid_p,
        p.exact,
        detectable_paired_difference(n, (more + less) / n) if n else math.nan,
        less,
        more,
    )


def unpaired_comparison(
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    names: tuple[str, str] = ("first", "second"),
) -> Comparison:
    """Compare how often two pass on different traces.

    For two weeks, two customer groups, two samples. On the same traces
    `paired_comparison` shows smaller differences.

    Parameters
    ----------
    first, second : sequence of str or bool
        Verdicts: ``pass`` / ``fail``, or True for pass. Lengths may differ.
    names : tuple of str, optional
        What the two are called.

    Returns
    -------
    Comparison
        Second minus first with Newcombe's interval, p values of Fisher's test, the
        detectable difference.

    Raises
    ------
    UnknownNameError
        A verdict other than pass or fail.
    ValueError
        A verdict is missing.

    Notes
    -----
    Newcombe's hybrid score interval: the two Wilson intervals, their distances from
    the shares squared and added.

    It is assumed that both are random samples, and independent of each other.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Lancaster (1961),
    Journal of the American Statistical Association 56, 223-234, on mid-p.

    Examples
    --------
    >>> unpaired_comparison([True] * 56 + [False] * 14, [True] * 48 + [False] * 32)
    Comparison(The pass rate of second is 20 points less than of first (-33 to -5);
    p = 0.0084.)
    """
    a, b = passed(first), passed(second)
    one, two = wilson(int(a.sum()), len(a)), wilson(int(b.sum()), len(b))
    found = rate_difference(two, one).estimate
    p_mid, p_exact, detectable = 1.0, 1.0, math.nan
    if len(a) and len(b):
        p_mid, p_exact = fisher(int(a.sum()), len(a), int(b.sum()), len(b))
        each = int(2 / (1 / len(a) + 1 / len(b)))
        rate = float((a.sum() + b.sum() + 1) / (found.n + 2))
        detectable = detectable_difference(each, min(rate, 1 - rate))
    return Comparison(names, "pass rate", one, two, found, p_mid, p_exact, detectable)


def difference_of(
    more: int, less: int, n: int, bounds: tuple[float, float]
) -> Estimate:
    """Return the difference of two on the same traces, with what is known of it."""
    if not n:
        return Estimate(math.nan, *bounds, 0, "Tango score", SAME)
    said = ""
    if more + less <= FEW:
        said = f"{CONSERVATIVE}the two differ on {more + less} of the traces"
    return Estimate((more - less) / n, *bounds, n, "Tango score", SAME, said)


def passed(values: Sequence[Any]) -> np.ndarray:
    """Return verdicts as booleans: True is pass."""
    import numpy as np

    if isinstance(values, np.ndarray) and values.dtype == bool:
        return values
    return np.array([item == "pass" for item in read_verdicts(values)], dtype=bool)


def row(item: Comparison) -> dict[str, Any]:
    """Return a comparison as a row of a frame."""
    return {
        "quantity": item.quantity,
        "first": item.first.value,
        "second": item.second.value,
        **vars(item.difference),
        "p_value": item.p_value,
        "p_exact": item.p_exact,
        "detectable": item.detectable,
    }
