"""A judge asked again: closed forms, laws, coverage."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import krippendorff_alpha, stability
from erroranalysis.measure.stability import flip_rate_of

RUNS = st.integers(2, 5).flatmap(
    lambda k: st.lists(
        st.lists(st.sampled_from(["pass", "fail", None]), min_size=k, max_size=k),
        max_size=12,
    )
)


def test_three_runs() -> None:
    found = stability(
        [
            ["pass", "fail", "pass", "pass", None],
            ["pass", "fail", "fail", None, None],
            ["pass", "fail", "pass", "fail", "pass"],
        ],
        trace_ids=["a", "b", "c", "d", "e"],
    )
    assert [item.trace_id for item in found.flipping] == ["d", "c"]
    assert [item.majority for item in found.traces] == [
        None,
        "pass",
        "pass",
        "fail",
        "pass",
    ]
    assert found.flip_rate.value == pytest.approx((0 + 0 + 2 / 3 + 1) / 4)
    assert found.same_verdict.value == pytest.approx(1 - found.flip_rate.value)
    assert found.same_verdict.low == pytest.approx(1 - found.flip_rate.high)
    assert (found.flipped.value, found.flipped.n) == (0.5, 4)
    assert (found.errors, found.runs) == (3, 3)
    assert math.isnan(found.traces[-1].flip_rate)
    assert found.frame()["trace_id"].to_list() == ["d", "c", "a", "b", "e"]
    assert "2 of 4 traces flip; errors=3" in repr(found)


@given(RUNS)
@settings(max_examples=20, deadline=None)
def test_the_flip_rate_is_the_mean_over_pairs_of_runs(rows: list[list]) -> None:
    if not rows:
        return
    found = stability(list(zip(*rows, strict=True)))
    shares = []
    for row in rows:
        pairs = list(combinations([v for v in row if v], 2))
        if pairs:
            shares.append(np.mean([a != b for a, b in pairs]))
    expected = np.mean(shares) if shares else math.nan
    assert found.flip_rate.value == pytest.approx(expected, nan_ok=True)
    assert found.flip_rate.n == len(shares)
    assert 0 <= found.flip_rate.low <= found.flip_rate.high <= 1
    if shares:
        assert found.flip_rate.low <= found.flip_rate.value <= found.flip_rate.high
    alpha = krippendorff_alpha(rows).value
    assert found.beyond_chance.value == pytest.approx(alpha, nan_ok=True)


@given(RUNS, st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_neither_order_of_runs_nor_of_traces_nor_the_verdict_matters(
    rows: list[list], shuffler: object
) -> None:
    other = {"pass": "fail", "fail": "pass", None: None}
    mixed = [[other[value] for value in row] for row in rows]
    if not rows:
        return
    shuffler.shuffle(mixed)
    for row in mixed:
        shuffler.shuffle(row)
    found = stability(list(zip(*rows, strict=True)))
    again = stability(list(zip(*mixed, strict=True)))
    for name in ("value", "low", "high"):
        ours, theirs = getattr(found.flip_rate, name), getattr(again.flip_rate, name)
        assert ours == pytest.approx(theirs, nan_ok=True)
    assert len(found.flipping) == len(again.flipping)


def test_the_edges() -> None:
    none = stability([[], []])
    assert math.isnan(none.flip_rate.value)
    assert (none.flip_rate.low, none.flip_rate.high, none.traces) == (0.0, 1.0, ())
    assert none.frame().height == 0
    steady = stability([["pass", "fail"] * 20] * 5)
    assert (steady.flip_rate.value, steady.flip_rate.low) == (0.0, 0.0)
    # five runs of a trace are not five traces
    assert (
        steady.flip_rate.high == stability([["pass", "fail"] * 20] * 2).flip_rate.high
    )
    wild = stability([["pass"] * 30, ["fail"] * 30])
    assert (wild.flip_rate.value, wild.flip_rate.high) == (1.0, 1.0)
    assert all(item.majority is None for item in wild.traces)
    assert "and 10 more" in wild._repr_html_()
    lost = stability([[None], [None]])
    assert (lost.errors, lost.flip_rate.n) == (2, 0)


def test_more_runs_find_more_flipping_traces_and_the_same_flip_rate() -> None:
    rng = np.random.default_rng(2)
    chance = rng.choice([0.99, 0.6], 2_000, p=[0.8, 0.2])
    runs = [np.where(rng.random(2_000) < chance, "pass", "fail") for _ in range(8)]
    few, many = stability(runs[:2]), stability(runs)
    assert many.flipped.value > 1.5 * few.flipped.value
    assert many.flip_rate.value == pytest.approx(few.flip_rate.value, abs=0.02)
    few_width = few.flip_rate.high - few.flip_rate.low
    assert many.flip_rate.high - many.flip_rate.low < few_width


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match="two runs or more, got 1"):
        stability([["pass"]])
    with pytest.raises(ValueError, match="A run and the traces differ in length"):
        stability([["pass"], ["pass", "fail"]])
    with pytest.raises(UnknownNameError, match="Did you mean 'pass'"):
        stability([["pass"], ["pas"]])
    with pytest.raises(ValueError, match="A run and the traces"):
        stability([["pass"], ["pass"]], trace_ids=["a", "b"])
    shown = stability([[True], [False]], trace_ids=["<b>"])._repr_html_()
    assert "&lt;b&gt;" in shown


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_the_interval_covers(runs: int) -> None:
    """Judges as they are: most traces steady, a few not; 100 traces, 2,000 samples."""
    rng = np.random.default_rng(7)
    chance = rng.choice([0.98, 0.6, 0.1], (2_000, 100), p=[0.7, 0.2, 0.1])
    passes = rng.binomial(runs, chance)
    truth = 2 * (0.7 * 0.98 * 0.02 + 0.2 * 0.6 * 0.4 + 0.1 * 0.1 * 0.9)
    found = [flip_rate_of(row, runs - row) for row in passes]
    covered = np.mean([item.low <= truth <= item.high for item in found])
    assert 0.935 <= covered <= 0.975
