"""Frames of polars, pandas and Arrow, and the files that hold Arrow data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.errors import IngestError
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from erroranalysis.ingest.blobs import Blob

_ROWS = 1_000


def parquet_records(blob: Blob) -> Iterator[Raw]:
    """Yield the rows of a Parquet file; its folders may say more (``year=2026/…``)."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with blob.on_disk() as path, parquet.ParquetFile(path) as file:
            for raw in _rows(file.iter_batches(batch_size=_ROWS), blob.name):
                if blob.hive and raw.problem is None:
                    yield raw._replace(value={**blob.hive, **raw.value})
                else:
                    yield raw
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _unreadable(blob.name, "a Parquet", error) from error


def arrow_file_records(blob: Blob, *, stream: bool) -> Iterator[Raw]:
    """Yield the rows of an Arrow (Feather) file, or of one in the stream format."""
    import pyarrow as pa

    try:
        with blob.on_disk() as path, pa.memory_map(str(path)) as source:
            if stream:
                yield from _rows(_sound(pa.ipc.open_stream(source)), blob.name)
                return
            file = pa.ipc.open_file(source)
            batches = (file.get_batch(i) for i in range(file.num_record_batches))
            yield from _rows(_sound(batches), blob.name)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(blob.name, "an Arrow", error) from error


def _unreadable(name: str, kind: str, error: Exception) -> IngestError:
    return IngestError(
        f"{name!r} starts like {kind} file but cannot be read: {error}."
        " It may be cut off; export it again."
    )


def _sound(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches of a file after a look at them: damaged ones end the process."""
    for batch in batches:
        batch.validate(full=True)
        yield batch


def arrow_records(source: Any, name: str) -> Iterator[Raw]:  # noqa: ANN401 - any frame
    """Yield the rows of anything that hands out an Arrow stream."""
    import pyarrow as pa

    try:
        batches = pa.RecordBatchReader.from_stream(source)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise IngestError(
            f"{name} is not a table with named columns ({error}). Give the frame, not"
            " one column of it."
        ) from error
    return _rows(batches, name)


def _rows(batches: Iterable[pa.RecordBatch], name: str) -> Iterator[Raw]:
    import pyarrow as pa

    place = 0
    for whole in batches:
        for start in range(0, whole.num_rows, _ROWS):
            batch = whole.slice(start, _ROWS)
            try:
                rows = batch.to_pylist()
            except (ValueError, OverflowError, pa.ArrowException):
                rows = [_row(batch, i) for i in range(batch.num_rows)]
            for row in rows:
                if isinstance(row, Exception):
                    yield Raw(name, place, problem=f"a value cannot be read: {row}")
                else:
                    yield Raw(name, place, _without_nulls(plain(row)))
                place += 1


def _row(batch: pa.RecordBatch, place: int) -> dict[str, Any] | Exception:
    """Return one row, or what is wrong with it, such as a time in the year 20000."""
    import pyarrow as pa

    try:
        found: list[dict[str, Any]] = batch.slice(place, 1).to_pylist()
    except (ValueError, OverflowError, pa.ArrowException) as error:
        return error
    return found[0]


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Leave out what is nothing: a struct has every key that any row has."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def is_pandas(source: object) -> bool:
    """Return whether a source is a pandas frame, without importing pandas."""
    of_pandas = type(source).__module__.split(".")[0] == "pandas"
    return of_pandas and hasattr(source, "to_dict") and hasattr(source, "columns")


def pandas_records(source: Any, name: str) -> Iterator[Raw]:  # noqa: ANN401 - a frame
    """Yield the rows of a pandas frame; a named index counts as a column.

    Arrow would refuse columns of mixed objects and give all objects of a column the
    same keys, so the rows are taken as they are.
    """
    named = [level for level in source.index.names if level is not None]
    new = [level for level in named if level not in source.columns]
    if new:
        drop = [level for level in source.index.names if level not in new]
        source = source.reset_index(level=drop, drop=True) if drop else source
        source = source.reset_index()
    columns = [str(column) for column in source.columns]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise IngestError(
            f"The frame has more than one column called {twice[0]!r}. Rename one."
        )
    for start in range(0, len(source), _ROWS):
        piece = source.iloc[start : start + _ROWS]
        for place, row in enumerate(piece.itertuples(index=False, name=None), start):
            yield Raw(name, place, plain(dict(zip(columns, row, strict=True))))
