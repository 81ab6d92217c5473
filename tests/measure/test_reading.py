"""Transitions, progress, coverage of the reading, and slices by failure mode."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from erroranalysis.measure import (
    FailureRate,
    FailureRates,
    failing_transitions,
    reading_coverage,
    reading_progress,
    slice_grid,
    wilson,
)
from erroranalysis.measure.pace import IDLE_SECONDS, median_seconds

NOON = datetime(2026, 3, 2, 12)


def test_what_follows_the_first_failure_is_in_no_number() -> None:
    found = failing_transitions([["a", "b", "c", "d"]], ["fail"], [1])
    assert [(c.before, c.after, c.failures) for c in found.cells] == [
        ("a", "b", 1),
        ("(start)", "a", 0),
    ]


def test_a_way_taken_twice_counts_once() -> None:
    found = failing_transitions([["a", "b", "a", "b"]] * 3, ["pass"] * 3, [None] * 3)
    assert {(c.before, c.after): c.rate.n for c in found.cells}["a", "b"] == 3


def test_failures_without_a_step_are_counted_apart() -> None:
    found = failing_transitions(
        [["a"], ["a"], []], ["fail", "fail", "pass"], [0, *[None] * 2]
    )
    assert (found.read, found.failed, found.unplaced) == (3, 2, 1)
    assert found.cells[0].rate == wilson(1, 1, assumes=found.cells[0].rate.assumes)
    assert failing_transitions([], [], []).frame().height == 0


STEPS = st.lists(st.sampled_from("abc"), min_size=1, max_size=5)


@given(st.lists(st.tuples(STEPS, st.booleans(), st.integers(0, 4)), max_size=12))
def test_every_placed_failure_is_in_one_cell(traces: list) -> None:
    steps = [names for names, _, _ in traces]
    first = [k if bad and k < len(names) else None for names, bad, k in traces]
    verdicts = ["fail" if bad else "pass" for _, bad, _ in traces]
    ids = [str(i) for i in range(len(traces))]
    found = failing_transitions(steps, verdicts, first, trace_ids=ids)
    placed = [i for i, k in zip(ids, first, strict=True) if k is not None]
    assert sorted(i for c in found.cells for i in c.trace_ids) == sorted(placed)
    assert found.unplaced == verdicts.count("fail") - len(placed)
    assert all(c.failures == len(c.trace_ids) <= c.rate.n for c in found.cells)
    turned = failing_transitions(steps[::-1], verdicts[::-1], first[::-1])
    assert {(c.before, c.after, c.failures, c.rate.n) for c in found.cells} == {
        (c.before, c.after, c.failures, c.rate.n) for c in turned.cells
    }


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        (([["a"]], ["fail"], []), "one entry a trace; they have 1, 1, 0, 1"),
        (([["a"]], ["good"], [None]), "verdict 0 is 'good'"),
        (([["a"]], ["pass"], [0]), "trace 0 passed and has a first failure"),
        (([["a"]], ["fail"], [1]), "is step 1, and it has 1"),
    ],
)
def test_transitions_refuse_what_does_not_fit(given_: tuple, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        failing_transitions(*given_)


@pytest.mark.parametrize("n", [6, 7, 20, 29, 100, 1001])
def test_the_interval_of_a_median_is_exact(n: int) -> None:
    found = median_seconds([float(i) for i in range(1, n + 1)])
    below = int(found.low)
    assert found.high == n + 1 - below
    assert 1 - 2 * binom.cdf(below - 1, n, 0.5) >= 0.95
    assert 1 - 2 * binom.cdf(below, n, 0.5) < 0.95


def test_a_median_of_few_has_the_whole_range() -> None:
    few = median_seconds([30.0] * 5)
    assert (few.value, few.low, few.high) == (30, 0, IDLE_SECONDS)
    assert math.isnan(median_seconds([]).value)


def test_medians_are_covered_on_skewed_times() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.lognormal(3.6, 0.8, (400, 25))
    found = [median_seconds(row) for row in drawn]
    inside = [item.low <= math.exp(3.6) <= item.high for item in found]
    assert 0.93 <= np.mean(inside) <= 0.99


def test_progress_by_day_and_person() -> None:
    times = [NOON, NOON, NOON + timedelta(days=1), NOON]
    found = reading_progress(times, ["jo", "ana", "jo", "jo"], [10, None, 9e9, 20])
    assert [(d.annotator, d.read, d.so_far) for d in found.days] == [
        ("ana", 1, 1),
        ("jo", 2, 2),
        ("jo", 1, 3),
    ]
    assert found.days[2].seconds.value == IDLE_SECONDS
    assert found.read == {"ana": 1, "jo": 3}
    assert repr(reading_progress([], [])) == "ReadingProgress(nothing read; not timed)"
    with pytest.raises(ValueError, match="have 1, 2 and 1"):
        reading_progress([NOON], ["a", "b"], [1])
    with pytest.raises(ValueError, match="seconds 0 is nan"):
        reading_progress([NOON], ["a"], [math.nan])


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_what_can_be_unseen_is_the_hypergeometric_bound(counts: tuple) -> None:
    total, read = counts
    seen = [place < read for place in range(total)]
    found = reading_coverage(["a"] * total, seen).regions[0]
    special = round(found.unseen_share * total)
    assert hypergeom.sf(0, total, special, read) <= 0.95 + 1e-9
    if special < total - read:
        assert hypergeom.sf(0, total, special + 1, read) > 0.95 - 1e-9


def test_the_rule_of_three_for_large_regions() -> None:
    """Hanley and Lippman-Hand (1983): none of n leaves 3 / n."""
    found = reading_coverage(["a"] * 100_000, [True] * 300 + [False] * 99_700)
    assert found.regions[0].unseen_share == pytest.approx(3 / 300, rel=0.01)


def test_coverage_at_the_edges() -> None:
    found = reading_coverage(["a", "b"], [True, False], trace_ids=["t1", "t2"])
    assert [r.unseen_share for r in found.regions] == [0, 1]
    assert (found.unread, found.trace_ids("b")) == (("b",), ("t2",))
    assert reading_coverage([], []).frame().height == 0
    with pytest.raises(ValueError, match="have 1, 0 and 1"):
        reading_coverage(["a"], [])


def test_slices_count_what_numpy_counts() -> None:
    rng = np.random.default_rng(1)
    values = rng.choice(list("xyz"), 200)
    has = rng.random(200) < 0.3
    found = slice_grid({"late": has.tolist()}, values.tolist())
    for cell in found.cells:
        inside = values == cell.value
        assert cell.rate == wilson(int((has & inside).sum()), int(inside.sum()))
    sizes = [cell.rate.n for cell in found.cells]
    assert sizes == sorted(sizes, reverse=True)
    assert slice_grid({"late": [True]}, [None]).values == ("-",)
    assert slice_grid({}, []).frame().height == 0
    with pytest.raises(ValueError, match="'late' has 1 entries and values has 2"):
        slice_grid({"late": [True]}, ["a", "b"])
    with pytest.raises(ValueError, match="'trace_ids' has 1 entries"):
        slice_grid({"late": [True] * 2}, ["a", "b"], trace_ids=["t1"])


def test_tables_escape_names() -> None:
    grid = slice_grid({"<b>": [True]}, ["<i>"])
    ways = failing_transitions([["<b>"]], ["fail"], [0])
    where = reading_coverage(["<b>"], [True])
    who = reading_progress([NOON], ["<b>"])
    for result in (grid, ways, where, who):
        assert "&lt;b&gt;" in result._repr_html_()
        assert "<b>" not in result._repr_html_()


def test_days_name_the_traces_that_were_decided() -> None:
    times = [NOON, NOON, NOON + timedelta(days=1), NOON]
    who = ["mira", "jo", "mira", "mira"]
    found = reading_progress(times, who, trace_ids=["t0", "t1", "t2", "t3"])
    assert found.trace_ids("mira", NOON.date()) == ("t0", "t3")
    assert found.trace_ids("mira") == ("t0", "t3", "t2")
    assert found.trace_ids("ana") == ()
    assert reading_progress(times, who).trace_ids("mira") == ()
    with pytest.raises(ValueError, match="differ in length: 4 and 1"):
        reading_progress(times, who, trace_ids=["t0"])


def test_failure_rates_name_the_traces_that_fail() -> None:
    rate = wilson(1, 4)
    late = FailureRate("late", rate, rate, trace_ids=("t1",))
    found = FailureRates(rate, (late,), "random", failing=("t1", "t2"))
    assert (found.trace_ids("late"), found.trace_ids()) == (("t1",), ("t1", "t2"))
    assert found.trace_ids("rude") == ()
