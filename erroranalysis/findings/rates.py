"""Failure rates: the method follows from how the labelled traces were chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.errors import NoHonestEstimateError
from erroranalysis.measure import (
    Estimate,
    FailureRate,
    FailureRates,
    clustered_rate,
    corrected_rate,
    weighted_rate,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.store import Store

_PICKED = "excluded_picked_by_hand"
_HUNTED = "excluded_hunted"
_ALIKE = "like another trace"
_NOT_DRAWN = {
    "mixed": "hunted traces of mixed batches",
    None: "labelled traces whose choice nobody recorded",
    _ALIKE: "traces that were read for being like another",
}
_UNKNOWN = (
    "the labelled traces are a random sample: nobody recorded how they were chosen"
)


@dataclass(frozen=True)
class _Usable:
    """Labels that count: how they were chosen, and the chance of each trace."""

    sampling: str
    chances: dict[str, float]
    assumes: str
    sessions: dict[str, str] = field(default_factory=dict)
    new_only: bool = False

    def no_correction(self, unlabelled: bool) -> str:  # noqa: FBT001 - a fact
        """Say why a judge cannot correct these, or nothing."""
        if self.sampling != "random":
            return f"labels only: sampling is {self.sampling}"
        if self.sessions:
            return "labels only: whole sessions were drawn"
        if self.new_only:
            return "labels only: only new traces were drawn, and the judge saw all"
        if not unlabelled:
            return "the judge has not been run on unlabelled traces: judge.run('all')"
        return ""


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
    usable = _usable(store, annotator, verdicts)
    failed = {trace_id: verdicts[trace_id] == "fail" for trace_id in usable.chances}
    overall = _labels_only(failed, usable)
    modes = [_one_mode(store, mode, annotator, usable) for mode in store.modes.active()]
    modes.sort(key=lambda item: (-item.labels_only.value, item.mode))
    return FailureRates(overall, tuple(modes), usable.sampling, annotator)


def _usable(store: Store, annotator: str, verdicts: Mapping[str, Any]) -> _Usable:
    """Return the labels that count, how they were chosen, and what that assumes."""
    rows = [
        row
        for row in store.annotations.sampling(annotator)
        if row["trace_id"] in verdicts
    ]
    honest = [row for row in rows if row["inclusion_probability"] is not None]
    if honest:
        return _drawn(store, honest, rows)
    unknown = [row for row in rows if row["label_sampling"] is None]
    if unknown:
        return _Usable("unknown", {row["trace_id"]: 1.0 for row in unknown}, _UNKNOWN)
    kinds = Counter(_how(row) for row in rows)
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    raise NoHonestEstimateError(
        f"No honest failure rate can be given: of {annotator}'s labelled traces none"
        f" was drawn at random ({found}). Traces that were picked because they looked"
        " bad say nothing about how often the product fails. Read a random sample:"
        " project.annotate(project.sample(100, by='random'))."
    )


def _drawn(
    store: Store, honest: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> _Usable:
    """Take labels of one population: all traces, or else what most were drawn from.

    A random sample of new traces beside one of all would count the new ones twice.
    """
    populations = Counter(row["since"] for row in honest)
    since = None if None in populations else populations.most_common(1)[0][0]
    usable = [row for row in honest if row["since"] == since]
    chances = {row["trace_id"]: float(row["inclusion_probability"]) for row in usable}
    kind = "stratified" if any(_weighted(row) for row in usable) else "random"
    if kind == "random":
        chances = dict.fromkeys(chances, 1.0)
    says = [f"only traces since {since} were drawn"] if since else []
    if len(honest) > len(usable):
        others = ", ".join(str(name) for name in populations if name != since)
        says.append(
            f"{len(honest) - len(usable)} labelled traces of another draw, since"
            f" {others}, are left out"
        )
    says += _not_drawn(rows)
    says += _left_out(store, {row["batch_id"] for row in usable})
    sessions = {
        row["trace_id"]: row["session"] or f"trace {row['trace_id']}" for row in usable
    }
    if all(row["session"] is None for row in usable):
        sessions = {}
    return _Usable(kind, chances, "; ".join(says), sessions, bool(since))


def _how(row: Mapping[str, Any]) -> str | None:
    """Return how a trace without a chance came to be read; None where nobody knows."""
    if (row["stratum"] or "").startswith("like "):
        return _ALIKE
    how: str | None = row["label_sampling"]
    return how


def _not_drawn(rows: list[dict[str, Any]]) -> list[str]:
    """Count the labels that no chance led to; hunts of their own go without saying."""
    kinds = Counter(_how(row) for row in rows if row["inclusion_probability"] is None)
    return [
        f"{kinds[how]} {what} are left out"
        for how, what in _NOT_DRAWN.items()
        if kinds[how]
    ]


def _weighted(row: Mapping[str, Any]) -> bool:
    """Say whether the traces of a batch had unequal chances."""
    return row["label_sampling"] == "stratified" or bool(row["stratum"])


def _left_out(store: Store, batch_ids: set[str]) -> list[str]:
    """Say it where traces that were picked or hunted could not be drawn any more."""
    parameters = [
        orjson.loads(store.batches.get(batch_id)[0]["parameters"])
        for batch_id in batch_ids
    ]
    left_out = max(int(one.get(_PICKED, 0)) for one in parameters)
    if not left_out:
        return []
    hunted = any(one.get(_HUNTED) for one in parameters)
    how = "hunted or picked by hand" if hunted else "picked by hand"
    return [f"{left_out} traces {how} were left out of the draw"]


def _labels_only(failed: Mapping[str, bool], usable: _Usable) -> Estimate:
    ids = list(failed)
    values = [failed[trace_id] for trace_id in ids]
    chances = [usable.chances[trace_id] for trace_id in ids]
    if usable.sessions:
        sessions = [usable.sessions[trace_id] for trace_id in ids]
        return clustered_rate(values, chances, sessions, assumes=usable.assumes)
    if usable.sampling == "stratified":
        return weighted_rate(values, chances, assumes=usable.assumes)
    return wilson(sum(values), len(values), assumes=usable.assumes)


def _one_mode(
    store: Store, mode: Mapping[str, Any], annotator: str, usable: _Usable
) -> FailureRate:
    labels = store.modes.labels(mode["mode_id"], annotator)
    counted = {
        trace_id: labels.get(trace_id) == "fail" for trace_id in usable.chances
    }  # a failing trace without a mode is no failure of this mode yet
    alone = _labels_only(counted, usable)
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
    if why := usable.no_correction(bool(unlabelled)):
        return FailureRate(mode["name"], alone, alone, raw, name, why)
    pairs = Counter(
        (verdicts[trace_id], "fail" if fails else "pass")
        for trace_id, fails in counted.items()
        if trace_id in verdicts and trace_id not in taught
    )
    seen = Counter(unlabelled)
    # always this one: to take whichever interval is narrower covers less than 95 %
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
    says = replace(found, labels_only=alone).says
    note = f"corrected for errors of {name}: {says}"
    return FailureRate(mode["name"], found.failure_rate, alone, raw, name, note)
