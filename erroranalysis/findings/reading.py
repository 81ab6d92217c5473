"""How far the reading has come, and what nobody has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.findings.slices import FACTS
from erroranalysis.measure import (
    ReadingCoverage,
    ReadingProgress,
    reading_coverage,
    reading_progress,
)
from erroranalysis.sampling.coverage import clusters
from erroranalysis.store.sampling import PERIODS, Population

if TYPE_CHECKING:
    import polars as pl

    from erroranalysis.store import Store

CLUSTER = "cluster"
_POOL, _LONGEST = 5_000, 2_000
_EVERYBODY = Population(unread=False)


def progress(store: Store) -> ReadingProgress:
    """Count what was read, by day and person, and how long it took.

    Raises
    ------
    NothingToDoError
        Nobody has annotated yet.
    """
    store.annotations.reference()  # or say that nobody has annotated
    rows = _judged(store)
    return reading_progress(
        rows["created_at"].to_list(),
        rows["annotator"].to_list(),
        rows["seconds"].to_list(),
        trace_ids=rows["trace_id"].to_list(),
    )


def coverage(
    store: Store,
    by: str = CLUSTER,
    *,
    annotator: str | None = None,
    seed: int = 0,
) -> ReadingCoverage:
    """Count what was read of every region of the traces.

    Parameters
    ----------
    store : Store
        The project file.
    by : str, default "cluster"
        What makes a region: ``cluster`` groups traces by what users said (of more than
        5,000, a random part and all that were read); a metadata key, ``model``,
        ``source``, ``day``, ``week`` or ``month``.
    annotator : str, optional
        What one person read; what anybody read by default.
    seed : int, default 0
        Seed of the clusters.

    Returns
    -------
    ReadingCoverage
        Traces, and those read, by region.

    Raises
    ------
    NothingToDoError
        There are no traces.
    UnknownNameError
        There is no such fact, or nobody of that name has annotated.
    """
    rows = _judged(store)
    if annotator is not None:
        rows = rows.filter(annotator=store.annotations.reference(annotator))
    read = set(rows["trace_id"].to_list())
    regions = _regions(store, by, read, seed)
    if not regions:
        raise NothingToDoError(
            "There are no traces yet. Load some: project.ingest('traces.jsonl')."
        )
    return reading_coverage(
        list(regions.values()),
        [trace_id in read for trace_id in regions],
        trace_ids=list(regions),
    )


def _judged(store: Store) -> pl.DataFrame:
    import polars as pl

    return store.annotations.frame().filter(pl.col("verdict") != "defer")


def _regions(store: Store, by: str, read: set[str], seed: int) -> dict[str, str]:
    keys = store.traces.metadata_keys()
    if by in keys or by in FACTS:
        return store.sampling.cells(_EVERYBODY, [by])
    if by in PERIODS:
        return store.sampling.periods_of(store.traces.ids(), by)
    if by != CLUSTER:
        known = [*keys, *FACTS, *PERIODS, CLUSTER]
        raise UnknownNameError.among("metadata key", by, known)
    pool = {*store.sampling.pool(_EVERYBODY, _POOL, seed=seed), *read}
    return clusters(store.sampling.asked(sorted(pool), _LONGEST), seed=seed)
