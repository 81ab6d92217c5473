"""Formulas for what was not seen, from how often the rest was."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import CONSERVATIVE, Z95

if TYPE_CHECKING:
    from collections.abc import Sequence

_ONE_SIDED = 1.6448536269514722
_MOST_UNSEEN, _FEW_NEW = 0.5, 5
TOTAL_CAUTION = (
    f"{CONSERVATIVE}what Chao's formula estimates is itself less than the number of"
    " modes where some are rarer than others, so that the bound nearly always holds"
)


def unseen_bound(
    once: float, twice: float, found: float, together: float = 1.0
) -> float:
    """Return the one-sided 95 % upper bound of the unseen share.

    Examples
    --------
    >>> round(unseen_bound(0, 0, 100), 4)
    0.0263
    """
    once, twice, found = once / together, twice / together, found / together
    z2 = _ONE_SIDED**2
    half = once + z2 / 2
    under = half**2 - (1 + z2 / found) * (once**2 - 2 * z2 * twice)
    return float(min(1.0, (half + math.sqrt(max(0.0, under))) / (found + z2)))


def hidden_modes(once: int, twice: int, traces: int) -> float:
    """Return Chao's lower bound of the number of modes not yet seen."""
    if not traces:
        return 0.0
    pairs = once * once / (2 * twice) if twice else once * (once - 1) / 2
    return (traces - 1) / traces * pairs


def chao_low(modes: int, once: int, twice: int, traces: int) -> float:
    """Return the lower bound of the number of modes (Chao 1987, log-normal).

    Rounded down: it is a number of modes.
    """
    hidden = hidden_modes(once, twice, traces)
    if hidden <= 0:
        return float(modes)
    a, r = (traces - 1) / traces, once / max(twice, 1)
    if twice:
        variance = twice * (a / 2 * r**2 + a**2 * r**3 + a**2 / 4 * r**4)
    else:
        variance = a * once * (once - 1) / 2 + a**2 * once * (2 * once - 1) ** 2 / 4
        variance -= a**2 * once**4 / (4 * (modes + hidden))
    spread = math.sqrt(math.log1p(max(0.0, variance) / hidden**2))
    return float(math.floor(modes + hidden / math.exp(Z95 * spread)))


def new_bounds(value: float, noise: float, step: float) -> tuple[float, float]:
    """Return the bounds of the number of new modes; the upper one is 1 or more.

    The wider of two: with the noise as seen, and with that of a rate foretold from few
    counts, which does not vanish where nothing was seen once.

    Examples
    --------
    >>> low, high = new_bounds(0.0, 0.0, 1.0)
    >>> low, round(high, 2)
    (0.0, 3.84)
    """
    z2 = Z95**2
    spread = Z95 * math.sqrt(value + noise)
    half = value + z2 * step / 2
    root = math.sqrt(max(0.0, half**2 - value**2 + z2 * value))
    low = min(value - spread, half - root)
    return max(0.0, low), max(1.0, value + spread, half + root)


def rarefied(seen: Sequence[int], traces: int, some: int) -> float:
    """Return the modes expected in some of the traces, drawn in any order.

    Examples
    --------
    >>> round(rarefied([0, 2], 4, 2), 9)
    1.0
    """
    import numpy as np
    from scipy.special import gammaln

    k = np.arange(len(seen))
    left = traces - k
    missed = np.where(
        left >= some,
        gammaln(left + 1)
        - gammaln(np.maximum(left - some, 0) + 1)
        - gammaln(traces + 1)
        + gammaln(traces - some + 1),
        -np.inf,
    )
    return float((np.asarray(seen) * -np.expm1(missed)).sum())


def unseen_caution(once: int, high: float) -> str:
    """Say where the bound of the unseen share holds in more than 95 of 100 cases.

    Examples
    --------
    >>> unseen_caution(7, 0.2)
    ''
    """
    if once <= 1:
        return (
            f"{CONSERVATIVE}nearly all modes were seen again; if there are no others,"
            " every bound holds"
        )
    if high >= _MOST_UNSEEN:
        return f"{CONSERVATIVE}few failures were seen for so many modes"
    return ""


def new_caution(high: float) -> str:
    """Say where so few new modes come into question that the interval is too wide.

    Examples
    --------
    >>> new_caution(3.8)
    'conservative here: new modes are whole numbers, of which only 0 to 3 are left'
    """
    if high >= _FEW_NEW:
        return ""
    left = math.floor(high)
    return (
        f"{CONSERVATIVE}new modes are whole numbers, of which only 0 to {left} are left"
    )
