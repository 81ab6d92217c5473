"""Comparisons against published tables, scipy, statsmodels, and the laws they keep."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import (
    cohen_kappa,
    compare_judges,
    detectable_paired_difference,
    holm,
    mcnemar,
    paired_comparison,
    traces_for_paired_difference,
    unpaired_comparison,
    wilson,
)
from erroranalysis.measure.judge_comparison import kappa_difference
from erroranalysis.measure.mcnemar import tango
from erroranalysis.measure.paired_planning import critical

VERDICTS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60
)


def table(both: int, first: int, second: int, neither: int) -> tuple[list[str], ...]:
    """Verdicts of two with these counts."""
    a = ["pass"] * (both + first) + ["fail"] * (second + neither)
    b = ["pass"] * both + ["fail"] * first + ["pass"] * second + ["fail"] * neither
    return a, b


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((1, 1, 7, 12), 0.026, 0.517),  # Fagerland, Lydersen and Laake 2014, table II
        ((53, 8, 16, 9), -0.020, 0.207),  # Agresti and Min 2005
    ],
)
def test_published_intervals_of_tango(
    counts: tuple[int, ...], low: float, high: float
) -> None:
    found = paired_comparison(*table(*counts)).difference
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)


def test_published_p_values_of_mcnemar() -> None:
    """Fagerland, Lydersen and Laake 2013: airway reactivity, 1 and 7 of 21 differ."""
    p = mcnemar(1, 7)
    assert (p.exact, p.mid_p) == pytest.approx((0.0703, 0.0391), abs=5e-5)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_that_of_statsmodels_and_half_of_what_was_seen_less(
    b: int, c: int
) -> None:
    ours = mcnemar(b, c)
    if b + c == 0:
        assert ours == (1.0, 1.0)
        return
    theirs = statsmodels_mcnemar([[0, b], [c, 0]], exact=True).pvalue
    assert ours.exact == pytest.approx(min(1.0, theirs))
    assert ours.exact == pytest.approx(binomtest(b, b + c).pvalue)
    assert ours.mid_p <= ours.exact
    assert mcnemar(c, b) == ours


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 200))
def test_the_interval_holds_its_value_and_turns_with_the_two(
    b: int, c: int, more: int
) -> None:
    n = b + c + more
    low, high = tango(b, c, n)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert tango(c, b, n) == (pytest.approx(-high), pytest.approx(-low))
    if low > 0:
        assert mcnemar(b, c).mid_p < 0.1


def test_the_interval_at_its_ends() -> None:
    low, high = tango(
        np.array([0, 10, 0]), np.array([0, 0, 10]), np.array([10, 10, 10])
    )
    assert low[0] == pytest.approx(-high[0])
    assert 0.2 < high[0] < 0.35
    assert (high[1], low[2]) == (1.0, -1.0)
    assert low[1] == pytest.approx(2 * wilson(10, 10).low - 1)  # all differ one way


def test_no_traces_give_no_estimate_and_no_error() -> None:
    none = paired_comparison([], [])
    assert math.isnan(none.difference.value)
    assert (none.difference.low, none.difference.high, none.p_value) == (-1, 1, 1)
    assert none.sentence == "No pass rate to compare: no traces."
    apart = unpaired_comparison([], ["pass"])
    assert math.isnan(apart.difference.value)
    assert not apart.shown
    judges = compare_judges([], [], [])
    assert math.isnan(judges.kappa.value)
    assert math.isnan(judges.p_holm["TPR"])


def test_verdicts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="differ in length: 2 and 1"):
        paired_comparison(["pass", "fail"], ["pass"])
    with pytest.raises(UnknownNameError, match="No verdict 'ok'"):
        paired_comparison(["ok"], ["pass"])
    with pytest.raises(ValueError, match="A verdict is None"):
        unpaired_comparison([None], ["pass"])
    with pytest.raises(ValueError, match="first judge differ in length"):
        compare_judges(["pass"], [], ["pass"])
    with pytest.raises(ValueError, match="cannot be negative"):
        mcnemar(-1, 3)
    with pytest.raises(ValueError, match="p value of 'late' is 2"):
        holm({"late": 2.0})


def test_booleans_are_verdicts() -> None:
    a, b = table(5, 2, 6, 7)
    as_bools = paired_comparison(np.array(a) == "pass", np.array(b) == "pass")
    assert as_bools == paired_comparison(a, b)


def test_what_is_said_where_no_difference_is_shown() -> None:
    found = paired_comparison(*table(60, 5, 7, 8), names=("v1", "v2"))
    assert not found.shown
    assert found.sentence == (
        "No difference shown: pass rate of v2 is 2 points more than of v1 (-7 to +12);"
        " with these 80 traces a difference of 11 points could have been shown."
    )
    few = paired_comparison(*table(1, 0, 1, 0))
    assert "could not have shown any" in few.sentence
    shown = paired_comparison(*table(50, 2, 20, 8))
    assert shown.shown
    assert shown.sentence.startswith("The pass rate of second is 22 points more")
    row = shown.frame().row(0, named=True)
    assert (row["value"], row["n"]) == (pytest.approx(18 / 80), 80)
    assert "22 points" in shown._repr_html_()


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_different_traces_have_newcombes_interval_and_fishers_p(
    x: int, more: int, y: int, less: int
) -> None:
    m, n = x + more, y + less
    found = unpaired_comparison(
        [True] * x + [False] * more, [True] * y + [False] * less
    )
    low, high = confint_proportions_2indep(y, n, x, m, method="newcomb", compare="diff")
    assert (found.difference.low, found.difference.high) == pytest.approx(
        (low, high), abs=1e-9
    )
    theirs = fisher_exact([[x, more], [y, less]]).pvalue
    assert found.p_exact == pytest.approx(theirs)
    assert 0 <= found.p_value <= 1


def test_a_published_newcombe_interval() -> None:
    """Newcombe 1998, table II, 56/70 against 48/80: 0.0524 to 0.3339 by method 10."""
    found = unpaired_comparison(
        [True] * 48 + [False] * 32, [True] * 56 + [False] * 14
    ).difference
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@settings(max_examples=15, deadline=None)
@given(VERDICTS, st.permutations(range(60)))
def test_judges_compared_keep_the_laws(
    rows: list[tuple[bool, bool, bool]], order: list[int]
) -> None:
    human, first, second = (list(column) for column in zip(*rows, strict=True))
    one = compare_judges(human, first, second)
    two = compare_judges(human, second, first)
    for name in ("balanced_accuracy", "kappa"):
        a, b = getattr(one, name), getattr(two, name)
        if math.isnan(a.value):
            assert math.isnan(b.value)
            continue
        assert a.value == pytest.approx(-b.value)
        assert a.low <= a.value <= a.high
    mixed = [rows[i] for i in order if i < len(rows)]
    again = compare_judges(*(list(column) for column in zip(*mixed, strict=True)))
    assert again.kappa == one.kappa
    assert again.tpr.difference == one.tpr.difference


def test_a_judge_compared_with_itself_does_not_differ() -> None:
    human, judge = ["pass"] * 30 + ["fail"] * 20, ["pass"] * 40 + ["fail"] * 10
    found = compare_judges(human, judge, judge)
    assert found.tpr.difference.value == found.kappa.value == 0
    assert found.tpr.p_value == 1.0
    assert found.balanced_accuracy.low < 0 < found.balanced_accuracy.high
    assert found.kappa.low < 0 < found.kappa.high


def test_kappa_difference_is_the_difference_of_cohens_kappas() -> None:
    rng = np.random.default_rng(1)
    human, first, second = rng.random((3, 200)) < 0.7
    counts = np.bincount(4 * human + 2 * first + second, minlength=8)
    words = [np.where(row, "pass", "fail").tolist() for row in (human, first, second)]
    apart = [cohen_kappa(words[0], judge).kappa.value for judge in words[1:]]
    assert kappa_difference(counts[None, :])[0] == pytest.approx(apart[1] - apart[0])


def test_the_same_seed_gives_the_same_interval() -> None:
    human, first = ["pass"] * 40 + ["fail"] * 20, ["pass"] * 50 + ["fail"] * 10
    second = ["pass"] * 36 + ["fail"] * 24
    a, b = (compare_judges(human, first, second, seed=3) for _ in range(2))
    assert a == b
    assert compare_judges(human, first, second, seed=4).kappa != a.kappa
    assert a.frame().height == 2
    assert "kappa" in repr(a)
    assert "<table>" in a._repr_html_()


def test_holm_is_that_of_statsmodels_and_leaves_out_what_was_not_tested() -> None:
    for p_values in np.random.default_rng(5).random((10, 6)) ** 3:
        theirs = multipletests(p_values, method="holm")[1]
        ours = holm({"none": math.nan, **dict(zip("abcdef", p_values, strict=True))})
        assert math.isnan(ours.pop("none"))
        assert list(ours.values()) == pytest.approx(list(theirs))


def test_holm_of_nothing() -> None:
    assert holm({}) == {}


def test_the_critical_count_is_where_mid_p_is_five_percent() -> None:
    counts = np.arange(60)
    for n, edge in zip(counts, critical(counts), strict=True):
        if edge >= 0:
            assert mcnemar(int(edge), int(n - edge)).mid_p <= 0.05
        if 2 * (edge + 1) <= n:
            assert mcnemar(int(edge) + 1, int(n - edge) - 1).mid_p > 0.05


def test_the_power_that_is_promised_is_there() -> None:
    """Of 80 traces 15 % differ: is the detectable difference shown in 80 of 100?"""
    size = detectable_paired_difference(80, 0.15)
    rng = np.random.default_rng(2)
    chances = [(0.15 + size) / 2, (0.15 - size) / 2, 0.85]
    drawn, times = np.unique(
        rng.multinomial(80, chances, 4000)[:, :2], axis=0, return_counts=True
    )
    found = np.array([mcnemar(int(b), int(c)).mid_p <= 0.05 for b, c in drawn])
    shown = (found * times).sum() / 4000
    assert shown == pytest.approx(0.8, abs=0.02)


def test_traces_and_difference_are_two_sides_of_one_question() -> None:
    n = traces_for_paired_difference(0.1, 0.2)
    assert detectable_paired_difference(n, 0.2) <= 0.1
    assert n == pytest.approx(155, abs=8)  # Connor 1987: 155 by the normal formula
    assert traces_for_paired_difference(-0.1, 0.2) == n
    assert traces_for_paired_difference(0.05, 0.2) > n
    assert math.isnan(detectable_paired_difference(4, 0.2))
    assert math.isnan(detectable_paired_difference(0, 0.2))
    assert 0 < detectable_paired_difference(100_000, 0.2) < 0.005


def test_plans_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="discordant is 15"):
        detectable_paired_difference(80, 15)
    with pytest.raises(ValueError, match="give it as a share"):
        traces_for_paired_difference(5, 0.2)
    with pytest.raises(ValueError, match="more than 1,000,000"):
        traces_for_paired_difference(1e-6, 0.5)


def test_the_interval_covers() -> None:
    """Nominal 95 %: 50 traces, 16 % differ, 20,000 samples at once."""
    drawn = np.random.default_rng(3).multinomial(50, [0.06, 0.1, 0.84], 20_000)
    low, high = tango(drawn[:, 0], drawn[:, 1], 50)
    assert 0.94 <= ((low <= -0.04) & (high >= -0.04)).mean() <= 0.975


@pytest.mark.shared_data
def test_two_real_judges_of_stories(shared_data: Path) -> None:
    """TPR .833 and .851, TNR .333 and .239, kappa .131 and .068 are published."""
    human, first, second = stories(shared_data, "claude3-opus", "gpt4")
    found = compare_judges(human, first, second, names=("claude3-opus", "gpt4"))
    assert found.tpr.first.value == pytest.approx(0.833, abs=5e-4)
    assert found.tpr.second.value == pytest.approx(0.851, abs=5e-4)
    assert found.tnr.first.value == pytest.approx(0.333, abs=5e-4)
    assert found.tnr.second.value == pytest.approx(0.239, abs=5e-4)
    assert found.kappa.value == pytest.approx(0.068 - 0.131, abs=1e-3)
    assert found.tnr.shown
    assert not found.tpr.shown
    assert found.p_holm["TNR"] == pytest.approx(2 * found.tnr.p_value)


def stories(folder: Path, *judges: str) -> list[list[bool]]:
    """Verdicts of the majority of three experts and of judges on the same stories."""
    folder = folder / "ttcw" / "Art_or_Artifice"
    majority = json.loads((folder / "annotations" / "ttcw_majority.json").read_text())
    answers = []
    for judge in judges:
        lines = (folder / "data" / f"annotations_{judge}.jsonl").read_text()
        rows = [json.loads(line) for line in lines.splitlines() if line.strip()]
        yes = {r["id"]: r["response"].lower().startswith("yes") for r in rows}
        answers.append(yes)
    names = [f"story_{m['story_id']}_test{m['ttcw_idx']}" for m in majority]
    human = [m["binary_verdict"] == "Yes" for m in majority]
    return [human, *([yes[name] for name in names] for yes in answers)]


def test_traces_on_which_a_judge_ended_in_an_error_are_left_out_and_counted() -> None:
    human = ["pass"] * 6 + ["fail"] * 6
    first = ["pass", None, *human[2:]]
    second = [*human[:11], None]
    found = compare_judges(human, first, second)
    assert (found.tpr.first.n, found.tnr.first.n, found.left_out) == (5, 5, 2)
    assert "On 2 traces a judge ended in an error: left out." in found.sentence
    with pytest.raises(ValueError, match="no verdict of a person"):
        compare_judges([None, *human[1:]], first, second)
