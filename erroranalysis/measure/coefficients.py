"""What all coefficients of agreement share: reading ratings, and the interval.

A coefficient is a function of totals over traces: how many traces have each pattern of
ratings. Its interval comes from the posterior of the shares of the patterns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.patterns import few_caution, patterns, pseudo, tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Sized

    import numpy as np

INDEPENDENT = "the traces are a random sample, and no two of them are one case"
VERDICTS = ("pass", "fail")
MOST_LEVELS = 50
METHOD = "Dirichlet"
DRAWS = 8_000


@dataclass(frozen=True)
class Ratings:
    """Ratings as numbers: one row a trace, one column a rater.

    Attributes
    ----------
    codes : numpy.ndarray
        Place of each rating among the levels, -1 where there is none.
    levels : tuple
        What was said, in order.
    """

    codes: np.ndarray
    levels: tuple[Any, ...]

    def counts(self) -> np.ndarray:
        """Return how often each level was given to each trace."""
        import numpy as np

        columns = [(self.codes == place).sum(1) for place in range(len(self.levels))]
        empty = np.zeros((len(self.codes), 0), dtype=int)
        return np.stack(columns, axis=1) if columns else empty


def read_ratings(ratings: Any, order: Sequence[Any] | None = None) -> Ratings:  # noqa: ANN401 - an array, a frame or rows
    """Read a table of ratings; None, NaN and ``defer`` are missing.

    Raises
    ------
    ValueError
        The rows differ in length, or ratings are of several kinds.
    UnknownNameError
        ``order`` lacks a rating that was given.
    """
    import numpy as np

    if hasattr(ratings, "to_numpy"):
        ratings = ratings.to_numpy()
    if isinstance(ratings, np.ndarray) and ratings.ndim == 2:  # noqa: PLR2004 - a table
        if ratings.dtype.kind in "iuf" and order is None:
            return _numbers(ratings)
        ratings = ratings.tolist()
    rows = list(ratings)
    if not set(map(type, rows)) <= {list, tuple}:  # the usual ones need no look at each
        rows = [_row(place, row) for place, row in enumerate(rows)]
    width = len(rows[0]) if rows else 0
    for place, length in enumerate(map(len, rows)):
        if length != width:
            raise ValueError(
                f"Row {place} has {length} ratings and row 0 has {width}. Give every"
                " trace one place a rater, with None where a rater gave none."
            )
    flat = list(chain.from_iterable(rows))
    plain = {value: _plain(value) for value in dict.fromkeys(flat)}
    seen = {value for value in plain.values() if value is not None}
    levels = tuple(_sorted(seen) if order is None else order)
    if unknown := seen - set(levels):
        raise UnknownNameError.among(
            "rating", min(map(str, unknown)), map(str, levels), hint="Add it to order."
        )
    places = {None: -1} | {level: place for place, level in enumerate(levels)}
    code = {value: places[found] for value, found in plain.items()}
    codes = np.fromiter(map(code.__getitem__, flat), dtype=int, count=len(flat))
    return Ratings(codes.reshape(len(rows), width), levels)


def nominal(ratings: Any, order: Sequence[Any] | None = None) -> Ratings:  # noqa: ANN401 - an array, a frame or rows
    """Read ratings that are names, of which there can only be so many.

    Raises
    ------
    ValueError
        There are more than 50 different ones.
    """
    read = read_ratings(ratings, order)
    if len(read.levels) > MOST_LEVELS:
        raise ValueError(
            f"There are {len(read.levels)} different ratings, and agreement is counted"
            f" over {MOST_LEVELS} at most. Numbers fit"
            " krippendorff_alpha(level='interval')."
        )
    return read


def read_verdicts(values: Sequence[Any], *, errors: bool = False) -> list[str | None]:
    """Read verdicts: ``pass`` or ``fail``, or booleans (True is pass).

    Raises
    ------
    UnknownNameError
        Something else was said.
    ValueError
        A verdict is missing where none may be.
    """
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    known: dict[Any, str | None] = {True: "pass", False: "fail"}
    known |= {name: name for name in VERDICTS}
    said: dict[Any, str | None] = {}
    for value in dict.fromkeys(values):
        plain = _plain(value)
        if plain is None and not (errors and value != "defer"):
            raise ValueError(
                f"A verdict is {value!r}. Leave out the traces that have no verdict of"
                " a person."
            )
        if plain is not None and plain not in known:
            raise UnknownNameError.among("verdict", plain, VERDICTS)
        said[value] = None if plain is None else known[plain]
    return [said[value] for value in values]


def same_length(first: Sized, second: Sized, what: str) -> None:
    """Raise a ValueError unless both speak of the same traces."""
    if len(first) != len(second):
        raise ValueError(
            f"{what} differ in length: {len(first)} and {len(second)}. Give both for"
            " the same traces, in the same order."
        )


def pattern_estimate(
    counts: np.ndarray,
    coefficients: Callable[[np.ndarray], np.ndarray],
    features: Callable[[np.ndarray], np.ndarray],
    *,
    seed: int,
    ordered: bool = False,
) -> Estimate:
    """Estimate a coefficient from how often each level was given to each trace.

    Parameters
    ----------
    counts : numpy.ndarray
        One row a trace, one column a level.
    coefficients : callable
        From totals of the features, one set a row, to one value a row.
    features : callable
        From rows of counts to what the totals add up, one row a trace.
    seed : int
        Seed of the draws.
    ordered : bool, default False
        Whether the levels have an order: then a pattern that was not seen can be far
        worse than those that were, and a prior on it makes the interval far too low.

    Returns
    -------
    Estimate
        The posterior's interval where the levels have no order and the possible
        patterns can be listed, else the jackknife's.
    """
    import numpy as np

    if not counts.size:
        return estimate(math.nan, (-1.0, 1.0), 0, METHOD)
    n, said = len(counts), few_caution(counts, ordered=ordered)
    counts, times = tally(counts)
    sizes = np.unique(counts.sum(1))
    ways = None if ordered else patterns(sizes.tolist(), counts.shape[1])
    if ways is None:
        each = features(counts)
        value = float(coefficients((times @ each)[None, :])[0])
        bounds = jackknife(coefficients, each, times)
        return estimate(value, bounds, n, "jackknife", said)
    each = features(ways)
    places = {tuple(way): place for place, way in enumerate(ways.tolist())}
    seen = np.zeros(len(ways))
    seen[[places[tuple(row)] for row in counts.tolist()]] = times
    prior = np.zeros(len(ways))
    for size in sizes:
        here = ways.sum(1) == size
        prior[here] = pseudo((ways[here] > 0).sum(1) == 1) * seen[here].sum() / n

    def found(weights: np.ndarray) -> np.ndarray:
        return coefficients(weights @ each)

    value = float(found(seen[None, :])[0])
    if math.isnan(value):
        return estimate(value, (-1.0, 1.0), n, METHOD)
    bounds = posterior(found, seen, prior=prior, seed=seed)
    return estimate(value, bounds, n, METHOD, said)


def posterior(
    coefficients: Callable[[np.ndarray], np.ndarray],
    counts: np.ndarray,
    *,
    prior: np.ndarray,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a 95 % interval of a coefficient of the shares of patterns.

    Parameters
    ----------
    coefficients : callable
        From weights of the patterns, one row a draw, to one value a row.
    counts : numpy.ndarray
        Traces of each pattern.
    prior : numpy.ndarray
        Pseudo-traces of each pattern, as of `pseudo`.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    tuple of float
        Bounds; those of nothing known, -1 and 1, below two traces.

    Notes
    -----
    ``shares ~ Dirichlet((counts + prior) * (n - 1) / (n + sum(prior)))``, equal-tailed.
    With a table of two by two the prior is that of Jeffreys; with more levels it is
    one trace in all for the patterns that agree and one for those that do not: half a
    trace for each of the many that do not would take good raters for worse (at kappa
    0.94 of five levels it covers 90 %). The factor gives a share
    the spread that a sample of n has; without it the interval is too short by a
    twentieth at 30 traces. The percentile bootstrap over traces, which is the same
    without the prior, covers 40 to 80 % where failures are rare and traces few.

    References
    ----------
    Rubin (1981), Annals of Statistics 9, 130-134; Basu, Banerjee and Sen (2000),
    Biometrics 56, 577-582, on kappa; Zapf et al. (2016), BMC Medical Research
    Methodology 16, 93, on how the usual intervals of kappa and alpha fail.
    """
    import numpy as np

    n = float(counts.sum())
    if n <= 1:
        return -1.0, 1.0
    shape = (counts + prior) * (n - 1) / (n + prior.sum())
    draws = np.random.default_rng(seed).standard_gamma(shape, (DRAWS, len(shape)))
    draws *= n / draws.sum(1, keepdims=True)
    found = coefficients(draws)
    low, high = np.quantile(found[~np.isnan(found)], [0.025, 0.975])
    return float(low), float(high)


def jackknife(
    coefficients: Callable[[np.ndarray], np.ndarray],
    features: np.ndarray,
    times: np.ndarray,
) -> tuple[float, float]:
    """Return a 95 % interval where the levels have an order, or are very many.

    Parameters
    ----------
    coefficients : callable
        From totals of the features, one set a row, to one value a row.
    features : numpy.ndarray
        One row a kind of trace.
    times : numpy.ndarray
        Traces of each kind.

    Returns
    -------
    tuple of float
        Bounds, from the delete-one jackknife and Student's t.

    Notes
    -----
    Of ``log(1 - coefficient)``, the logarithm of disagreement over that of chance: on
    its own scale the interval of a high coefficient is too far up. Where all traces but
    one agree there is no logarithm to leave that one out, and the scale is its own; the
    lower bound is then no higher than Wilson's of n in n, as if the others had been
    rated at random. So it is where all agree.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.
    """
    import numpy as np
    from scipy.stats import t

    n, totals = int(times.sum()), (times @ features)[None, :]
    if n <= 1:
        return -1.0, 1.0
    value = float(coefficients(totals)[0])
    left = coefficients(totals - features)
    left = np.where(np.isnan(left), value, left)
    times_t = float(t.ppf(0.975, n - 1))

    def half(values: np.ndarray) -> float:
        spread = float(times @ (values - times @ values / n) ** 2) / n
        return times_t * math.sqrt((n - 1) * spread)

    if max(value, left.max()) < 1 - 1e-9:
        middle, apart = math.log(1 - value), half(np.log(1 - left))
        return max(-1.0, 1 - math.exp(middle + apart)), 1 - math.exp(middle - apart)
    return max(-1.0, min(wilson(n, n).low, value - half(left))), 1.0


def estimate(
    value: float, bounds: tuple[float, float], n: int, method: str, said: str = ""
) -> Estimate:
    """Return a coefficient whose interval holds it."""
    if math.isnan(value):
        return Estimate(math.nan, -1.0, 1.0, n, method, INDEPENDENT)
    low, high = min(bounds[0], value), max(bounds[1], value)
    return Estimate(value, low, high, n, method, INDEPENDENT, said)


def ratio(observed: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return ``1 - observed / chance`` of disagreements; NaN where chance has none."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = np.where(chance > 1e-12, 1 - observed / chance, np.nan)  # noqa: PLR2004
    return found


def _row(place: int, row: Iterable[Any]) -> list[Any]:
    if isinstance(row, str) or not hasattr(row, "__iter__"):
        raise ValueError(
            f"Row {place} is {row!r}. Ratings are a table: one row a trace, and in it"
            " one rating a rater."
        )
    return list(row)


def _numbers(table: np.ndarray) -> Ratings:
    import numpy as np

    codes = np.full(table.shape, -1)
    given = ~np.isnan(table)
    levels, found = np.unique(table[given], return_inverse=True)
    codes[given] = found
    return Ratings(codes, tuple(levels.tolist()))


def _plain(value: Any) -> Any:  # noqa: ANN401 - a verdict, a number or nothing
    if value is None or value == "defer":
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _sorted(values: set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in values})
        raise ValueError(
            f"The ratings are of several kinds: {', '.join(kinds)}. Give all as text or"
            " all as numbers."
        ) from None
