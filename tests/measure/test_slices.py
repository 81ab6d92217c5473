"""Slices: shrinkage, intervals that hold together, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import jeffreys, slice_grid, slice_rates, wilson

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=80)


@given(ROWS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_slices_obey_their_laws(rows: list, random: object) -> None:
    found = slice_rates(*zip(*rows, strict=True))
    raw = [item.raw.value for item in found.slices]
    for item in found.slices:
        assert 0 <= item.raw.low <= item.raw.value <= item.raw.high <= 1
        assert 0 <= item.shrunk.low <= item.shrunk.value <= item.shrunk.high <= 1
        if len(raw) > 1:
            assert min(raw) - 0.3 <= item.shrunk.value <= max(raw) + 0.3
    order = [item.shrunk.value for item in found.slices]
    assert order == sorted(order, reverse=True)
    assert sum(item.count for item in found.slices) == sum(value for value, _ in rows)
    random.shuffle(rows)
    again = slice_rates([value for value, _ in rows], [f"s{name}" for _, name in rows])
    assert sorted(item.shrunk.value for item in again.slices) == pytest.approx(
        sorted(order)
    )
    flipped = slice_rates([not value for value, _ in rows], [name for _, name in rows])
    assert sorted(1 - item.shrunk.value for item in flipped.slices) == pytest.approx(
        sorted(order), abs=1e-6
    )


def test_a_small_slice_is_drawn_further_than_a_large_one() -> None:
    values = [True] * 2 + [True] * 60 + [False] * 40 + [True] * 60 + [False] * 340
    names = ["tiny"] * 2 + ["large"] * 100 + ["rest"] * 400
    found = {item.name: item for item in slice_rates(values, names).slices}
    tiny, large = found["tiny"], found["large"]
    assert tiny.raw.value == 1.0
    assert tiny.shrunk.value < 0.8
    assert abs(large.shrunk.value - 0.6) < 0.02
    assert not tiny.stands_out
    assert large.stands_out
    assert tiny.raw == jeffreys(2, 2, at_once=3)


def test_slices_that_do_not_differ_are_drawn_together() -> None:
    rng = np.random.default_rng(2)
    found = slice_rates(rng.random(1200) < 0.2, np.repeat(np.arange(40), 30))
    raw = np.std([item.raw.value for item in found.slices])
    shrunk = np.std([item.shrunk.value for item in found.slices])
    assert shrunk < 0.35 * raw
    rate = f"{found.overall.value:.2f}"
    assert found.says == f"none of 40 slices stands out from the overall rate {rate}"


def test_the_names_of_slices_that_stand_out() -> None:
    values = [True] * 30 + [False] * 270
    names = ["bad"] * 30 + [f"good {i // 30}" for i in range(270)]
    found = slice_rates(values, names)
    assert found.says.startswith("1 of 10 slices stands out from the overall rate 0.10")
    assert found.says.endswith(": bad")
    assert found.says in repr(found)
    both = slice_rates([True] * 200 + [False] * 200, ["a"] * 200 + ["<b>"] * 200)
    assert both.says.startswith("2 of 2 slices stand out")
    assert "&lt;b&gt;" in both._repr_html_()
    assert "SliceRate(a: 1.00" in repr(both.slices[0])


def test_the_edges() -> None:
    none = slice_rates([], [])
    assert none.slices == ()
    assert math.isnan(none.overall.value)
    assert none.says == "none of 0 slices stands out"
    assert none.frame().height == 0
    one = slice_rates(["fail", "pass"], [None, None])
    assert one.slices[0].name == "none"
    assert one.slices[0].shrunk.value == wilson(1, 2).value
    for value in (True, False):
        same = slice_rates([value] * 40, [i // 10 for i in range(40)])
        assert not any(item.stands_out for item in same.slices)
        ends = {(item.shrunk.low, item.shrunk.high) for item in same.slices}
        assert len(ends) == 1
        low, high = ends.pop()
        assert (high == 1.0) if value else (low == 0.0)


def test_the_frame_has_a_row_a_slice() -> None:
    frame = slice_rates(["fail", "pass", "pass"], ["a", "a", "b"]).frame()
    assert frame.columns == [
        "slice", "count", "n", "rate", "low", "high",
        "shrunk", "shrunk_low", "shrunk_high", "stands_out",
    ]  # fmt: skip
    assert dict(frame.select("slice", "n").iter_rows()) == {"a": 2, "b": 1}


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="1 values and 2 slices"):
        slice_rates([True], ["a", "b"])
    with pytest.raises(UnknownNameError, match="No verdict 'maybe'"):
        slice_rates(["maybe"], ["a"])
    with pytest.raises(ValueError, match="leave traces without a verdict"):
        slice_rates([True, None], ["a", "b"])


def test_raw_intervals_hold_together_and_shrunken_ones_on_average() -> None:
    """Ten slices of 10 to 50 traces, 120 replications."""
    rng = np.random.default_rng(6)
    together, shrunk = 0, []
    for _ in range(120):
        own = rng.beta(6, 24, 10)
        names = np.repeat(np.arange(10), rng.integers(10, 50, 10))
        found = slice_rates(rng.random(len(names)) < own[names], names).slices
        real = [own[int(item.name)] for item in found]
        together += all(
            item.raw.low <= truth <= item.raw.high
            for item, truth in zip(found, real, strict=True)
        )
        shrunk += [
            item.shrunk.low <= truth <= item.shrunk.high
            for item, truth in zip(found, real, strict=True)
        ]
    assert together / 120 >= 0.9
    assert 0.92 <= np.mean(shrunk) <= 0.99


def test_slices_name_the_traces_that_were_counted() -> None:
    values, slices = ["fail", "pass", "fail", "fail"], ["a", "a", "b", None]
    found = slice_rates(values, slices, trace_ids=["t0", "t1", "t2", "t3"])
    assert [found.trace_ids(name) for name in ("a", "b", "none", "x")] == [
        ("t0",),
        ("t2",),
        ("t3",),
        (),
    ]
    assert slice_rates(values, slices).trace_ids("a") == ()
    with pytest.raises(ValueError, match="differ in length: 4 and 1"):
        slice_rates(values, slices, trace_ids=["t0"])


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["4.2", "4.10", "4.2", "4.1"], ["4.1", "4.2", "4.10"]),
        (
            ["2026-W10", "2026-W9", "2026-W10", "(none)"],
            ["2026-W9", "2026-W10", "(none)"],
        ),
        (["web", "app", "web"], ["web", "app"]),
        (["v2", "v10", "v10"], ["v2", "v10"]),
    ],
)
def test_versions_and_dates_keep_their_order(
    values: list[str], order: list[str]
) -> None:
    assert list(slice_grid({"late": [True] * len(values)}, values).values) == order
