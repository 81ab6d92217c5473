"""Two raters, and one person over time: published values, statsmodels, edges, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from erroranalysis.measure import Agreement, cohen_kappa, reread_agreement
from erroranalysis.measure.agreement import ac1_of, kappa_of, of_table

PAIRS = st.lists(st.tuples(*[st.sampled_from(["pass", "fail"])] * 2), max_size=40)


def of_counts(
    both_pass: int, only_first: int, only_second: int, both_fail: int
) -> Agreement:
    first = "p" * both_pass + "p" * only_first + "f" * only_second + "f" * both_fail
    second = "p" * both_pass + "f" * only_first + "p" * only_second + "f" * both_fail
    words = {"p": "pass", "f": "fail"}
    return cohen_kappa([words[c] for c in first], [words[c] for c in second])


def test_the_paradox_of_feinstein_and_cicchetti() -> None:
    """Table 1 of their paper of 1990: 85 % agreement, kappa 0.70 and 0.32."""
    even, skewed = of_counts(40, 9, 6, 45), of_counts(80, 10, 5, 5)
    assert (even.percent.value, skewed.percent.value) == (0.85, 0.85)
    assert even.kappa.value == pytest.approx(0.70, abs=0.005)
    assert skewed.kappa.value == pytest.approx(0.32, abs=0.005)
    assert skewed.prevalence.value == pytest.approx(0.75)
    assert skewed.ac1.value == pytest.approx(0.81, abs=0.005)
    assert even.explanation == ""
    assert "because fail is rare" in skewed.explanation
    assert "would agree on 78%" in skewed.explanation


def test_cohen_on_the_example_of_fleiss_cohen_and_everitt() -> None:
    """Three categories: kappa 0.429 (Fleiss, Cohen and Everitt 1969)."""
    table = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
    kappa = of_table(kappa_of, table.ravel()).value
    assert kappa == pytest.approx(0.429, abs=5e-4)
    assert kappa == pytest.approx(cohens_kappa(table).kappa)


@given(*[st.integers(0, 30)] * 4)
@settings(max_examples=30, deadline=None)
def test_kappa_is_byrts_sum_of_pabak_prevalence_and_bias(
    a: int, b: int, c: int, d: int
) -> None:
    found = of_counts(a, b, c, d)
    if math.isnan(found.kappa.value):
        assert a + b + c + d in {a, d}
        return
    skew, bias = found.prevalence.value, found.bias.value
    expected = (found.pabak - skew**2 + bias**2) / (1 - skew**2 + bias**2)
    assert found.kappa.value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(PAIRS)
def test_neither_order_nor_names_of_traces_and_verdicts_matter(
    pairs: list[tuple[str, str]],
) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    other = {"pass": "fail", "fail": "pass"}
    found = cohen_kappa(first, second)
    again = cohen_kappa(first[::-1], second[::-1])
    swapped = cohen_kappa(second, first)
    renamed = cohen_kappa([other[a] for a in first], [other[b] for b in second])
    for item in (again, swapped, renamed):
        assert item.kappa.value == pytest.approx(found.kappa.value, nan_ok=True)
        assert item.ac1.value == pytest.approx(found.ac1.value, nan_ok=True)
        assert item.kappa.low == pytest.approx(found.kappa.low, abs=0.08)
        assert item.kappa.high == pytest.approx(found.kappa.high, abs=0.08)
    assert again == found or math.isnan(found.kappa.value)
    assert swapped.bias.value == pytest.approx(-found.bias.value, nan_ok=True)
    for item in (found.kappa, found.ac1, found.prevalence, found.bias):
        assert -1 <= item.low <= item.high <= 1
        assert math.isnan(item.value) or item.low <= item.value <= item.high


def test_the_edges() -> None:
    none = cohen_kappa([], [])
    assert math.isnan(none.kappa.value)
    assert (none.kappa.low, none.kappa.high, none.percent.n) == (-1.0, 1.0, 0)
    one = cohen_kappa(["pass"], ["fail"])
    assert (one.kappa.value, one.kappa.low, one.kappa.high) == (0.0, -1.0, 1.0)
    alike = cohen_kappa(["pass"] * 30, ["pass"] * 30)
    assert math.isnan(alike.kappa.value)
    assert (alike.kappa.low, alike.kappa.high) == (-1.0, 1.0)
    assert alike.ac1.value == 1.0
    assert 0.8 < alike.ac1.low < 0.95
    assert "one verdict only" in repr(alike)
    never = of_counts(0, 10, 10, 0)
    assert never.kappa.value == -1.0
    assert never.kappa.low == -1.0
    assert -0.95 < never.kappa.high < -0.4


def test_perfect_agreement_is_surer_with_more_traces() -> None:
    lows = [of_counts(n, 0, 0, n).kappa.low for n in (3, 10, 30, 100)]
    assert lows == sorted(lows)
    assert 0.9 < lows[-1] < 1
    statsmodels = cohens_kappa(np.array([[3, 0], [0, 3]]))
    assert (statsmodels.kappa_low, statsmodels.kappa_upp) == (1, 1)


def test_booleans_are_verdicts_and_other_names_are_taken() -> None:
    plain = of_counts(5, 1, 2, 4)
    first = np.array([True] * 6 + [False] * 6)
    second = np.array([True] * 5 + [False] + [True] * 2 + [False] * 4)
    assert cohen_kappa(first, second) == plain
    words = cohen_kappa(
        ["late", "rude", "late", "lost"], ["late", "rude", "rude", "lost"]
    )
    assert words.kappa.value == pytest.approx(1 - 0.25 / (1 - 5 / 16))
    assert math.isnan(words.prevalence.value)
    many = [str(i % 12) for i in range(60)]
    assert cohen_kappa(many, many[1:] + many[:1]).kappa.method == "jackknife"
    assert 0.9 < cohen_kappa(many, many).kappa.low < 1


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (["pass"], ["pass", "fail"], "differ in length: 1 and 2"),
        (["pass", None], ["pass", "fail"], "krippendorff_alpha, which takes missing"),
        (["pass", math.nan], ["pass", "fail"], "A verdict is missing"),
        (["pass", "defer"], ["pass", "fail"], "A verdict is missing"),
        ([str(i) for i in range(51)], [str(i) for i in range(51)], "51 different"),
        (["pass", 1.5], ["pass", "fail"], "several kinds: float, str"),
    ],
)
def test_what_does_not_fit_is_said(first: list, second: list, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        cohen_kappa(first, second)


def test_a_person_who_became_stricter() -> None:
    before = ["pass"] * 40 + ["fail"] * 20
    again = ["pass"] * 28 + ["fail"] * 12 + ["fail"] * 20
    found = reread_agreement(before, again, annotator="mira")
    assert found.raters == ("mira", "mira again")
    assert found.bias.value == pytest.approx(0.2)
    assert "mira passes more traces than mira again" in found.explanation
    assert found == cohen_kappa(before, again, raters=found.raters)


def test_it_is_shown() -> None:
    found = of_counts(80, 10, 5, 5)
    assert found.frame()["quantity"].to_list() == [
        "kappa", "same verdict", "AC1", "prevalence index", "bias index",
    ]  # fmt: skip
    named = cohen_kappa(["a", "b"], ["a", "b"], raters=("<mira>", "jonas"))
    assert "&lt;mira&gt;" in named._repr_html_()
    assert "kappa" in repr(named)


@pytest.mark.parametrize("of", [kappa_of, ac1_of])
@pytest.mark.parametrize("shares", [[0.4, 0.1, 0.1, 0.4], [0.85, 0.05, 0.03, 0.07]])
def test_the_interval_covers_where_the_percentile_bootstrap_does_not(
    of: object, shares: list[float]
) -> None:
    """At 40 traces, over 400 samples; the benchmark has more cells and samples."""
    drawn = np.random.default_rng(5).multinomial(40, shares, size=400)
    rows, times = np.unique(drawn, axis=0, return_counts=True)
    truth = of(np.array([shares]))[0]
    found = [of_table(of, row) for row in rows]
    covered = np.array([item.low <= truth <= item.high for item in found])
    assert 0.925 <= covered @ times / 400 <= 0.99
