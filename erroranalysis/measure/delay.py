"""How long a change of the pass rate stays unnoticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.drift import baseline_of
from erroranalysis.measure.watching import baseline_doubt, log_evidence, p_from

if TYPE_CHECKING:
    import numpy as np

ALPHA = 0.05


@dataclass(frozen=True)
class DriftDelay:
    """How long a change stays unnoticed.

    Attributes
    ----------
    rate, change : float
        The pass rate before, and by how much it changes.
    per_period : int
        Traces judged in each period.
    half, most : int or None
        Periods after which half, and nine of ten, of such changes have been noticed;
        None where it takes longer than was tried.
    tried : int
        Periods that were tried after the change.
    """

    rate: float
    change: float
    per_period: int
    half: int | None
    most: int | None
    tried: int

    def __repr__(self) -> str:
        """Say it in one line."""
        way = "fall" if self.change < 0 else "rise"
        late = f"more than {self.tried}"
        return (
            f"DriftDelay(a {way} of {100 * abs(self.change):.0f} points from"
            f" {100 * self.rate:.0f} % at {self.per_period} traces a period: half are"
            f" noticed within {self.half or late} periods, nine of ten within"
            f" {self.most or late})"
        )


def periods_until_noticed(
    rate: float,
    change: float,
    per_period: int,
    *,
    baseline: int | None = None,
    quiet: int = 0,
    tried: int = 52,
    runs: int = 400,
    seed: int = 0,
) -> DriftDelay:
    """Say after how many periods `drift` would notice a change, by simulation.

    Use it to choose how many traces to judge a week; `traces_for_difference` is for one
    look.

    Parameters
    ----------
    rate : float
        Pass rate before, between 0 and 1.
    change : float
        By how much it changes; -0.05 for a fall of 5 points.
    per_period : int
        Traces judged in each period.
    baseline : int, optional
        Traces of the baseline; by default the rate before is known.
    quiet : int, default 0
        Periods watched before the change.
    tried : int, default 52
        Periods simulated after the change.
    runs : int, default 400
        Simulated watches.
    seed : int, default 0
        Seed of the simulation.

    Returns
    -------
    DriftDelay
        Periods until half, and nine of ten, are noticed. A watch that raised a false
        alarm before the change counts as noticing it at once.

    Raises
    ------
    ValueError
        A rate is not between 0 and 1, or there are no traces.

    Notes
    -----
    Counts are drawn from the binomial distribution, period by period, and given to the
    test of `drift` with all periods so far; the share of the watches with an alarm by
    then is counted. It assumes that traces are independent and that the change comes at
    once and stays.

    References
    ----------
    As `drift`; Waudby-Smith and Ramdas (2024), Journal of the Royal Statistical Society
    B 86, 1-27.

    Examples
    --------
    >>> periods_until_noticed(0.85, -0.10, 100)
    DriftDelay(a fall of 10 points from 85 % at 100 traces a period: half are noticed
    within 2 periods, nine of ten within 4)
    """
    import numpy as np

    if not (0 < rate < 1 and 0 <= rate + change <= 1):
        raise ValueError(f"The rates are {rate} and {rate + change}: give 0 to 1.")
    if (
        per_period < 1
        or tried < 1
        or runs < 1
        or (baseline is not None and baseline < 1)
    ):
        raise ValueError("Periods, runs and traces must be 1 or more.")
    rng = np.random.default_rng(seed)
    chances = np.repeat([rate, rate + change], [quiet, tried])
    passes = rng.binomial(per_period, chances, size=(runs, quiet + tried)).astype(float)
    traces = np.full(quiet + tried, float(per_period))
    counts = [None] * runs if baseline is None else rng.binomial(baseline, rate, runs)
    starts = [
        baseline_of(rate if count is None else (int(count), int(baseline or 0)))
        for count in counts
    ]
    found = [baseline_doubt(start, fine=40) for start in starts]
    shares = np.array([share for share, _ in found])
    doubt = np.array([item for _, item in found])
    evidence = np.maximum.accumulate(log_evidence(passes, traces, shares), axis=1)
    ratio = (doubt[:, None, :] - np.maximum(evidence, 0.0)).max(2)
    hit: np.ndarray = p_from(ratio, known=baseline is None) <= ALPHA
    by = hit.mean(0)[quiet:]
    half, most = (
        int(np.argmax(by >= part)) + 1 if (by >= part).any() else None
        for part in (0.5, 0.9)
    )
    return DriftDelay(rate, change, per_period, half, most, tried)
