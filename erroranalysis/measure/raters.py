"""Agreement of many raters, who need not all have rated everything."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.agreement import Agreement, cohen_kappa
from erroranalysis.measure.alpha import nominal_alpha
from erroranalysis.measure.coefficients import (
    Ratings,
    nominal,
    pattern_estimate,
    ratio,
    same_length,
)
from erroranalysis.measure.estimate import Estimate, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

_MOST_PAIRED = 8


@dataclass(frozen=True)
class RaterAgreement:
    """How far several raters agree, by every coefficient that fits.

    Attributes
    ----------
    percent : Estimate
        Chance that two raters of the same trace say the same.
    unanimous : Estimate
        Share of the traces with two ratings or more on which all said the same.
    alpha : Estimate
        Krippendorff's alpha, nominal.
    fleiss : Estimate or None
        Fleiss' kappa; None where traces have unequal numbers of ratings.
    ac1 : Estimate
        Gwet's AC1, which does not fall where one verdict is rare.
    pairs : tuple of Agreement
        Every two raters on the traces that both rated, the least agreeing first; only
        for up to 8 raters.
    traces, ratings : int
        How many traces have two ratings or more, and how many ratings were given.
    differ : tuple of tuple of str
        For each of `pairs`, the traces on which the two differ; where ids were given.
    """

    percent: Estimate
    unanimous: Estimate
    alpha: Estimate
    fleiss: Estimate | None
    ac1: Estimate
    pairs: tuple[Agreement, ...]
    traces: int
    ratings: int
    differ: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"RaterAgreement({self.ratings} ratings, {self.traces} traces rated twice"
            f" or more: alpha {self.alpha}; same verdict {self.percent.value:.2f};"
            f" unanimous {self.unanimous.value:.2f}; AC1 {self.ac1.value:.2f})"
        )

    def trace_ids(self, one: str, two: str) -> tuple[str, ...]:
        """Return the traces on which two raters differ."""
        both = zip(self.pairs, self.differ, strict=False)  # none without ids
        return next((ids for p, ids in both if set(p.raters) == {one, two}), ())

    def frame(self) -> pl.DataFrame:
        """Return one row a quantity, then one row a pair of raters."""
        import polars as pl

        rows = [{"quantity": name, **vars(item)} for name, item in self._quantities()]
        return pl.DataFrame(rows)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th>"
            f"<td><code>{html.escape(repr(item))}</code></td></tr>"
            for name, item in self._quantities()
        )
        return f"<table>{rows}</table>"

    def _quantities(self) -> list[tuple[str, Estimate]]:
        named = [("Krippendorff's alpha", self.alpha), ("AC1", self.ac1)]
        if self.fleiss is not None:
            named.append(("Fleiss' kappa", self.fleiss))
        named += [("same verdict", self.percent), ("unanimous", self.unanimous)]
        return named + [
            (f"Cohen's kappa, {' and '.join(pair.raters)}", pair.kappa)
            for pair in self.pairs
        ]


def rater_agreement(
    ratings: Any,  # noqa: ANN401 - an array, a frame or rows
    *,
    raters: Sequence[str] | None = None,
    trace_ids: Sequence[str] | None = None,
    seed: int = 0,
) -> RaterAgreement:
    """Measure how far several raters agree, by every coefficient that fits.

    Use it to look at a panel of people; use `krippendorff_alpha` for one number to
    report or for scores, and `disagreements` for where they differ.

    Parameters
    ----------
    ratings : array, frame or rows
        One row a trace, one column a rater; None, NaN and ``defer`` are missing.
    raters : sequence of str, optional
        Their names, one a column; the column names of a frame by default.
    trace_ids : sequence of str, optional
        Ids, so that a pair can say on which traces the two differ.
    seed : int, default 0
        Seed of the draws behind the intervals.

    Returns
    -------
    RaterAgreement
        Of all together, and of every pair.

    Raises
    ------
    ValueError
        The rows differ in length, or names or ids do not fit the table.

    Notes
    -----
    Percent agreement is the mean over traces of the share of pairs of ratings that are
    equal, with the interval of `krippendorff_alpha`; unanimity is a plain share with
    Wilson's. It is assumed that the traces are a random sample and that ratings are
    missing whatever they would have been.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; Fleiss (1971),
    Psychological Bulletin 76, 378-382; Gwet (2008), British Journal of Mathematical and
    Statistical Psychology 61, 29-48.

    Examples
    --------
    >>> found = rater_agreement(
    ...     [["pass", "pass", "fail"], ["fail", "fail", None]] * 10,
    ...     raters=["mira", "jonas", "ana"],
    ... )
    >>> found.pairs[0].raters, found.pairs[0].percent
    (('jonas', 'ana'), 0.00 [0.00, 0.28], n=10, 95% Wilson)
    >>> found.unanimous
    0.50 [0.30, 0.70], n=20, 95% Wilson
    """
    read = nominal(ratings)
    if trace_ids is not None:
        same_length(read.codes, trace_ids, "The ratings and the trace_ids")
    names = _names(ratings, raters, read.codes.shape[1])
    pairs = _pairs(read, names, trace_ids, seed)
    counts = read.counts()
    sizes = counts.sum(1)
    rated = counts[sizes > 1]
    whole = int((rated.max(1) == rated.sum(1)).sum()) if len(rated) else 0
    return RaterAgreement(
        percent=_same_verdict(rated, seed),
        unanimous=wilson(whole, len(rated)),
        alpha=nominal_alpha(counts, seed),
        fleiss=fleiss_of(counts, seed) if _even(sizes) else None,
        ac1=ac1_of(counts, seed),
        pairs=tuple(pair for pair, _ in pairs),
        traces=len(rated),
        ratings=int(sizes.sum()),
        differ=() if trace_ids is None else tuple(ids for _, ids in pairs),
    )


def fleiss_kappa(ratings: Any, *, seed: int = 0) -> Estimate:  # noqa: ANN401 - an array, a frame or rows
    """Measure the agreement of raters who all rated everything.

    Use it to compare with published numbers; the raters of one trace need not be those
    of the next. `krippendorff_alpha` is the same for many traces, corrects for few, and
    takes missing ratings.

    Parameters
    ----------
    ratings : array, frame or rows
        One row a trace, one column a rating. Every trace needs the same number of
        ratings, two or more; None, NaN and ``defer`` are missing.
    seed : int, default 0
        Seed of the draws behind the interval.

    Returns
    -------
    Estimate
        Between ``-1 / (raters - 1)`` and 1; NaN where only one verdict was given.

    Raises
    ------
    ValueError
        Traces have unequal numbers of ratings, or fewer than two.

    Notes
    -----
    ``kappa = (po - pe) / (1 - pe)``: ``po`` the mean over traces of the share of pairs
    of ratings that are equal, ``pe = sum(q**2)``, q the share of a verdict. The same
    value as of statsmodels ``fleiss_kappa``, which divides by zero where only one
    verdict was given and has no interval; for ours see `cohen_kappa`.

    It is assumed that the traces are a random sample.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378-382; Zapf et al. (2016), BMC Medical
    Research Methodology 16, 93.

    Examples
    --------
    >>> fleiss_kappa([["pass", "pass", "fail"], ["fail", "fail", "fail"]] * 10)
    0.25 [0.04, 0.46], n=20, 95% Dirichlet
    """
    counts = nominal(ratings).counts()
    sizes = counts.sum(1)
    uneven = sizes != sizes.max(initial=0)
    if uneven.any():
        place = int(uneven.argmax())
        raise ValueError(
            f"Row {place} has {sizes[place]} ratings and another has {sizes.max()}."
            " Fleiss' kappa needs as many of every trace: use krippendorff_alpha, which"
            " takes missing ratings."
        )
    if len(sizes) and not _even(sizes):
        raise ValueError("Agreement needs two ratings of a trace or more.")
    return fleiss_of(counts, seed)


def gwet_ac1(ratings: Any, *, seed: int = 0) -> Estimate:  # noqa: ANN401 - an array, a frame or rows
    """Measure the agreement of raters where one verdict is rare.

    Use it beside kappa or alpha where nearly all traces pass: these fall to 0 there
    although the raters hardly differ, and AC1 does not. It is kinder: do not compare it
    with a kappa.

    Parameters
    ----------
    ratings : array, frame or rows
        One row a trace, one column a rater; None, NaN and ``defer`` are missing.
    seed : int, default 0
        Seed of the draws behind the interval.

    Returns
    -------
    Estimate
        Between -1 and 1; NaN where no trace has two ratings.

    Raises
    ------
    ValueError
        The rows differ in length, or there are more than 50 different ratings.

    Notes
    -----
    ``(po - pe) / (1 - pe)`` with ``po`` as in `fleiss_kappa` over the traces that have
    two ratings or more, and ``pe = sum(q * (1 - q)) / (k - 1)``, q the mean over all
    rated traces of each verdict's share; two verdicts are assumed to exist.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48.

    Examples
    --------
    >>> gwet_ac1([["pass", "pass"]] * 18 + [["pass", "fail"]] * 2)
    0.89 [0.61, 0.98], n=20, 95% Dirichlet
    """
    return ac1_of(nominal(ratings).counts(), seed)


def _even(sizes: np.ndarray) -> bool:
    """Tell whether all traces have as many ratings, two or more."""
    return len(sizes) > 0 and bool((sizes == max(2, sizes[0])).all())


def _shares(counts: np.ndarray) -> np.ndarray:
    """Return, a trace: share of equal pairs, 1 where there is a pair, shares, 1."""
    import numpy as np

    sizes = counts.sum(1, keepdims=True)
    paired = sizes > 1
    pairs = np.where(paired, sizes * (sizes - 1), 1)
    equal = np.where(paired, (counts * (counts - 1)).sum(1, keepdims=True) / pairs, 0.0)
    return np.hstack([equal, paired, counts / sizes, np.ones_like(equal)])


def _fleiss(totals: np.ndarray) -> np.ndarray:
    shares = totals[:, 2:-1] / totals[:, -1:]
    return ratio(1 - totals[:, 0] / totals[:, 1], 1 - (shares**2).sum(1))


def _gwet(totals: np.ndarray) -> np.ndarray:
    import numpy as np

    shares = totals[:, 2:-1] / totals[:, -1:]
    chance = (shares * (1 - shares)).sum(1) / max(1, shares.shape[1] - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ratio(1 - totals[:, 0] / totals[:, 1], 1 - chance)


def _equal(totals: np.ndarray) -> np.ndarray:
    share: np.ndarray = totals[:, 0] / totals[:, 1]
    return share


def fleiss_of(counts: np.ndarray, seed: int = 0) -> Estimate:
    """Estimate Fleiss' kappa from how often each level was given to each trace."""
    return pattern_estimate(counts, _fleiss, _shares, seed=seed)


def ac1_of(counts: np.ndarray, seed: int = 0) -> Estimate:
    """Estimate AC1 from how often each level was given to each trace."""
    found = pattern_estimate(counts[counts.sum(1) > 0], _gwet, _shares, seed=seed)
    return replace(found, n=int((counts.sum(1) > 1).sum()))


def _same_verdict(counts: np.ndarray, seed: int) -> Estimate:
    found = pattern_estimate(counts, _equal, _shares, seed=seed)
    return replace(found, low=max(0.0, found.low))


def _pairs(
    read: Ratings, names: Sequence[str], ids: Sequence[str] | None, seed: int
) -> list[tuple[Agreement, tuple[str, ...]]]:
    """Return every pair, the least agreeing first, with the traces they differ on."""
    if len(names) > _MOST_PAIRED:
        return []
    found = []
    for one, two in combinations(range(len(names)), 2):
        rated = (read.codes[:, [one, two]] >= 0).all(1)
        both = read.codes[rated]
        said = [
            list(map(read.levels.__getitem__, both[:, place].tolist()))
            for place in (one, two)
        ]
        pair = cohen_kappa(*said, raters=(names[one], names[two]), seed=seed)
        differ = (rated & (read.codes[:, one] != read.codes[:, two])).nonzero()[0]
        named = () if ids is None else tuple(ids[row] for row in differ.tolist())
        found.append((pair, named))
    return sorted(found, key=lambda item: (item[0].percent.value, item[0].raters))


def _names(ratings: Any, raters: Sequence[str] | None, width: int) -> list[str]:  # noqa: ANN401 - a frame has names
    known = getattr(ratings, "columns", None) if raters is None else raters
    if known is None:
        return [f"rater {place + 1}" for place in range(width)]
    if len(known) != width:
        raise ValueError(
            f"There are {len(known)} raters and {width} columns of ratings. Give one"
            " name a column."
        )
    return [str(name) for name in known]
