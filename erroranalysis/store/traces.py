"""Traces, spans, feedback, imports and rejects."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import duckdb
import orjson

from erroranalysis.errors import StoreError, UnknownNameError
from erroranalysis.ingest.ids import normal_id
from erroranalysis.records import Feedback, Trace
from erroranalysis.store.commit import Commit
from erroranalysis.store.rows import dicts, frame, insert
from erroranalysis.store.settling import COLUMNS, doubts, fetched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import polars as pl

    from erroranalysis.records import Reject, Span
    from erroranalysis.store.lease import Leases
    from erroranalysis.store.settling import Doubts

# An import is held to the first of these and spills to disk beyond it; DuckDB takes
# four fifths of the machine otherwise. Huge traces do not fit, and get more.
_COMMIT_MEMORY = ("256MB", "1GB")
_KEPT_COUNTS = ("new", "extended", "duplicate", "rejected", "spans")


class Traces:
    """Keeps traces, spans, feedback, imports and rejects."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._places: dict[str, int] = {}  # where rows were seen; they may have moved

    def commit_load(
        self, folders: Sequence[Path], load: dict[str, Any]
    ) -> tuple[dict[str, int], Doubts]:
        """Take over finished spools in one transaction.

        Parameters
        ----------
        folders : sequence of pathlib.Path
            Folders with the Parquet files of a spool.
        load : dict
            The row of ``loads``, without its counts.

        Returns
        -------
        dict of str to int
            ``new``, ``extended``, ``duplicate``, ``rejected``, ``spans`` and
            ``feedback``: rows that were added; ``known_feedback``: pieces that stand
            alone and were there already.
        Doubts
            What looks odd about the traces.
        """
        with self._leases.lease() as connection:
            for memory in _COMMIT_MEMORY:
                try:
                    connection.execute(f"SET memory_limit = '{memory}'")
                    return self._commit_load(folders, load)
                except StoreError as error:
                    if not isinstance(error.__cause__, duckdb.OutOfMemoryException):
                        raise
                finally:
                    connection.execute("RESET memory_limit")
            return self._commit_load(folders, load)

    def _commit_load(
        self, folders: Sequence[Path], load: dict[str, Any]
    ) -> tuple[dict[str, int], Doubts]:
        with self._leases.transaction() as connection, ExitStack() as stack:
            counts = Commit(connection, folders, load["load_id"], stack).run()
            row = {k: v for k, v in counts.items() if k in _KEPT_COUNTS}
            insert(connection, "loads", [{**load, **row}])
            seen = doubts(folders, connection)
        return counts, seen

    def refuse(self, load_id: str, rejects: Sequence[Reject]) -> None:
        """Add rejects that show only when the traces of an import are there."""
        rows = [{"load_id": load_id, **asdict(reject)} for reject in rejects]
        with self._leases.transaction() as connection:
            insert(connection, "rejects", rows)
            connection.execute(
                "UPDATE loads SET rejected = rejected + ? WHERE load_id = ?",
                [len(rows), load_id],
            )

    def reasons(self, load_id: str) -> dict[str, int]:
        """Return why records of an import were rejected, with counts."""
        with self._leases.lease() as connection:
            found = connection.execute(
                "SELECT reason, count(*) FROM rejects WHERE load_id = ?"
                " GROUP BY reason ORDER BY 2 DESC LIMIT 1000",
                [load_id],
            ).fetchall()
        return dict(found)

    def get(self, trace_id: str) -> Trace:
        """Return one trace, by its id as we or as its source spells it.

        Raises
        ------
        UnknownNameError
            There is no such trace.
        """
        with self._leases.lease() as connection:
            rows = self._row(connection, trace_id)
            if not rows and (other := normal_id(trace_id)):
                rows = self._row(connection, other)
            if not rows:
                close = connection.execute(
                    "SELECT id FROM traces ORDER BY levenshtein(id, ?) LIMIT 3",
                    [trace_id],
                ).fetchall()
                hint = "project.traces() lists them."
                names = [row[0] for row in close]
                raise UnknownNameError.among("trace", trace_id, names, hint=hint)
            feedback = dicts(
                connection,
                "SELECT * EXCLUDE (trace_id, load_id) FROM feedback WHERE trace_id = ?",
                [rows[0]["id"]],
            )
        return _to_trace(rows[0], feedback)

    def _row(
        self, connection: duckdb.DuckDBPyConnection, trace_id: str
    ) -> list[dict[str, Any]]:
        if trace_id in self._places:
            place = [self._places[trace_id]]
            found = dicts(connection, "SELECT * FROM traces WHERE rowid = ?", place)
            if found and found[0]["id"] == trace_id:
                return found
        return dicts(connection, "SELECT * FROM traces WHERE id = ?", [trace_id])

    def locate(self, trace_ids: Iterable[str]) -> None:
        """Look once where traces are, so that each of them is found at once.

        An id has no index, which would make imports slow: a trace is found by a look
        through the ids of all.
        """
        with self._leases.lease() as connection:
            found = connection.execute(
                "SELECT id, rowid FROM traces"
                " WHERE id IN (SELECT unnest(?::VARCHAR[]))",
                [list(trace_ids)],
            ).fetchall()
        self._places.update(found)

    def spans(self, trace_id: str) -> list[Span]:
        """Return the steps of a trace as their source told them, the earliest first.

        A trace that has none, or that is not there, gives an empty list. The id is
        taken as we or as its source spells it.
        """
        sql = (
            f"SELECT {COLUMNS} FROM spans WHERE trace_id = ?"
            " ORDER BY started_at NULLS LAST, rowid"
        )
        with self._leases.lease() as connection:
            found = list(fetched(connection.execute(sql, [trace_id])))
            if not found and (other := normal_id(trace_id)) != trace_id:
                found = list(fetched(connection.execute(sql, [other])))
        return found

    def whole(self, trace_id: str) -> Trace:
        """Return one trace with its steps."""
        trace = self.get(trace_id)
        return replace(trace, spans=tuple(self.spans(trace.id)))

    def many(self, trace_ids: Iterable[str]) -> list[Trace]:
        """Return traces in the order of the ids; unknown ids are left out."""
        wanted = list(trace_ids)
        with self._leases.lease() as connection:
            rows = dicts(
                connection,
                "SELECT * FROM traces WHERE id IN (SELECT unnest(?::VARCHAR[]))",
                [wanted],
            )
        found = {row["id"]: _to_trace(row, []) for row in rows}
        return [found[trace_id] for trace_id in wanted if trace_id in found]

    def unknown(self, trace_ids: Sequence[str]) -> list[str]:
        """Return those ids that no trace has."""
        with self._leases.lease() as connection:
            rows = connection.execute(
                "SELECT DISTINCT wanted.id FROM (SELECT unnest(?::VARCHAR[]) AS id)"
                " AS wanted ANTI JOIN traces ON traces.id = wanted.id ORDER BY 1",
                [list(trace_ids)],
            ).fetchall()
        return [row[0] for row in rows]

    def ids(self) -> list[str]:
        """Return the ids of all traces."""
        with self._leases.lease() as connection:
            return [
                row[0] for row in connection.execute("SELECT id FROM traces").fetchall()
            ]

    def frame(self) -> pl.DataFrame:
        """Return all traces without their messages."""
        with self._leases.lease() as connection:
            return frame(
                connection,
                "SELECT * EXCLUDE (messages, content_hash) FROM traces"
                " ORDER BY started_at NULLS LAST, id",
            )

    def values(self, names: Sequence[str]) -> pl.DataFrame:
        """Return ``id`` and named facts: columns of ``traces``, else metadata keys."""
        from erroranalysis.schema import table

        columns = table("traces").column_names()
        parts, parameters = ["id"], []
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            if name in columns:
                parts.append(f"{quoted}::VARCHAR AS {quoted}")
            else:
                pointer = "/" + name.replace("~", "~0").replace("/", "~1")
                parts.append(f"json_extract_string(metadata, ?) AS {quoted}")
                parameters.append(pointer)
        with self._leases.lease() as connection:
            return frame(
                connection,
                f"SELECT {', '.join(parts)} FROM traces ORDER BY id",
                parameters,
            )

    def metadata_keys(self) -> list[str]:
        """Return the keys that occur in the metadata of any trace."""
        with self._leases.lease() as connection:
            return [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT unnest(json_keys(metadata)) FROM traces ORDER BY 1"
                ).fetchall()
            ]

    def sessions(self, trace_ids: Sequence[str]) -> dict[str, str]:
        """Return the session of those traces that have one."""
        with self._leases.lease() as connection:
            rows = connection.execute(
                "SELECT id, session_id FROM traces WHERE session_id IS NOT NULL"
                " AND id IN (SELECT unnest(?::VARCHAR[]))",
                [list(trace_ids)],
            ).fetchall()
        return dict(rows)

    def rejects(self, load_id: str | None = None) -> pl.DataFrame:
        """Return the records that could not be read."""
        where = "WHERE load_id = ?" if load_id else ""
        with self._leases.lease() as connection:
            return frame(
                connection,
                f"SELECT * FROM rejects {where} ORDER BY load_id, file, line",
                [load_id] if load_id else None,
            )

    def feedback(self) -> pl.DataFrame:
        """Return what the source said about the quality of traces."""
        with self._leases.lease() as connection:
            return frame(
                connection,
                "SELECT * EXCLUDE (load_id) FROM feedback ORDER BY trace_id, name",
            )


def _to_trace(row: dict[str, Any], feedback: list[dict[str, Any]]) -> Trace:
    return Trace(
        id=row["id"],
        messages=orjson.loads(row["messages"]),
        source=row["source"],
        session_id=row["session_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        model=row["model"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cost_usd=row["cost_usd"],
        error=row["error"],
        metadata=orjson.loads(row["metadata"] or "{}"),
        tags=row["tags"] or [],
        feedback=tuple(Feedback(**item) for item in feedback),
        input=row["input"],
        output=row["output"],
    )
