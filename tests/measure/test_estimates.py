"""Estimates against statsmodels, published values, closed forms and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
)

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import (
    Estimate,
    align,
    clopper_pearson,
    clustered_rate,
    cohen_kappa,
    jeffreys,
    rate_difference,
    weighted_rate,
    wilson,
)

COUNTS = st.integers(1, 2000).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n))
)


@given(COUNTS)
@settings(deadline=None)
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


@given(COUNTS)
@settings(deadline=None)
def test_clopper_pearson_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    count, n = counts
    low, high = proportion_confint(count, n, method="beta")
    ours = clopper_pearson(count, n)
    assert ours.low == pytest.approx(0 if count == 0 else low, abs=1e-9)
    assert ours.high == pytest.approx(1 if count == n else high, abs=1e-9)
    assert ours.low <= wilson(count, n).value <= ours.high


@given(COUNTS)
@settings(deadline=None)
def test_jeffreys_is_that_of_statsmodels_and_widens_with_the_number(
    counts: tuple[int, int],
) -> None:
    count, n = counts
    low, high = proportion_confint(count, n, method="jeffreys")
    one, many = jeffreys(count, n), jeffreys(count, n, at_once=20)
    assert one.low == pytest.approx(0 if count == 0 else low, abs=1e-9)
    assert one.high == pytest.approx(1 if count == n else high, abs=1e-9)
    assert many.low <= one.low <= one.value <= one.high <= many.high


def test_other_intervals_at_the_edges() -> None:
    for make in (clopper_pearson, jeffreys):
        none = make(0, 0)
        assert math.isnan(none.value)
        assert (none.low, none.high, none.n) == (0.0, 1.0, 0)
        assert (make(0, 9).low, make(9, 9).high) == (0.0, 1.0)
        with pytest.raises(ValueError, match="got 6 of 5"):
            make(6, 5)
    with pytest.raises(ValueError, match="at least 1; got 0"):
        jeffreys(1, 2, at_once=0)


def test_an_estimate_says_what_it_is() -> None:
    found = wilson(18, 100, assumes="drawn by <chance>")
    assert repr(found) == "0.18 [0.12, 0.27], n=100, 95% Wilson"
    assert "&lt;chance&gt;" in found._repr_html_()
    assert found.frame().to_dicts() == [vars(found)]


VALUES = st.lists(
    st.tuples(st.booleans(), st.floats(0.05, 1), st.integers(0, 8)), max_size=60
)


@given(VALUES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_rates_by_design_obey_their_laws(rows: list, random: object) -> None:
    def rate(rows: list) -> Estimate:
        values, chances, clusters = zip(*rows, strict=True) if rows else ((), (), ())
        return clustered_rate(values, chances, clusters)

    found, n = rate(rows), len(rows)
    assert found.n == n
    if not rows:
        assert math.isnan(found.value)
        return
    assert 0 <= found.low <= found.value <= found.high <= 1
    mixed = rows.copy()
    random.shuffle(mixed)
    named = [(v, p / 2, f"session {c}") for v, p, c in mixed]
    other = rate(named)
    assert (other.value, other.low) == pytest.approx((found.value, found.low))
    flipped = rate([(not v, p, c) for v, p, c in rows])
    assert (1 - flipped.high, 1 - flipped.low) == pytest.approx((found.low, found.high))
    alone = [(v, p, place) for place, (v, p, _) in enumerate(rows)]
    weighted = weighted_rate([v for v, _, _ in rows], [p for _, p, _ in rows])
    assert (weighted.low, weighted.high) == pytest.approx(
        (rate(alone).low, rate(alone).high)
    )
    plain = wilson(sum(v for v, _, _ in rows), n)
    assert found.high - found.low >= 0.5 * (plain.high - plain.low)


def test_traces_alike_count_as_their_sessions() -> None:
    names = [f"s{i // 5}" for i in range(50)]
    same = clustered_rate(["pass"] * 50, [0.3] * 50, names)
    ten = wilson(0, 10)
    assert (same.low, same.high) == pytest.approx((ten.low, ten.high))
    one = clustered_rate([True, False], [1, 1], ["a", "a"])
    assert (one.low, one.high) == pytest.approx(
        (wilson(1, 2).low, wilson(1, 2).high), abs=0.1
    )


def test_verdicts_and_bools_are_the_same() -> None:
    verdicts = ["fail", "pass", "pass", "fail"]
    chances = [0.5, 0.2, 0.2, 0.1]
    as_bool = np.array([True, False, False, True])
    assert weighted_rate(verdicts, chances) == weighted_rate(as_bool, chances)
    assert weighted_rate(np.array([1, 0, 0, 1]), chances) == weighted_rate(
        as_bool, chances
    )


@pytest.mark.parametrize(
    ("values", "chances", "says"),
    [
        ([True], [0.5, 0.5], "1 values and 2 probabilities"),
        ([True], [0.0], "above 0 and at most 1"),
        ([True], [math.nan], "above 0 and at most 1"),
        ([True], [1.5], "above 0 and at most 1"),
        (["pass", None], [1, 1], "leave traces without a verdict"),
        ([1.0, math.nan], [1, 1], "leave traces without a verdict"),
        ([[True]], [1], "one row of verdicts"),
    ],
)
def test_bad_input_is_named(values: list, chances: list, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        weighted_rate(values, chances)


def test_unknown_verdicts_and_sessions_are_named() -> None:
    with pytest.raises(UnknownNameError, match=r"'fial'. Did you mean 'fail'"):
        weighted_rate(["fial"], [1])
    with pytest.raises(ValueError, match="2 values and 1 clusters"):
        clustered_rate([True, False], [1, 1], ["a"])
    with pytest.raises(ValueError, match="a name of its own"):
        clustered_rate([True, False], [1, 1], ["a", None])
    with pytest.raises(ValueError, match="a name of its own"):
        clustered_rate([True, False], [1, 1], np.array([1.0, math.nan]))


@pytest.mark.parametrize(("rho", "unequal"), [(0.0, False), (0.3, True), (0.8, False)])
def test_whole_sessions_cover(rho: float, *, unequal: bool) -> None:
    """Nominal 95 %: 25 sessions of about 4, 400 replications."""
    rng = np.random.default_rng(8)
    truth, covered = 0.25, 0
    for _ in range(400):
        sizes = rng.geometric(0.25, 25) if unequal else np.full(25, 4)
        own = np.full(25, truth)
        if rho:
            own = rng.beta(truth * (1 / rho - 1), (1 - truth) * (1 / rho - 1), 25)
        names = np.repeat(np.arange(25), sizes)
        values = rng.random(len(names)) < own[names]
        found = clustered_rate(values, np.ones(len(names)), names)
        covered += found.low <= truth <= found.high
    assert 0.925 <= covered / 400 <= 0.99


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_differences_are_those_newcombe_published(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = rate_difference(wilson(*counts[:2]), wilson(*counts[2:]))
    assert (found.estimate.low, found.estimate.high) == pytest.approx(
        (low, high), abs=5e-5
    )
    assert found.shown == (low > 0)


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_differences_are_those_of_statsmodels(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    low, high = confint_proportions_2indep(*one, *other, "newcomb", compare="diff")
    found = rate_difference(wilson(*one), wilson(*other)).estimate
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    back = rate_difference(wilson(*other), wilson(*one)).estimate
    assert (-back.high, -back.low) == pytest.approx((found.low, found.high))


def test_a_difference_is_said_in_words() -> None:
    shown = rate_difference(wilson(56, 70), wilson(48, 80))
    assert shown.says == "the first rate is higher by 20 points (5 to 33)"
    hidden = rate_difference(wilson(9, 40), wilson(6, 40))
    assert "no difference shown; with these 80 traces" in hidden.says
    assert hidden.says in repr(hidden)
    assert hidden.says in hidden._repr_html_()
    assert shown.frame()["quantity"].to_list() == ["first", "second", "difference"]
    none = rate_difference(wilson(3, 9), wilson(0, 0))
    assert math.isnan(none.estimate.value)
    assert not none.shown
    assert "no traces" in none.says
    assert none.estimate.low == pytest.approx(wilson(3, 9).low - 1)


@given(
    st.lists(
        st.tuples(st.sampled_from(["pass", "fail"]), st.sampled_from(["pass", "fail"])),
        min_size=2,
        max_size=60,
    )
)
@settings(deadline=None, max_examples=50)
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
