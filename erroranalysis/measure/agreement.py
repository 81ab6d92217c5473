"""Agreement of two raters on the same traces, and of one person over time."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.coefficients import (
    INDEPENDENT,
    METHOD,
    VERDICTS,
    estimate,
    jackknife,
    nominal,
    posterior,
    ratio,
    same_length,
)
from erroranalysis.measure.comparison import difference_of
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.mcnemar import tango
from erroranalysis.measure.patterns import MOST_PATTERNS, pseudo, say_few

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import polars as pl

_MATTERS = 0.1


def _unknown() -> Estimate:
    return Estimate(math.nan, -1.0, 1.0, 0, METHOD)


@dataclass(frozen=True)
class Agreement:
    """How often two raters agree, plainly and beyond chance.

    Attributes
    ----------
    percent : Estimate
        Share of traces with the same verdict.
    kappa : Estimate
        Cohen's kappa; NaN where both raters used the same single verdict and agreement
        beyond chance has no meaning.
    raters : tuple of str
        Who.
    ac1 : Estimate
        Gwet's AC1, which does not fall where one verdict is rare.
    prevalence : Estimate
        Share of traces that both pass, less the share that both fail. Near 1 or -1
        kappa is low whatever the raters do. NaN where there are more verdicts than two.
    bias : Estimate
        Share of traces that the first passes, less the share that the second passes.
        NaN where there are more verdicts than two.
    """

    percent: Estimate
    kappa: Estimate
    raters: tuple[str, str] = ("a", "b")
    ac1: Estimate = field(default_factory=_unknown)
    prevalence: Estimate = field(default_factory=_unknown)
    bias: Estimate = field(default_factory=_unknown)

    @property
    def pabak(self) -> float:
        """Kappa as it were with even verdicts: twice the percent agreement less one.

        ``kappa = (pabak - prevalence**2 + bias**2) / (1 - prevalence**2 + bias**2)``
        for two verdicts (Byrt, Bishop and Carlin 1993).
        """
        return 2 * self.percent.value - 1

    @property
    def explanation(self) -> str:
        """Why kappa is what it is, in words; empty where there is nothing to say."""
        return " ".join(
            part for part in (self._of_prevalence(), self._of_bias()) if part
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        who = " and ".join(self.raters)
        said = f"; {self.explanation}" if self.explanation else ""
        return (
            f"Agreement({who}: kappa {self.kappa}; same verdict {self.percent}{said})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a quantity."""
        import polars as pl

        rows = [{"quantity": name, **vars(item)} for name, item in self._quantities()]
        return pl.DataFrame(rows)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{name}</th><td><code>{html.escape(repr(item))}</code></td></tr>"
            for name, item in self._quantities()
        )
        who = html.escape(" and ".join(self.raters))
        said = f"<p>{html.escape(self.explanation)}</p>" if self.explanation else ""
        return f"<p><b>{who}</b></p><table>{rows}</table>{said}"

    def _quantities(self) -> list[tuple[str, Estimate]]:
        named = [
            ("kappa", self.kappa),
            ("same verdict", self.percent),
            ("AC1", self.ac1),
        ]
        if not math.isnan(self.prevalence.value):
            named += [("prevalence index", self.prevalence), ("bias index", self.bias)]
        return named

    def _of_prevalence(self) -> str:
        if self.percent.n and math.isnan(self.kappa.value):
            return (
                "Both gave one verdict only, so agreement beyond chance has no meaning:"
                " let both read traces of the other kind too."
            )
        skew = self.prevalence.value
        if math.isnan(skew) or not self.pabak - self.kappa.value >= _MATTERS:
            return ""
        common, rare = VERDICTS if skew > 0 else reversed(VERDICTS)
        chance = 1 - (1 - self.percent.value) / (1 - self.kappa.value)
        return (
            f"Kappa is low beside {self.percent.value:.0%} agreement because {rare} is"
            f" rare (prevalence index {skew:.2f}): guesses with as many {common} would"
            f" agree on {chance:.0%}. Read AC1 {self.ac1.value:.2f} beside it, and read"
            f" more traces that {rare}."
        )

    def _of_bias(self) -> str:
        if math.isnan(self.bias.value) or self.bias.low <= 0 <= self.bias.high:
            return ""
        more, less = self.raters if self.bias.value > 0 else reversed(self.raters)
        return (
            f"{more} passes more traces than {less} (bias index {self.bias.value:.2f}):"
            " settle where the bar is before single traces."
        )


def cohen_kappa(
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    raters: tuple[str, str] = ("a", "b"),
    seed: int = 0,
) -> Agreement:
    """Measure the agreement of two raters.

    Use it for two people, or a person and a judge, who gave each trace one verdict. For
    more than two raters, or ratings that are missing, use `rater_agreement`; for a
    judge, `align` says more.

    Parameters
    ----------
    first, second : sequence of str or bool
        Verdicts of the two on the same traces, in the same order. Other names than pass
        and fail are taken too.
    raters : tuple of str, optional
        Their names.
    seed : int, default 0
        Seed of the draws behind the intervals.

    Returns
    -------
    Agreement
        Percent agreement with a Wilson interval; Cohen's kappa, Gwet's AC1 and the
        index of prevalence with an interval from the posterior of the table, and the
        index of bias with Tango's, as of `paired_comparison`.

    Raises
    ------
    ValueError
        The two differ in length, a verdict is missing, or there are more than 50
        different verdicts.

    Notes
    -----
    ``kappa = (po - pe) / (1 - pe)`` with ``pe`` the sum of the products of both raters'
    shares; AC1 the same with ``pe = sum(q * (1 - q)) / (k - 1)``, q the mean share of
    each of k verdicts. The prevalence index is ``(a - d) / n`` and the bias index
    ``(b - c) / n``, a both pass, d both fail, b only the first passes.

    The interval is that of `posterior`: Jeffreys' prior on the table. At 30 traces of
    which 3 fail and kappa 0.7 it covers 97 %, the percentile bootstrap 72 %. The
    interval of statsmodels ``cohens_kappa`` is [1, 1] at perfect agreement, however few
    the traces, and NaN where only one verdict was given. Here there is a lower bound in
    the first case, and no estimate with the interval [-1, 1] in the second.

    It is assumed that the traces are a random sample, and that neither knew of the
    other's verdict.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46; Gwet (2008),
    British Journal of Mathematical and Statistical Psychology 61, 29-48; Byrt, Bishop
    and Carlin (1993), Journal of Clinical Epidemiology 46, 423-429; Feinstein and
    Cicchetti (1990), same journal 43, 543-549, on the paradox; Basu, Banerjee and Sen
    (2000), Biometrics 56, 577-582.

    Examples
    --------
    >>> found = cohen_kappa(["pass"] * 8 + ["fail"] * 4, ["pass"] * 7 + ["fail"] * 5)
    >>> found.kappa
    0.82 [0.22, 0.97], n=12, 95% Dirichlet
    >>> found.bias
    0.08 [-0.18, 0.35], n=12, 95% Tango score
    """
    names, table = _table(first, second)
    size, n = len(names), len(first)
    cells = table.ravel()
    same = wilson(int(table.trace()), n)
    no_index = size != 2 or not set(names) <= set(VERDICTS)  # noqa: PLR2004 - pass and fail

    bias = _unknown()
    if n and not no_index:
        bias = bias_of(int(cells[1]), int(cells[2]), n)
    return Agreement(
        percent=same,
        kappa=of_table(kappa_of, cells, seed),
        raters=raters,
        ac1=of_table(ac1_of, cells, seed),
        prevalence=_unknown() if no_index else of_table(prevalence_of, cells, seed),
        bias=bias,
    )


def reread_agreement(
    before: Sequence[Any],
    again: Sequence[Any],
    *,
    annotator: str = "a",
    seed: int = 0,
) -> Agreement:
    """Measure how far a person agrees with what they said before.

    Use it for traces that one person judged twice, the second time blind. It is the
    ceiling: neither a colleague nor a judge can be expected to agree with them more.
    The bias index says whether they have become stricter (above 0) or milder.

    Parameters
    ----------
    before, again : sequence of str or bool
        Verdicts on the same traces, in the same order.
    annotator : str, optional
        Whose.
    seed : int, default 0
        Seed of the draws behind the intervals.

    Returns
    -------
    Agreement
        As of `cohen_kappa`, the raters named ``annotator`` and ``annotator again``.

    Raises
    ------
    ValueError
        The two differ in length or a verdict is missing.

    Notes
    -----
    Formulas and intervals are those of `cohen_kappa`. It is assumed that the traces
    read again are a random sample of those read, and that the person did not remember
    the first verdict.

    References
    ----------
    As `cohen_kappa`: Cohen (1960), Educational and Psychological Measurement 20, 37-46;
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48.

    Examples
    --------
    >>> found = reread_agreement(["pass", "fail"] * 10, ["pass", "fail"] * 10)
    >>> found.percent
    1.00 [0.84, 1.00], n=20, 95% Wilson
    >>> found.raters
    ('a', 'a again')
    """
    raters = (annotator, f"{annotator} again")
    return cohen_kappa(before, again, raters=raters, seed=seed)


def of_table(
    coefficients: Callable[[np.ndarray], np.ndarray], cells: np.ndarray, seed: int = 0
) -> Estimate:
    """Estimate a coefficient of a flattened square table of counts."""
    import numpy as np

    n = int(cells.sum())
    if not n:
        return _unknown()
    value = float(coefficients(cells[None, :].astype(float))[0])
    if math.isnan(value):
        return estimate(value, (-1.0, 1.0), n, METHOD)
    same = cells[:: math.isqrt(len(cells)) + 1]
    said = say_few(n - int(same.sum()), int(same.sum() - same.max()))
    if len(cells) <= MOST_PATTERNS:
        prior = pseudo(np.eye(math.isqrt(len(cells))).ravel() > 0)
        bounds = posterior(coefficients, cells, prior=prior, seed=seed)
        return estimate(value, bounds, n, METHOD, said)
    seen = np.flatnonzero(cells)
    bounds = jackknife(coefficients, np.eye(len(cells))[seen], cells[seen])
    return estimate(value, bounds, n, "jackknife", said)


def _table(first: Sequence[Any], second: Sequence[Any]) -> tuple[list[Any], np.ndarray]:
    """Return the verdicts, pass before fail, and who gave what to how many."""
    import numpy as np

    same_length(first, second, "The verdicts of the two raters")
    read = nominal(zip(_named(first), _named(second), strict=True))
    if (read.codes < 0).any():
        raise ValueError(
            "A verdict is missing. Leave out the traces that one of the two did not"
            " judge, or use krippendorff_alpha, which takes missing ratings."
        )
    names = list(read.levels)
    codes = read.codes
    if set(names) <= set(VERDICTS):
        places = np.array([VERDICTS.index(name) for name in names] or [0])
        names, codes = list(VERDICTS), places[codes]
    # AC1 needs to know of a second verdict, even if nobody gave it
    names += [None] * (len(names) == 1)
    cells = codes.reshape(-1, 2) @ np.array([len(names), 1])
    counts = np.bincount(cells, minlength=len(names) ** 2)
    return names, counts.reshape(len(names), len(names))


def _named(values: Sequence[Any]) -> list[Any]:
    plain = values.tolist() if hasattr(values, "tolist") else list(values)
    if bool not in set(map(type, plain)):
        return plain
    return [
        VERDICTS[not value] if isinstance(value, bool) else value for value in plain
    ]


def _square(tables: np.ndarray) -> np.ndarray:
    """Return shares of tables from flattened counts, one table a row."""
    size = math.isqrt(tables.shape[1])
    shares: np.ndarray = (tables / tables.sum(1, keepdims=True)).reshape(-1, size, size)
    return shares


def kappa_of(tables: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa of flattened square tables, one a row; NaN at 0/0."""
    square = _square(tables)
    chance = (square.sum(1) * square.sum(2)).sum(1)
    return ratio(1 - square.trace(axis1=1, axis2=2), 1 - chance)


def ac1_of(tables: np.ndarray) -> np.ndarray:
    """Return Gwet's AC1 of flattened square tables, one a row."""
    square = _square(tables)
    shares = (square.sum(1) + square.sum(2)) / 2
    chance = (shares * (1 - shares)).sum(1) / (square.shape[1] - 1)
    return ratio(1 - square.trace(axis1=1, axis2=2), 1 - chance)


def prevalence_of(tables: np.ndarray) -> np.ndarray:
    """Return how much more both pass than both fail, of tables of two by two."""
    square = _square(tables)
    difference: np.ndarray = square[:, 0, 0] - square[:, 1, 1]
    return difference


def bias_of(first: int, second: int, n: int) -> Estimate:
    """Return how much more the first passes, from what only one of the two passes.

    Examples
    --------
    >>> bias_of(1, 7, 21)
    -0.29 [-0.52, -0.03], n=21, 95% Tango score
    """
    low, high = tango(first, second, n)
    found = difference_of(first, second, n, (float(low), float(high)))
    return replace(found, assumes=INDEPENDENT)
