"""What an import becomes in the project file, in one transaction."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from erroranalysis import ingest
from erroranalysis.store.rows import scalar
from erroranalysis.store.settling import COLUMNS, fetched, rebuild

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

    import duckdb

# What becomes of every incoming row. Only ids and hashes are looked at, but for ids of
# which there are several versions: then one version may go on from another, that is,
# the messages of the shorter are a prefix of the longer one's. JSON text is canonical
# (one writer), so the prefix of the text is the prefix of the messages. The version
# that was there first decides: what goes on from it extends it, the longest wins, what
# it goes on from is known already, and anything else is a conflict.
#
# A trace that was built of its spans is another matter: of several such versions the
# last is the whole one, and one whose spans are known already was sorted out before
# (``regrown``).
_MET = """
CREATE OR REPLACE TEMP TABLE met AS
WITH numbered AS (
    SELECT id, content_hash, place, row_number() OVER (
        PARTITION BY id ORDER BY place
    ) AS occurrence
    FROM read_parquet($traces)
    WHERE place NOT IN (SELECT place FROM stale)
        AND NOT (built AND id IN (SELECT id FROM regrown))
)
SELECT numbered.*, known.content_hash AS known_hash
FROM numbered LEFT JOIN traces AS known ON known.id = numbered.id
"""
_CONTESTED = """
CREATE OR REPLACE TEMP TABLE contested AS
SELECT id FROM met GROUP BY id
HAVING min(content_hash) <> max(content_hash)
    OR min(content_hash) IS DISTINCT FROM coalesce(
        any_value(known_hash), min(content_hash))
"""
_UNCONTESTED = """
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT id, place, CASE
    WHEN occurrence = 1 AND known_hash IS NULL THEN 'new' ELSE 'duplicate'
END AS fate FROM met
UNION ALL
SELECT id, place, fate FROM regrown
"""
_SETTLED = """
CREATE OR REPLACE TEMP TABLE incoming AS
WITH version AS (
    SELECT f.id, f.place, f.messages, rtrim(f.messages, ']') || ',' AS stem
    FROM read_parquet($traces) AS f SEMI JOIN met ON met.place = f.place
    SEMI JOIN contested ON contested.id = f.id
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
UNION ALL
SELECT id, place, fate FROM regrown
"""
_NOTHING_BUILT = """
CREATE OR REPLACE TEMP TABLE stale (place BIGINT);
CREATE OR REPLACE TEMP TABLE regrown (id VARCHAR, place BIGINT, fate VARCHAR)
"""
_STALE = """
CREATE OR REPLACE TEMP TABLE stale AS
SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY id ORDER BY place DESC) AS newest
    FROM read_parquet($traces) WHERE built
) WHERE newest > 1
"""

# A span that is the same in all it says; the hash of 64 bits spares keeping the texts.
_SAID = (
    "trace_id, span_id, hash(parent_id, kind, name, started_at, ended_at, input,"
    " output, status, attributes::VARCHAR) AS said"
)
_SAME = """ON f.trace_id = stored.trace_id AND f.span_id = stored.span_id
    AND f.said = stored.said"""
_KNOWN = """
CREATE OR REPLACE TEMP TABLE known AS
SELECT id, min(f.source) AS source, min(f.line) AS line, max(f.place) AS place
FROM read_parquet($traces) AS f
WHERE built AND place NOT IN (SELECT place FROM stale)
    AND id IN (SELECT trace_id FROM spans WHERE trace_id IN (
        SELECT id FROM read_parquet($traces) WHERE built))
GROUP BY id
"""
_CHANGED = f"""
CREATE OR REPLACE TEMP TABLE changed AS
SELECT DISTINCT f.trace_id AS id FROM (
    SELECT {_SAID} FROM read_parquet($spans)
    WHERE trace_id IN (SELECT id FROM known)
        AND place NOT IN (SELECT place FROM stale)
) AS f ANTI JOIN (
    SELECT {_SAID} FROM spans WHERE trace_id IN (SELECT id FROM known)
) AS stored {_SAME}
"""
_ALL_SPANS_OF_CHANGED = f"""
SELECT {COLUMNS} FROM (
    SELECT * EXCLUDE (load_id), -1 AS place, 0 AS nth FROM spans
    UNION ALL BY NAME
    SELECT * EXCLUDE (load_id) FROM read_parquet($spans)
    WHERE place NOT IN (SELECT place FROM stale)
)
WHERE trace_id IN (SELECT id FROM changed)
ORDER BY trace_id, place, nth, started_at
"""
_REGROWN = f"""
CREATE OR REPLACE TEMP TABLE regrown AS
WITH grown AS (
    SELECT DISTINCT f.trace_id FROM (SELECT {_SAID} FROM read_parquet($spans)) AS f
    ANTI JOIN (
        SELECT {_SAID} FROM spans WHERE trace_id IN (SELECT id FROM changed)
    ) AS stored {_SAME}
)
SELECT known.id, coalesce(whole.place, known.place) AS place, CASE
    WHEN whole.id IS NULL THEN 'duplicate'
    WHEN whole.content_hash IS DISTINCT FROM before.content_hash
        OR whole.id IN (SELECT trace_id FROM grown) THEN 'extended'
    ELSE 'duplicate'
END AS fate
FROM known
LEFT JOIN read_parquet($traces) AS whole ON whole.id = known.id
LEFT JOIN traces AS before ON before.id = known.id
"""
_NOTHING_REGROWN = """
CREATE OR REPLACE TEMP TABLE regrown AS
SELECT id, place, 'duplicate' AS fate FROM known
"""
_KEPT = "(SELECT place FROM incoming WHERE fate IN ('new', 'extended'))"
_NEW_FEEDBACK = """
INSERT INTO feedback
SELECT DISTINCT ON (trace_id, name, value, comment, origin, span_id)
    trace_id, name, value, number, comment, origin, created_at, load_id, span_id
FROM {said} AS f
WHERE NOT EXISTS (SELECT 1 FROM feedback AS known WHERE
    known.trace_id = f.trace_id AND known.name = f.name
    AND known.value IS NOT DISTINCT FROM f.value
    AND known.comment IS NOT DISTINCT FROM f.comment
    AND known.span_id IS NOT DISTINCT FROM f.span_id
    AND known.origin = f.origin)
"""
# Feedback that stands alone names a trace, a span or a session.
_PLACED = """
CREATE OR REPLACE TEMP TABLE placed AS
WITH r AS (SELECT *, row_number() OVER () AS nth FROM read_parquet($remarks))
SELECT r.* EXCLUDE (trace_id), coalesce(
    (SELECT any_value(id) FROM traces WHERE id = r.trace_id),
    (SELECT any_value(trace_id) FROM spans WHERE spans.span_id = r.span_id)
) AS trace_id FROM r WHERE r.session_id IS NULL
UNION ALL BY NAME
SELECT r.* EXCLUDE (trace_id), traces.id AS trace_id
FROM r LEFT JOIN traces ON traces.session_id = r.session_id
WHERE r.session_id IS NOT NULL
"""
_LOST = """
INSERT INTO rejects
SELECT load_id, file, line, 'feedback about a ' || CASE
        WHEN session_id IS NOT NULL THEN 'session'
        WHEN span_id IS NOT NULL THEN 'span' ELSE 'trace' END
    || ' that is not in the project; ingest the traces first, or together:'
    || ' ingest([traces, feedback])',
    name || ': ' || coalesce(value, comment, '')
FROM placed WHERE trace_id IS NULL
"""

CONFLICT = (
    "the id is already taken by a trace with other messages; give the records ids of"
    " their own, or leave the id column out: ingest(…, columns={'id': None})"
)


class Commit:
    """Takes over the spools of one import.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection inside a transaction.
    folders : sequence of pathlib.Path
        Folders with the Parquet files of finished spools.
    load_id : str
        The import.
    stack : contextlib.ExitStack
        Keeps what has to be there until the transaction ends.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folders: Sequence[Path],
        load_id: str,
        stack: ExitStack,
    ) -> None:
        self._connection = connection
        self._folders = list(folders)
        self._load_id = load_id
        self._known_remarks = 0
        self._stack = stack

    def run(self) -> dict[str, int]:
        """Write what is new, and return the counts."""
        spans, feedback = self._size("spans"), self._size("feedback")
        if self._has("spans"):
            self._run(_STALE, "traces")
            self._regrow()
        else:
            self._connection.execute(_NOTHING_BUILT)
        self._sort_incoming()
        fates = self._fates()
        self._traces(fates)
        self._rejects(fates)
        self._feedback()
        counts = {name: fates[name] for name in ("new", "extended", "duplicate")}
        rejected = scalar(
            self._connection,
            "SELECT count(*) FROM rejects WHERE load_id = ?",
            [self._load_id],
        )
        return {
            **counts,
            "rejected": int(rejected),
            "spans": self._size("spans") - spans,
            "feedback": self._size("feedback") - feedback,
            "known_feedback": self._known_remarks,
        }

    def _fates(self) -> Counter[str]:
        found = self._connection.execute(
            "SELECT fate, count(*) FROM incoming GROUP BY fate"
        )
        return Counter(dict(found.fetchall()))

    def _sort_incoming(self) -> None:
        """Find out what becomes of every row; texts are compared only if they must."""
        self._run(_MET, "traces")
        self._connection.execute(_CONTESTED)
        if self._size("contested"):
            self._run(_SETTLED, "traces")
        else:
            self._connection.execute(_UNCONTESTED)

    def _regrow(self) -> None:
        """Sort out the traces of which the project knows spans already."""
        self._run(_KNOWN, "traces")
        self._run(_CHANGED, "spans")
        changed = self._connection.execute(
            "SELECT id, source, line FROM known WHERE id IN (SELECT id FROM changed)"
        ).fetchall()
        if not changed:
            self._connection.execute(_NOTHING_REGROWN)
            return
        first = int(self._last_place()) + 1
        whole = self._stack.enter_context(ingest.Spool(self._load_id, first=first))
        rows = self._connection.execute(_ALL_SPANS_OF_CHANGED, self._files("spans"))
        places = {row[0]: (row[1], row[2]) for row in changed}
        rebuild(fetched(rows), whole, places)
        folder = whole.finish()
        self._folders.append(folder)  # what could not be built is a reject in there
        if not whole.spans:
            self._connection.execute(_NOTHING_REGROWN)
            return
        files = {name: ingest.spooled([folder], name) for name in ("traces", "spans")}
        self._connection.execute(_REGROWN, files)

    def _files(self, *names: str) -> dict[str, list[str]]:
        return {name: ingest.spooled(self._folders, name) for name in names}

    def _has(self, name: str) -> bool:
        return bool(ingest.spooled(self._folders, name))

    def _run(self, sql: str, *names: str) -> None:
        self._connection.execute(sql, self._files(*names))

    def _last_place(self) -> int:
        found = self._connection.execute(
            "SELECT max(place) FROM read_parquet($traces)", self._files("traces")
        ).fetchone()
        return found[0] if found and found[0] is not None else 0

    def _size(self, table: str) -> int:
        return int(scalar(self._connection, f"SELECT count(*) FROM {table}"))

    def _traces(self, fates: Counter[str]) -> None:
        if fates["extended"]:
            for table, column in (("traces", "id"), ("spans", "trace_id")):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE {column} IN"
                    " (SELECT id FROM incoming WHERE fate = 'extended')"
                )
        if not fates["new"] + fates["extended"]:
            return
        self._run(
            "INSERT INTO traces SELECT * EXCLUDE (place, line, built, length)"
            f" FROM read_parquet($traces) WHERE place IN {_KEPT}",
            "traces",
        )
        if self._has("spans"):
            self._run(
                "INSERT INTO spans SELECT * EXCLUDE (place, nth)"
                f" FROM read_parquet($spans) WHERE place IN {_KEPT}",
                "spans",
            )

    def _rejects(self, fates: Counter[str]) -> None:
        if self._has("rejects"):
            self._run(
                "INSERT INTO rejects SELECT * FROM read_parquet($rejects)", "rejects"
            )
        if fates["conflict"]:
            self._connection.execute(
                "INSERT INTO rejects SELECT $load, source, line, $reason,"
                " left(messages, 10000) FROM read_parquet($traces)"
                " WHERE place IN (SELECT place FROM incoming WHERE fate = 'conflict')",
                {"load": self._load_id, "reason": CONFLICT, **self._files("traces")},
            )

    def _feedback(self) -> None:
        if self._has("feedback"):
            said = (
                "(SELECT * EXCLUDE (place) FROM read_parquet($feedback) WHERE place IN"
                " (SELECT place FROM incoming WHERE fate <> 'conflict'))"
            )
            self._run(_NEW_FEEDBACK.format(said=said), "feedback")
        if self._has("remarks"):
            self._remarks()

    def _remarks(self) -> None:
        before = self._size("feedback")
        self._run(_PLACED, "remarks")
        self._connection.execute(_LOST)
        said = "(SELECT * FROM placed WHERE trace_id IS NOT NULL)"
        self._connection.execute(_NEW_FEEDBACK.format(said=said))
        # what is said about a session is one piece, on however many traces
        placed = scalar(
            self._connection,
            "SELECT count(DISTINCT nth) FROM placed WHERE trace_id IS NOT NULL",
        )
        added = self._size("feedback") - before
        self._known_remarks = max(0, int(placed) - added)
