"""pass@k and pass^k against enumeration, statsmodels, and the laws they keep."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from erroranalysis.measure import (
    compare_trials,
    pass_at_k,
    pass_hat_k,
    repeated_trials,
    tasks_for_comparison,
    wilson,
)
from erroranalysis.measure.trials import task_shares

TASKS = st.lists(
    st.integers(3, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=30,
)


def test_each_task_is_the_mean_over_all_choices_of_its_runs() -> None:
    for passed in range(6):
        runs = [True] * passed + [False] * (5 - passed)
        for k in range(1, 6):
            chosen = list(itertools.combinations(runs, k))
            some = np.mean([any(c) for c in chosen])
            all_of = np.mean([all(c) for c in chosen])
            assert pass_at_k([passed], [5], k).value == pytest.approx(some)
            assert pass_hat_k([passed], [5], k).value == pytest.approx(all_of)


def test_the_example_of_humaneval() -> None:
    """Chen et al. 2021: 1 - C(n - c, k) / C(n, k); 200 runs of which 10 pass."""
    exact = 1 - math.comb(190, 100) / math.comb(200, 100)
    assert pass_at_k([10], [200], 100).value == pytest.approx(exact, rel=1e-9)


def test_one_run_a_task_is_a_plain_share() -> None:
    found, plain = pass_hat_k([1] * 30 + [0] * 10, [1] * 40), wilson(30, 40)
    assert (found.value, found.low, found.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )
    assert found.n == 40


@given(TASKS, st.randoms())
def test_laws(tasks: list[tuple[int, int]], order) -> None:
    passes, trials = (list(column) for column in zip(*tasks, strict=True))
    at = [pass_at_k(passes, trials, k) for k in (1, 2, 3)]
    hat = [pass_hat_k(passes, trials, k) for k in (1, 2, 3)]
    for estimates in (at, hat):
        for item in estimates:
            assert 0 <= item.low <= item.value <= item.high <= 1
    assert at[0].value == pytest.approx(hat[0].value)
    for less, more in itertools.pairwise(at):
        assert less.value <= more.value + 1e-12
    for more, less in itertools.pairwise(hat):
        assert less.value <= more.value + 1e-12
    failed = [n - c for c, n in tasks]
    assert pass_at_k(failed, trials, 2).value == pytest.approx(1 - hat[1].value)
    assert pass_at_k(failed, trials, 2).low == pytest.approx(1 - hat[1].high)
    order.shuffle(tasks)
    again = pass_hat_k([c for c, _ in tasks], [n for _, n in tasks], 2)
    assert again.low == pytest.approx(hat[1].low)


def test_no_task_and_one_task_and_all_alike() -> None:
    none = pass_at_k([], [], 3)
    assert math.isnan(none.value)
    assert (none.low, none.high, none.n) == (0.0, 1.0, 0)
    one = pass_hat_k([4], [4], 4)
    assert (one.value, one.high) == (1.0, 1.0)
    assert one.low == pytest.approx(wilson(1, 1).low)
    sure = pass_hat_k([4] * 50, [4] * 50, 4)
    assert sure.low == pytest.approx(wilson(50, 50).low)


def test_runs_of_a_task_are_no_new_tasks() -> None:
    """Eight runs of 20 tasks that always or never pass say no more than 20 runs."""
    eight = pass_hat_k([8] * 14 + [0] * 6, [8] * 20)
    plain = wilson(14, 20)
    assert (eight.low, eight.high) == pytest.approx((plain.low, plain.high))
    mixed = pass_hat_k([6] * 14 + [5] * 6, [8] * 20)
    assert mixed.high - mixed.low < 0.7 * (eight.high - eight.low)


def test_the_spread_is_that_of_a_clustered_regression_where_tasks_are_many() -> None:
    rng = np.random.default_rng(6)
    passes = rng.binomial(5, rng.beta(2, 2, 800))
    outcome = (np.arange(5)[None, :] < passes[:, None]).astype(float).ravel()
    groups = np.repeat(np.arange(800), 5)
    fitted = sm.OLS(outcome, np.ones(4000)).fit(
        cov_type="cluster", cov_kwds={"groups": groups}
    )
    found = pass_hat_k(passes.tolist(), [5] * 800)
    half = 1.96 * fitted.bse[0]
    assert found.value == pytest.approx(fitted.params[0])
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.01)


def test_what_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="run 3 times: ask for k=3"):
        pass_hat_k([2, 3], [5, 3], 4)
    with pytest.raises(ValueError, match="k is 0"):
        pass_at_k([2], [5], 0)
    with pytest.raises(ValueError, match="between 0 and its number of runs"):
        pass_at_k([6], [5], 2)
    with pytest.raises(ValueError, match="differ in length"):
        pass_at_k([6], [], 2)
    with pytest.raises(ValueError, match="Tasks and verdicts differ"):
        repeated_trials(["a"], [])
    with pytest.raises(ValueError, match="must be above 0"):
        tasks_for_comparison(0, 0.3)


def test_runs_are_gathered_by_task() -> None:
    runs = repeated_trials(
        ["b", "a", "b", "a", "b", "c"], [True, "fail", "pass", "fail", False, True]
    )
    assert runs.tasks == ("b", "a", "c")
    assert (runs.passes, runs.trials, runs.most) == ((2, 0, 1), (3, 2, 1), 1)
    assert (runs.flipped.value, runs.flipped.n) == (0.5, 2)
    assert runs.frame()["measure"].to_list() == ["pass@1", "pass^1"]
    assert "3 tasks, 1 to 3 runs each" in repr(runs)
    assert "<table>" in runs._repr_html_()
    none = repeated_trials([], [])
    assert repr(none) == "RepeatedTrials(no tasks)"
    assert none.frame().is_empty()
    assert math.isnan(none.flipped.value)
    assert "nothing yet" in none._repr_html_()


def test_two_agents_on_the_same_tasks() -> None:
    rng = np.random.default_rng(7)
    skill = rng.beta(2, 1, 100)
    first = rng.binomial(4, skill).tolist()
    second = rng.binomial(8, np.minimum(1, skill + 0.15)).tolist()
    found = compare_trials((first, [4] * 100), (second, [8] * 100), k=2)
    apart = task_shares(second, [8] * 100, 2, every=True) - task_shares(
        first, [4] * 100, 2, every=True
    )
    assert found.difference.value == pytest.approx(apart.mean())
    assert found.spread == pytest.approx(apart.std(ddof=1))
    assert found.shown
    assert found.sentence.startswith("A difference is shown: pass^2 of the second is +")
    turned = compare_trials((second, [8] * 100), (first, [4] * 100), k=2)
    assert turned.difference.low == pytest.approx(-found.difference.high)
    assert found.frame().height == 3
    assert "A difference" in found._repr_html_()
    same = compare_trials((first, [4] * 100), (first, [4] * 100), every=False)
    assert not same.shown
    assert same.difference.high == pytest.approx(wilson(0, 100).high)
    assert "could have been shown" in repr(same)
    few = compare_trials(([1], [2]), ([2], [2]))
    assert math.isnan(few.difference.value)
    assert "fewer than two tasks" in few.sentence


def test_tasks_needed_are_those_that_show_it() -> None:
    n = tasks_for_comparison(0.1, 0.4)
    rng = np.random.default_rng(8)
    apart = rng.normal(0.1, 0.4, (4000, n))
    shown = apart.mean(1) / (apart.std(1, ddof=1) / math.sqrt(n)) > 1.98
    assert shown.mean() == pytest.approx(0.8, abs=0.02)
    assert tasks_for_comparison(0.05, 0.4) == pytest.approx(4 * n, abs=4)


def test_the_interval_covers() -> None:
    """Nominal 95 %: 60 tasks, five runs each, pass^3, 1,000 samples."""
    rng = np.random.default_rng(9)
    truth = np.mean([2 / (2 + 3)])  # E p^3 for beta(2, 1)
    held = 0
    for passes in rng.binomial(5, rng.beta(2, 1, (1_000, 60))):
        found = pass_hat_k(passes.tolist(), [5] * 60, 3)
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 1_000 <= 0.98
