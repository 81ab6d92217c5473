"""How long a project with a million traces takes to open, to count and to look into.

Run ``python benchmarks/million.py``. Every call starts with the file closed, so each
time includes opening it. The ids are random, the worst case for finding one of them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from erroranalysis.ingest.spool import Spool
from erroranalysis.records import Annotation, Trace, dump, utc_now
from erroranalysis.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 20
LIMIT_MS = 100
CHUNK = 100_000


def trace_id(number: int) -> str:
    """Return ids in no order, as UUIDs are."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def fill(spool: Path, count: int) -> None:
    """Replace the spool's traces by many, without a Python object for each."""
    import polars as pl
    import pyarrow as pa
    from pyarrow import parquet

    schema = parquet.read_schema(spool / "traces.parquet")
    text = "I asked for a late check-out and a quiet room, and got neither of them. "
    with parquet.ParquetWriter(
        spool / "traces.parquet", schema, compression="zstd"
    ) as writer:
        for first in range(0, count, CHUNK):
            numbers = range(first, min(first + CHUNK, count))
            messages = [
                dump(
                    [
                        {"role": "user", "content": f"Booking {n}: {text * 3}"},
                        {"role": "assistant", "content": f"{n % 97} nights. {text}"},
                    ]
                )
                for n in numbers
            ]
            ids = [trace_id(n) for n in numbers]
            frame = pl.DataFrame(
                {
                    "id": ids,
                    "source": "million.jsonl",
                    "session_id": [f"s{n // 4}" for n in numbers],
                    "started_at": utc_now(),
                    "input": text,
                    "output": text,
                    "messages": messages,
                    "model": "model-a",
                    "input_tokens": list(numbers),
                    "metadata": [dump({"release": n % 9}) for n in numbers],
                    "content_hash": [one[::-1] for one in ids],
                    "load_id": "l_million",
                    "place": list(numbers),
                }
            ).to_arrow()
            columns = [
                frame[field.name].cast(field.type)
                if field.name in frame.column_names
                else pa.nulls(len(frame), field.type)
                for field in schema
            ]
            writer.write_table(pa.table(columns, schema=schema))


def build(path: str, count: int) -> None:
    store = Store(path)
    began = time.perf_counter()
    with Spool("l_million") as spool:
        folder = spool.finish()
        fill(folder, count)
        parsed = time.perf_counter()
        load = {
            "load_id": "l_million",
            "source": "million.jsonl",
            "format": "chat",
            "seconds": 0.0,
            "created_at": utc_now(),
        }
        counts, _ = store.traces.commit_load([folder], load)
    committed = time.perf_counter()
    store.annotations.add_all(
        [
            Annotation(trace_id(n), f"person-{n % 3}", "fail" if n % 3 else "pass", "…")
            for n in range(0, count, max(1, count // 10_000))
        ]
    )
    store.close()
    size = Path(path).stat().st_size / 2**20
    print(f"{counts['new']:,} traces and 10,000 annotations, {size:,.0f} MiB")
    print(f"parsed in {parsed - began:.0f} s, committed in {committed - parsed:.0f} s")


def measure(
    name: str, call: Callable[[int], object], after: Callable[[], None]
) -> float:
    """Time calls that begin with the file closed; return the median."""
    call(0)
    after()
    times = []
    for number in range(1, REPEATS + 1):
        began = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - began) * 1e3)
        after()
    median = statistics.median(times)
    late = f"   over {LIMIT_MS} ms" if median > LIMIT_MS else ""
    print(f"{name:<28}{median:9.1f}{max(times):9.1f}{late}")
    return median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    count = parser.parse_args().traces
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "million.duckdb")
        build(path, count)
        print(f"{'ms, with opening the file':<28}   median    worst")
        # nothing else of this process uses the file: this starts the engine, too
        opened: list[Store] = []
        medians = [
            measure(
                "Store(path)",
                lambda _: opened.append(Store(path)),
                lambda: opened.pop().close(),
            )
        ]
        store = Store(path)

        def get(number: int) -> Trace:
            return store.traces.get(trace_id(number * 48_611 % count))

        def add(number: int) -> Annotation:
            return store.annotations.add(Annotation(trace_id(number), "me", "pass"))

        medians += [
            measure("store.counts()", lambda _: store.counts(), store.close),
            measure("store.traces.get(id)", get, store.close),
            measure("store.annotations.add(…)", add, store.close),
        ]
    raise SystemExit(max(medians) > LIMIT_MS)


if __name__ == "__main__":
    main()
