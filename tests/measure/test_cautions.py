"""An estimate says where simulation has shown that 95 % is not 95 %."""

from __future__ import annotations

import numpy as np
import pytest

from erroranalysis.measure import (
    Estimate,
    align,
    clustered_rate,
    coefficients,
    cohen_kappa,
    compare_judges,
    compare_trials,
    corrected_rate,
    krippendorff_alpha,
    paired_comparison,
    pass_at_k,
    saturation,
    slice_rates,
    weighted_rate,
    wilson,
)
from erroranalysis.measure.estimate import CONSERVATIVE, SHORT, UNEVEN


def correct(*labelled: int, seen: tuple[int, int], sampling: str) -> Estimate:
    names = ("both_pass", "judge_pass_human_fail", "judge_fail_human_pass", "both_fail")
    return corrected_rate(
        **dict(zip(names, labelled, strict=True)),
        unlabelled_pass=seen[0],
        unlabelled_fail=seen[1],
        label_sampling=sampling,
    ).failure_rate


def test_nothing_is_said_where_the_interval_holds() -> None:
    verdicts = ["fail"] * 30 + ["pass"] * 70
    other = ["fail"] * 20 + ["pass"] * 70 + ["fail"] * 10
    quiet = [
        wilson(18, 100),
        weighted_rate(verdicts, [0.1] * 100),
        correct(60, 5, 5, 30, seen=(650, 350), sampling="random"),
        correct(60, 5, 5, 30, seen=(650, 350), sampling="outcome_balanced"),
        cohen_kappa(verdicts, other).kappa,
        align(verdicts, other).balanced_accuracy,
        paired_comparison(verdicts, other).difference,
        pass_at_k([0, 1, 2, 3] * 10, [3] * 40, 1),
    ]
    assert [item.caution for item in quiet] == [""] * len(quiet)


@pytest.mark.parametrize("count", [0, 1, 4, 96, 100])
def test_a_share_of_few_is_uneven(count: int) -> None:
    found = wilson(count, 100)
    assert found.caution.startswith(f"{UNEVEN}with {count} of 100")
    assert "83 to 100 %" in wilson(1, 100).caution
    assert found.caution in found._repr_html_()
    assert found.frame()["caution"].to_list() == [found.caution]


def test_few_sessions_or_very_unequal_chances_are_conservative() -> None:
    verdicts = ["fail", "pass", "pass", "pass"] * 25
    sessions = [f"s{k // 4}" for k in range(100)]
    assert "25 sessions" in clustered_rate(verdicts, [0.1] * 100, sessions).caution
    chances = [0.01] * 5 + [1.0] * 95
    assert weighted_rate(verdicts, chances).caution.startswith(CONSERVATIVE)


def test_slices_that_do_not_differ_are_conservative() -> None:
    alike = slice_rates(
        ([True] + [False] * 4) * 20, [f"s{k // 20}" for k in range(100)]
    )
    assert all(item.shrunk.caution.startswith(CONSERVATIVE) for item in alike.slices)
    apart = slice_rates([True] * 40 + [False] * 60, ["a"] * 40 + ["b"] * 60)
    assert [item.shrunk.caution for item in apart.slices] == ["", ""]


def test_random_labels_that_do_not_look_random_are_told() -> None:
    found = correct(45, 5, 10, 40, seen=(900, 100), sampling="random")
    assert found.caution == (
        f"{SHORT}the judge fails 50 % of the labelled traces and 10 % of the others, so"
        " that the labels are hardly a random sample of them"
    )
    assert not correct(
        45, 5, 10, 40, seen=(900, 100), sampling="verdict_stratified"
    ).caution
    said = corrected_rate(
        both_pass=45,
        judge_pass_human_fail=5,
        judge_fail_human_pass=10,
        both_fail=40,
        unlabelled_pass=900,
        unlabelled_fail=100,
        label_sampling="random",
    ).says
    assert found.caution in said
    # nothing to compare with
    assert not correct(45, 5, 10, 40, seen=(0, 0), sampling="random").caution


def test_a_correction_at_the_edge_or_from_few_is_conservative() -> None:
    edge = correct(45, 5, 5, 45, seen=(950, 50), sampling="outcome_balanced")
    assert (edge.low, edge.caution) == (0.0, f"{CONSERVATIVE}the interval is cut at 0")
    few = correct(30, 1, 3, 3, seen=(700, 300), sampling="other_period")
    assert few.caution == f"{CONSERVATIVE}TPR or TNR rests on 4 labels"


def test_agreement_on_few_of_a_kind_is_uneven() -> None:
    verdicts = ["fail"] * 20 + ["pass"] * 20
    other = ["pass"] * 2 + ["fail"] * 18 + ["pass"] * 20
    assert "differ on 2 traces" in cohen_kappa(verdicts, other).kappa.caution
    assert (
        "differ on 2 traces"
        in krippendorff_alpha(list(zip(verdicts, other, strict=True))).caution
    )
    rare = ["fail"] + ["pass"] * 39
    flips = ["fail"] + ["pass"] * 32 + ["fail"] * 7
    assert "1 traces have equal" in cohen_kappa(rare, flips).kappa.caution


def test_two_that_hardly_differ_are_compared_conservatively() -> None:
    human = ["pass"] * 40 + ["fail"] * 40
    one = ["pass"] * 40 + ["pass"] * 15 + ["fail"] * 25
    two = ["pass"] * 38 + ["fail"] * 2 + ["pass"] * 3 + ["fail"] * 37
    found = compare_judges(human, one, two)
    assert "differ on 2 of the traces" in found.tpr.difference.caution
    assert found.tnr.difference.caution == ""
    assert found.balanced_accuracy.caution.startswith(CONSERVATIVE)
    assert found.kappa.caution == found.balanced_accuracy.caution


def test_few_tasks_and_tasks_that_all_pass_are_told() -> None:
    assert UNEVEN in pass_at_k([5] * 39 + [0], [5] * 40, 1).caution
    few = pass_at_k([1, 4] * 10, [5] * 20, 1).caution
    assert few == f"{SHORT}there are fewer than 30 tasks"


def test_agents_that_differ_on_few_tasks_are_compared_with_care() -> None:
    one, runs = [5] * 36 + [0, 1, 2, 3], [5] * 40
    found = compare_trials((one, runs), ([5] * 36 + [1, 2, 3, 4], runs)).difference
    assert found.caution == f"{SHORT}the two differ on 4 of 40 tasks"
    other = compare_trials(([2, 3] * 20, runs), ([4, 2] * 20, runs)).difference
    assert other.caution == ""


def test_saturation_says_where_its_bounds_always_hold() -> None:
    read = [{"late"}, set(), {"late", "rude"}, set(), {"price"}, {"late"}] * 5
    found = saturation([*read, {"refund"}])
    assert "nearly all modes were seen again" in found.unseen.caution
    assert found.coverage.caution == found.unseen.caution
    assert found.total.caution.startswith(CONSERVATIVE)
    assert "only 0 to 3 are left" in found.expected_new(20).caution
    many = saturation([{f"mode {min(k, 110 - k)}"} for k in range(90)])
    assert (many.once, many.unseen.caution) == (22, "")
    assert many.expected_new(90).caution == ""


@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_alpha_of_scores_covers_where_raters_are_good(level: str) -> None:
    rng, held = np.random.default_rng(3), 0

    def rated(n: int) -> np.ndarray:
        scores = rng.normal(size=(n, 1)) + 0.3 * rng.normal(size=(n, 3))
        scores = np.clip(np.round(2 + scores), 0, 4)
        return np.where(rng.random((n, 3)) < 0.8, scores, np.nan)

    truth = krippendorff_alpha(rated(200_000), level=level).value
    for _ in range(400):
        found = krippendorff_alpha(rated(30), level=level)
        held += found.low <= truth <= found.high
    assert 0.925 <= held / 400 <= 0.98  # the posterior of the patterns held in 86 %


def test_kappa_of_many_names_covers_where_raters_are_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coefficients, "DRAWS", 500)
    rng, held = np.random.default_rng(4), 0
    shares = [0.4, 0.3, 0.15, 0.1, 0.05]

    def rated(n: int) -> np.ndarray:
        real, guess = rng.choice(5, (n, 1), p=shares), rng.choice(5, (n, 2), p=shares)
        return np.where(rng.random((n, 2)) < 0.97, real, guess)

    truth = cohen_kappa(*rated(200_000).T).kappa.value
    for seed in range(400):
        found = cohen_kappa(*rated(46).T, seed=seed).kappa
        held += found.low <= truth <= found.high
    assert 0.925 <= held / 400 <= 0.98  # with half a trace a cell it held in 90 %


def test_an_interval_that_may_hold_less_often_is_printed_so() -> None:
    few = Estimate(0.5, 0.1, 0.9, 4, "Wilson", caution=f"{SHORT}4 traces are few")
    wide = Estimate(0.5, 0.1, 0.9, 4, "Wilson", caution=f"{CONSERVATIVE}4 are few")
    assert repr(few) == "0.50 [0.10, 0.90], n=4, ≤95% Wilson"
    assert repr(wide) == "0.50 [0.10, 0.90], n=4, 95% Wilson"
    assert "may cover less than 95 % here: 4 traces are few" in few._repr_html_()
