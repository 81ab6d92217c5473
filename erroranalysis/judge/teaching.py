"""What a judge learns from: splits that do not leak, and critiques of train traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis import splits
from erroranalysis.clustering import near_duplicates
from erroranalysis.errors import LeakageError, NothingToDoError
from erroranalysis.prompts import LONGEST_CASE, Shown, conversation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from erroranalysis.store import Store

_FEWEST_FAILS = 3


def place(
    store: Store, mode_id: str, name: str, labels: Mapping[str, str], *, seed: int
) -> dict[str, str]:
    """Give every labelled trace a split, once, and return the splits.

    Traces of one session, and near-duplicates, move together, so that nothing that
    teaches a judge comes back in the traces it is measured on.

    Raises
    ------
    NothingToDoError
        There are too few failing traces to have one in each split.
    """
    fails = sum(label == "fail" for label in labels.values())
    if fails < _FEWEST_FAILS or fails == len(labels):
        raise NothingToDoError(
            f"A judge for {name!r} needs at least {_FEWEST_FAILS} failing traces and"
            f" some passing ones; there are {fails} of {len(labels)}. Assign more"
            f" notes: project.taxonomy.assign(trace_ids, {name!r}), or read more"
            " traces."
        )
    known = store.judging.splits(mode_id)
    missing = [trace_id for trace_id in labels if trace_id not in known]
    if missing:
        groups = _groups(store, list({**labels, **known}))
        placed = splits.assign(
            labels, groups, known={k: (s, groups[k]) for k, (s, _) in known.items()},
            seed=seed,
        )  # fmt: skip
        store.judging.add_splits(mode_id, {key: placed[key] for key in missing})
        known = store.judging.splits(mode_id)
    return {trace_id: split for trace_id, (split, _) in known.items()}


def shown(
    store: Store,
    trace_ids: Sequence[str],
    placed: Mapping[str, str],
    labels: Mapping[str, str],
    annotator: str,
) -> list[Shown]:
    """Return traces with critiques, for a prompt.

    Raises
    ------
    LeakageError
        One of them is not in the train split.
    """
    for trace_id in trace_ids:
        split = placed.get(trace_id)
        if split != "train":
            where = f"in the {split} split" if split else "in no split"
            raise LeakageError(
                f"Trace {trace_id!r} is {where}; a prompt may show traces of the train"
                " split only, or the judge would be measured on what it was taught."
            )
    notes = store.annotations.current(annotator)
    return [
        Shown(
            trace.id,
            conversation(trace, longest=LONGEST_CASE, instructions=False),
            labels[trace.id],
            str(notes[trace.id].critique or ""),
        )
        for trace in store.traces.many(trace_ids)
        if trace.id in notes
    ]


def _groups(store: Store, trace_ids: list[str]) -> dict[str, str]:
    """Return the group of every trace: linked by session or by likeness."""
    traces = store.traces.many(trace_ids)
    texts = [
        "\n".join(m["content"] for m in trace.messages if m["role"] != "system")
        for trace in traces
    ]
    twins = near_duplicates(texts)
    leader = {
        trace.id: traces[twin].id for trace, twin in zip(traces, twins, strict=True)
    }
    session_leader: dict[str, str] = {}
    merged: dict[str, str] = {}
    for trace in traces:
        if trace.session_id is None:
            continue
        mine = _follow(merged, leader[trace.id])
        first = _follow(merged, session_leader.setdefault(trace.session_id, mine))
        if first != mine:
            merged[mine] = first
    return {trace.id: _follow(merged, leader[trace.id]) for trace in traces}


def _follow(merged: Mapping[str, str], name: str) -> str:
    while name in merged:
        name = merged[name]
    return name
