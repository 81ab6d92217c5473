"""How often each failure mode was seen, and what is still unseen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from erroranalysis.measure import ModeCount, Pareto, saturation, wilson
from erroranalysis.representative import representative

if TYPE_CHECKING:
    from erroranalysis.measure import Saturation
    from erroranalysis.store import Store


def pareto(store: Store, annotator: str | None) -> Pareto:
    """Count failing traces by failure mode, the most frequent first."""
    annotator = store.annotations.reference(annotator)
    current = store.annotations.current(annotator)
    read = [item for item in current.values() if item.verdict in ("pass", "fail")]
    failed = {item.trace_id for item in read if item.verdict == "fail"}
    traces: dict[str, list[str]] = {mode["name"]: [] for mode in store.modes.active()}
    placed = _placed(store, annotator)
    for trace_id in failed:
        for mode in placed.get(trace_id, ()):
            traces[mode].append(trace_id)
    assumes = "the traces that were read are a random sample"
    counts = [
        ModeCount(
            name,
            len(ids),
            wilson(len(ids), len(read), assumes=assumes),
            tuple(sorted(ids)),
        )
        for name, ids in traces.items()
    ]
    counts.sort(key=lambda item: (-item.count, item.mode))
    unplaced = len(failed - placed.keys())
    return Pareto(tuple(counts), len(read), len(failed), unplaced, annotator)


def saturated(store: Store, annotator: str | None) -> Saturation:
    """Say how much failure is still unseen after the traces drawn by chance."""
    found = representative(store, annotator, what="saturation")
    acts = store.annotations.current(found.annotator)
    placed = _placed(store, found.annotator)
    unplaced = {
        trace_id
        for trace_id, fails in found.failed.items()
        if fails and trace_id not in placed
    }
    order = [
        trace_id
        for trace_id in acts  # by the id of the act, which is by time
        if trace_id in found.failed and trace_id not in unplaced
    ]
    result = saturation(
        [placed[one] if found.failed[one] else set() for one in order], trace_ids=order
    )
    return replace(result, unplaced=len(unplaced))


def _placed(store: Store, annotator: str) -> defaultdict[str, set[str]]:
    """Return the failure modes of one person's notes, by trace."""
    placed: defaultdict[str, set[str]] = defaultdict(set)
    for row in store.modes.assignments().iter_rows(named=True):
        if row["annotator"] == annotator:
            placed[row["trace_id"]].add(row["mode"])
    return placed
