"""How far people agree, with each other and with themselves, and where they differ."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from erroranalysis.charts import rating_strip
from erroranalysis.errors import NothingToDoError
from erroranalysis.measure import cohen_kappa, disagreements, rater_agreement

if TYPE_CHECKING:
    from erroranalysis.charts import RatingStrip
    from erroranalysis.measure import (
        Agreement,
        RaterAgreement,
        RaterDisagreements,
    )
    from erroranalysis.store import Store

_ALONE = (
    "Only {} has annotated. Agreement needs a second person on the same traces:"
    " project.annotate(batch, annotator='someone else')."
)


def agreement(store: Store, first: str | None, second: str | None) -> Agreement:
    """Measure how far two annotators agree on the traces that both judged.

    The same name twice measures one person against themselves, on the traces that they
    read again blind.

    Raises
    ------
    NothingToDoError
        There are no two annotators, or they share no trace.
    """
    if first is not None and first == second:
        return _steadiness(store, store.annotations.reference(first))
    names = store.annotations.annotators()
    first = store.annotations.reference(first)
    others = [name for name in names if name != first]
    if second is None and not others:
        raise NothingToDoError(_ALONE.format(first))
    second = store.annotations.reference(second or others[0])
    mine = store.annotations.current(first)
    theirs = store.annotations.current(second)
    verdicts = [
        (str(mine[key].verdict), str(theirs[key].verdict))
        for key in mine
        if key in theirs and "defer" not in (mine[key].verdict, theirs[key].verdict)
    ]
    if not verdicts:
        raise NothingToDoError(
            f"{first} and {second} have judged no trace in common. Let {second} read"
            f" {first}'s traces: project.annotate(batch, annotator={second!r})."
        )
    ours, yours = zip(*verdicts, strict=True)
    return cohen_kappa(ours, yours, raters=(first, second))


def _steadiness(store: Store, annotator: str) -> Agreement:
    pairs = store.annotations.rereadings(annotator)
    if not pairs:
        raise NothingToDoError(
            f"{annotator} has read no trace again. Draw some:"
            f" batch = project.sample(30, by='recheck', annotator={annotator!r});"
            f" project.annotate(batch, annotator={annotator!r})."
        )
    _, before, again = zip(*pairs, strict=True)
    raters = (annotator, f"{annotator} again")
    return cohen_kappa(before, again, raters=raters)


def raters(store: Store) -> RaterAgreement:
    """Measure how far all annotators agree on the traces that several judged.

    Raises
    ------
    NothingToDoError
        Nobody, or only one person, has annotated, or no trace has two verdicts.
    """
    names, ids, rows = _ratings(store)
    return rater_agreement(rows, raters=names, trace_ids=ids)


def rater_disagreements(store: Store) -> RaterDisagreements:
    """Find the traces, and the failure modes, on which annotators differ.

    Raises
    ------
    NothingToDoError
        Nobody, or only one person, has annotated, or no trace has two verdicts.
    """
    _, ids, rows = _ratings(store)
    modes: dict[str, set[str]] = defaultdict(set)
    for trace_id, mode in (
        store.modes.assignments().select("trace_id", "mode").iter_rows()
    ):
        modes[trace_id].add(mode)
    return disagreements(
        rows, trace_ids=ids, modes=[modes[trace_id] for trace_id in ids]
    )


def ratings(store: Store) -> RatingStrip:
    """Return who said what of the traces that several judged.

    Raises
    ------
    NothingToDoError
        Nobody, or only one person, has annotated, or no trace has two verdicts.
    """
    names, ids, rows = _ratings(store)
    return rating_strip(rows, raters=names, trace_ids=ids)


def _ratings(store: Store) -> tuple[list[str], list[str], list[list[str | None]]]:
    """Return annotators, the traces that several judged, and a row of verdicts each."""
    names = store.annotations.annotators()
    store.annotations.reference()  # or say that nobody has annotated
    if len(names) == 1:
        raise NothingToDoError(_ALONE.format(names[0]))
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        for trace_id, item in store.annotations.current(name).items():
            if item.verdict in ("pass", "fail"):
                said[trace_id][name] = item.verdict
    ids = sorted(trace_id for trace_id, found in said.items() if len(found) > 1)
    if not ids:
        raise NothingToDoError(
            f"{' and '.join(names[:2])} have judged no trace in common. Let"
            f" {names[1]} read {names[0]}'s traces:"
            f" project.annotate(batch, annotator={names[1]!r})."
        )
    return (
        names,
        ids,
        [[said[trace_id].get(name) for name in names] for trace_id in ids],
    )
