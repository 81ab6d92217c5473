"""Drift: the promise over a year of weekly looks, and the laws it keeps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.errors import NothingToDoError
from erroranalysis.measure import drift, periods_until_noticed, wilson
from erroranalysis.measure.watching import (
    baseline_doubt,
    change_bounds,
    log_evidence,
    p_from,
)

WEEKS = st.lists(
    st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=12,
)


def year(rate: float, runs: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).binomial(100, rate, (runs, 52)).astype(float)


def test_a_year_of_weekly_looks_raises_a_false_alarm_in_at_most_five_of_a_hundred() -> (
    None
):
    """A z-test each week raises one in 93 of 100 years: 1 - 0.95 ** 52."""
    for rate in (0.5, 0.85, 0.95):
        weeks = year(rate, 1_000, seed=1)
        won = log_evidence(weeks, np.full(52, 100.0), np.full((1_000, 1), rate))
        assert (won.max((1, 2)) >= math.log(20)).mean() <= 0.05
        naive = np.abs(weeks / 100 - rate) > 1.96 * math.sqrt(rate * (1 - rate) / 100)
        assert naive.any(1).mean() > 0.8


def test_the_bets_are_fair() -> None:
    """With the rate as assumed, what is owned stays 1 on average, at every time."""
    for rate in (0.3, 0.9):
        n = np.array([5.0, 0.0, 3.0])
        total = np.zeros(3)
        from scipy.stats import binom

        for a in range(6):
            for b in range(4):
                chance = binom.pmf(a, 5, rate) * binom.pmf(b, 3, rate)
                weeks = np.array([[float(a), 0.0, float(b)]])
                total += chance * np.exp(
                    log_evidence(weeks, n, np.array([[rate]]))[0, :, 0]
                )
        assert total == pytest.approx(np.ones(3))


def test_a_counted_baseline_keeps_the_promise_too() -> None:
    """What `drift` does, for 300 years at once: 200 traces before, nothing changes."""
    starts = np.random.default_rng(2).binomial(200, 0.85, 300)
    found = [baseline_doubt(wilson(int(k), 200), fine=40) for k in starts]
    shares, doubt = (np.array(part) for part in zip(*found, strict=True))
    won = log_evidence(year(0.85, 300, seed=3), np.full(52, 100.0), shares)
    most = np.maximum(won, 0).max(1)
    alarms = p_from((doubt - most).max(1), known=False) <= 0.05
    assert alarms.mean() <= 0.05


def test_the_split_of_the_error_adds_up() -> None:
    """P(P <= a E) is at most a (1 + log(1 / a)) for independent P and E."""
    assert p_from(np.log([0.0087049]), known=False)[0] == pytest.approx(0.05, abs=1e-6)
    assert p_from(np.array([3.0]), known=False)[0] == 1.0
    rng = np.random.default_rng(4)
    most = 1 / rng.random(400_000)  # the largest that Ville allows
    ratio = rng.random(400_000) / most
    found = p_from(np.log(ratio), known=False)
    assert (found <= 0.05).mean() == pytest.approx(0.05, abs=0.002)


@settings(max_examples=40, deadline=None)
@given(WEEKS, st.integers(0, 60), st.integers(1, 60))
def test_laws(weeks: list[tuple[int, int]], good: int, poor: int) -> None:
    passes, traces = (list(column) for column in zip(*weeks, strict=True))
    found = drift(passes, traces, baseline=(good, good + poor))
    assert all(0 <= p <= 1 for p in found.p_values)
    assert list(found.p_values) == sorted(found.p_values, reverse=True)
    assert -1 <= found.change.low <= found.change.high <= 1
    if found.change.n:
        assert found.change.low <= found.change.value <= found.change.high
    failed = [n - k for k, n in weeks]
    turned = drift(failed, traces, baseline=(poor, good + poor))
    assert turned.p_values == pytest.approx(found.p_values, rel=1e-6)
    assert turned.change.low == pytest.approx(-found.change.high, abs=1e-6)
    before = drift(passes[:-1], traces[:-1], baseline=(good, good + poor))
    assert before.p_values == found.p_values[:-1]  # a look does not change the past
    assert found.rates == tuple(wilson(k, n) for k, n in weeks)


def test_weeks_without_traces_say_nothing() -> None:
    found = drift([80, 0, 0], [100, 0, 0], baseline=0.85)
    assert found.p_values[0] == found.p_values[2]
    assert math.isnan(found.rates[1].value)
    nothing = drift([0], [0], baseline=(85, 100))
    assert math.isnan(nothing.change.value)
    assert nothing.sentence == "Nothing to watch yet; the baseline is 85 %."
    none = drift([], [], baseline=0.85)
    assert none.frame().is_empty()
    assert none.noticed is None
    assert none.since is None


def test_a_fall_is_noticed_named_and_dated() -> None:
    weeks = [84, 86, 85, 83, 85, 84, 70, 72, 71, 84]
    names = [f"week {i}" for i in range(10)]
    found = drift(weeks, [100] * 10, baseline=(850, 1000), periods=names)
    assert (found.since, found.noticed) == ("week 6", "week 8")
    assert found.sentence == (
        "The pass rate fell from 85 % to about 71 %, most likely since week 6; noticed"
        " after week 8, period 9 of 10."
    )
    assert found.frame()["noticed"].to_list() == [False] * 8 + [True] * 2
    assert "fell" in repr(found)
    assert "<table>" in found._repr_html_()
    rise = drift([96] * 6, [100] * 6, baseline=0.85)
    assert "rose from 85 % to about 96 %" in rise.sentence


def test_what_is_said_where_nothing_is_noticed() -> None:
    found = drift([84, 86], [100, 100], baseline=0.85)
    assert found.noticed is None
    assert found.sentence.startswith("No change noticed in 2 periods: on average")
    assert found.change.low < 0 < found.change.high


def test_an_alarm_stays() -> None:
    found = drift([60] * 3 + [85] * 20, [100] * 23, baseline=0.85)
    assert found.noticed == 1
    assert found.p_values[-1] <= 0.05


def test_the_change_covers_at_all_looks_at_once() -> None:
    """100 traces of a baseline, 10 looks: does any interval miss no change at all?"""
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(40):
        start = wilson(int(rng.binomial(100, 0.8)), 100)
        shares, doubt = baseline_doubt(start, fine=40)
        weeks = rng.binomial(50, 0.8, 10).cumsum()
        bounds = [
            change_bounds(float(k), 50.0 * (i + 1), shares, doubt)
            for i, k in enumerate(weeks)
        ]
        missed += any(low > 0 or high < 0 for low, high in bounds)
    assert missed <= 4


def test_a_known_rate_has_the_interval_of_the_bet() -> None:
    """Rates q with E(q) < 20, where E is Jeffreys' mixture over the likelihood."""
    from scipy.special import betaln, xlog1py, xlogy

    low, high = change_bounds(70.0, 100.0, np.array([0.85]), np.zeros(1))
    bets = betaln(70.5, 30.5) - betaln(0.5, 0.5)
    for q in (low + 0.85, high + 0.85):
        won = bets - xlogy(70, q) - xlog1py(30, -q)
        assert won == pytest.approx(math.log(20), abs=1e-6)


def test_baselines_that_do_not_fit() -> None:
    with pytest.raises(NothingToDoError, match="no traces"):
        drift([1], [2], baseline=(0, 0))
    with pytest.raises(ValueError, match=r"baseline=\(200, 200\)"):
        drift([1], [2], baseline=1.0)
    with pytest.raises(ValueError, match="between 0 and n"):
        drift([1], [2], baseline=(3, 2))
    with pytest.raises(ValueError, match="between 0 and its traces"):
        drift([3], [2], baseline=0.85)
    with pytest.raises(ValueError, match="differ in length"):
        drift([3], [2, 4], baseline=0.85)
    with pytest.raises(ValueError, match="Names of the periods"):
        drift([3], [4], baseline=0.85, periods=["a", "b"])


def test_baselines_in_which_all_passed_or_all_failed() -> None:
    fine = drift([50, 50], [50, 50], baseline=(200, 200))
    assert fine.noticed is None
    assert drift([40], [50], baseline=(200, 200)).noticed == 1
    assert drift([20], [50], baseline=(0, 200)).noticed == 1


def test_how_long_a_fall_stays_unnoticed() -> None:
    """At 100 traces a week and 85 %: 10 points in weeks, 5 points in months."""
    ten = periods_until_noticed(0.85, -0.10, 100)
    five = periods_until_noticed(0.85, -0.05, 100)
    late = periods_until_noticed(0.85, -0.10, 100, quiet=26)
    assert (ten.half, ten.most) == (2, 4)
    assert five.half is not None
    assert 4 <= five.half <= 9
    assert late.half is not None
    assert 3 <= late.half <= 6
    assert periods_until_noticed(0.85, -0.10, 100) == ten
    counted = periods_until_noticed(0.85, -0.10, 100, baseline=1_000, runs=60)
    assert counted.half is not None
    assert ten.half <= counted.half <= 6
    never = periods_until_noticed(0.85, -0.01, 10, tried=5)
    assert (never.half, never.most) == (None, None)
    assert "more than 5 periods" in repr(never)
    assert "a rise of 5 points" in repr(periods_until_noticed(0.85, 0.05, 50, runs=9))


def test_delays_that_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="give 0 to 1"):
        periods_until_noticed(0.85, -0.9, 100)
    with pytest.raises(ValueError, match="must be 1 or more"):
        periods_until_noticed(0.85, -0.1, 0)


def test_periods_name_the_traces_that_failed() -> None:
    ids = [["t1"], [], ["t2", "t3"]]
    found = drift([1, 2, 0], [2, 2, 2], baseline=0.9, periods="abc", trace_ids=ids)
    assert [found.trace_ids(name) for name in "abcd"] == [("t1",), (), ("t2", "t3"), ()]
    assert drift([1], [2], baseline=0.9).trace_ids(1) == ()
    with pytest.raises(ValueError, match="In period 1 0 traces failed and trace_ids"):
        drift([1, 2], [2, 2], baseline=0.9, trace_ids=[["t1"], ["t2"]])
    with pytest.raises(ValueError, match="differ in length: 2 and 1"):
        drift([1, 2], [2, 2], baseline=0.9, trace_ids=[["t1"]])
