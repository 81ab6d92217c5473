"""Where the product fails: by a fact of the traces, such as channel, model or month."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from erroranalysis.errors import NoHonestEstimateError, UnknownNameError
from erroranalysis.measure import (
    Comparison,
    SliceGrid,
    SliceRates,
    slice_grid,
    slice_rates,
    unpaired_comparison,
)
from erroranalysis.representative import Representative, representative
from erroranalysis.store.sampling import PERIODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.store import Store

FACTS = ("model", "source")
_UNEVEN = 1.01  # chances this close count as the same


def slices(
    store: Store, by: str, *, mode: str | None = None, annotator: str | None = None
) -> SliceRates:
    """Estimate how often the product fails in each slice.

    Parameters
    ----------
    store : Store
        The project file.
    by : str
        A metadata key, ``model``, ``source``, ``day``, ``week`` or ``month``.
    mode : str, optional
        Count only this failure mode.
    annotator : str, optional
        Whose verdicts; the busiest annotator's by default.

    Returns
    -------
    SliceRates
        A rate a slice, raw and shrunken, and which slices stand out.

    Raises
    ------
    NothingToDoError
        Nobody has annotated yet.
    NoHonestEstimateError
        No labelled trace was drawn at random, or those of one slice had unequal
        chances.
    UnknownNameError
        There is no such fact, failure mode or annotator.
    """
    found = representative(store, annotator, what="rate of slices")
    values = values_of(store, found, by)
    even(found, values, by)
    failed = failures(store, found, mode)
    ids = list(failed)
    rates = slice_rates(
        list(failed.values()), [values[trace_id] for trace_id in ids], trace_ids=ids
    )
    assumes = "; ".join(filter(None, (rates.overall.assumes, found.caveat)))
    return replace(rates, overall=replace(rates.overall, assumes=assumes))


def modes_by(store: Store, by: str, *, annotator: str | None = None) -> SliceGrid:
    """Count every failure mode in every slice; parameters as in :func:`slices`."""
    found = representative(store, annotator, what="rate of slices")
    values = values_of(store, found, by)
    even(found, values, by)
    ids = list(found.failed)
    modes = {
        mode["name"]: list(failures(store, found, mode["name"]).values())
        for mode in store.modes.active()
    }
    return slice_grid(modes, [values[one] for one in ids], by=by, trace_ids=ids)


def compare(
    store: Store,
    by: str,
    first: str,
    second: str,
    *,
    mode: str | None = None,
    annotator: str | None = None,
) -> Comparison:
    """Compare how often traces pass in two slices that were named before looking.

    Raises
    ------
    UnknownNameError
        No labelled trace has such a value; and as :func:`slices`.
    """
    found = representative(store, annotator, what="comparison")
    values = values_of(store, found, by)
    even(found, values, by)
    parts: dict[str, list[bool]] = defaultdict(list)
    for trace_id, fails in failures(store, found, mode).items():
        parts[values[trace_id]].append(not fails)
    for name in (first, second):
        if name not in parts:
            raise UnknownNameError.among(f"{by} of a labelled trace", name, parts)
    result = unpaired_comparison(parts[first], parts[second], names=(first, second))
    assumes = "; ".join(filter(None, (result.difference.assumes, found.caveat)))
    return replace(result, difference=replace(result.difference, assumes=assumes))


def values_of(store: Store, found: Representative, by: str) -> dict[str, str]:
    """Return the value of a fact for every trace that counts.

    Raises
    ------
    UnknownNameError
        There is no such fact.
    """
    keys, ids = store.traces.metadata_keys(), list(found.failed)
    if by in PERIODS and by not in keys:
        return store.sampling.periods_of(ids, by)
    if by not in (*keys, *FACTS):
        raise UnknownNameError.among("metadata key", by, [*keys, *FACTS, *PERIODS])
    return store.sampling.cells_of(ids, [by])


def failures(
    store: Store, found: Representative, mode: str | None
) -> Mapping[str, bool]:
    """Return whether each trace failed: in any way, or in one failure mode.

    Raises
    ------
    UnknownNameError
        There is no such failure mode.
    """
    if mode is None:
        return found.failed
    ids = {item["name"]: item["mode_id"] for item in store.modes.active()}
    if mode not in ids:
        raise UnknownNameError.among("failure mode", mode, ids)
    labels = store.modes.labels(ids[mode], found.annotator)
    return {trace_id: labels.get(trace_id) == "fail" for trace_id in found.failed}


def even(found: Representative, values: Mapping[str, str], by: str) -> None:
    """Refuse slices whose traces had unequal chances: their rates need weights.

    Raises
    ------
    NoHonestEstimateError
        There is such a slice.
    """
    chances: dict[str, set[float]] = defaultdict(set)
    for trace_id, chance in found.chances.items():
        chances[values[trace_id]].add(chance)
    for name, all_of in chances.items():
        if max(all_of) > _UNEVEN * min(all_of):
            raise NoHonestEstimateError(
                f"The labelled traces of {by} {name!r} had unequal chances to be drawn"
                f" ({min(all_of):.2g} to {max(all_of):.2g}): they were stratified by"
                f" something else, and counting them alike would be wrong. Draw a"
                f" sample for this question:"
                f" project.sample(200, by='stratified', strata={by!r})."
            )
