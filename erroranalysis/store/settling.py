"""Traces that arrived in pieces are built again from all their spans.

A trace may be spread over requests, lines, files and imports. What an import met of
it at one time was built at once (``ingest/assembly.py``); where more was met later,
in the same import or in an earlier one, the pieces are put together here.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import duckdb
import orjson

from erroranalysis import ingest
from erroranalysis.records import Reject, Span

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable, Iterator
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


def settle(spool: ingest.Spool, stack: contextlib.ExitStack) -> list[Path]:
    """Build the traces of a finished spool that were met in several pieces.

    Parameters
    ----------
    spool : Spool
        A spool that is finished.
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
        connection.execute(f"SET temp_directory = '{spool.folder / 'overflow'}'")
        connection.execute(_IN_PIECES, {"traces": str(spool.folder / "traces.parquet")})
        found = connection.execute("FROM pieces").fetchall()
        places = {row[0]: (row[1], row[2]) for row in found}
        if not places:
            return []
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM read_parquet(?)"
            " WHERE trace_id IN (SELECT id FROM pieces) ORDER BY trace_id, place, nth",
            [str(spool.folder / "spans.parquet")],
        )
        whole = stack.enter_context(ingest.Spool(spool.load_id, first=spool.traces))
        rebuild(fetched(rows), whole, places)
    return [whole.finish()]


def rebuild(
    spans: Iterable[Span],
    spool: ingest.Spool,
    places: dict[str, tuple[str, int | None]],
) -> None:
    """Build traces of spans that come sorted by trace, and put them into a spool."""
    for trace_id, group in itertools.groupby(spans, key=lambda span: span.trace_id):
        source, line = places[trace_id]
        try:
            trace = ingest.BUILDERS.trace(list(group))
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
