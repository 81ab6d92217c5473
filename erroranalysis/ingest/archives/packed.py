"""Files packed with gzip, bzip2, xz, zstd or lz4, unpacked as they are read."""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import TYPE_CHECKING, Any, BinaryIO

from erroranalysis.ingest.blobs import Blob, stream

if TYPE_CHECKING:
    from collections.abc import Callable


def unpacked(blob: Blob, kind: str) -> Blob:
    """Return what is packed in a blob, of all members or frames that it has.

    Parameters
    ----------
    blob : Blob
        The packed bytes.
    kind : str
        How they are packed, as :func:`erroranalysis.ingest.kinds.kind` says.

    Examples
    --------
    >>> import io
    >>> packed = gzip.compress(b"one ") + gzip.compress(b"two")
    >>> with unpacked(Blob("a.gz", lambda: io.BytesIO(packed)), "gzip").opens() as file:
    ...     file.read()
    b'one two'
    """
    damage = [] if blob.damage is None else blob.damage

    def opens() -> BinaryIO:
        below = blob.opens()
        reader = _OPENERS.get(kind, _arrow(kind))(below)
        # the smaller the piece, the less is lost where the file breaks off
        read = getattr(reader, "read1", reader.read)
        return stream(read, reader, below, damage=damage)

    return Blob(blob.name, opens, hive=blob.hive, damage=damage)


def _gzip(below: BinaryIO) -> Any:  # noqa: ANN401 - a readable
    return gzip.GzipFile(fileobj=below)


_OPENERS: dict[str, Callable[[BinaryIO], Any]] = {
    "gzip": _gzip, "bzip2": bz2.BZ2File, "xz": lzma.LZMAFile,
}  # fmt: skip


def _arrow(kind: str) -> Callable[[BinaryIO], Any]:
    def opens(below: BinaryIO) -> Any:  # noqa: ANN401 - a readable
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(below, mode="r"), kind)

    return opens
