"""Corrected failure rates: published values, every label sampling, real judges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.errors import NoHonestEstimateError, UnknownNameError
from erroranalysis.measure import (
    CorrectedRate,
    corrected_rate,
    wilson,
)
from erroranalysis.measure.correcting import (
    lang_reiczigel,
    post_stratified,
    rogan_gladen,
)

SAMPLINGS = ["random", "verdict_stratified", "outcome_balanced", "other_period"]
COUNT = st.integers(0, 60)


def correct(*counts: int, sampling: str = "random", seed: int = 0) -> CorrectedRate:
    names = ("both_pass", "judge_pass_human_fail", "judge_fail_human_pass", "both_fail")
    names += ("unlabelled_pass", "unlabelled_fail")
    given = dict(zip(names, counts, strict=True))
    return corrected_rate(**given, label_sampling=sampling, seed=seed)


@pytest.mark.parametrize(
    ("labelled", "seen", "low", "high"),
    [
        ((358, 1, 1, 178), (7224, 4060), 0.349, 0.372),
        ((20, 1, 0, 32), (2920, 51), 0.0, 0.053),
        ((12, 2, 0, 8), (11862 * 0.94, 11862 * 0.06), 0.0, 0.147),
        ((96, 43, 13, 84), (250, 259), 0.58, 0.87),
        ((187, 18, 8, 23), (458, 51), 0.037, 0.195),
    ],
)
def test_lang_and_reiczigel_published_these(
    labelled: tuple, seen: tuple, low: float, high: float
) -> None:
    found = lang_reiczigel(labelled, seen)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-3)
    assert found.low == pytest.approx(low, abs=6e-4 if high < 0.5 else 6e-3)


@given(COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, st.sampled_from(SAMPLINGS))
@settings(max_examples=60, deadline=None)
def test_any_counts_give_an_honest_interval(
    a: int, b: int, c: int, d: int, e: int, f: int, sampling: str
) -> None:
    counts = (a, b, c, d, e, f)
    found = correct(*counts, sampling=sampling)
    for item in (found.failure_rate, found.labels_only, found.judge_only):
        assert 0 <= item.low < item.high <= 1
        assert math.isnan(item.value) or item.low <= item.value <= item.high
    assert found == correct(*counts, sampling=sampling) or math.isnan(
        found.failure_rate.value + found.labels_only.value + found.judge_only.value
    )
    width = found.failure_rate.high - found.failure_rate.low
    alone = found.labels_only.high - found.labels_only.low
    assert found.adds_nothing == (width >= alone)
    assert ("adds nothing" in found.says) == found.adds_nothing


def test_passes_and_fails_are_symmetric() -> None:
    for sampling in SAMPLINGS:
        found = correct(60, 5, 8, 30, 650, 350, sampling=sampling).failure_rate
        other = correct(30, 8, 5, 60, 350, 650, sampling=sampling).failure_rate
        assert (1 - other.high, 1 - other.low) == pytest.approx(
            (found.low, found.high), abs=0.01
        )


def test_the_method_follows_the_label_sampling() -> None:
    found = {s: correct(60, 5, 5, 30, 900, 100, sampling=s) for s in SAMPLINGS}
    assert found["random"].failure_rate.method == "post-stratified Jeffreys"
    assert found["random"].lang_reiczigel is None
    assert found["random"].judge_only.n == 1100
    # q is 0.10 in the unlabelled traces, 0.12 with the labelled ones
    stratified = found["verdict_stratified"]
    assert stratified.judge_only.n == 1000
    assert stratified.failure_rate.value < found["random"].failure_rate.value
    for name in ("outcome_balanced", "other_period"):
        rate = found[name].failure_rate
        assert rate.method == "Rogan-Gladen Beta draws"
        assert "the judge errs as often" in rate.assumes
        assert "the judge errs as often" in found[name].says
        assert math.isnan(found[name].labels_only.value)
        beside = found[name].lang_reiczigel
        assert beside is not None
        assert beside.value == pytest.approx(
            (0.1 + 60 / 65 - 1) / (60 / 65 + 30 / 35 - 1)
        )


def test_hunted_labels_are_refused_and_unknown_ones_named() -> None:
    with pytest.raises(NoHonestEstimateError, match="label_sampling='random'"):
        correct(1, 1, 1, 1, 1, 1, sampling="error_hunt")
    with pytest.raises(UnknownNameError, match="Did you mean 'random'"):
        correct(1, 1, 1, 1, 1, 1, sampling="randm")
    with pytest.raises(ValueError, match="whole numbers from 0, got -1"):
        correct(1, 1, -1, 1, 1, 1)
    with pytest.raises(ValueError, match=r"whole numbers from 0, got 0\.5"):
        correct(1, 1, 0.5, 1, 1, 1)  # type: ignore[arg-type]


def test_nothing_labelled_or_nothing_seen_gives_no_estimate() -> None:
    for sampling in SAMPLINGS:
        none = correct(0, 0, 0, 0, 5, 5, sampling=sampling)
        assert (none.failure_rate.low, none.failure_rate.high) == (0.0, 1.0)
        assert math.isnan(none.failure_rate.value)
    unseen = correct(5, 1, 1, 5, 0, 0, sampling="other_period")
    assert math.isnan(unseen.failure_rate.value)
    assert correct(5, 1, 1, 5, 0, 0).failure_rate.n == 12


def test_a_useful_judge_narrows_and_a_useless_one_does_not_break() -> None:
    useful = correct(78, 2, 2, 18, 1600, 400)
    alone = wilson(20, 100)
    rate = useful.failure_rate
    assert rate.high - rate.low < 0.75 * (alone.high - alone.low)
    assert "narrows the interval" in useful.says
    useless = correct(40, 10, 40, 10, 1000, 1000)
    rate = useless.failure_rate
    assert rate.low < 0.2 < rate.high
    assert rate.high - rate.low < 1.25 * (alone.high - alone.low)


def test_a_judge_near_chance_widens_and_then_refuses() -> None:
    widths = []
    for wrong in (2, 10, 15, 20, 25):
        found = correct(
            50 - wrong, wrong, wrong, 50 - wrong, 500, 500, sampling="outcome_balanced"
        )
        widths.append(found.failure_rate.high - found.failure_rate.low)
    assert widths == sorted(widths)
    assert widths[-1] == 1.0
    assert math.isnan(found.failure_rate.value)
    assert found.says == "the judge adds nothing here: any failure rate is possible"
    worse = correct(5, 45, 45, 5, 700, 300, sampling="other_period")
    assert (worse.failure_rate.low, worse.failure_rate.high) == (0.0, 1.0)
    assert worse.lang_reiczigel is not None
    assert math.isnan(worse.lang_reiczigel.value)


def test_labels_that_contradict_the_judge_give_no_certainty() -> None:
    """It fails 30 % of human passes, but hardly any of the unlabelled traces."""
    found = correct(35, 5, 15, 45, 990, 10, sampling="other_period").failure_rate
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0.0, 1.0)


def test_many_tables_at_once_are_the_same_as_one() -> None:
    """The coverage benchmark uses the same draws that a single call does."""
    table = np.array([[60.0, 5, 5, 30, 715, 385]]).T
    for draw in (post_stratified, rogan_gladen):
        one = draw(table, np.random.default_rng(0), 20_000)
        many = draw(np.repeat(table, 3, axis=1), np.random.default_rng(1), 20_000)
        assert np.allclose(np.array(one), np.array(many), atol=0.01)


@pytest.mark.parametrize("sampling", ["random", "outcome_balanced"])
def test_the_corrected_rate_covers_the_truth(sampling: str) -> None:
    """Nominal 95 %: 100 labels, 400 unlabelled traces, 600 replications."""
    rng = np.random.default_rng(11)
    failing, tpr, tnr, many = 0.2, 0.9, 0.7, 600
    fails = rng.binomial(100, failing, many)
    if sampling == "outcome_balanced":
        fails = np.full(many, 50)
    both_fail, both_pass = rng.binomial(fails, tnr), rng.binomial(100 - fails, tpr)
    seen = rng.binomial(400, failing * tnr + (1 - failing) * (1 - tpr), many)
    missed, false_alarm = fails - both_fail, 100 - fails - both_pass
    counts = np.array([both_pass, missed, false_alarm, both_fail, 400 - seen, seen])
    draw = rogan_gladen
    if sampling == "random":
        draw = post_stratified
        counts[4] += both_pass + missed
        counts[5] += false_alarm + both_fail
    _, low, high = draw(counts.astype(float), np.random.default_rng(0), 1_000)
    covered = ((low <= failing) & (failing <= high)).mean()
    assert 0.93 <= covered <= 0.975


def test_it_is_shown_beside_what_it_corrects() -> None:
    found = correct(60, 5, 5, 30, 650, 350, sampling="other_period")
    assert repr(found).startswith("CorrectedRate(failure rate 0.3")
    assert "judge only 0.35" in repr(found)
    assert found.frame()["quantity"].to_list() == [
        "corrected",
        "labels only",
        "judge only, uncorrected",
        "corrected, Lang-Reiczigel",
    ]
    assert "<table>" in found._repr_html_()


@pytest.mark.parametrize(
    ("tpr", "tnr"),
    [(0.851, 0.239), (0.728, 0.331), (0.860, 0.185), (0.785, 0.214), (0.662, 0.313)],
)
def test_real_judges_near_chance_add_nothing(tpr: float, tnr: float) -> None:
    """Five judges of TTCW, 672 answers, 228 of them a pass by the majority of three."""
    both_pass, both_fail = round(228 * tpr), round(444 * tnr)
    counts = (both_pass, 444 - both_fail, 228 - both_pass, both_fail)
    random = correct(*counts, 1500, 500)
    alone = random.labels_only
    ratio = (random.failure_rate.high - random.failure_rate.low) / (
        alone.high - alone.low
    )
    assert 0.95 < ratio < 1.05
    assert random.failure_rate.low < 444 / 672 < random.failure_rate.high
    other = correct(*counts, 1500, 500, sampling="other_period").failure_rate
    assert other.high - other.low > 0.25
    assert math.isnan(other.value) or 0 <= other.value <= 1
