"""A spool: parsed traces on disk until one transaction takes them over.

Parsing a large export takes minutes; the project file must not be held for so long,
and an import that is interrupted must leave nothing behind. So traces are written to
Parquet files in a temporary folder first, in flat memory.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from erroranalysis.errors import IngestError
from erroranalysis.ingest.arrays import arrow_array
from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import clean
from erroranalysis.records import dumps
from erroranalysis.schema import arrow_schema, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

    import pyarrow as pa
    from pyarrow import parquet

    from erroranalysis.records import Feedback, Reject, Remark, Trace

_ROWS_PER_GROUP = 2_000
_CHARACTERS_PER_GROUP = 1 << 24
_RAW_CHARACTERS = 10_000
# columns in which the same values come again and again
_REPEATED = {"source", "model", "error", "kind", "name", "status", "format", "load_id"}


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder for temporary files.

    Raises
    ------
    IngestError
        The disk is full, or there is no place for such folders.
    """
    with _on_disk():
        return tempfile.TemporaryDirectory(prefix="erroranalysis-")


def spooled(folders: Iterable[Path], name: str = "traces") -> list[str]:
    """Return the files in which finished spools keep their rows of one table.

    One of traces is always there, others only where there are rows.
    """
    paths = (_path(folder, name) for folder in folders)
    return [str(path) for path in paths if path.exists()]


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


class Spool:
    """Collects traces, their feedback and rejects in a temporary folder.

    Parameters
    ----------
    load_id : str
        The import they belong to.
    first : int, default 0
        Place of the first trace, where another spool holds those before it.
    folder : pathlib.Path, optional
        An empty folder that somebody else removes; a temporary one by default.

    Raises
    ------
    IngestError
        The disk is full, or there is no folder for temporary files.
    """

    def __init__(
        self, load_id: str, *, first: int = 0, folder: Path | None = None
    ) -> None:
        import pyarrow as pa

        self.load_id = load_id
        self.traces = self.before = first
        self.spans = 0
        self.remarks = 0
        self.rejected = 0
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if folder is None:
            self._temporary = temporary_folder()
            folder = Path(self._temporary.name)
        self.folder = folder
        place = ("place", pa.int64())
        line, built = ("line", pa.int64()), ("built", pa.bool_())
        length = ("length", pa.int32())
        found = (("file", pa.string()), line)
        said = arrow_schema(table("feedback"))
        schemas = {
            "traces": [*arrow_schema(table("traces")), place, line, built, length],
            "spans": [*arrow_schema(table("spans")), place, ("nth", pa.int64())],
            "feedback": [*said, place],
            "remarks": [*said, ("session_id", pa.string()), *found],
            "rejects": arrow_schema(table("rejects")),
        }
        self._files = {
            name: _File(_path(folder, name), pa.schema(fields))
            for name, fields in schemas.items()
        }
        try:
            self._files["traces"].begin()
        except IngestError:
            self._remove()
            raise
        self._traces, self._spans = self._files["traces"], self._files["spans"]
        self._feedback, self._remarks = self._files["feedback"], self._files["remarks"]
        self._rejects = self._files["rejects"]

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
            messages, metadata = dumps(trace.messages), dumps(trace.metadata)
            attributes = [dumps(span.attributes) for span in trace.spans]
            content_hash = trace.content_hash
        except TypeError as error:
            raise BadRecord("nested too deeply") from error
        place, load_id = self.traces, self.load_id
        row = (
            trace.id, clean(source), trace.session_id, trace.started_at,
            trace.ended_at, trace.input, trace.output, messages, trace.model,
            trace.input_tokens, trace.output_tokens, trace.cost_usd, trace.error,
            metadata, trace.tags, content_hash, load_id, place, line, built,
            len(trace.messages),
        )  # fmt: skip
        self._traces.add(row, len(messages) + len(metadata))
        for nth, (span, text) in enumerate(zip(trace.spans, attributes, strict=True)):
            step = (
                span.trace_id, span.span_id, span.parent_id, span.kind, span.name,
                span.started_ns, span.ended_ns, span.input, span.output, text,
                span.status, span.format, load_id, place, nth,
            )  # fmt: skip
            said = len(span.input or "") + len(span.output or "")
            self._spans.add(step, len(text) + said)
        self.spans += len(attributes)
        for item in trace.feedback:
            self._feedback.add((*self._said(item, trace.id), place))
        self.traces += 1

    def _said(self, item: Feedback, trace_id: str | None) -> tuple[Any, ...]:
        return (
            trace_id, item.name, item.value, item.number, item.comment, item.origin,
            item.created_at, self.load_id, item.span_id,
        )  # fmt: skip

    def remark(self, remark: Remark, *, source: str, line: int | None) -> None:
        """Take feedback that stands apart from what it is about."""
        item = remark.feedback
        if item.span_id is None and remark.span_id is not None:
            item = replace(item, span_id=remark.span_id)
        said = self._said(item, remark.trace_id)
        self._remarks.add((*said, remark.session_id, clean(source), line))
        self.remarks += 1

    def reject(self, reject: Reject) -> None:
        """Take a record that could not be read."""
        raw = clean(reject.raw[:_RAW_CHARACTERS]) if reject.raw else None
        file, reason = clean(reject.file), clean(reject.reason)
        row = (self.load_id, file, reject.line, reason, raw)
        self._rejects.add(row, len(raw or ""))
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
        if self._temporary is not None:
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
    """One Parquet file, written in groups of rows while the next rows are read.

    It is begun with its first rows, or where it has to be there.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self._characters = 0
        # writing releases the interpreter, so it takes the second core
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None
        self._writer: parquet.ParquetWriter | None = None
        self._ended = False

    def begin(self) -> parquet.ParquetWriter:
        """Return what writes the file."""
        from pyarrow import parquet

        if self._writer is None:
            with _on_disk():
                self._writer = parquet.ParquetWriter(
                    self._path,
                    self._schema,
                    compression="lz4",
                    use_dictionary=[n for n in self._schema.names if n in _REPEATED],
                    write_statistics=False,
                )
        return self._writer

    def add(self, row: tuple[Any, ...], characters: int = 0) -> None:
        """Take a row in the order of the schema."""
        self._rows.append(row)
        self._characters += characters
        if (
            len(self._rows) >= _ROWS_PER_GROUP
            or self._characters >= _CHARACTERS_PER_GROUP
        ):
            self._flush()

    def close(self) -> None:
        if self._ended:
            return
        self._wait()
        if self._rows:
            writer = self.begin()
            with _on_disk():
                writer.write_batch(self._batch())
        if self._writer is not None:
            with _on_disk():
                self._writer.close()
        self._writer, self._ended = None, True

    def abandon(self) -> None:
        """Close the file without a care for what is in it."""
        self._ended = True
        if self._writer is not None:
            self._stop()
            with contextlib.suppress(OSError):  # a full disk has been reported before
                self._writer.close()
            self._writer.is_open = False  # or it tries once more when it is collected
            self._writer = None

    def _flush(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        writer, batch = self.begin(), self._batch()
        if self._under_way is not None:
            with _on_disk():
                self._under_way.result()
        self._under_way = self._thread.submit(writer.write_batch, batch)

    def _batch(self) -> pa.RecordBatch:
        """Return the rows so far as columns, and begin anew."""
        import pyarrow as pa

        columns = zip(*self._rows, strict=True)
        arrays = [
            arrow_array(column, field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._rows, self._characters = [], 0
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _wait(self) -> None:
        if self._under_way is not None:
            with _on_disk():
                self._under_way.result()
            self._under_way = None
        self._stop()

    def _stop(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
            self._thread = None
