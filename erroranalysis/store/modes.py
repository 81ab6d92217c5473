"""The taxonomy: versions, failure modes, edits and assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.records import dump, new_id, utc_now
from erroranalysis.store.rows import dicts, frame, insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from erroranalysis.store.lease import Leases


class Modes:
    """Keeps failure modes and which notes belong to them."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def version(self) -> int:
        """Return the number of the open version; 1 before the first edit."""
        with self._leases.lease() as connection:
            row = connection.execute(
                "SELECT max(version) FROM taxonomy_versions"
            ).fetchone()
        return int(row[0]) if row and row[0] else 1

    def active(self) -> list[dict[str, Any]]:
        """Return the failure modes as they stand, by name."""
        with self._leases.lease() as connection:
            return dicts(
                connection,
                "SELECT mode_id, name, definition, version FROM current_modes"
                " WHERE status = 'active' ORDER BY name",
            )

    def edit(
        self,
        operation: str,
        states: Sequence[dict[str, Any]],
        *,
        detail: dict[str, Any],
        who: str,
        why: str | None,
    ) -> str:
        """Write an edit and the states of the modes that it makes, together."""
        version = self.version()
        edit_id = new_id("e")
        now = utc_now()
        with self._leases.transaction() as connection:
            if not connection.execute("SELECT 1 FROM taxonomy_versions").fetchone():
                first = {"version": 1, "status": "open", "who": who, "created_at": now}
                insert(connection, "taxonomy_versions", [first])
            row = {
                "edit_id": edit_id,
                "operation": operation,
                "detail": dump(detail),
                "who": who,
                "why": why,
                "created_at": now,
            }
            insert(connection, "taxonomy_edits", [row])
            insert(
                connection,
                "failure_modes",
                [{**state, "version": version, "edit_id": edit_id} for state in states],
            )
        return edit_id

    def assign(self, rows: Sequence[dict[str, Any]]) -> int:
        """Write assignments or removals that change something; return how many."""
        now = utc_now()
        version = self.version()
        with self._leases.transaction() as connection:
            current = {
                (row["trace_id"], row["annotator"], row["mode_id"])
                for row in dicts(connection, "FROM current_assignments")
            }
            fresh = []
            for row in rows:
                key = (row["trace_id"], row["annotator"], row["mode_id"])
                if (row["action"] == "assign") == (key in current):
                    continue
                current ^= {key}
                fresh.append(
                    {
                        **row,
                        "assignment_id": new_id("s"),
                        "version": version,
                        "created_at": now,
                    }
                )
            insert(connection, "assignments", fresh)
        return len(fresh)

    def assignments(self) -> pl.DataFrame:
        """Return the failure modes of every note, with their names."""
        with self._leases.lease() as connection:
            return frame(
                connection,
                "SELECT a.trace_id, a.annotator, m.name AS mode, a.mode_id, a.how,"
                " a.who, a.created_at FROM current_assignments AS a"
                " JOIN current_modes AS m USING (mode_id)"
                " ORDER BY a.trace_id, m.name",
            )

    def edits(self) -> pl.DataFrame:
        """Return every edit of the taxonomy, the oldest first."""
        with self._leases.lease() as connection:
            return frame(connection, "SELECT * FROM taxonomy_edits ORDER BY edit_id")

    def labels(self, mode_id: str, annotator: str) -> dict[str, str]:
        """Return one person's verdicts as labels for one failure mode, by trace.

        ``fail`` where the note was given to the mode; ``pass`` where the trace
        passed, or failed for other reasons only. Left out: deferred traces, and
        failing ones whose note belongs to no mode yet.
        """
        with self._leases.lease() as connection:
            rows = connection.execute(
                """
                SELECT a.trace_id,
                    CASE WHEN bool_or(coalesce(s.mode_id = $mode, false))
                        THEN 'fail' ELSE 'pass' END
                FROM current_annotations AS a
                LEFT JOIN current_assignments AS s
                    ON s.trace_id = a.trace_id AND s.annotator = a.annotator
                    AND a.verdict = 'fail'
                WHERE a.annotator = $annotator
                    AND (a.verdict = 'pass'
                        OR (a.verdict = 'fail' AND s.mode_id IS NOT NULL))
                GROUP BY a.trace_id ORDER BY a.trace_id
                """,
                {"mode": mode_id, "annotator": annotator},
            ).fetchall()
        return dict(rows)
