"""Estimates against statsmodels, published values, closed forms and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from erroranalysis.measure import (
    align,
    cohen_kappa,
    corrected_pass_rate,
    weighted_rate,
    wilson,
)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    count, n = counts
    low, high = proportion_confint(count, n, method="wilson")
    ours = wilson(count, n)
    assert ours.low == pytest.approx(low, abs=1e-12)
    assert ours.high == pytest.approx(high, abs=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_wilson_at_the_edges() -> None:
    assert (wilson(0, 5).low, wilson(5, 5).high) == (0.0, 1.0)
    none = wilson(0, 0)
    assert math.isnan(none.value)
    assert (none.low, none.high, repr(none)) == (0.0, 1.0, "no estimate, n=0")
    with pytest.raises(ValueError, match="between 0 and n, got 6 of 5"):
        wilson(6, 5)


def test_fifteen_of_fifteen_cannot_show_more_than_eighty_percent() -> None:
    assert wilson(15, 15).low == pytest.approx(0.796, abs=5e-4)


def test_equal_chances_give_the_unweighted_interval() -> None:
    values = [True] * 7 + [False] * 13
    even = weighted_rate(values, [0.2] * 20)
    plain = wilson(7, 20)
    assert (even.value, even.low, even.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def test_weights_undo_an_unequal_draw() -> None:
    """A stratum drawn ten times as often must not count ten times as much."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(400):
        rare = rng.random(50) < 0.6  # 100 traces, half drawn
        common = rng.random(50) < 0.1  # 1,000 traces, 5 % drawn
        values = [*rare.tolist(), *common.tolist()]
        found.append(weighted_rate(values, [0.5] * 50 + [0.05] * 50).value)
    truth = (100 * 0.6 + 1000 * 0.1) / 1100
    assert np.mean(found) == pytest.approx(truth, abs=0.01)


def test_the_corrected_rate_covers_the_truth() -> None:
    """Nominal 95 %: at n = 100 random labels of 400, over 600 replications."""
    rng = np.random.default_rng(11)
    covered = 0
    truth, tpr, tnr = 0.8, 0.9, 0.7
    for _ in range(600):
        passed = rng.random(400) < truth
        judged = np.where(passed, rng.random(400) < tpr, rng.random(400) > tnr)
        p, j = passed[:100], judged[:100]
        estimate = corrected_pass_rate(
            both_pass=int((p & j).sum()),
            judge_pass_human_fail=int((~p & j).sum()),
            judge_fail_human_pass=int((p & ~j).sum()),
            both_fail=int((~p & ~j).sum()),
            unlabelled_pass=int(judged[100:].sum()),
            unlabelled_fail=int((~judged[100:]).sum()),
        )
        covered += estimate.low <= truth <= estimate.high
    assert 0.93 <= covered / 600 <= 0.975


def test_a_useful_judge_narrows_the_interval_and_a_useless_one_does_not_break_it() -> (
    None
):
    useful = corrected_pass_rate(
        both_pass=78, judge_pass_human_fail=2, judge_fail_human_pass=2, both_fail=18,
        unlabelled_pass=1600, unlabelled_fail=400,
    )  # fmt: skip
    alone = wilson(80, 100)
    assert useful.high - useful.low < 0.75 * (alone.high - alone.low)
    useless = corrected_pass_rate(
        both_pass=40, judge_pass_human_fail=10, judge_fail_human_pass=40, both_fail=10,
        unlabelled_pass=1000, unlabelled_fail=1000,
    )  # fmt: skip
    assert useless.low < 0.8 < useless.high
    assert useless.high - useless.low < 1.25 * (alone.high - alone.low)


@given(
    st.lists(
        st.tuples(st.sampled_from(["pass", "fail"]), st.sampled_from(["pass", "fail"])),
        min_size=2,
        max_size=60,
    )
)
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[str, str]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    table = [[pairs.count((a, b)) for b in ("fail", "pass")] for a in ("fail", "pass")]
    ours = cohen_kappa(first, second).kappa
    n = len(pairs)
    chance = (
        sum(first.count(name) * second.count(name) for name in ("pass", "fail")) / n**2
    )
    if chance == 1:  # statsmodels divides by zero here
        assert math.isnan(ours.value)
        return
    with np.errstate(invalid="ignore", divide="ignore"):  # their interval, not ours
        theirs = cohens_kappa(np.array(table)).kappa
    assert ours.value == pytest.approx(theirs)
    assert ours.low <= ours.value + 1e-9
    assert ours.high >= ours.value - 1e-9


def test_perfect_agreement_is_no_certainty() -> None:
    kappa = cohen_kappa(["pass", "fail"] * 5, ["pass", "fail"] * 5).kappa
    assert (kappa.value, kappa.high) == (1.0, 1.0)
    assert 0.3 < kappa.low < 0.6


def test_alignment_has_pass_as_the_positive_class() -> None:
    found = align(
        ["pass"] * 8 + ["fail"] * 4,
        ["pass"] * 6 + ["fail"] * 2 + ["fail", "fail", "fail", None],
        name="late v1",
        split="dev",
    )
    assert (found.tpr.value, found.tpr.n) == (0.75, 8)
    assert (found.tnr.value, found.tnr.n, found.errors) == (1.0, 3, 1)
    assert "positive class is Pass" in repr(found)
    assert "errors=1" in repr(found)
