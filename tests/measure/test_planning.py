"""Sample sizes: the published table, exact power, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from erroranalysis.measure import (
    detectable_difference,
    rate_difference,
    traces_for_difference,
    traces_needed,
    wilson,
)

SHARE = st.floats(0.02, 0.98)


@pytest.mark.parametrize(
    ("rate", "sizes"),
    [(0.8, (60, 108, 245)), (0.9, (37, 64, 141)), (0.95, (25, 41, 83))],
)
def test_the_table_of_margins(rate: float, sizes: tuple[int, int, int]) -> None:
    assert tuple(traces_needed(m, rate).traces for m in (0.1, 0.075, 0.05)) == sizes


@given(st.floats(0.01, 0.4), SHARE)
@settings(deadline=None)
def test_the_margin_is_met_and_one_trace_less_misses_it(
    margin: float, rate: float
) -> None:
    n = traces_needed(margin, rate).traces
    assert traces_needed(margin, 1 - rate).traces == pytest.approx(n, abs=1)
    assert traces_needed(margin, 0.5).traces >= n - 1
    assert traces_needed(margin / 2, rate).traces >= n
    count = round(n * rate)
    found = wilson(count, n)
    assert (found.high - found.low) / 2 == pytest.approx(margin, abs=0.6 / n + 0.03)


def test_sessions_need_more_traces() -> None:
    alone = traces_needed(0.1, 0.2)
    alike = traces_needed(0.1, 0.2, session_size=4, likeness=1)
    mixed = traces_needed(0.1, 0.2, session_size=4, likeness=0.5)
    assert alone.traces < mixed.traces < alike.traces
    assert alike.traces >= 4 * alone.traces
    assert mixed.sessions == math.ceil(mixed.traces / 4)
    assert alone.sessions == alone.traces
    assert "sessions" in repr(mixed)
    assert "sessions" not in repr(alone)


@pytest.mark.parametrize(
    ("first", "second", "n"), [(0.6, 0.4, 97), (0.1, 0.2, 199), (0.25, 0.4, 152)]
)
def test_differences_need_as_many_as_the_textbook_says(
    first: float, second: float, n: int
) -> None:
    assert traces_for_difference(first, second).traces == n
    assert traces_for_difference(second, first).traces == n
    assert detectable_difference(n, min(first, second)) == pytest.approx(
        abs(first - second), abs=0.003
    )


@pytest.mark.parametrize(("first", "second"), [(0.6, 0.4), (0.1, 0.25), (0.8, 0.95)])
def test_the_power_is_what_was_asked_for(first: float, second: float) -> None:
    """Exactly: how often Newcombe's interval leaves out zero."""
    n = traces_for_difference(first, second).traces
    found = [wilson(count, n) for count in range(n + 1)]
    shown = np.array([[rate_difference(a, b).shown for b in found] for a in found])
    k = np.arange(n + 1)
    chance = np.outer(binom.pmf(k, n, first), binom.pmf(k, n, second))
    assert 0.77 <= float((chance * shown).sum()) <= 0.84


def test_what_is_detectable() -> None:
    few, many = detectable_difference(50, 0.2), detectable_difference(500, 0.2)
    assert many < few
    clustered = detectable_difference(500, 0.2, session_size=5, likeness=0.5)
    assert many < clustered
    assert detectable_difference(500, 0.2, power=0.9) > many
    assert math.isnan(detectable_difference(0, 0.2))
    assert math.isnan(detectable_difference(3, 0.9))
    sessions = traces_for_difference(0.1, 0.2, session_size=5, likeness=0.5)
    assert sessions.traces > 199 * 3
    assert "in each group show 10 % against 20 % in 80 of 100" in sessions.says


def test_sizes_are_shown() -> None:
    size = traces_needed()
    assert repr(size) == "SampleSize(381 traces tell a rate of 50 % to 5 points)"
    assert size.frame().to_dicts() == [vars(size)]
    assert "381 traces" in size._repr_html_()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: traces_needed(5), "margin must be a share between 0 and 0.5"),
        (lambda: traces_needed(0), "margin must be a share"),
        (lambda: traces_needed(0.05, 80), "rate must be a share between 0 and 1"),
        (lambda: traces_needed(rate=math.nan), "rate must be a share"),
        (lambda: traces_needed(session_size=0.5), "session_size must be at least 1"),
        (lambda: traces_needed(likeness=2), "likeness must be between 0 and 1"),
        (lambda: traces_for_difference(0.2, 0.2), "the two rates are equal"),
        (lambda: traces_for_difference(0.2, 0.3, power=80), "power must be a share"),
        (lambda: detectable_difference(9, 2), "rate must be a share"),
    ],
)
def test_bad_input_is_named(call: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
