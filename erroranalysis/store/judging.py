"""Splits, judges and judgements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.records import new_id, utc_now
from erroranalysis.store.rows import dicts, frame, insert, scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from erroranalysis.store.lease import Leases


class Judging:
    """Keeps splits, judge versions and what they said."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def splits(self, mode_id: str) -> dict[str, tuple[str, str]]:
        """Return (split, group) of every trace that has one, for a failure mode."""
        with self._leases.lease() as connection:
            rows = connection.execute(
                "SELECT trace_id, split, group_id FROM splits WHERE mode_id = ?",
                [mode_id],
            ).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}

    def add_splits(self, mode_id: str, assigned: Mapping[str, tuple[str, str]]) -> None:
        """Write the splits of traces that have none yet."""
        now = utc_now()
        with self._leases.transaction() as connection:
            known = {
                row[0]
                for row in connection.execute(
                    "SELECT trace_id FROM splits WHERE mode_id = ?", [mode_id]
                ).fetchall()
            }
            rows = [
                {
                    "mode_id": mode_id,
                    "trace_id": trace_id,
                    "split": split,
                    "group_id": group,
                    "created_at": now,
                }
                for trace_id, (split, group) in assigned.items()
                if trace_id not in known
            ]
            insert(connection, "splits", rows)

    def judges(self, mode_id: str | None = None) -> list[dict[str, Any]]:
        """Return judge versions, the oldest first."""
        with self._leases.lease() as connection:
            return dicts(
                connection,
                "SELECT * FROM judges WHERE mode_id = coalesce(?, mode_id)"
                " ORDER BY judge_id",
                [mode_id],
            )

    def add_judge(self, row: dict[str, Any]) -> dict[str, Any]:
        """Write a judge version; its number follows the last one of its mode."""
        with self._leases.transaction() as connection:
            last = connection.execute(
                "SELECT coalesce(max(version), 0) FROM judges WHERE mode_id = ?",
                [row["mode_id"]],
            ).fetchone()
            full = {
                **row,
                "judge_id": new_id("j"),
                "version": (int(last[0]) if last else 0) + 1,
                "created_at": utc_now(),
            }
            insert(connection, "judges", [full])
        return full

    def add_judgements(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write finished calls; they are durable when this returns."""
        now = utc_now()
        with self._leases.transaction() as connection:
            insert(
                connection,
                "judgements",
                [
                    {"judgement_id": new_id("k"), "created_at": now, **row}
                    for row in rows
                ],
            )

    def cached(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return finished calls that ended in a verdict, by cache key."""
        with self._leases.lease() as connection:
            rows = dicts(
                connection,
                "SELECT * FROM judgements WHERE verdict IS NOT NULL"
                " AND cache_key IN (SELECT unnest(?::VARCHAR[]))"
                " ORDER BY judgement_id",
                [list(keys)],
            )
        return {row["cache_key"]: row for row in rows}

    def verdicts(self, judge_id: str) -> list[dict[str, Any]]:
        """Return the last call of a judge version on every trace, first run only."""
        with self._leases.lease() as connection:
            return dicts(
                connection,
                "SELECT trace_id, verdict, error, critique FROM latest_judgements"
                " WHERE judge_id = ? AND run_index = 0 ORDER BY trace_id",
                [judge_id],
            )

    def said_of(self, trace_id: str) -> list[dict[str, Any]]:
        """Return what the newest judge of every failure mode says of a trace.

        Each row has ``mode``, ``verdict``, ``critique`` and ``judge_id``; a call that
        ended in an error says nothing.
        """
        anything = "SELECT any_value(1) FROM judgements WHERE trace_id = ?"
        with self._leases.lease() as connection:
            # most traces have no judgement, and to plan the views takes a while
            if scalar(connection, anything, [trace_id]) is None:
                return []
            return dicts(
                connection,
                """
                WITH newest AS (
                    SELECT judge_id, mode_id FROM judges QUALIFY row_number() OVER (
                        PARTITION BY mode_id ORDER BY version DESC) = 1
                )
                SELECT m.name AS mode, k.verdict, k.critique, k.judge_id
                FROM latest_judgements AS k JOIN newest USING (judge_id)
                JOIN current_modes AS m USING (mode_id)
                WHERE k.trace_id = ? AND k.run_index = 0 AND k.verdict IS NOT NULL
                    AND m.status = 'active'
                ORDER BY mode
                """,
                [trace_id],
            )

    def frame(self) -> pl.DataFrame:
        """Return every finished call with the judge that made it."""
        with self._leases.lease() as connection:
            return frame(
                connection,
                "SELECT m.name AS mode, j.version, j.kind, k.* EXCLUDE (raw)"
                " FROM latest_judgements AS k JOIN judges AS j USING (judge_id)"
                " JOIN current_modes AS m USING (mode_id)"
                " ORDER BY mode, version, trace_id",
            )
