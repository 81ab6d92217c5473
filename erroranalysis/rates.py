"""Failure rates: the method follows from how the labelled traces were chosen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.errors import NoHonestEstimateError
from erroranalysis.measure import (
    Estimate,
    FailureRate,
    FailureRates,
    corrected_pass_rate,
    weighted_rate,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.store import Store

_HONEST = ("random", "stratified")
_PICKED = "excluded_picked_by_hand"
_UNKNOWN = (
    "the labelled traces are a random sample: nobody recorded how they were chosen"
)


def failure_rates(store: Store, *, annotator: str | None = None) -> FailureRates:
    """Estimate how often the product fails, overall and by failure mode.

    Parameters
    ----------
    store : Store
        The project file.
    annotator : str, optional
        Whose verdicts; the busiest annotator's by default.

    Returns
    -------
    FailureRates
        With labels-only and judge-only rates beside every corrected one.

    Raises
    ------
    NoHonestEstimateError
        All labelled traces were picked because they looked bad.
    """
    annotator = store.annotations.reference(annotator)
    verdicts = {
        trace_id: item.verdict
        for trace_id, item in store.annotations.current(annotator).items()
        if item.verdict in ("pass", "fail")
    }
    sampling, chances, assumes = _usable(store, annotator, verdicts)
    failed = {trace_id: verdicts[trace_id] == "fail" for trace_id in chances}
    overall = _labels_only(failed, chances, sampling, assumes)
    modes = [
        _one_mode(store, mode, annotator, chances, sampling, assumes)
        for mode in store.modes.active()
    ]
    modes.sort(key=lambda item: (-item.labels_only.value, item.mode))
    return FailureRates(overall, tuple(modes), sampling, annotator)


def _usable(
    store: Store, annotator: str, verdicts: Mapping[str, Any]
) -> tuple[str, dict[str, float], str]:
    """Return the sampling, the chance of each trace that counts, and the assumption."""
    rows = [
        row
        for row in store.annotations.sampling(annotator)
        if row["trace_id"] in verdicts
    ]
    kinds = Counter(row["label_sampling"] or "unknown" for row in rows)
    honest = [row for row in rows if row["label_sampling"] in _HONEST]
    if honest:
        stratified = any(row["label_sampling"] == "stratified" for row in honest)
        kind = "stratified" if stratified else "random"
        chances = {
            row["trace_id"]: float(row["inclusion_probability"] or 1.0)
            for row in honest
        }
        if kind == "random":
            chances = dict.fromkeys(chances, 1.0)
        return kind, chances, _left_out(store, {row["batch_id"] for row in honest})
    if kinds["unknown"]:
        unknown = [row for row in rows if row["label_sampling"] is None]
        return "unknown", {row["trace_id"]: 1.0 for row in unknown}, _UNKNOWN
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    raise NoHonestEstimateError(
        f"No honest failure rate can be given: of {annotator}'s labelled traces none"
        f" was drawn at random ({found}). Traces that were picked because they looked"
        " bad say nothing about how often the product fails. Read a random sample:"
        " project.annotate(project.sample(100, by='random'))."
    )


def _left_out(store: Store, batch_ids: set[str]) -> str:
    """Say it where traces that were picked by hand could not be drawn any more."""
    left_out = max(
        int(orjson.loads(store.batches.get(batch_id)[0]["parameters"])[_PICKED])
        for batch_id in batch_ids
    )
    if not left_out:
        return ""
    return f"{left_out} traces picked by hand were left out of the draw"


def _labels_only(
    failed: Mapping[str, bool],
    chances: Mapping[str, float],
    sampling: str,
    assumes: str,
) -> Estimate:
    if sampling == "stratified":
        ids = list(failed)
        return weighted_rate(
            [failed[trace_id] for trace_id in ids],
            [chances[trace_id] for trace_id in ids],
            assumes=assumes,
        )
    return wilson(sum(failed.values()), len(failed), assumes=assumes)


def _one_mode(
    store: Store,
    mode: Mapping[str, Any],
    annotator: str,
    chances: Mapping[str, float],
    sampling: str,
    assumes: str,
) -> FailureRate:
    labels = store.modes.labels(mode["mode_id"], annotator)
    counted = {
        trace_id: labels.get(trace_id) == "fail" for trace_id in chances
    }  # a failing trace without a mode is no failure of this mode yet
    alone = _labels_only(counted, chances, sampling, assumes)
    judges = store.judging.judges(mode["mode_id"])
    judges = [row for row in judges if row["annotator"] == annotator]
    if not judges:
        return FailureRate(mode["name"], alone, alone, note="labels only: no judge yet")
    judge = judges[-1]
    name = f"{mode['name']} v{judge['version']}"
    verdicts = {
        row["trace_id"]: row["verdict"]
        for row in store.judging.verdicts(judge["judge_id"])
        if row["verdict"]
    }
    taught = set(judge["examples"] or [])
    unlabelled = [v for key, v in verdicts.items() if key not in labels]
    raw = wilson(sum(verdict == "fail" for verdict in verdicts.values()), len(verdicts))
    if sampling != "random" or not unlabelled:
        why = (
            "the judge has not been run on unlabelled traces: judge.run('all')"
            if sampling == "random"
            else f"labels only: sampling is {sampling}"
        )
        return FailureRate(mode["name"], alone, alone, raw, name, why)
    pairs = Counter(
        (verdicts[trace_id], "fail" if fails else "pass")
        for trace_id, fails in counted.items()
        if trace_id in verdicts and trace_id not in taught
    )
    corrected = _failures(pairs, Counter(unlabelled))
    if corrected.high - corrected.low >= alone.high - alone.low:
        note = "the judge adds nothing here: labels alone are as precise"
        return FailureRate(mode["name"], alone, alone, raw, name, note)
    return FailureRate(
        mode["name"], corrected, alone, raw, name, f"corrected for errors of {name}"
    )


def _failures(pairs: Counter[tuple[str, str]], unlabelled: Counter[str]) -> Estimate:
    passing = corrected_pass_rate(
        both_pass=pairs["pass", "pass"],
        judge_pass_human_fail=pairs["pass", "fail"],
        judge_fail_human_pass=pairs["fail", "pass"],
        both_fail=pairs["fail", "fail"],
        unlabelled_pass=unlabelled["pass"],
        unlabelled_fail=unlabelled["fail"],
    )
    return Estimate(
        1 - passing.value,
        1 - passing.high,
        1 - passing.low,
        passing.n,
        passing.method,
        passing.assumes,
    )
