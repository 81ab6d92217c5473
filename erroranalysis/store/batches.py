"""Batches: which traces were chosen, how, and with what chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.errors import UnknownNameError
from erroranalysis.store.rows import dicts, frame, insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from erroranalysis.store.lease import Leases


class Batches:
    """Keeps batches and their items."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def add(self, batch: dict[str, Any], items: Sequence[dict[str, Any]]) -> None:
        """Write a batch and its items together."""
        with self._leases.transaction() as connection:
            insert(connection, "batches", [batch])
            insert(connection, "batch_items", items)

    def insert_after(
        self, batch_id: str, trace_id: str, chosen: Sequence[str], *, why: str
    ) -> list[str]:
        """Put traces into a batch behind one of it; return those it did not have.

        They come behind those that stand there for the same reason. Nobody drew them:
        they have no chance, so rates leave their labels out.
        """
        with self._leases.transaction() as connection:
            rows = connection.execute(
                "SELECT trace_id, position, stratum FROM batch_items"
                " WHERE batch_id = ? ORDER BY position",
                [batch_id],
            ).fetchall()
            there = [row[0] for row in rows]
            fresh = list(dict.fromkeys(name for name in chosen if name not in there))
            last = there.index(trace_id)
            while last + 1 < len(rows) and rows[last + 1][2] == why:
                last += 1
            place = rows[last][1]
            connection.execute(
                "UPDATE batch_items SET position = position + ?"
                " WHERE batch_id = ? AND position > ?",
                [len(fresh), batch_id, place],
            )
            items = [
                {
                    "batch_id": batch_id,
                    "position": place + step,
                    "trace_id": name,
                    "stratum": why,
                }
                for step, name in enumerate(fresh, 1)
            ]
            insert(connection, "batch_items", items)
        return fresh

    def get(self, batch_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return a batch and its items in reading order.

        Raises
        ------
        UnknownNameError
            There is no such batch.
        """
        with self._leases.lease() as connection:
            found = dicts(
                connection, "SELECT * FROM batches WHERE batch_id = ?", [batch_id]
            )
            if not found:
                known = [row["batch_id"] for row in dicts(connection, "FROM batches")]
                raise UnknownNameError.among("batch", batch_id, known)
            items = dicts(
                connection,
                "SELECT * FROM batch_items WHERE batch_id = ? ORDER BY position",
                [batch_id],
            )
        return found[0], items

    def same(self, asked: str, *, unfinished: bool) -> str | None:
        """Return the newest batch that was asked for in the same words, or None.

        Parameters
        ----------
        asked : str
            What was asked for, see :func:`erroranalysis.batch.draw`.
        unfinished : bool
            Only one of which some traces were read by nobody.
        """
        rest = " AND EXISTS (FROM batch_items AS i WHERE i.batch_id = b.batch_id"
        rest += " AND i.trace_id NOT IN (SELECT trace_id FROM current_annotations))"
        sql = "SELECT batch_id FROM batches AS b WHERE parameters->>'asked' = ?"
        order = " ORDER BY batch_id DESC LIMIT 1"
        with self._leases.lease() as connection:
            found = connection.execute(
                sql + (rest if unfinished else "") + order, [asked]
            ).fetchall()
        return found[0][0] if found else None

    def frame(self) -> pl.DataFrame:
        """Return all batches, the oldest first."""
        with self._leases.lease() as connection:
            return frame(connection, "SELECT * FROM batches ORDER BY batch_id")

    def newest(self) -> str | None:
        """Return the id of the batch that was drawn last."""
        with self._leases.lease() as connection:
            row = connection.execute("SELECT max(batch_id) FROM batches").fetchone()
        return row[0] if row else None
