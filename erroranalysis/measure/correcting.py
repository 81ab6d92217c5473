"""The intervals behind `corrected_rate`, and where they do not hold in 95 of 100."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import CONSERVATIVE, SHORT, Z95, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_RATE_PRIOR = 0.75
_FEW, _UNLIKE = 5, 2.5758293035489004  # a z of p = 0.01


def post_stratified(
    counts: np.ndarray, rng: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, low and high of the failure rate of many tables at once.

    The six rows of counts: both pass; judge pass and human fail; judge fail and human
    pass; both fail; then the judge's passes and fails that tell its share. One column a
    table; so many draws for each.
    """
    import numpy as np

    both_pass, missed, false_alarm, both_fail, passes, fails = counts[:, :, None] + 0.5
    shape = (counts.shape[1], draws)
    share = rng.beta(fails, passes, shape)
    when_fail = rng.beta(both_fail, false_alarm, shape)
    when_pass = rng.beta(missed, both_pass, shape)
    rate = share * when_fail + (1 - share) * when_pass
    low, value, high = np.quantile(rate, [0.025, 0.5, 0.975], axis=1)
    for bound, level, end, ones in (
        (low, 0.025, 0.0, counts[[3, 1]]),
        (high, 0.975, 1.0, counts[[2, 0]]),
    ):  # what was never seen may be nil, as in the Jeffreys interval of one rate
        rows = np.flatnonzero((ones == 0).any(axis=0))
        nil = ones[:, rows, None] == 0
        fail = np.where(nil[0], end, when_fail[rows])
        passing = np.where(nil[1], end, when_pass[rows])
        mixed = share[rows] * fail + (1 - share[rows]) * passing
        bound[rows] = np.quantile(mixed, level, axis=1)
    return value, low, high


def rogan_gladen(
    counts: np.ndarray, rng: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, low and high for many tables at once, as `post_stratified` does.

    The value is NaN, and the interval [0, 1], where no rate is excluded.
    """
    import numpy as np

    both_pass, missed, false_alarm, both_fail, passes, fails = counts[:, :, None]
    shape, add = (counts.shape[1], draws), _RATE_PRIOR
    tpr = rng.beta(both_pass + add, false_alarm + add, shape)
    tnr = rng.beta(both_fail + add, missed + add, shape)
    share = rng.beta(fails + 0.5, passes + 0.5, shape)
    better = tpr + tnr - 1
    useful = better > 0
    rate = np.clip((share + tpr - 1) / np.where(useful, better, 1.0), 0, 1)
    low = np.quantile(np.where(useful, rate, 0.0), 0.025, axis=1)
    high = np.quantile(np.where(useful, rate, 1.0), 0.975, axis=1)
    nothing = ((low <= 0) & (high >= 1)) | (high <= 0) | (low >= 1)
    low[nothing], high[nothing] = 0.0, 1.0
    value = np.full(len(low), np.nan)
    for table in np.flatnonzero(~nothing):
        value[table] = np.median(rate[table][useful[table]])
    return value, low, high


def lang_reiczigel(
    labelled: Sequence[float], seen: Sequence[float], assumes: str = ""
) -> Estimate:
    """Return the adjusted Wald interval of Lang and Reiczigel (2014).

    The counts are those of `post_stratified`, the first four and the last two.

    Their equation 4 has ``(1 + P)^2`` for ``(1 - P)^2``, a misprint (Fay, asht).
    """
    both_pass, missed, false_alarm, both_fail = labelled
    fails, passes, z2 = both_fail + missed, both_pass + false_alarm, Z95 * Z95
    tnr, tpr = (both_fail + 1) / (fails + 2), (both_pass + 1) / (passes + 2)
    seen_n = sum(seen) + z2
    share, better = (seen[1] + z2 / 2) / seen_n, tpr + tnr - 1
    n, method = int(sum(labelled)), "Lang-Reiczigel"
    if better <= 0 or not fails or not passes:
        return Estimate(math.nan, 0.0, 1.0, n, method, assumes)
    rate = (share + tpr - 1) / better
    on_fails = tnr * (1 - tnr) / (fails + 2)
    on_passes = tpr * (1 - tpr) / (passes + 2)
    spread = rate**2 * on_fails + (1 - rate) ** 2 * on_passes
    half = Z95 * math.sqrt(share * (1 - share) / seen_n + spread) / better
    centre = rate + 2 * z2 * (rate * on_fails - (1 - rate) * on_passes)
    low, high = (min(1.0, max(0.0, bound)) for bound in (centre - half, centre + half))
    plain = both_fail / fails + both_pass / passes - 1
    seen_fail = seen[1] / sum(seen) + both_pass / passes - 1
    value = seen_fail / plain if plain > 0 else rate
    return Estimate(min(high, max(low, value)), low, high, n, method, assumes)


def caution(
    labelled: Sequence[float],
    seen: Sequence[float],
    sampling: str,
    bounds: tuple[float, float],
) -> str:
    """Say where the interval is known to hold more, or may hold less, often.

    The counts are those of `post_stratified`, the first four and the last two; for
    random labels the last two count the labelled traces too.

    Examples
    --------
    >>> caution((20, 5, 5, 20), (900 + 25, 100 + 25), "random", (0.1, 0.3))
    'may cover less than 95 % here: the judge fails 50 % of the labelled traces and 10 %
    of the others, so that the labels are hardly a random sample of them'
    """
    if sampling == "random":
        return _unlike(labelled, seen)
    both_pass, missed, false_alarm, both_fail = labelled
    fewest = min(both_pass + false_alarm, both_fail + missed)
    if sampling == "verdict_stratified":
        return ""
    if fewest < _FEW:
        return f"{CONSERVATIVE}TPR or TNR rests on {fewest:.0f} labels"
    if bounds[0] <= 0 or bounds[1] >= 1:
        return f"{CONSERVATIVE}the interval is cut at {0 if bounds[0] <= 0 else 1}"
    return ""


def _unlike(labelled: Sequence[float], seen: Sequence[float]) -> str:
    """Say that the judge's verdicts on the labelled traces are unlike the others."""
    n, fails = sum(labelled), labelled[2] + labelled[3]
    others, theirs = sum(seen) - n, seen[1] - fails
    share = seen[1] / sum(seen)
    if not others or not 0 < share < 1:
        return ""
    error = math.sqrt(share * (1 - share) * (1 / n + 1 / others))
    if abs(fails / n - theirs / others) <= _UNLIKE * error:
        return ""
    return (
        f"{SHORT}the judge fails {100 * fails / n:.0f} % of the labelled traces and"
        f" {100 * theirs / others:.0f} % of the others, so that the labels are hardly a"
        " random sample of them"
    )
