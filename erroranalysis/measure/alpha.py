"""Krippendorff's alpha: verdicts or scores, any number of raters, gaps allowed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure.coefficients import (
    Ratings,
    estimate,
    jackknife,
    nominal,
    pattern_estimate,
    ratio,
    read_ratings,
)
from erroranalysis.measure.patterns import say_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from erroranalysis.measure.estimate import Estimate

Level = Literal["nominal", "ordinal", "interval"]
_LEVELS = ("nominal", "ordinal", "interval")


def krippendorff_alpha(
    ratings: Any,  # noqa: ANN401 - an array, a frame or rows
    *,
    level: Level = "nominal",
    order: Sequence[Any] | None = None,
    seed: int = 0,
) -> Estimate:
    """Measure the agreement of any number of raters, with ratings missing.

    The one to report by default: it takes two raters or many, gaps, and scores as well
    as verdicts.

    To compare with published kappas take `fleiss_kappa` or `cohen_kappa`; where nearly
    all pass read `gwet_ac1` beside it.

    Parameters
    ----------
    ratings : array, frame or rows
        One row a trace, one column a rater; None, NaN and ``defer`` are missing. Traces
        with fewer than two ratings count nowhere.
    level : {"nominal", "ordinal", "interval"}
        What a distance is: any difference is one (verdicts, failure modes); only the
        order counts (grades); the difference itself counts (seconds).
    order : sequence, optional
        The ratings from low to high, for ordinal ratings whose names do not sort.
    seed : int, default 0
        Seed of the draws behind the interval.

    Returns
    -------
    Estimate
        1 is perfect, 0 what chance gives; NaN where all ratings are the same.

    Raises
    ------
    UnknownNameError
        No such level, or a rating that ``order`` lacks.
    ValueError
        The ratings are not numbers (interval), or too many different ones to order.

    Notes
    -----
    ``alpha = 1 - Do / De``. With m ratings of a trace and squared distances d between
    them, ``Do`` sums ``sum(d) / (m - 1)`` over traces; ``De = sum(d) / (N - 1)`` over
    all pairs of the N ratings that can be paired. Ordinal distances are those of the
    ratings' mean ranks. It is assumed that traces are independent and that ratings are
    missing whatever they would have been. The interval of nominal ratings is that of
    `posterior` over the possible patterns of ratings. Where these are more than 100
    (many raters, many levels), and of ordinal and interval ratings, it is that of the
    `jackknife` over traces, of ``log(1 - alpha)``.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; Zapf et al. (2016),
    BMC Medical Research Methodology 16, 93, on intervals; Efron and Tibshirani (1993),
    An Introduction to the Bootstrap, chapter 11, on the jackknife.

    Examples
    --------
    >>> krippendorff_alpha([[1, 1, 2], [3, 3, None], [5, 4, 5]] * 8, level="ordinal")
    0.89 [0.80, 0.94], n=24, 95% jackknife
    """
    if level not in _LEVELS:
        raise UnknownNameError.among("level", level, _LEVELS)
    if level == "interval":
        return _of_numbers(read_ratings(ratings, order))
    counts = nominal(ratings, order).counts()
    if level == "nominal":
        return nominal_alpha(counts, seed)
    rated = counts[counts.sum(1) > 1]
    return pattern_estimate(rated, _ordinal_alpha, _squares, seed=seed, ordered=True)


def nominal_alpha(counts: np.ndarray, seed: int = 0) -> Estimate:
    """Estimate nominal alpha from how often each level was given to each trace."""
    rated = counts[counts.sum(1) > 1]
    return pattern_estimate(rated, _nominal_alpha, _differences, seed=seed)


def _differences(counts: np.ndarray) -> np.ndarray:
    """Return, a trace: its pairs of unequal ratings over m - 1, then its ratings."""
    import numpy as np

    sizes = counts.sum(1)
    unequal = (sizes**2 - (counts**2).sum(1)) / (sizes - 1)
    return np.column_stack([unequal, counts])


def _nominal_alpha(totals: np.ndarray) -> np.ndarray:
    ratings = totals[:, 1:]
    n = ratings.sum(1)
    return ratio(totals[:, 0], (n**2 - (ratings**2).sum(1)) / (n - 1))


def _squares(counts: np.ndarray) -> np.ndarray:
    """Return, a trace: the form whose value at scores is Do, then its ratings."""
    import numpy as np

    sizes = counts.sum(1)
    form = -counts[:, :, None] * counts[:, None, :]
    form += np.eye(counts.shape[1], dtype=int) * (sizes[:, None] * counts)[:, :, None]
    scaled = form.reshape(len(counts), -1) / (sizes - 1)[:, None]
    return np.column_stack([scaled, counts])


def _ordinal_alpha(totals: np.ndarray) -> np.ndarray:
    import numpy as np

    levels = int(np.sqrt(totals.shape[1]))
    form = totals[:, : levels**2].reshape(-1, levels, levels)
    ratings = totals[:, levels**2 :]
    ranks = np.cumsum(ratings, axis=1) - ratings / 2
    observed = np.einsum("bi,bij,bj->b", ranks, form, ranks)
    n = ratings.sum(1)
    spread = n * (ratings * ranks**2).sum(1) - (ratings * ranks).sum(1) ** 2
    return ratio(observed, spread / (n - 1))


def _of_numbers(read: Ratings) -> Estimate:
    import numpy as np

    try:
        scores = np.array(read.levels, dtype=float)
    except ValueError:
        raise ValueError(
            f"Interval ratings are numbers, and {read.levels[0]!r} is none. For words"
            " in an order: level='ordinal', order=[...]."
        ) from None
    scores = (scores - scores.mean()) / (scores.std() or 1.0) if len(scores) else scores
    given = read.codes >= 0
    kept = given.sum(1) > 1
    values = np.append(scores, 0.0)[read.codes][kept]  # the last where none is given
    if not kept.any():
        return estimate(math.nan, (-1.0, 1.0), 0, "jackknife")
    features = _moments(given[kept].sum(1), values.sum(1), (values**2).sum(1))
    value = float(_interval_alpha(features.sum(0, keepdims=True))[0])
    n, differ = len(features), int((features[:, 0] > 1e-12).sum())  # noqa: PLR2004
    bounds = jackknife(_interval_alpha, features, np.ones(n))
    return estimate(value, bounds, n, "jackknife", say_few(differ, n))


def _moments(sizes: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    import numpy as np

    within = (sizes * squares - sums**2) / (sizes - 1)
    return np.column_stack([within, sizes, sums, squares])


def _interval_alpha(totals: np.ndarray) -> np.ndarray:
    within, n, sums, squares = totals.T
    return ratio(within, (n * squares - sums**2) / (n - 1))
