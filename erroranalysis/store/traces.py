"""Traces, spans, feedback, imports and rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import orjson

from erroranalysis.errors import StoreError, UnknownNameError
from erroranalysis.records import Feedback, Trace
from erroranalysis.store.rows import dicts, frame, insert, scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import polars as pl

    from erroranalysis.store.lease import Leases

# What becomes of every incoming row. Only ids and hashes are looked at, but for ids of
# which there are several versions: then one version may go on from another, that is,
# the messages of the shorter are a prefix of the longer one's. JSON text is canonical
# (one writer), so the prefix of the text is the prefix of the messages. The version
# that was there first decides: what goes on from it extends it, the longest wins, what
# it goes on from is known already, and anything else is a conflict.
_SORT_INCOMING = """
CREATE OR REPLACE TEMP TABLE incoming AS
WITH numbered AS (
    SELECT id, content_hash, place, row_number() OVER (
        PARTITION BY id ORDER BY place
    ) AS occurrence
    FROM read_parquet($traces)
), met AS (
    SELECT numbered.*, known.content_hash AS known_hash
    FROM numbered LEFT JOIN traces AS known ON known.id = numbered.id
), contested AS (
    SELECT id FROM met GROUP BY id
    HAVING count(DISTINCT content_hash) > 1
        OR min(content_hash) IS DISTINCT FROM coalesce(
            any_value(known_hash), min(content_hash))
), version AS (
    SELECT f.id, f.place, f.messages, rtrim(f.messages, ']') || ',' AS stem
    FROM read_parquet($traces) AS f SEMI JOIN contested ON contested.id = f.id
), base AS (
    SELECT id, messages::VARCHAR AS messages,
        rtrim(messages::VARCHAR, ']') || ',' AS stem
    FROM traces SEMI JOIN contested ON contested.id = traces.id
    UNION ALL
    SELECT version.id, messages, stem
    FROM version JOIN met ON met.place = version.place
    WHERE occurrence = 1 AND known_hash IS NULL
), winner AS (
    SELECT version.id, arg_min(version.place, (-length(version.messages), place))
        AS place
    FROM version JOIN base ON base.id = version.id
    WHERE starts_with(version.messages, base.stem)
    GROUP BY version.id
), longest AS (
    SELECT base.id, winner.place, coalesce(version.messages, base.messages) AS messages
    FROM base LEFT JOIN winner ON winner.id = base.id
    LEFT JOIN version ON version.place = winner.place
)
SELECT met.id, met.place, CASE
    WHEN longest.id IS NULL THEN
        CASE WHEN occurrence = 1 AND known_hash IS NULL THEN 'new' ELSE 'duplicate' END
    WHEN met.place = longest.place THEN
        CASE WHEN known_hash IS NULL THEN 'new' ELSE 'extended' END
    WHEN longest.place IS NULL AND occurrence = 1 AND known_hash IS NULL THEN 'new'
    WHEN version.messages = longest.messages
        OR starts_with(longest.messages, version.stem) THEN 'duplicate'
    ELSE 'conflict'
END AS fate
FROM met
LEFT JOIN longest ON longest.id = met.id
LEFT JOIN version ON version.place = met.place
"""

# An import is held to the first of these and spills to disk beyond it; DuckDB takes
# four fifths of the machine otherwise. Huge traces do not fit, and get more.
_COMMIT_MEMORY = ("256MB", "1GB")

CONFLICT = (
    "the id is already taken by a trace with other messages; give the records ids of"
    " their own, or leave the id column out: ingest(…, columns={'id': None})"
)


class Traces:
    """Keeps traces, spans, feedback, imports and rejects."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def commit_load(self, spool: Path, load: dict[str, Any]) -> dict[str, int]:
        """Take over a finished spool in one transaction.

        Parameters
        ----------
        spool : pathlib.Path
            Folder with ``traces``, ``feedback`` and ``rejects`` Parquet files.
        load : dict
            The row of ``loads``, without its counts.

        Returns
        -------
        dict of str to int
            ``new``, ``extended``, ``duplicate`` and ``rejected``.
        """
        with self._leases.lease() as connection:
            for memory in _COMMIT_MEMORY:
                try:
                    connection.execute(f"SET memory_limit = '{memory}'")
                    return self._commit_load(spool, load)
                except StoreError as error:
                    if not isinstance(error.__cause__, duckdb.OutOfMemoryException):
                        raise
                finally:
                    connection.execute("RESET memory_limit")
            return self._commit_load(spool, load)

    def _commit_load(self, spool: Path, load: dict[str, Any]) -> dict[str, int]:
        with self._leases.transaction() as connection:
            connection.execute(
                _SORT_INCOMING, {"traces": str(spool / "traces.parquet")}
            )
            _apply_incoming(connection, spool, load["load_id"])
            found = connection.execute(
                "SELECT fate, count(*) FROM incoming GROUP BY fate"
            ).fetchall()
            fates = {fate: int(n) for fate, n in found}
            counts = {
                name: fates.get(name, 0) for name in ("new", "extended", "duplicate")
            }
            rejected = scalar(
                connection,
                "SELECT count(*) FROM rejects WHERE load_id = ?",
                [load["load_id"]],
            )
            counts["rejected"] = int(rejected)
            insert(connection, "loads", [{**load, **counts}])
            connection.execute("DROP TABLE incoming")
        return counts

    def get(self, trace_id: str) -> Trace:
        """Return one trace.

        Raises
        ------
        UnknownNameError
            There is no such trace.
        """
        with self._leases.lease() as connection:
            rows = dicts(connection, "SELECT * FROM traces WHERE id = ?", [trace_id])
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
                "SELECT name, value, number, comment, origin, created_at FROM feedback"
                " WHERE trace_id = ?",
                [trace_id],
            )
        return _to_trace(rows[0], feedback)

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


def _apply_incoming(
    connection: duckdb.DuckDBPyConnection, spool: Path, load_id: str
) -> None:
    traces = str(spool / "traces.parquet")
    connection.execute(
        "DELETE FROM traces WHERE id IN"
        " (SELECT id FROM incoming WHERE fate = 'extended')"
    )
    connection.execute(
        "INSERT INTO traces SELECT * EXCLUDE (place, line) FROM read_parquet(?)"
        " WHERE place IN"
        " (SELECT place FROM incoming WHERE fate IN ('new', 'extended'))",
        [traces],
    )
    connection.execute(
        "INSERT INTO rejects SELECT * FROM read_parquet(?)",
        [str(spool / "rejects.parquet")],
    )
    connection.execute(
        "INSERT INTO rejects SELECT ?, source, line, ?, left(messages, 10000)"
        " FROM read_parquet(?)"
        " WHERE place IN (SELECT place FROM incoming WHERE fate = 'conflict')",
        [load_id, CONFLICT, traces],
    )
    connection.execute(
        "INSERT INTO feedback"
        " SELECT DISTINCT ON (trace_id, name, value, comment, origin)"
        " * EXCLUDE (place) FROM read_parquet(?) AS f"
        " WHERE place IN (SELECT place FROM incoming WHERE fate <> 'conflict')"
        " AND NOT EXISTS (SELECT 1 FROM feedback AS known WHERE"
        "  known.trace_id = f.trace_id AND known.name = f.name"
        "  AND known.value IS NOT DISTINCT FROM f.value"
        "  AND known.comment IS NOT DISTINCT FROM f.comment"
        "  AND known.origin = f.origin)",
        [str(spool / "feedback.parquet")],
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
    )
