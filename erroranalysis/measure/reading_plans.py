"""How many traces to read to see a failure, to know an agreement, to help a judge."""

from __future__ import annotations

import math

from erroranalysis.measure.correction import corrected_rate
from erroranalysis.measure.estimate import Z95
from erroranalysis.measure.planning import (
    SampleSize,
    check_shares,
    smallest,
    traces_needed,
)


def traces_to_see(rate: float, *, times: int = 1, chance: float = 0.95) -> SampleSize:
    """Say how many traces to read so that a failure of some rate hardly stays unseen.

    To plan a first reading. How often a failure happens takes more traces:
    `traces_needed`. What may be unseen after reading says `saturation`.

    Parameters
    ----------
    rate : float
        Share of traces that fail so, such as 0.02: what is rarer may be missed.
    times : int, default 1
        How often it has to be seen; two or three times make a failure mode.
    chance : float, default 0.95
        Probability to see it so often.

    Returns
    -------
    SampleSize
        The smallest number of traces drawn at random.

    Raises
    ------
    ValueError
        A share is out of its range, or `times` is below 1.

    Notes
    -----
    The smallest n with ``P(X >= times) >= chance`` for X binomial(n, rate). For once
    and 95 % that is about 3 / rate, the rule of three. Traces of one session count as
    drawn alone: read one of each.

    References
    ----------
    Hanley and Lippman-Hand (1983), Journal of the American Medical Association 249,
    1743-1745.

    Examples
    --------
    >>> traces_to_see(0.02)
    SampleSize(149 traces show what happens in 2 % of traces, with a chance of 95 %)
    >>> traces_to_see(0.02, times=3).traces
    313
    """
    from scipy.stats import binom

    check_shares(rate=(rate, 0, 1), chance=(chance, 0, 1))
    if not rate:
        raise ValueError("rate is 0: what never happens is never seen; give 0.01")
    if times < 1:
        raise ValueError(f"times must be at least 1, got {times}")
    n = smallest(lambda n: bool(binom.sf(times - 1, n, rate) >= chance))
    often = "" if times == 1 else f" {times} times"
    words = (
        f"{n:,} traces show what happens in {100 * rate:.4g} % of traces{often}, with"
        f" a chance of {100 * chance:.4g} %"
    )
    return SampleSize(n, n, words)


def traces_for_agreement(
    margin: float = 0.1, *, kappa: float = 0.7, rate: float = 0.2
) -> SampleSize:
    """Say how many traces two people must both read to know their kappa to a margin.

    Percent agreement is a rate: for that use `traces_needed`.

    Parameters
    ----------
    margin : float, default 0.1
        Half the width of the interval.
    kappa : float, default 0.7
        Cohen's kappa to expect.
    rate : float, default 0.2
        Share of the traces that either of them fails; rare fails need many traces.

    Returns
    -------
    SampleSize
        Traces that both read.

    Raises
    ------
    ValueError
        The margin, kappa or rate is out of its range.

    Notes
    -----
    ``n = (1.96 / margin)^2 (1 - k) ((1 - k)(1 - 2 k) + k (2 - k) / (2 r (1 - r)))``,
    the large-sample variance for two raters who fail equally often.

    References
    ----------
    Bloch and Kraemer (1989), Biometrics 45, 269-287.

    Examples
    --------
    >>> traces_for_agreement(0.1, kappa=0.7, rate=0.2)
    SampleSize(314 traces read by both tell a kappa of 0.7 to 0.1)
    """
    check_shares(margin=(margin, 0, 1), kappa=(kappa, 0, 1), rate=(rate, 0, 1))
    if rate in (0, 1):
        raise ValueError(f"rate is {rate}: without both verdicts there is no kappa")
    mixed = 2 * rate * (1 - rate)
    spread = (1 - kappa) * (1 - 2 * kappa) + kappa * (2 - kappa) / mixed
    n = math.ceil((Z95 / margin) ** 2 * (1 - kappa) * spread)
    words = f"{n:,} traces read by both tell a kappa of {kappa:g} to {margin:g}"
    return SampleSize(n, n, words)


def labels_for_corrected_rate(
    margin: float = 0.05,
    rate: float = 0.2,
    *,
    tpr: float,
    tnr: float,
    unlabelled: int,
) -> SampleSize:
    """Say how many traces a person must label to know a corrected rate to a margin.

    What a judge saves: compare with `traces_needed`, which is the same without one.

    Parameters
    ----------
    margin : float, default 0.05
        Half the width of the interval of the failure rate.
    rate : float, default 0.2
        The failure rate to expect.
    tpr, tnr : float
        Share of human passes that the judge passes, and of human fails that it fails.
    unlabelled : int
        Traces that only the judge reads.

    Returns
    -------
    SampleSize
        Labels of a random sample, traces that taught the judge not counted.

    Raises
    ------
    ValueError
        A share is out of its range, or `unlabelled` is below 0.

    Notes
    -----
    The smallest n for which `corrected_rate` gives an interval of at most twice the
    margin where the counts are those to expect, rounded; at most as many as
    `traces_needed` asks for without a judge.

    References
    ----------
    As `corrected_rate`.

    Examples
    --------
    >>> labels_for_corrected_rate(0.04, 0.2, tpr=0.95, tnr=0.9, unlabelled=5_000)
    SampleSize(143 labels beside a judge on 5,000 traces tell a failure rate of 20 % to
    4 points; without the judge 383)
    """
    check_shares(
        margin=(margin, 0, 0.5), rate=(rate, 0, 1), tpr=(tpr, 0, 1), tnr=(tnr, 0, 1)
    )
    if unlabelled < 0:
        raise ValueError(f"unlabelled must be 0 traces or more, got {unlabelled}")
    alone = traces_needed(margin, rate).traces

    def enough(n: int) -> bool:
        fails = round(n * rate)
        caught, spared = round(fails * tnr), round((n - fails) * tpr)
        judged = round(unlabelled * (rate * tnr + (1 - rate) * (1 - tpr)))
        found = corrected_rate(
            both_pass=spared,
            judge_pass_human_fail=fails - caught,
            judge_fail_human_pass=n - fails - spared,
            both_fail=caught,
            unlabelled_pass=unlabelled - judged,
            unlabelled_fail=judged,
            label_sampling="random",
        ).failure_rate
        return n >= alone or found.high - found.low <= 2 * margin

    n = smallest(enough)
    words = (
        f"{n:,} labels beside a judge on {unlabelled:,} traces tell a failure rate of"
        f" {100 * rate:.4g} % to {100 * margin:.4g} points; without the judge {alone:,}"
    )
    return SampleSize(n, n, words)
