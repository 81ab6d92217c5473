"""How much a sample says whose traces were drawn unevenly, or in sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import (
    CONSERVATIVE,
    Estimate,
    wilson,
    wilson_bounds,
)

if TYPE_CHECKING:
    import numpy as np

_MODEL_WEIGHT = 10
_FEW = 30


def design_based(
    found: np.ndarray, weights: np.ndarray, groups: np.ndarray | None, assumes: str
) -> Estimate:
    """Estimate a rate from weighted traces; without groups each is its own."""
    import numpy as np

    n = len(found)
    if not n:
        return wilson(0, 0, assumes=assumes)
    rate = float(weights[found].sum() / weights.sum())
    alone = np.arange(n) if groups is None else groups
    effective = _effective_n(found, weights / weights.sum(), alone, rate)
    low, high = wilson_bounds(rate, effective)
    kind = "weighted" if groups is None else f"{int(alone.max()) + 1} clusters"
    method = f"Wilson, {kind} (effective n {effective:.1f})"
    said = _caution(int(alone.max()) + 1, n, effective)
    return Estimate(rate, low, high, n, method, assumes, said)


def _caution(clusters: int, n: int, effective: float) -> str:
    """Say where simulated intervals held in more than 97.5 of 100 cases."""
    if clusters < n and clusters <= _FEW:
        return (
            f"{CONSERVATIVE}how alike the traces of a session are is hardly known from"
            f" {clusters} sessions; if they are not, it holds in up to 99 %"
        )
    if effective < _FEW:
        return f"{CONSERVATIVE}the traces say as much as {effective:.0f} drawn evenly"
    return ""


def _effective_n(
    found: np.ndarray, weights: np.ndarray, groups: np.ndarray, rate: float
) -> float:
    """Return the number of traces drawn alone that would be as precise.

    The weights add up to 1.
    """
    import numpy as np

    n = len(found)
    together = np.bincount(groups, weights)
    count = len(together)
    traces = np.bincount(groups)
    fails = np.bincount(groups, found)
    alone, joint = float((weights**2).sum()), float((together**2).sum())
    rho = _likeness(fails, traces)
    model = n * (alone + rho * (joint - alone))
    if count == 1 or not 0 < rate < 1:
        return min(float(n), max(1.0, n / model))
    parts = np.bincount(groups, weights * (found - rate))
    between = (n - 1) / (rate * (1 - rate)) * count / (count - 1)
    linear = between * float((parts**2).sum())
    freedom = joint**2 / float((together**4).sum()) - 1
    deff = (freedom * linear + _MODEL_WEIGHT * model) / (freedom + _MODEL_WEIGHT)
    if n / model < _FEW:
        deff = max(deff, model)
    freedom += _MODEL_WEIGHT
    if count < n:
        rarer = min(np.count_nonzero(fails), np.count_nonzero(traces - fails))
        freedom = min(freedom, 2.0 * rarer + 1)
    return min(float(n), max(1.0, n / deff * t_ratio(n - 1, freedom)))


def _likeness(fails: np.ndarray, traces: np.ndarray) -> float:
    """Return the ANOVA estimate of the correlation in clusters, drawn towards 1.

    It is 1 where all traces are alike, since nothing can be said.
    """
    count, n = len(traces), int(traces.sum())
    total = float(fails.sum())
    if count in (1, n) or total in (0, n):
        return 1.0
    between = float(((fails - traces * total / n) ** 2 / traces).sum()) / (count - 1)
    within = float((fails * (traces - fails) / traces).sum()) / (n - count)
    size = (n - float((traces**2).sum()) / n) / (count - 1)
    rho = (between - within) / (between + (size - 1) * within)
    return (max(0.0, rho) * (count - 1) + 1) / count


def t_ratio(most: float, freedom: float) -> float:
    """Return how much less a sample says where its variance is hardly known.

    The squared ratio of two t quantiles (Korn and Graubard 1998), at most 1.

    Examples
    --------
    >>> round(t_ratio(99, 9), 3)
    0.769
    """
    from scipy.special import stdtrit

    most, freedom = max(1.0, most), max(1.0, freedom)
    ratio = stdtrit(most, 0.975) / stdtrit(freedom, 0.975)
    return min(1.0, float(ratio) ** 2)
