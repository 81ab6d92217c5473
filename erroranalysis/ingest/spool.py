"""A spool: parsed traces on disk until one transaction takes them over.

Parsing a large export takes minutes; the project file must not be held for so long,
and an import that is interrupted must leave nothing behind. So traces are written to
Parquet files in a temporary folder first, in flat memory.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from erroranalysis.records import dump
from erroranalysis.schema import arrow_schema, table

if TYPE_CHECKING:
    from types import TracebackType

    import pyarrow as pa
    from pyarrow import parquet

    from erroranalysis.records import Reject, Trace

_ROWS_PER_GROUP = 2_000
_RAW_CHARACTERS = 10_000


class Spool:
    """Collects traces, their feedback and rejects in a temporary folder.

    Parameters
    ----------
    load_id : str
        The import they belong to.
    """

    def __init__(self, load_id: str) -> None:
        import pyarrow as pa

        self.load_id = load_id
        self.traces = 0
        self.rejected = 0
        self._temporary = tempfile.TemporaryDirectory(prefix="erroranalysis-")
        self.folder = Path(self._temporary.name)
        placed = [("place", pa.int64()), ("line", pa.int64())]
        traces = arrow_schema(table("traces"))
        self._files = {
            "traces": _File(self.folder, "traces", pa.schema([*traces, *placed])),
            "feedback": _File(self.folder, "feedback", arrow_schema(table("feedback"))),
            "rejects": _File(self.folder, "rejects", arrow_schema(table("rejects"))),
        }

    def add(self, trace: Trace, *, source: str, line: int | None) -> None:
        """Take a trace."""
        facts = (
            "id", "session_id", "started_at", "ended_at", "input", "output", "model",
            "input_tokens", "output_tokens", "cost_usd", "error", "tags",
            "content_hash",
        )  # fmt: skip
        row = {name: getattr(trace, name) for name in facts}
        row |= {
            "source": source,
            "messages": dump(trace.messages),
            "metadata": dump(trace.metadata),
            "load_id": self.load_id,
            "place": self.traces,
            "line": line,
        }
        self._files["traces"].add(row)
        self.traces += 1
        for item in trace.feedback:
            self._files["feedback"].add(
                {**vars(item), "trace_id": trace.id, "load_id": self.load_id}
            )

    def reject(self, reject: Reject) -> None:
        """Take a record that could not be read."""
        raw = reject.raw[:_RAW_CHARACTERS] if reject.raw else None
        self._files["rejects"].add(
            {**vars(reject), "raw": raw, "load_id": self.load_id}
        )
        self.rejected += 1

    def finish(self) -> Path:
        """Write what is left and return the folder."""
        for file in self._files.values():
            file.close()
        return self.folder

    def __enter__(self) -> Self:
        """Return the spool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the folder."""
        for file in self._files.values():
            file.close()
        self._temporary.cleanup()


class _File:
    """One Parquet file, written in groups of rows."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        from pyarrow import parquet

        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._writer: parquet.ParquetWriter | None = parquet.ParquetWriter(
            folder / f"{name}.parquet", schema, compression="zstd"
        )

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) >= _ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        if self._writer is not None:
            self._flush()
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows and self._writer is not None:
            batch = pa.RecordBatch.from_pylist(self._rows, schema=self._schema)
            self._writer.write_batch(batch)
            self._rows = []
