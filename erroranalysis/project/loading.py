"""What comes into a project, and what it looks like. The methods delegate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.errors import helpful_keywords
from erroranalysis.store.loads import load_or_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from erroranalysis.ingest import IngestReport, Preview
    from erroranalysis.ingest.reader import Columns
    from erroranalysis.ingest.redaction import Redact
    from erroranalysis.store import Store
    from erroranalysis.widgets.trace_view import TraceView


class Loading:
    """What comes in, and what it looks like."""

    _store: Store

    @helpful_keywords
    def ingest(
        self,
        source: object,
        *,
        format: str | None = None,  # noqa: A002 - the word that users know
        columns: Columns | None = None,
        redact: Redact = False,
        dry_run: bool = False,
        progress: bool = True,
    ) -> IngestReport | Preview:
        """Load traces; what is known already is not loaded again.

        Parameters
        ----------
        source : path, glob, frame, dict or iterable of dict
            Where the traces are.
        format : str, optional
            Name of the format; detected by default.
        columns : dict, optional
            For tables, which column holds which field, over the guess:
            ``{"input": "question", "output": "answer", "id": None}``.
        redact : bool, list of str or Redaction, default False
            Take emails, phone, card and account numbers, IP addresses and secrets out
            before anything is stored: ``True``, ``["email"]``; ``docs/redaction.md``.
        dry_run : bool, default False
            Write nothing; show the format, the columns, the first three traces and
            what would be rejected.
        progress : bool, default True
            Show a progress bar on imports longer than a second.

        Returns
        -------
        IngestReport or Preview
            Counts, the format and the columns that were taken. Records that could
            not be read are in ``project.rejects()``. A preview for a dry run.

        Raises
        ------
        IngestError
            Nothing could be read; nothing was imported.
        """
        return load_or_look(
            self._store, source, format=format, columns=columns, redact=redact,
            dry_run=dry_run, progress=progress,
        )  # fmt: skip

    def rejects(self, load_id: str | None = None) -> pl.DataFrame:
        """Return the records that could not be read: file, line, reason, text."""
        return self._store.traces.rejects(load_id)

    def traces(self) -> pl.DataFrame:
        """Return all traces, one a row, without their messages."""
        return self._store.traces.frame()

    def trace(self, trace_id: str) -> TraceView:
        """Show one trace: the conversation, its steps, and the facts around it.

        Raises
        ------
        UnknownNameError
            There is no such trace.
        """
        from erroranalysis.widgets.trace_view import TraceView

        return TraceView(self._store.traces.whole(trace_id))

    def feedback(self) -> pl.DataFrame:
        """Return what the sources said about the quality of traces."""
        return self._store.traces.feedback()

    def sql(self, query: str, parameters: Sequence[Any] | None = None) -> pl.DataFrame:
        """Run a query that reads, and return a polars frame.

        Parameters
        ----------
        query : str
            SQL; the tables are in ``docs/schema.md``.
        parameters : sequence, optional
            Values for ``?`` in the query.

        Returns
        -------
        polars.DataFrame
            The rows.

        Raises
        ------
        StoreError
            The query is wrong, or tries to write.
        """
        return self._store.query(query, parameters)
