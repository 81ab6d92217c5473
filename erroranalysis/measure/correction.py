"""A pass rate from few human labels and many verdicts of an imperfect judge."""

from __future__ import annotations

from erroranalysis.measure.estimate import Estimate, wilson

_DRAWS = 20_000


def corrected_pass_rate(
    *,
    both_pass: int,
    judge_pass_human_fail: int,
    judge_fail_human_pass: int,
    both_fail: int,
    unlabelled_pass: int,
    unlabelled_fail: int,
    seed: int = 0,
) -> Estimate:
    """Estimate a pass rate where the labelled traces are a random sample.

    The rate is post-stratified on the judge's verdict: the share of judge passes times
    the share of those that people pass, plus the same for judge fails. Each of the
    three shares is drawn from its Jeffreys posterior; the interval is equal-tailed.

    Parameters
    ----------
    both_pass, judge_pass_human_fail, judge_fail_human_pass, both_fail : int
        The labelled traces, by the judge's verdict and the person's.
    unlabelled_pass, unlabelled_fail : int
        Traces that only the judge saw, by its verdict.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    Estimate
        Pass rate; the failure rate is one minus it.

    Notes
    -----
    ``q ~ Beta(k1 + 1/2, k0 + 1/2)`` over all traces, and likewise
    ``P(human pass | judge pass)`` and ``P(human pass | judge fail)`` over labelled
    ones; ``theta = q * ppv + (1 - q) * fomr``. See Gelman et al., Bayesian Data
    Analysis, on post-stratification; Brown, Cai and DasGupta (2001) on Jeffreys
    intervals. The labels must be a random sample of the traffic that is reported.

    Examples
    --------
    >>> corrected_pass_rate(
    ...     both_pass=60,
    ...     judge_pass_human_fail=5,
    ...     judge_fail_human_pass=5,
    ...     both_fail=30,
    ...     unlabelled_pass=650,
    ...     unlabelled_fail=350,
    ... )
    0.65 [0.58, 0.71], n=100, 95% post-stratified Jeffreys
    """
    import numpy as np

    labelled = both_pass + judge_pass_human_fail + judge_fail_human_pass + both_fail
    if labelled == 0:
        return wilson(0, 0)
    rng = np.random.default_rng(seed)
    judge_pass = both_pass + judge_pass_human_fail + unlabelled_pass
    judge_fail = both_fail + judge_fail_human_pass + unlabelled_fail
    share = rng.beta(judge_pass + 0.5, judge_fail + 0.5, _DRAWS)
    when_pass = rng.beta(both_pass + 0.5, judge_pass_human_fail + 0.5, _DRAWS)
    when_fail = rng.beta(judge_fail_human_pass + 0.5, both_fail + 0.5, _DRAWS)
    rate = share * when_pass + (1 - share) * when_fail
    low, high = np.quantile(rate, [0.025, 0.975])
    return Estimate(
        float(np.median(rate)),
        float(low),
        float(high),
        labelled,
        "post-stratified Jeffreys",
        "the labelled traces are a random sample of the traces reported",
    )
