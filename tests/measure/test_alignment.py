"""A judge against a person: closed forms, sklearn, laws, real judges."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    balanced_accuracy_score,
    cohen_kappa_score,
    f1_score,
    precision_score,
    recall_score,
)

from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import Alignment, align, align_slices, wilson
from erroranalysis.measure.derived import balanced_of, f1_of

PAIRS = st.lists(
    st.tuples(st.sampled_from(["pass", "fail"]), st.sampled_from(["pass", "fail"])),
    min_size=4,
    max_size=60,
)


def judged(good: int, missed: int, harsh: int, found: int) -> Alignment:
    human = ["pass"] * good + ["fail"] * missed + ["pass"] * harsh + ["fail"] * found
    judge = ["pass"] * (good + missed) + ["fail"] * (harsh + found)
    return align(human, judge)


@given(PAIRS)
@settings(max_examples=20, deadline=None)
def test_it_is_that_of_sklearn(pairs: list[tuple[str, str]]) -> None:
    human, judge = [h for h, _ in pairs], [j for _, j in pairs]
    if len(set(human)) == 1 or len(set(judge)) == 1:
        return
    found = align(human, judge)
    theirs = {"y_true": human, "y_pred": judge, "pos_label": "fail"}
    assert found.precision_fail.value == pytest.approx(precision_score(**theirs))
    assert found.recall_fail.value == pytest.approx(recall_score(**theirs))
    assert found.f1_fail.value == pytest.approx(f1_score(**theirs))
    assert found.tpr.value == pytest.approx(
        recall_score(human, judge, pos_label="pass")
    )
    balanced = balanced_accuracy_score(human, judge)
    assert found.balanced_accuracy.value == pytest.approx(balanced)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(human, judge))


@given(PAIRS)
@settings(max_examples=20, deadline=None)
def test_every_interval_holds_its_value(pairs: list[tuple[str, str]]) -> None:
    found = align([h for h, _ in pairs], [j for _, j in pairs])
    for name, item in found._quantities():
        lowest = -1 if name in ("kappa", "AC1") else 0
        assert lowest <= item.low <= item.high <= 1
        assert math.isnan(item.value) or item.low <= item.value <= item.high


@given(PAIRS)
@settings(max_examples=10, deadline=None)
def test_turned_round_the_two_rates_change_places(pairs: list[tuple[str, str]]) -> None:
    other = {"pass": "fail", "fail": "pass"}
    found = align([h for h, _ in pairs], [j for _, j in pairs])
    turned = align([other[h] for h, _ in pairs], [other[j] for _, j in pairs])
    assert repr(found.tpr) == repr(turned.tnr)
    assert repr(found.tnr) == repr(turned.tpr)
    for bound in ("low", "high"):
        ours = getattr(found.balanced_accuracy, bound)
        assert ours == pytest.approx(getattr(turned.balanced_accuracy, bound))


def test_f1_is_a_transformed_proportion() -> None:
    found = judged(60, 6, 10, 24)
    share = wilson(24, 40)
    assert found.f1_fail.value == pytest.approx(2 * 24 / (2 * 24 + 16))
    assert found.f1_fail.low == pytest.approx(2 * share.low / (1 + share.low))
    assert found.f1_fail.n == 40


def test_errors_are_counted_apart_and_never_inside() -> None:
    human = ["pass"] * 6 + ["fail"] * 6
    judge = ["pass"] * 5 + [None] + ["fail"] * 4 + ["pass", None]
    found = align(human, judge, missing=3)
    without = [p for p in zip(human, judge, strict=True) if p[1]]
    clean = align(*zip(*without, strict=True))
    assert (found.errors, found.missing, clean.errors) == (2, 3, 0)
    assert found._quantities() == clean._quantities()
    assert "errors=2, not yet run=3" in repr(found)
    assert align(["pass"], [math.nan]).errors == 1


def test_a_judge_no_better_than_chance_is_said() -> None:
    coin = judged(30, 30, 30, 30)
    assert "Not shown to be better than chance" in coin.says
    assert "Not shown to be better than chance" in repr(coin)
    assert "Not shown to be better than chance" in coin._repr_html_()
    assert "Worse than chance" in judged(10, 40, 40, 10).says
    good = judged(45, 5, 5, 45)
    assert good.says.startswith("Better than chance (balanced accuracy 0.8")
    assert "chance" not in repr(good)
    assert "no trace is a human fail" in judged(10, 0, 2, 0).says
    assert "no trace is a human pass" in align([], []).says


def test_few_traces_are_said() -> None:
    assert judged(30, 1, 2, 5).few == "TNR rests on 6 human fails: label 10 or more"
    assert judged(30, 1, 2, 9).few == ""
    assert "TNR rests on 6" in repr(judged(30, 1, 2, 5))


def test_the_edges() -> None:
    none = align([], [])
    assert all(math.isnan(item.value) for _, item in none._quantities())
    assert (none.balanced_accuracy.low, none.balanced_accuracy.high) == (0.0, 1.0)
    perfect = judged(20, 0, 0, 20)
    assert (perfect.f1_fail.value, perfect.balanced_accuracy.high) == (1.0, 1.0)
    assert 0.8 < perfect.balanced_accuracy.low < 0.95
    passes_all = judged(20, 5, 0, 0)
    assert math.isnan(passes_all.precision_fail.value)
    assert (passes_all.f1_fail.value, passes_all.balanced_accuracy.value) == (0.0, 0.5)


def test_more_labels_make_every_interval_shorter() -> None:
    few, many = judged(40, 5, 8, 20), judged(160, 20, 32, 80)
    for (name, one), (_, other) in zip(
        few._quantities(), many._quantities(), strict=True
    ):
        assert other.value == pytest.approx(one.value), name
        assert other.high - other.low < one.high - one.low


def test_booleans_are_verdicts() -> None:
    human, judge = np.array([True, False, True]), np.array([True, True, False])
    words = align(["pass", "fail", "pass"], ["pass", "pass", "fail"])
    assert align(human, judge).frame().equals(words.frame(), null_equal=True)


@pytest.mark.parametrize(
    ("human", "judge", "error", "says"),
    [
        (["pass"], ["pass", "fail"], ValueError, "differ in length: 1 and 2"),
        (["pass", None], ["pass", "fail"], ValueError, "no verdict of a person"),
        (["pass", "defer"], ["pass", "fail"], ValueError, "A verdict is 'defer'"),
        (["pass"], ["passed"], UnknownNameError, "Did you mean 'pass'"),
        (["yes"], ["pass"], UnknownNameError, "There are: fail, pass"),
    ],
)
def test_what_does_not_fit_is_said(
    human: list, judge: list, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        align(human, judge)


def test_slices_come_weakest_first() -> None:
    human = ["pass", "pass", "fail", "fail"] * 3 + ["pass"]
    web = ["pass", "pass", "fail", "fail"]
    judge = [*web, "fail", "pass", "pass", "fail", *web[:3], None, "pass"]
    slices = ["web"] * 4 + ["app"] * 4 + ["mail"] * 4 + [None]
    found = align_slices(human, judge, slices, name="late v1")
    assert [item.split for item in found] == ["app", "mail", "web", "None"]
    assert sum(item.both_pass for item in found) == found.overall.both_pass
    assert [item.errors for item in found] == [0, 1, 0, 0]
    assert set(found.frame()["slice"]) == {"web", "app", "mail", "None"}
    assert "weakest first" in repr(found)
    assert "<th>app</th>" in found._repr_html_()
    assert align_slices([], [], []).frame().height == 0
    with pytest.raises(ValueError, match="verdicts and the slices differ"):
        align_slices(["pass"], ["pass"], [])


@pytest.mark.parametrize(("tpr", "tnr"), [(0.9, 0.8), (0.75, 0.6)])
def test_f1_and_balanced_accuracy_cover(tpr: float, tnr: float) -> None:
    """At 80 traces, a third failing, over 3,000 samples."""
    shares = [2 / 3 * tpr, (1 - tnr) / 3, 2 / 3 * (1 - tpr), tnr / 3]
    drawn = np.random.default_rng(3).multinomial(80, shares, size=3_000)
    truth = 2 * shares[3] / (2 * shares[3] + shares[1] + shares[2])
    hits = np.zeros(2)
    for a, b, c, d in drawn.tolist():
        f1 = f1_of(wilson(d, b + c + d))
        balanced = balanced_of(wilson(a, a + c), wilson(d, b + d))
        hits += [
            f1.low <= truth <= f1.high,
            balanced.low <= (tpr + tnr) / 2 <= balanced.high,
        ]
    assert (hits / 3_000 >= 0.935).all()
    assert (hits / 3_000 <= 0.975).all()


PUBLISHED = {
    "claude3-opus": (0.833, 0.333, 0.583, 0.391, 0.532, 0.131),
    "gpt4": (0.851, 0.239, 0.545, 0.365, 0.511, 0.068),
    "claudev13": (0.728, 0.331, 0.530, 0.359, 0.480, 0.047),
    "claudev21": (0.860, 0.185, 0.522, 0.351, 0.499, 0.033),
    "claudev2": (0.785, 0.214, 0.500, 0.339, 0.474, -0.001),
    "cgpt": (0.662, 0.313, 0.488, 0.331, 0.442, -0.020),
    "gemini-pro": (0.829, 0.092, 0.461, 0.319, 0.461, -0.057),
}


@pytest.mark.shared_data
@pytest.mark.parametrize("judge", PUBLISHED)
def test_real_judges_of_stories(shared_data: Path, judge: str) -> None:
    """Yes is the positive class there; as "fail" it gives precision and F1 of Yes.

    The published figures take the 14 answers that one judge did not give for a No.
    """
    folder = shared_data / "ttcw" / "Art_or_Artifice"
    votes: dict[str, Counter[str]] = {}
    for row in json.loads((folder / "annotations/ttcw_annotations.json").read_text()):
        key = f"story_{row['story_id']}_test{row['ttcw_idx']}"
        votes.setdefault(key, Counter())[row["binary_verdict"]] += 1
    answers = {}
    for line in (folder / f"data/annotations_{judge}.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["response"]:
            answers[row["id"]] = row["response"].lower().startswith("yes")
    keys = sorted(votes)
    human = [votes[key]["Yes"] > 1 for key in keys]
    said = [answers.get(key, False) for key in keys]
    found = align(human, said)
    turned = align(
        [not yes for yes in human], [None if yes is None else not yes for yes in said]
    )
    numbers = (
        found.tpr, found.tnr, found.balanced_accuracy,
        turned.precision_fail, turned.f1_fail, found.kappa,
    )  # fmt: skip
    assert [round(item.value, 3) for item in numbers] == pytest.approx(
        PUBLISHED[judge], abs=1e-9
    )
    assert (sum(human), len(human)) == (228, 672)
    apart = align(human, [answers.get(key) for key in keys])
    assert apart.errors == (14 if judge == "gemini-pro" else 0)
    if judge == "gemini-pro":
        assert [round(apart.tpr.value, 3), round(apart.tnr.value, 3)] == [0.867, 0.084]
    if judge in ("claudev2", "cgpt", "claudev21"):
        assert "Not shown to be better than chance" in found.says


def test_the_matrix_names_the_traces_in_it() -> None:
    human = ["pass", "pass", "fail", "fail", "fail"]
    judge = ["pass", "fail", "pass", None, "fail"]
    ids = ["t0", "t1", "t2", "t3", "t4"]
    found = align(human, judge, trace_ids=ids)
    assert found.trace_ids("pass", "pass") == ("t0",)
    assert found.trace_ids("error", "fail") == ("t3",)
    assert found.trace_ids("error", "pass") == ()
    assert found.differing == ("t2", "t1")
    assert sum(len(one.trace_ids) for one in found.judged) == len(ids)
    assert align(human, judge).differing == ()
    hash(found)
    slices = align_slices(human, judge, ["a", "b", "b", "a", "a"], trace_ids=ids)
    named = {item.split: item.differing for item in slices}
    assert named == {"a": (), "b": ("t2", "t1")}
    assert slices.overall.trace_ids("fail", "fail") == ("t4",)
    with pytest.raises(ValueError, match="differ in length: 5 and 1"):
        align(human, judge, trace_ids=["t0"])
