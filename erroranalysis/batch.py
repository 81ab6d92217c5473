"""Batches: samples of traces to read, drawn and written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.records import dump, new_id, utc_now
from erroranalysis.sampling import Drawn, draw_random, draw_stratified

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from erroranalysis.store import Store

STRATEGIES = ("random", "stratified")
ALLOCATIONS = ("proportional", "equal")


@dataclass(frozen=True)
class Batch:
    """Traces to read, in reading order.

    Attributes
    ----------
    batch_id : str
        Id of the batch.
    strategy : str
        How they were chosen.
    trace_ids : tuple of str
        The traces.
    label_sampling : str
        What rates the labels of this batch will allow.
    population : int
        Traces that could have been drawn.
    """

    batch_id: str
    strategy: str
    trace_ids: tuple[str, ...]
    label_sampling: str
    population: int
    drawn: tuple[Drawn, ...] = ()

    def __len__(self) -> int:
        """Return the number of traces."""
        return len(self.trace_ids)

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"Batch({len(self)} of {self.population:,} traces, {self.strategy},"
            f" {self.batch_id!r})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a trace: id, stratum, inclusion probability."""
        import polars as pl

        schema = {
            "trace_id": pl.String,
            "stratum": pl.String,
            "inclusion_probability": pl.Float64,
        }
        return pl.DataFrame([vars(item) for item in self.drawn], schema=schema)


def draw(
    store: Store,
    n: int,
    *,
    by: str = "random",
    strata: Sequence[str] = (),
    allocation: str = "proportional",
    exclude_annotated: bool = True,
    seed: int = 0,
) -> Batch:
    """Draw a batch and write it down.

    Raises
    ------
    NothingToDoError
        There are no traces, or all were read.
    UnknownNameError
        There is no such strategy, allocation or metadata key.
    """
    if by not in STRATEGIES:
        raise UnknownNameError.among("sampling strategy", by, STRATEGIES)
    if allocation not in ALLOCATIONS:
        raise UnknownNameError.among("allocation", allocation, ALLOCATIONS)
    if n < 1:
        raise NothingToDoError(f"A sample of {n} traces is empty; ask for one or more.")
    read, picked = _read(store) if exclude_annotated else (set(), 0)
    ids = [trace_id for trace_id in store.traces.ids() if trace_id not in read]
    if not ids:
        raise NothingToDoError(
            f"All {len(read):,} traces were read already. Read some again:"
            " sample(…, exclude_annotated=False), or ingest more."
            if read
            else "There are no traces yet: project.ingest('traces.jsonl')."
        )
    if by == "stratified":
        cells = _strata(store, strata, set(ids))
        drawn = draw_stratified(cells, n, seed=seed, allocation=allocation)
    else:
        drawn = draw_random(ids, n, seed=seed)
    parameters = {
        "n": n,
        "strata": list(strata),
        "allocation": allocation if by == "stratified" else None,
        "excluded": len(read),
        "excluded_picked_by_hand": picked,
    }
    return _write(store, by, by, drawn, len(ids), seed, parameters)


def pick(store: Store, trace_ids: Sequence[str]) -> Batch:
    """Make a batch of traces that somebody picked by hand.

    Raises
    ------
    UnknownNameError
        One of the ids is not in the project.
    """
    ids = list(dict.fromkeys(trace_ids))
    if not ids:
        raise NothingToDoError("No trace ids were given; sample(100) draws some.")
    if unknown := store.traces.unknown(ids):
        store.traces.get(unknown[0])  # raises, with the ids that come close
    drawn = [Drawn(trace_id, None, float("nan")) for trace_id in ids]
    return _write(store, "picked", "error_hunt", drawn, len(ids), 0, {"n": len(ids)})


def choose(store: Store, batch: Batch | str | Sequence[str] | None) -> Batch:
    """Return the batch that a user means.

    Parameters
    ----------
    store : Store
        The project.
    batch : Batch, str, sequence of str or None
        A batch, the id of one, trace ids, or the batch that was drawn last; 100
        random traces where there is none.
    """
    if batch is None:
        newest = store.batches.newest()
        return load(store, newest) if newest else draw(store, 100)
    if isinstance(batch, Batch):
        return batch
    return load(store, batch) if isinstance(batch, str) else pick(store, batch)


def load(store: Store, batch_id: str) -> Batch:
    """Return a batch that was drawn before."""
    row, items = store.batches.get(batch_id)
    drawn = tuple(
        Drawn(item["trace_id"], item["stratum"], item["inclusion_probability"])
        for item in items
    )
    return Batch(
        row["batch_id"],
        row["strategy"],
        tuple(item.trace_id for item in drawn),
        row["label_sampling"],
        int(row["population"]),
        drawn,
    )


def _read(store: Store) -> tuple[set[str], int]:
    """Return the traces that were read, and how many of them had not been drawn."""
    read: set[str] = set()
    picked: set[str] = set()
    for annotator in store.annotations.annotators():
        for row in store.annotations.sampling(annotator):
            read.add(row["trace_id"])
            if row["label_sampling"] not in STRATEGIES:
                picked.add(row["trace_id"])
    return read, len(picked)


def _strata(store: Store, names: Sequence[str], ids: set[str]) -> dict[str, str | None]:
    known = [*store.traces.metadata_keys(), "model", "source", "month"]
    if not names:
        example = known[0] if known else "model"
        raise UnknownNameError.among(
            "stratum", "", known, hint=f"Name one or more: strata=[{example!r}]."
        )
    for name in names:
        if name not in known:
            raise UnknownNameError.among("metadata key", name, known)
    columns = ["started_at" if name == "month" else name for name in names]
    cells: dict[str, str | None] = {}
    for trace_id, *values in store.traces.values(columns).iter_rows():
        if trace_id in ids:
            shown = [
                (value or "(none)")[:7] if name == "month" else (value or "(none)")
                for name, value in zip(names, values, strict=True)
            ]
            cells[trace_id] = " · ".join(shown)
    return cells


def _write(
    store: Store,
    strategy: str,
    label_sampling: str,
    drawn: Sequence[Drawn],
    population: int,
    seed: int,
    parameters: dict[str, object],
) -> Batch:
    batch_id = new_id("b")
    row = {
        "batch_id": batch_id,
        "strategy": strategy,
        "parameters": dump(parameters),
        "seed": seed,
        "label_sampling": label_sampling,
        "population": population,
        "created_at": utc_now(),
    }
    items = [
        {
            "batch_id": batch_id,
            "position": place,
            "trace_id": item.trace_id,
            "stratum": item.stratum,
            # a trace picked by hand had no chance that could be known
            "inclusion_probability": (
                None if strategy == "picked" else item.inclusion_probability
            ),
        }
        for place, item in enumerate(drawn)
    ]
    store.batches.add(row, items)
    ids = tuple(item.trace_id for item in drawn)
    return Batch(batch_id, strategy, ids, label_sampling, population, tuple(drawn))
