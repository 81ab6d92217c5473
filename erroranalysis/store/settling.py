"""Traces that arrived in pieces are built again from all their spans.

A trace may be spread over requests, lines, files and imports. What an import met of
it at one time was built at once (``ingest/assembly.py``); where more was met later,
in the same import or in an earlier one, the pieces are put together here.
"""

from __future__ import annotations

import contextlib
import itertools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import orjson

from erroranalysis import ingest
from erroranalysis.records import Reject, Span, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_MEMORY = "256MB"
_ROWS = 1_000

# the order of these columns is that of the fields of a span
COLUMNS = (
    "trace_id, span_id, parent_id, kind, name, epoch_ns(started_at),"
    " epoch_ns(ended_at), input, output, attributes::VARCHAR, status, format"
)
_IN_PIECES = """
CREATE TEMP TABLE pieces AS
SELECT id, min(source) AS source, min(line) AS line
FROM read_parquet($traces) WHERE built GROUP BY id HAVING count(*) > 1
"""


def settle(
    load_id: str, folders: Sequence[Path], stack: contextlib.ExitStack
) -> list[Path]:
    """Build the traces of finished spools that were met in several pieces.

    Parameters
    ----------
    load_id : str
        The import.
    folders : sequence of pathlib.Path
        Folders of the spools.
    stack : contextlib.ExitStack
        Keeps the folder that is returned.

    Returns
    -------
    list of pathlib.Path
        Folder of a spool with the whole traces, or nothing. Of several built traces
        of one id the last counts.
    """
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute(f"SET temp_directory = '{folders[0] / 'overflow'}'")
        connection.execute(_IN_PIECES, {"traces": ingest.spooled(folders)})
        found = connection.execute("FROM pieces").fetchall()
        if not found:
            return []
        last = connection.execute(
            "SELECT max(place) FROM read_parquet(?)", [ingest.spooled(folders)]
        ).fetchone()
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM read_parquet(?)"
            " WHERE trace_id IN (SELECT id FROM pieces) ORDER BY trace_id, place, nth",
            [ingest.spooled(folders, "spans")],
        )
        first = int(last[0]) + 1 if last else 0
        whole = stack.enter_context(ingest.Spool(load_id, first=first))
        rebuild(fetched(rows), whole, {row[0]: (row[1], row[2]) for row in found})
    return [whole.finish()]


# of several built traces of one id the last counts
_LIVE = """
SELECT * FROM read_parquet(?) QUALIFY NOT built
    OR row_number() OVER (PARTITION BY id, built ORDER BY place DESC) = 1
"""
_DOUBTS = f"""
SELECT count(*), count(*) FILTER (coalesce(output, '') = '' AND error IS NULL),
    count(*) FILTER (length = 1), count(*) FILTER (started_at > ?), max(started_at)
FROM ({_LIVE})
"""
_FEW = 0.05
_LIMITS = {1_000, 5_000, 10_000, 50_000, 100_000}


class Doubts(NamedTuple):
    """How many traces finished spools hold, and how many of them look odd."""

    traces: int = 0
    silent: int = 0
    short: int = 0
    future: int = 0
    latest: datetime | None = None


def doubts(
    folders: Sequence[Path], connection: duckdb.DuckDBPyConnection | None = None
) -> Doubts:
    """Look through finished spools for what usually goes wrong."""
    soon = utc_now() + timedelta(days=1)
    with contextlib.ExitStack() as stack:
        use = connection or stack.enter_context(duckdb.connect())
        row = use.execute(_DOUBTS, [soon, ingest.spooled(folders)]).fetchone()
    return Doubts(*row) if row else Doubts()


def warnings(
    seen: Doubts, sizes: Mapping[str, int], *, without_ids: bool = False
) -> tuple[str, ...]:
    """Return what looks as if an export had gone wrong, in words.

    Parameters
    ----------
    seen : Doubts
        What the spools hold.
    sizes : dict of str to int
        Records of each file that was read.
    without_ids : bool, default False
        What is called an id was found to be none.
    """
    total, silent, short, future, latest = seen
    found = []
    if silent > _FEW * total:
        found.append(
            f"{silent:,} of {total:,} traces have no answer and no error; export the"
            " outputs too, or for a table name the column: columns={'output': …}"
        )
    if short > _FEW * total:
        found.append(
            f"{short:,} of {total:,} traces consist of a single message; a reader"
            " sees only one side"
        )
    if future:
        found.append(
            f"{future:,} of {total:,} traces start in the future (latest"
            f" {latest:%Y-%m-%d}); the unit or the time zone of the times may be wrong"
        )
    if without_ids:
        found.append(
            "records with one id show different conversations, so each has an id that"
            " follows from what it says; to name the column: columns={'id': …}"
        )
    found += [
        f"exactly {size:,} records in a file: many tools stop there unless they are"
        " asked for more"
        for size in sorted(set(sizes.values()) & _LIMITS)
    ]
    return tuple(found)


def rebuild(
    spans: Iterable[Span],
    spool: ingest.Spool,
    places: dict[str, tuple[str, int | None]],
) -> None:
    """Build traces of spans that come sorted by trace, and put them into a spool."""
    from erroranalysis.ingest.catalogue import BUILDERS

    for trace_id, group in itertools.groupby(spans, key=lambda span: span.trace_id):
        source, line = places[trace_id]
        try:
            trace = BUILDERS.trace(list(group))
            spool.add(trace, source=source, line=line, built=True)
        except ingest.BadRecord as reason:
            spool.reject(Reject(source, line, f"trace {trace_id}: {reason}"))


def fetched(result: duckdb.DuckDBPyConnection) -> Iterator[Span]:
    """Yield the spans of a query for :data:`COLUMNS`."""
    while rows := result.fetchmany(_ROWS):
        for row in rows:
            yield _span(row)


def _span(row: tuple[Any, ...]) -> Span:
    span = Span(*row)
    span.attributes = orjson.loads(str(span.attributes or "{}"))
    return span
