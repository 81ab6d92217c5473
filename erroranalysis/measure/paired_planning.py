"""How small a difference two on the same traces can show, and how many it takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_MOST = 1_000_000


def detectable_paired_difference(
    n: int, discordant: float, *, power: float = 0.8
) -> float:
    """Say how large a difference has to be for this many traces to show it.

    "No difference shown" means little without it. For traces that both judged; for
    different traces use `detectable_difference`. For the question the other way round
    use `traces_for_paired_difference`.

    Parameters
    ----------
    n : int
        Traces that both judged.
    discordant : float
        Share of them on which the two verdicts differ, 0 to 1.
    power : float, default 0.8
        Chance that the difference is shown.

    Returns
    -------
    float
        Difference of the two pass rates, 0 to 1; NaN where not even the largest could
        be shown.

    Raises
    ------
    ValueError
        A share is not between 0 and 1.

    Notes
    -----
    Exact power of the mid-p test of `mcnemar`. For a difference larger than
    `discordant` all differing verdicts go one way.

    It is assumed that the traces are drawn at random.

    References
    ----------
    Connor (1987), Biometrics 43, 207-211, for the normal formula; Miller (2024), arXiv
    2411.00640, section 5, on what a comparison can show.

    Examples
    --------
    >>> round(detectable_paired_difference(80, 0.15), 2)
    0.11
    """
    _check(discordant, power)
    if n < 1 or _power(n, discordant, 1.0) < power:
        return math.nan
    low, high = 0.0, 1.0
    while high - low > 1e-4:  # noqa: PLR2004 - a hundredth of a point
        middle = (low + high) / 2
        enough = _power(n, discordant, middle) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def traces_for_paired_difference(
    difference: float, discordant: float, *, power: float = 0.8
) -> int:
    """Say how many traces both have to judge for a difference to be shown.

    Parameters
    ----------
    difference : float
        Difference of two pass rates that should not go unseen, as a share: 0.05.
    discordant : float
        Share of traces on which the two verdicts will differ; 0.1 to 0.3 is usual. It
        is taken as the difference where it is less.
    power : float, default 0.8
        Chance that the difference is shown.

    Returns
    -------
    int
        Traces.

    Raises
    ------
    ValueError
        A share is not between 0 and 1, or the difference is so small that a million
        traces would not do.

    Notes
    -----
    As `detectable_paired_difference`. For TPR these are traces that the person passed,
    for TNR traces that the person failed.

    References
    ----------
    Connor (1987), Biometrics 43, 207-211; Fagerland, Lydersen and Laake (2013), BMC
    Medical Research Methodology 13, 91, on the mid-p test.

    Examples
    --------
    >>> traces_for_paired_difference(0.05, 0.15)
    461
    """
    _check(discordant, power)
    size = abs(difference)
    if not 0 < size <= 1:
        raise ValueError(
            f"difference is {difference}: give it as a share, as 0.05 for 5 points."
        )
    high = 2
    while _power(high, discordant, size) < power:
        high *= 2
        if high > _MOST:
            raise ValueError(
                f"It takes more than {_MOST:,} traces to show a difference of"
                f" {difference}: ask for a larger one."
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        enough = _power(middle, discordant, size) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def critical(counts: np.ndarray) -> np.ndarray:
    """Return the most traces of the rarer kind at which mid-p is 5 % or less.

    Examples
    --------
    >>> import numpy as np
    >>> critical(np.array([4, 5, 8])).tolist()
    [-1, 0, 1]
    """
    from scipy.stats import binom

    edge = binom.ppf(0.025, counts, 0.5)
    mid = binom.cdf(edge, counts, 0.5) - binom.pmf(edge, counts, 0.5) / 2
    found: np.ndarray = (edge - (mid > 0.025)).astype(int)  # noqa: PLR2004 - 5 % / 2
    return found


def _power(n: int, discordant: float, difference: float) -> float:
    """Return the chance that the mid-p McNemar test shows a difference."""
    import numpy as np
    from scipy.stats import binom

    share = max(discordant, difference)
    spread = 9 * math.sqrt(n * share * (1 - share)) + 9
    first, last = max(0, int(n * share - spread)), min(n, int(n * share + spread))
    counts = np.arange(first, last + 1)
    edge, towards = critical(counts), (1 + difference / share) / 2
    shown = binom.cdf(edge, counts, towards)
    shown += binom.sf(counts - edge - 1, counts, towards)
    return float((binom.pmf(counts, n, share) * shown).sum())


def _check(discordant: float, power: float) -> None:
    for name, share in (("discordant", discordant), ("power", power)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is {share}: it must be a share from 0 to 1.")
