"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from erroranalysis.errors import ErrorAnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterator


def writable(path: str | os.PathLike[str]) -> Path:
    """Return the file that is meant, once it is sure that it can be one.

    Raises
    ------
    ErrorAnalysisError
        The folder is missing, or the path is a folder.
    """
    given = Path(path).expanduser()
    if given.is_dir():
        raise ErrorAnalysisError(
            f"{given} is a folder; name a file in it: {given / 'labels.csv'}"
        )
    if given.exists() and not given.is_file():
        raise ErrorAnalysisError(
            f"{given} is no ordinary file and is left alone; name another: labels.csv"
        )
    if not given.parent.is_dir():
        raise ErrorAnalysisError(
            f"Cannot write {given.name!r}: there is no folder {given.parent}."
            f" Make it first: mkdir -p '{given.parent}'"
        )
    return given


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write beside the file and put it in place at the end, in one step.

    When the block fails, what stood at the path is untouched and nothing is left
    beside it.

    Raises
    ------
    ErrorAnalysisError
        The operating system refused: no permission, disk full and the like.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.txt"
    ...     with replacing(target) as file:
    ...         _ = file.write(b"done")
    ...     target.read_text()
    'done'
    """
    target = path.resolve()  # a link stays a link: what it points to is replaced
    beside = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}.part")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise ErrorAnalysisError(
            f"Cannot write {path}: {error.strerror or error}. Nothing was changed."
        ) from error
    finally:
        beside.unlink(missing_ok=True)
