"""Labels that a judge still needs: published figures, brute force, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from erroranalysis.measure import align, chance_to_show, labels_needed, wilson

FIGURES = [
    (0.80, 0.95, {30: 0.55, 50: 0.90, 80: 0.98}),
    (0.80, 0.92, {50: 0.63, 100: 0.94}),
    (0.80, 0.90, {100: 0.80, 150: 0.93}),
    (0.90, 0.95, {200: 0.70, 300: 0.88}),
]


@pytest.mark.parametrize(("bar", "true", "chances"), FIGURES)
def test_known_figures(bar: float, true: float, chances: dict[int, float]) -> None:
    found = chance_to_show(bar, true, list(chances))
    assert found.round(2).tolist() == pytest.approx(list(chances.values()), abs=0.0051)


@given(
    st.floats(0.05, 0.95),
    st.integers(0, 1000).map(lambda thousandths: thousandths / 1000),
    st.integers(0, 120),
    st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
@settings(max_examples=30, deadline=None)
def test_it_is_the_sum_over_all_outcomes(
    bar: float, true: float, n: int, labelled: tuple[int, int]
) -> None:
    right, seen = labelled
    found = chance_to_show(bar, true, n, right=right, seen=seen)[0]
    outcomes = np.arange(n + 1)
    lows = np.array([wilson(right + int(k), seen + n).low for k in outcomes])
    if (np.abs(lows - bar) < 1e-9).any():
        return
    expected = binom.pmf(outcomes, n, true)[lows > bar].sum()
    assert found == pytest.approx(expected, abs=1e-9)


def test_no_errors_in_n() -> None:
    """The quoted 18, 10, 6, 3 % are one-sided and exact; ours are two-sided Wilson."""
    sizes = [15, 30, 50, 100]
    one_sided = [1 - 0.05 ** (1 / n) for n in sizes]
    exact = [proportion_confint(0, n, alpha=0.1, method="beta")[1] for n in sizes]
    assert one_sided == pytest.approx(exact)
    assert [round(x, 2) for x in one_sided] == [0.18, 0.10, 0.06, 0.03]
    assert [round(wilson(0, n).high, 2) for n in sizes] == [0.20, 0.11, 0.07, 0.04]


@pytest.mark.parametrize(
    ("bar", "true", "power"), [(0.8, 0.95, 0.8), (0.9, 0.95, 0.9), (0.8, 0.9, 0.8)]
)
def test_with_every_larger_number_the_power_stays(
    bar: float, true: float, power: float
) -> None:
    found = labels_needed(bar, power, tpr=true, tnr=true)
    assert found.passes == found.fails
    assert found.passes is not None
    later = chance_to_show(bar, true, np.arange(found.passes, found.passes + 500))
    assert (later >= power).all()
    assert chance_to_show(bar, true, found.passes - 1)[0] < power
    assert found.tpr.chance == pytest.approx(later[0])


@given(st.floats(0.82, 0.99), st.floats(0.5, 0.95))
@settings(max_examples=8, deadline=None)
def test_a_better_judge_and_less_certainty_need_fewer(
    true: float, power: float
) -> None:
    first = labels_needed(0.75, power, tpr=true, tnr=true).passes
    better = labels_needed(0.75, power, tpr=true + 0.005, tnr=true).passes
    surer = labels_needed(0.75, power + 0.04, tpr=true, tnr=true).passes
    higher = labels_needed(0.77, power, tpr=true, tnr=true).passes
    assert None not in (first, better, surer, higher)
    assert better <= first <= surer
    assert first <= higher


def aligned(right_pass: int, passes: int, right_fail: int, fails: int):
    human = ["pass"] * passes + ["fail"] * fails
    judge = ["pass"] * right_pass + ["fail"] * (passes - right_pass)
    judge += ["fail"] * right_fail + ["pass"] * (fails - right_fail)
    return align(human, judge)


def test_what_is_labelled_counts() -> None:
    found = labels_needed(0.8, alignment=aligned(58, 60, 13, 15), tnr=0.92)
    assert (found.passes, found.tpr.chance) == (0, 1.0)
    assert "TPR: shown to be over 0.80 already" in found.says
    assert found.fails is not None
    fresh = labels_needed(0.8, tpr=0.92, tnr=0.92)
    assert found.fails > 0
    after = chance_to_show(0.8, 0.92, found.fails, right=13, seen=15)[0]
    assert after == pytest.approx(found.tnr.chance)
    assert after >= 0.8
    assert (found.tnr.right, found.tnr.seen, fresh.tnr.seen) == (13, 15, 0)


def test_the_middle_of_the_interval_is_taken_for_true() -> None:
    found = labels_needed(0.8, alignment=aligned(15, 15, 6, 15))
    seen = wilson(15, 15)
    assert found.tpr.expected == pytest.approx((seen.low + seen.high) / 2)
    assert found.fails is None
    assert "no number of human fails will do" in found.says
    assert "Improve the judge first" in repr(found)
    close = labels_needed(0.8, tpr=0.8001, tnr=0.95)
    assert close.passes is None
    assert "more than 20,000 human passes" in close.says
    assert close.frame()["more"].to_list() == [None, close.fails]
    assert "hardly over 0.80" in close._repr_html_()


def test_nothing_labelled() -> None:
    empty = labels_needed(0.8, alignment=align([], []))
    fresh = labels_needed(0.8)
    assert empty == fresh
    assert fresh.tpr.expected == 0.95
    assert chance_to_show(0.8, 0.9, 0).tolist() == [0.0]
    assert chance_to_show(0.8, 1.0, 16).tolist() == [1.0]
    assert chance_to_show(0.8, 1.0, 15).tolist() == [0.0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: labels_needed(80), "target is 80: a bar is between 0 and 1"),
        (lambda: labels_needed(0.8, 80), "power is 80"),
        (lambda: labels_needed(0.8, tpr=95), "expected rate is 95"),
        (lambda: labels_needed(0.8, tpr=math.nan), "expected rate is nan"),
        (lambda: chance_to_show(0.8, 0.9, -1), "n is -1"),
        (lambda: chance_to_show(0.8, 0.9, 5, right=3, seen=2), "got 3 of 2"),
    ],
)
def test_what_does_not_fit_is_said(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
