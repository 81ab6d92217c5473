"""Plans: what was planned is what a simulated reading then gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from erroranalysis.measure import (
    cohen_kappa,
    corrected_rate,
    labels_for_corrected_rate,
    traces_for_agreement,
    traces_needed,
    traces_to_see,
)


@pytest.mark.parametrize(
    ("rate", "times", "chance"),
    [(0.5, 1, 0.5), (0.02, 1, 0.95), (0.02, 3, 0.95), (0.001, 1, 0.99), (1.0, 2, 0.9)],
)
def test_what_is_to_be_seen_is_seen_and_with_one_less_it_is_not(
    rate: float, times: int, chance: float
) -> None:
    n = traces_to_see(rate, times=times, chance=chance).traces
    assert binom.sf(times - 1, n, rate) >= chance
    assert n == times or binom.sf(times - 1, n - 1, rate) < chance


def test_the_rule_of_three() -> None:
    assert traces_to_see(0.01).traces == 299
    assert "3 times, with a chance of 95 %" in repr(traces_to_see(0.01, times=3))


@pytest.mark.parametrize(
    ("kappa", "rate", "margin"),
    [(0.7, 0.2, 0.1), (0.5, 0.3, 0.15), (0.8, 0.1, 0.1), (0.3, 0.5, 0.1)],
)
def test_kappa_has_the_margin_that_was_planned(
    kappa: float, rate: float, margin: float
) -> None:
    n = traces_for_agreement(margin, kappa=kappa, rate=rate).traces
    rng = np.random.default_rng(0)
    differ = rate * (1 - rate) * (1 - kappa)
    fails = rate**2 + kappa * rate * (1 - rate)
    halves = []
    for a, b, c, d in rng.multinomial(
        n, [fails, differ, differ, 1 - fails - 2 * differ], 200
    ):
        one = ["fail"] * (a + b) + ["pass"] * (c + d)
        two = ["fail"] * a + ["pass"] * b + ["fail"] * c + ["pass"] * d
        found = cohen_kappa(one, two).kappa
        halves.append((found.high - found.low) / 2)
    assert np.mean(halves) == pytest.approx(margin, rel=0.05)


@pytest.mark.parametrize(
    ("margin", "rate", "tpr", "tnr", "unlabelled"),
    [
        (0.04, 0.2, 0.95, 0.9, 5_000),
        (0.05, 0.2, 0.8, 0.7, 5_000),
        (0.03, 0.1, 0.97, 0.6, 20_000),
        (0.05, 0.2, 0.5, 0.5, 5_000),  # a coin: all that labels alone need
    ],
)
def test_a_corrected_rate_has_the_margin_that_was_planned(
    margin: float, rate: float, tpr: float, tnr: float, unlabelled: int
) -> None:
    plan = labels_for_corrected_rate(
        margin, rate, tpr=tpr, tnr=tnr, unlabelled=unlabelled
    )
    rng, halves = np.random.default_rng(0), []
    for _ in range(40):
        fails = rng.binomial(plan.traces, rate)
        caught, passes = rng.binomial(fails, tnr), plan.traces - fails
        spared = rng.binomial(passes, tpr)
        judged = rng.binomial(unlabelled, rate * tnr + (1 - rate) * (1 - tpr))
        found = corrected_rate(
            both_pass=spared,
            judge_pass_human_fail=fails - caught,
            judge_fail_human_pass=passes - spared,
            both_fail=caught,
            unlabelled_pass=unlabelled - judged,
            unlabelled_fail=judged,
            label_sampling="random",
        ).failure_rate
        halves.append((found.high - found.low) / 2)
    assert np.mean(halves) == pytest.approx(margin, rel=0.06)
    assert plan.traces <= traces_needed(margin, rate).traces


def test_a_better_judge_and_more_traces_need_fewer_labels() -> None:
    sizes = [
        labels_for_corrected_rate(0.04, tpr=q, tnr=q, unlabelled=n).traces
        for q, n in ((0.99, 20_000), (0.95, 20_000), (0.95, 500), (0.7, 500), (0.7, 0))
    ]
    assert sizes == sorted(sizes)
    assert sizes[-1] == traces_needed(0.04, 0.2).traces


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="what never happens is never seen"):
        traces_to_see(0)
    with pytest.raises(ValueError, match="times must be at least 1, got 0"):
        traces_to_see(0.1, times=0)
    with pytest.raises(ValueError, match="without both verdicts there is no kappa"):
        traces_for_agreement(rate=0)
    with pytest.raises(ValueError, match="kappa must be a share between 0 and 1"):
        traces_for_agreement(kappa=70)
    with pytest.raises(ValueError, match="tpr must be a share between 0 and 1"):
        labels_for_corrected_rate(tpr=95, tnr=0.9, unlabelled=10)
    with pytest.raises(ValueError, match="unlabelled must be 0 traces or more, got -1"):
        labels_for_corrected_rate(tpr=0.9, tnr=0.9, unlabelled=-1)
