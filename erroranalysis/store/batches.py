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

    def frame(self) -> pl.DataFrame:
        """Return all batches, the oldest first."""
        with self._leases.lease() as connection:
            return frame(connection, "SELECT * FROM batches ORDER BY batch_id")

    def newest(self) -> str | None:
        """Return the id of the batch that was drawn last."""
        with self._leases.lease() as connection:
            row = connection.execute("SELECT max(batch_id) FROM batches").fetchone()
        return row[0] if row else None
