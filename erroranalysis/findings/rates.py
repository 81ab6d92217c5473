"""Failure rates: the method follows from how the labelled traces were chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erroranalysis.measure import (
    Estimate,
    FailureRate,
    FailureRates,
    clustered_rate,
    corrected_rate,
    weighted_rate,
    wilson,
)
from erroranalysis.records import digest
from erroranalysis.representative import Representative, representative
from erroranalysis.splits import FRACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from erroranalysis.store import Store

_HEX = 8
_WORTH = 2  # traces that only the judge read, for one that a person labelled


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
    found = representative(store, annotator)
    overall = _labels_only(found.failed, found)
    modes = [_one_mode(store, mode, found) for mode in store.modes.active()]
    modes.sort(key=lambda item: (-item.labels_only.value, item.mode))
    failing = tuple(trace_id for trace_id, fails in found.failed.items() if fails)
    return FailureRates(overall, tuple(modes), found.sampling, found.annotator, failing)


def _no_correction(found: Representative, unlabelled: int) -> str:
    """Say why a judge does not correct these labels, or nothing.

    Counts alone decide: to look at the interval first, and take the narrower one,
    covers less than 95 %.
    """
    if found.sampling != "random":
        return f"labels only: sampling is {found.sampling}"
    if found.sessions:
        return "labels only: whole sessions were drawn"
    if found.new_only:
        return "labels only: only new traces were drawn, and the judge saw all"
    if not unlabelled:
        return "the judge has not been run on unlabelled traces: judge.run('all')"
    if unlabelled < _WORTH * len(found.failed):
        return (
            f"labels only: beside {len(found.failed)} labelled traces the judge read"
            f" {unlabelled} more, and helps from about {_WORTH} times as many"
        )
    return ""


def _labels_only(failed: Mapping[str, bool], found: Representative) -> Estimate:
    ids = list(failed)
    values = [failed[trace_id] for trace_id in ids]
    chances = [found.chances[trace_id] for trace_id in ids]
    if found.sessions:
        sessions = [found.sessions[trace_id] for trace_id in ids]
        return clustered_rate(values, chances, sessions, assumes=found.assumes)
    if found.sampling == "stratified":
        return weighted_rate(values, chances, assumes=found.assumes)
    return wilson(sum(values), len(values), assumes=found.assumes)


def _one_mode(
    store: Store, mode: Mapping[str, Any], found: Representative
) -> FailureRate:
    labels = store.modes.labels(mode["mode_id"], found.annotator)
    counted = {
        trace_id: labels.get(trace_id) == "fail" for trace_id in found.failed
    }  # a failing trace without a mode is no failure of this mode yet
    alone = _labels_only(counted, found)
    failing = tuple(trace_id for trace_id, fails in counted.items() if fails)
    result = FailureRate(
        mode["name"], alone, alone, note="labels only: no judge yet", trace_ids=failing
    )
    judges = store.judging.judges(mode["mode_id"])
    judges = [row for row in judges if row["annotator"] == found.annotator]
    if not judges:
        return result
    judge = judges[-1]
    verdicts = {
        row["trace_id"]: row["verdict"]
        for row in store.judging.verdicts(judge["judge_id"])
        if row["verdict"]
    }
    raw = wilson(sum(verdict == "fail" for verdict in verdicts.values()), len(verdicts))
    name = f"{mode['name']} v{judge['version']}"
    result = replace(result, judge_only=raw, judge=name)
    taught = _taught(store, mode["mode_id"], counted)
    seen = Counter(
        verdict
        for trace_id, verdict in verdicts.items()
        if trace_id not in counted and trace_id not in taught
    )
    if why := _no_correction(found, seen.total()):
        return replace(result, note=why)
    pairs = Counter(
        (verdicts[trace_id], "fail" if fails else "pass")
        for trace_id, fails in counted.items()
        if trace_id in verdicts and trace_id not in taught
    )
    return _corrected(result, pairs, seen)


def _taught(store: Store, mode_id: str, counted: Iterable[str]) -> set[str]:
    """Return the traces that may have taught the judge: the whole train split.

    Those that did were picked by how they ended; to leave out only them would make the
    others look unlike all traces. A note of no mode has no split, and of these as many
    are left out, or they would weigh more than the others.
    """
    placed = {
        trace_id: split
        for trace_id, (split, _) in store.judging.splits(mode_id).items()
    }
    taught = {trace_id for trace_id, split in placed.items() if split == "train"}
    for trace_id in counted:
        lot = int(digest(trace_id)[:_HEX], 16) / 16**_HEX
        if trace_id not in placed and lot < FRACTIONS[0]:
            taught.add(trace_id)
    return taught


def _corrected(
    result: FailureRate, pairs: Counter[tuple[str, str]], seen: Counter[str]
) -> FailureRate:
    found = corrected_rate(
        both_pass=pairs["pass", "pass"],
        judge_pass_human_fail=pairs["pass", "fail"],
        judge_fail_human_pass=pairs["fail", "pass"],
        both_fail=pairs["fail", "fail"],
        unlabelled_pass=seen["pass"],
        unlabelled_fail=seen["fail"],
        label_sampling="random",
    )
    # what taught the judge is in the labels that are shown beside, and not in these
    says = replace(found, labels_only=result.labels_only).says
    note = f"corrected for errors of {result.judge}: {says}"
    return replace(result, rate=found.failure_rate, note=note)
