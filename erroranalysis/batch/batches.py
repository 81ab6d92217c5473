"""A batch, as it stands in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError
from erroranalysis.records import digest, dump, new_id, utc_now
from erroranalysis.sampling import Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from erroranalysis.store import Store


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
        """Return one row a trace: id, stratum (why it is here), chance."""
        import polars as pl

        schema = {
            "trace_id": pl.String,
            "stratum": pl.String,
            "inclusion_probability": pl.Float64,
        }
        rows = [
            (item.trace_id, item.stratum, item.inclusion_probability)
            for item in self.drawn
        ]
        return pl.DataFrame(rows, schema=schema, orient="row")


def pick(store: Store, trace_ids: Sequence[str]) -> Batch:
    """Make a batch of traces that somebody picked by hand; the same for the same ids.

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
    asked = digest("picked", ids)
    if (known := store.batches.same(asked, unfinished=False)) is not None:
        return load(store, known)
    drawn = [Drawn(trace_id, None, None) for trace_id in ids]
    made = {"strategy": "picked", "label_sampling": "error_hunt", "seed": 0}
    return write(store, made, drawn, len(ids), {"n": len(ids), "asked": asked})


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


def write(
    store: Store,
    made: Mapping[str, object],
    drawn: Sequence[Drawn],
    population: int,
    parameters: Mapping[str, object],
) -> Batch:
    """Write a batch down: how it was made, its traces, what they were drawn from."""
    batch_id = new_id("b")
    row = {
        **made,
        "batch_id": batch_id,
        "parameters": dump(dict(parameters)),
        "population": population,
        "created_at": utc_now(),
    }
    items = [
        {
            "batch_id": batch_id,
            "position": place,
            "trace_id": item.trace_id,
            "stratum": item.stratum,
            "inclusion_probability": item.inclusion_probability,
        }
        for place, item in enumerate(drawn)
    ]
    store.batches.add(row, items)
    ids = tuple(item.trace_id for item in drawn)
    strategy, sampling = str(made["strategy"]), str(made["label_sampling"])
    return Batch(batch_id, strategy, ids, sampling, population, tuple(drawn))
