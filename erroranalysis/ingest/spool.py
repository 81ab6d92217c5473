"""A spool: parsed traces on disk until one transaction takes them over.

Parsing a large export takes minutes; the project file must not be held for so long,
and an import that is interrupted must leave nothing behind. So traces are written to
Parquet files in a temporary folder first, in flat memory.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from erroranalysis.errors import IngestError
from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import clean
from erroranalysis.records import dump
from erroranalysis.schema import arrow_schema, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    import pyarrow as pa
    from pyarrow import parquet

    from erroranalysis.records import Reject, Remark, Span, Trace

_ROWS_PER_GROUP = 2_000
_CHARACTERS_PER_GROUP = 1 << 24
_RAW_CHARACTERS = 10_000


class Spool:
    """Collects traces, their feedback and rejects in a temporary folder.

    Parameters
    ----------
    load_id : str
        The import they belong to.
    first : int, default 0
        Place of the first trace, where another spool holds those before it.

    Raises
    ------
    IngestError
        The disk is full, or there is no folder for temporary files.
    """

    def __init__(self, load_id: str, *, first: int = 0) -> None:
        import pyarrow as pa

        self.load_id = load_id
        self.traces = first
        self.spans = 0
        self.remarks = 0
        self.rejected = 0
        with _on_disk():
            self._temporary = tempfile.TemporaryDirectory(prefix="erroranalysis-")
        self.folder = Path(self._temporary.name)
        place = ("place", pa.int64())
        line, built = ("line", pa.int64()), ("built", pa.bool_())
        found = (("file", pa.string()), line)
        said = arrow_schema(table("feedback"))
        schemas = {
            "traces": [*arrow_schema(table("traces")), place, line, built],
            "spans": [*arrow_schema(table("spans")), place, ("nth", pa.int64())],
            "feedback": [*said, place],
            "remarks": [*said, ("session_id", pa.string()), *found],
            "rejects": arrow_schema(table("rejects")),
        }
        self._files: dict[str, _File] = {}
        try:
            for name, fields in schemas.items():
                self._files[name] = _File(self.folder, name, pa.schema(fields))
        except IngestError:
            self._remove()
            raise

    def add(
        self, trace: Trace, *, source: str, line: int | None, built: bool = False
    ) -> None:
        """Take a trace, with its spans and its feedback.

        Parameters
        ----------
        trace : Trace
            The trace.
        source : str
            File or object it came from.
        line : int or None
            Line it starts on.
        built : bool, default False
            It was built of its spans, of which there may be more.

        Raises
        ------
        BadRecord
            It cannot be written as JSON.
        """
        try:
            row = vars(trace) | {
                "source": clean(source),
                "messages": dump(trace.messages),
                "metadata": dump(trace.metadata),
                "content_hash": trace.content_hash,
                "load_id": self.load_id,
                "place": self.traces,
                "line": line,
                "built": built,
            }
            spans = [self._span(span) for span in trace.spans]
        except TypeError as error:
            raise BadRecord("nested too deeply") from error
        self._files["traces"].add(row, len(row["messages"]) + len(row["metadata"]))
        for nth, span in enumerate(spans):
            span["nth"] = nth
            self._files["spans"].add(span, len(span["attributes"]))
        self.spans += len(spans)
        for item in trace.feedback:
            said = vars(item) | {
                "trace_id": trace.id,
                "load_id": self.load_id,
                "place": self.traces,
            }
            self._files["feedback"].add(said)
        self.traces += 1

    def _span(self, span: Span) -> dict[str, Any]:
        return {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "parent_id": span.parent_id,
            "kind": span.kind,
            "name": span.name,
            "started_at": span.started_ns,
            "ended_at": span.ended_ns,
            "input": span.input,
            "output": span.output,
            "attributes": dump(span.attributes),
            "status": span.status,
            "format": span.format,
            "load_id": self.load_id,
            "place": self.traces,
        }

    def remark(self, remark: Remark, *, source: str, line: int | None) -> None:
        """Take feedback that stands apart from what it is about."""
        row = vars(remark.feedback) | {
            "trace_id": remark.trace_id,
            "span_id": remark.span_id or remark.feedback.span_id,
            "session_id": remark.session_id,
            "load_id": self.load_id,
            "file": clean(source),
            "line": line,
        }
        self._files["remarks"].add(row)
        self.remarks += 1

    def reject(self, reject: Reject) -> None:
        """Take a record that could not be read."""
        raw = clean(reject.raw[:_RAW_CHARACTERS]) if reject.raw else None
        row = vars(reject) | {
            "file": clean(reject.file),
            "reason": clean(reject.reason),
            "raw": raw,
            "load_id": self.load_id,
        }
        self._files["rejects"].add(row, len(raw or ""))
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
        self._remove()

    def _remove(self) -> None:
        for file in self._files.values():
            file.abandon()
        self._temporary.cleanup()


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    """Say what to do when temporary files cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise IngestError(
                "The disk for temporary files is full; nothing was imported. Free some"
                " space, or set TMPDIR to a larger disk, and call ingest again."
            ) from error
        raise IngestError(
            f"Temporary files cannot be written ({error}); nothing was imported. Set"
            " TMPDIR to a folder that may be written, and call ingest again."
        ) from error


class _File:
    """One Parquet file, written in groups of rows."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        from pyarrow import parquet

        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._characters = 0
        with _on_disk():
            self._writer: parquet.ParquetWriter | None = parquet.ParquetWriter(
                folder / f"{name}.parquet", schema, compression="lz4"
            )

    def add(self, row: dict[str, Any], characters: int = 0) -> None:
        self._rows.append(row)
        self._characters += characters
        if (
            len(self._rows) >= _ROWS_PER_GROUP
            or self._characters >= _CHARACTERS_PER_GROUP
        ):
            self._flush()

    def close(self) -> None:
        if self._writer is not None:
            self._flush()
            with _on_disk():
                self._writer.close()
            self._writer = None

    def abandon(self) -> None:
        """Close the file without a care for what is in it."""
        if self._writer is not None:
            with contextlib.suppress(OSError):  # a full disk has been reported before
                self._writer.close()
            self._writer.is_open = False  # or it tries once more when it is collected
            self._writer = None

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows and self._writer is not None:
            columns = [
                pa.array([row[field.name] for row in self._rows], type=field.type)
                for field in self._schema
            ]
            batch = pa.RecordBatch.from_arrays(columns, schema=self._schema)
            with _on_disk():
                self._writer.write_batch(batch)
            self._rows, self._characters = [], 0
