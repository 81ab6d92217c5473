"""Many raters: published values, statsmodels, closed forms, laws, real data."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import (
    cohen_kappa,
    disagreements,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    rater_agreement,
)
from erroranalysis.measure.disagreements import NO_MODE

# Krippendorff (2011), section C and D: four observers, twelve units, gaps
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = list(zip(*OBSERVERS, strict=True))
# Fleiss (1971): 14 raters, 10 subjects, 5 categories, as in textbooks
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from(["pass", "fail"]), min_size=width, max_size=width),
        min_size=1,
        max_size=20,
    )
)


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)],
)
def test_alpha_of_krippendorffs_own_example(level: str, published: float) -> None:
    found = krippendorff_alpha(UNITS, level=level)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.n == 11  # one unit has a single value


def test_kappa_of_fleiss_example() -> None:
    rows = [np.repeat(range(5), row).tolist() for row in FLEISS]
    found = fleiss_kappa(rows)
    assert found.value == pytest.approx(0.210, abs=5e-4)
    assert found.value == pytest.approx(statsmodels_fleiss(np.array(FLEISS)))
    assert found.method == "jackknife"


@given(TABLES)
@settings(max_examples=20, deadline=None)
def test_fleiss_is_that_of_statsmodels(rows: list[list[str]]) -> None:
    ours = fleiss_kappa(rows).value
    if len({value for row in rows for value in row}) == 1:
        assert math.isnan(ours)
        return
    table, _ = aggregate_raters(np.array(rows))
    assert ours == pytest.approx(statsmodels_fleiss(table))


@given(TABLES)
@settings(max_examples=20, deadline=None)
def test_alpha_is_fleiss_with_a_correction_for_few_ratings(
    rows: list[list[str]],
) -> None:
    """``1 - alpha = (1 - kappa) * (N - 1) / N`` for N ratings without gaps."""
    alpha, kappa = krippendorff_alpha(rows).value, fleiss_kappa(rows).value
    ratings = len(rows) * len(rows[0])
    assert 1 - alpha == pytest.approx(
        (1 - kappa) * (ratings - 1) / ratings, nan_ok=True
    )


@given(TABLES, st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_neither_order_of_traces_nor_of_raters_nor_names_matter(
    rows: list[list[str]], shuffler: object
) -> None:
    other = {"pass": "yes", "fail": "no"}
    mixed = [[other[value] for value in row] for row in rows]
    shuffler.shuffle(mixed)
    for row in mixed:
        shuffler.shuffle(row)
    for measure in (krippendorff_alpha, gwet_ac1, fleiss_kappa):
        found, again = measure(rows), measure(mixed)
        assert again.value == pytest.approx(found.value, nan_ok=True)
        assert -1 <= found.low <= found.high <= 1
        assert math.isnan(found.value) or found.low <= found.value <= found.high


@given(st.lists(st.integers(0, 6), min_size=4, max_size=40), st.integers(1, 9))
@settings(max_examples=15, deadline=None)
def test_scale_and_zero_do_not_matter_to_distances(
    values: list[int], factor: int
) -> None:
    rows = list(zip(values[::2], values[1::2], strict=False))
    moved = [[factor * a - 5, factor * b - 5] for a, b in rows]
    for level in ("ordinal", "interval"):
        found = krippendorff_alpha(rows, level=level).value
        again = krippendorff_alpha(moved, level=level).value
        assert again == pytest.approx(found, abs=1e-9, nan_ok=True)


def test_two_verdicts_are_the_same_at_every_level() -> None:
    rows = [[1, 0, 1], [0, 0, None], [1, 1, 1], [0, 1, 0], [1, None, 1]]
    values = [
        krippendorff_alpha(rows, level=level).value
        for level in ("nominal", "ordinal", "interval")
    ]
    assert values == pytest.approx([values[0]] * 3)


def test_ac1_of_two_raters_is_that_of_the_pair() -> None:
    rows = [["pass", "pass"]] * 80 + [["pass", "fail"]] * 15 + [["fail", "fail"]] * 5
    pair = cohen_kappa(*zip(*rows, strict=True))
    assert gwet_ac1(rows).value == pytest.approx(pair.ac1.value)
    gaps = [*rows, ["pass", None], [None, None]]
    assert gwet_ac1(gaps).n == 100


def test_the_edges() -> None:
    for measure in (krippendorff_alpha, gwet_ac1, fleiss_kappa):
        none = measure([])
        assert math.isnan(none.value)
        assert (none.low, none.high, none.n) == (-1.0, 1.0, 0)
        assert measure([["pass", "fail"]]).low == -1.0
    alike = [["pass"] * 3] * 30
    assert math.isnan(krippendorff_alpha(alike).value)
    assert math.isnan(fleiss_kappa(alike).value)
    assert gwet_ac1(alike).value == 1.0
    single = [["pass", None], [None, "fail"]]
    assert krippendorff_alpha(single).n == 0
    assert math.isnan(gwet_ac1(single).value)
    perfect = krippendorff_alpha([["pass"] * 3, ["fail"] * 3] * 10)
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert 0.6 < perfect.low < 0.95
    seconds = [[float(i), float(i)] for i in range(60)]
    sure = krippendorff_alpha(seconds, level="interval")
    assert (sure.value, sure.high, sure.method) == (1.0, 1.0, "jackknife")
    assert 0.9 < sure.low < 1


def test_words_in_an_order() -> None:
    rows = [["low", "mid"], ["mid", "mid"], ["high", "high"], ["low", "low"]] * 5
    words = krippendorff_alpha(rows, level="ordinal", order=["low", "mid", "high"])
    codes = {"low": 1, "mid": 2, "high": 3}
    numbers = [[codes[value] for value in row] for row in rows]
    assert words.value == krippendorff_alpha(numbers, level="ordinal").value
    with pytest.raises(UnknownNameError, match="No rating 'mid'"):
        krippendorff_alpha(rows, level="ordinal", order=["low", "high"])
    with pytest.raises(ValueError, match="'high' is none"):
        krippendorff_alpha(rows, level="interval")
    with pytest.raises(UnknownNameError, match="Did you mean 'ordinal'"):
        krippendorff_alpha(rows, level="ordinl")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["pass", "pass"], ["pass"]], "Row 1 has 1 ratings and row 0 has 2"),
        (["pass", "fail"], "Row 0 is 'pass'. Ratings are a table"),
        ([["pass", "pass", None], ["pass"] * 3], "use krippendorff_alpha"),
        ([["pass"], ["fail"]], "needs two ratings"),
        ([["pass", 3]], "several kinds: int, str"),
        ([[str(i), str(i)] for i in range(60)], "60 different ratings"),
    ],
)
def test_what_does_not_fit_is_said(rows: list, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fleiss_kappa(rows)


def test_a_frame_names_the_raters_and_deferred_is_missing() -> None:
    frame = pl.DataFrame(
        {
            "mira": ["pass", "fail", "pass", "fail"] * 5,
            "jonas": ["pass", "fail", "fail", "defer"] * 5,
            "ana": ["pass", "fail", "pass", None] * 5,
        }
    )
    found = rater_agreement(frame)
    assert [pair.raters for pair in found.pairs] == [
        ("jonas", "ana"), ("mira", "jonas"), ("mira", "ana"),
    ]  # fmt: skip
    assert (found.traces, found.ratings, found.fleiss) == (15, 50, None)
    assert found.unanimous.value == pytest.approx(2 / 3)
    assert found.percent.value == pytest.approx((1 + 1 + 1 / 3) / 3)
    assert found.frame().height == 7
    assert "alpha" in repr(found)
    assert "Cohen&#x27;s kappa, jonas and ana" in found._repr_html_()
    with pytest.raises(ValueError, match="There are 2 raters and 3 columns"):
        rater_agreement(frame, raters=["a", "b"])


def test_ten_raters_are_not_compared_in_pairs() -> None:
    found = rater_agreement([["pass"] * 9 + ["fail"], ["fail"] * 10] * 20)
    assert found.pairs == ()
    assert found.fleiss is not None
    assert found.fleiss.value < found.alpha.value < 1


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_the_interval_of_alpha_covers_where_failures_are_rare(gaps: float) -> None:
    """Three raters, 90 % passes, 50 traces, 200 samples, against a huge sample."""
    rng = np.random.default_rng(8)

    def sample(n: int) -> np.ndarray:
        passes = rng.random((n, 1)) < 0.9
        seen = np.where(passes, rng.random((n, 3)) < 0.96, rng.random((n, 3)) < 0.25)
        return np.where(rng.random((n, 3)) < gaps, np.nan, seen)

    truth = krippendorff_alpha(sample(200_000)).value
    found = [krippendorff_alpha(sample(50)) for _ in range(200)]
    covered = np.mean([item.low <= truth <= item.high for item in found])
    assert 0.92 <= covered <= 0.99


def test_where_people_differ() -> None:
    ratings = [
        ["pass", "fail", "fail"],
        ["fail", "fail", "fail"],
        ["pass", "pass", None],
        ["pass", None, None],
        ["fail", "pass", None],
    ]
    found = disagreements(
        ratings,
        trace_ids=["a", "b", "c", "d", "e"],
        modes=[["late", "rude"], ["late"], [], ["rude"], ["late"]],
    )
    assert [item.trace_id for item in found.traces] == ["e", "a", "b", "c"]
    assert [item.disagreement for item in found.traces] == pytest.approx(
        [1, 2 / 3, 0, 0]
    )
    assert found.traces[1].ratings == (("fail", 2), ("pass", 1))
    by_mode = {item.mode: item for item in found.modes}
    assert [item.mode for item in found.modes] == ["late", "rude", NO_MODE]
    assert by_mode["late"].share == pytest.approx(1.0)
    assert by_mode["rude"].share == pytest.approx(0.4)
    assert (by_mode["late"].disputed.value, by_mode["late"].disputed.n) == (2 / 3, 3)
    assert "100% of the disagreement lies on traces of 'late'" in repr(found)
    assert found.by_mode()["share"].to_list() == pytest.approx([1.0, 0.4, 0.0])
    assert found.frame()["modes"].to_list()[1] == "late, rude"


def test_nothing_to_differ_on() -> None:
    none = disagreements([])
    assert (none.traces, none.modes, none.frame().height) == ((), (), 0)
    assert none.by_mode().height == 0
    assert "on none of 0 traces" in repr(none)
    alike = disagreements([["pass", "pass"]], modes=[[]])
    assert math.isnan(alike.modes[0].share)
    assert (
        "<script>"
        not in disagreements(
            [["pass", "fail"]], trace_ids=["<script>"], modes=[["<script>"]]
        )._repr_html_()
    )
    with pytest.raises(ValueError, match="ratings and the modes differ in length"):
        disagreements([["pass", "fail"]], modes=[])
    with pytest.raises(ValueError, match=r"are a list: \['late'\]"):
        disagreements([["pass", "fail"]], modes=["late"])


def _wide(path: Path, dimension: str) -> pl.DataFrame:
    long = pl.read_csv(path).filter(pl.col("dimension") == dimension)
    wide = long.pivot(on="rater_position", index="item", values="rating")
    return wide.drop("item")


@pytest.mark.shared_data
def test_published_alphas(shared_data: Path) -> None:
    safety = _wide(shared_data / "agreement" / "dices350_safety.csv", "safety")
    assert krippendorff_alpha(safety).value == pytest.approx(0.16086, abs=5e-6)
    for dimension, published in {
        "Informativeness": 0.28487,
        "Relevance": 0.11512,
        "Fluency": -0.01581,
        "Coherence": 0.06497,
    }.items():
        ratings = _wide(shared_data / "agreement" / "newsroom_ratings.csv", dimension)
        found = krippendorff_alpha(ratings, level="ordinal")
        assert found.value == pytest.approx(published, abs=5e-6)


@pytest.mark.shared_data
def test_published_kappas_of_stories(shared_data: Path) -> None:
    path = shared_data / "ttcw/Art_or_Artifice/annotations/ttcw_annotations.json"
    verdicts = defaultdict(list)
    for row in json.loads(path.read_text(encoding="utf-8")):
        verdicts[row["ttcw_idx"], row["story_id"]].append(row["binary_verdict"])
    pooled = rater_agreement(list(verdicts.values()))
    assert pooled.fleiss is not None
    assert pooled.fleiss.value == pytest.approx(0.426, abs=5e-4)
    assert (round(pooled.unanimous.value * 672), pooled.traces) == (400, 672)
    by_test = [
        fleiss_kappa([row for (test, _), row in verdicts.items() if test == k]).value
        for k in range(1, 15)
    ]
    assert [min(by_test), max(by_test)] == pytest.approx([0.25, 0.65], abs=5e-3)
    assert np.mean(by_test) == pytest.approx(0.401, abs=5e-4)


def test_pairs_name_the_traces_that_they_differ_on() -> None:
    table = [["pass", "fail", None], ["fail", "fail", "pass"], ["pass", "pass", "fail"]]
    people, ids = ["mira", "jonas", "ana"], ["t0", "t1", "t2"]
    found = rater_agreement(table, raters=people, trace_ids=ids)
    assert found.trace_ids("jonas", "mira") == ("t0",)
    assert found.trace_ids("mira", "jonas") == ("t0",)
    assert found.trace_ids("ana", "jonas") == ("t1", "t2")
    assert found.trace_ids("ana", "li") == ()
    plain = rater_agreement(table, raters=people)
    assert (plain.trace_ids("mira", "jonas"), plain.pairs) == ((), found.pairs)
    with pytest.raises(ValueError, match="differ in length: 3 and 1"):
        rater_agreement(table, trace_ids=["t0"])


def test_modes_name_their_disputed_traces_the_most_disputed_first() -> None:
    table = [["pass"] * 3, ["pass", "pass", "fail"], ["pass", "fail", None]]
    found = disagreements(table, modes=[["late"]] * 3, trace_ids=["t0", "t1", "t2"])
    assert found.trace_ids("late") == ("t2", "t1")
    assert found.trace_ids("rude") == ()
