"""The bets behind `drift`: evidence that may be looked at at any time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from erroranalysis.measure.estimate import Estimate

_ALPHA = 0.05
_SPLIT = 0.0087049  # a (1 + log(1 / a)) = 0.05
_SIZES, _SMALLEST, _STEP = 12, 0.03, 1.5
_UNLIKELY = 1e-7


def log_evidence(
    passes: np.ndarray, traces: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Return what bets against each rate have won, in logarithms.

    Parameters
    ----------
    passes : numpy.ndarray
        Runs by periods.
    traces : numpy.ndarray
        One number a period.
    shares : numpy.ndarray
        Runs by rates that are bet against.

    Returns
    -------
    numpy.ndarray
        Runs by periods by rates.
    """
    import numpy as np

    sizes = _SMALLEST * _STEP ** np.arange(_SIZES)  # of change, on the logit scale
    moves = np.concatenate([-sizes, sizes])
    norm = np.log1p(shares[:, :, None] * np.expm1(moves))
    owned = np.full((*shares.shape, len(moves)), -np.inf)
    found = np.empty((len(passes), len(traces), shares.shape[1]))
    for t, n in enumerate(traces):
        stake = -math.log((t + 1) * (t + 2))  # on a change that begins now
        owned = np.logaddexp(owned, stake)
        owned += passes[:, t, None, None] * moves - n * norm
        top = owned.max(2)
        bets = top + np.log(np.exp(owned - top[..., None]).mean(2))
        found[:, t] = np.logaddexp(bets, -math.log(t + 2))  # the rest is kept
    return found


def baseline_doubt(
    baseline: Estimate, fine: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Return rates the baseline may have had, and their p values in logarithms.

    A known rate is the only one, with p value 1.
    """
    import numpy as np
    from scipy.special import betaincinv
    from scipy.stats import binom

    if not baseline.n:
        return np.array([baseline.value]), np.zeros(1)
    n, k = baseline.n, round(baseline.value * baseline.n)
    low = betaincinv(k, n - k + 1, _UNLIKELY) if k else 1e-12
    high = betaincinv(k + 1, n - k, 1 - _UNLIKELY) if k < n else 1 - 1e-12
    shares = np.linspace(low, high, fine + 1)
    tails = np.minimum(binom.cdf(k, n, shares), binom.sf(k - 1, n, shares))
    return shares, np.log(np.minimum(1.0, 2 * tails))


def p_from(log_ratio: np.ndarray, *, known: bool) -> np.ndarray:
    """Return p values from the largest P over E.

    Examples
    --------
    >>> import numpy as np
    >>> p_from(np.log([0.05, 0.0087049]), known=False).round(3).tolist()
    [0.2, 0.05]
    """
    import numpy as np

    ratio = np.exp(np.minimum(log_ratio, 0.0))
    found: np.ndarray = ratio if known else ratio * (1 - np.minimum(log_ratio, 0.0))
    return found


def change_bounds(
    passes: float, traces: float, shares: np.ndarray, doubt: np.ndarray
) -> tuple[float, float]:
    """Return bounds of the watched rate less that of the baseline, for every look.

    A watched rate q is ruled out beside a rate p of the baseline where
    ``P(p) / E(q)`` is small, with E a bet spread over all rates (Jeffreys' prior).
    """
    import numpy as np
    from scipy.special import betaln

    bets = float(betaln(passes + 0.5, traces - passes + 0.5) - betaln(0.5, 0.5))
    alone = len(shares) == 1
    limit = doubt - math.log(_ALPHA if alone else _SPLIT)
    kept = limit > bets - log_chance(passes, traces, np.array(passes / traces))
    ends = []
    for end in (0.0, 1.0):
        inside = np.full(len(shares), passes / traces)
        outside = np.full(len(shares), end)
        for _ in range(50):
            middle = (inside + outside) / 2
            fits = bets - log_chance(passes, traces, middle) < limit
            inside = np.where(fits, middle, inside)
            outside = np.where(fits, outside, middle)
        ends.append(outside - shares)
    low, high = ends[0][kept], ends[1][kept]
    return float(low.min()), float(high.max())


def log_chance(passes: float, traces: float, share: np.ndarray) -> np.ndarray:
    """Return the log likelihood of a rate."""
    from scipy.special import xlog1py, xlogy

    found: np.ndarray = xlogy(passes, share) + xlog1py(traces - passes, -share)
    return found
