"""Leases of the one connection that DuckDB allows to a writing process.

DuckDB lets one process hold a file. So nobody keeps it: a connection is leased for
one piece of work, and closed when the lease has been idle for :data:`IDLE_SECONDS`
or has been in use for :data:`TURN_SECONDS`, so that a busy writer does not starve
the others. A process that finds the file locked tries again with jitter.
"""

from __future__ import annotations

import atexit
import random
import re
import threading
import time
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from erroranalysis.errors import NotAProjectError, StoreBusyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_SECONDS = 0.02
TURN_SECONDS = 0.05
PATIENCE_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.03


class Leases:
    """Hands out the connection to one file, one piece of work at a time."""

    def __init__(self, path: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self.path = path
        self.patience = patience
        self._lock = threading.RLock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._opened = 0.0
        self._depth = 0
        self._timer: threading.Timer | None = None
        _open_leases.add(self)

    @contextmanager
    def lease(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the connection. Nested leases of one thread share it."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._connection is None:
                self._connection = self._connect()
                self._opened = time.monotonic()
            self._depth += 1
            try:
                yield self._connection
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._let_go_soon()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the connection inside one transaction: all of it or nothing."""
        with self.lease() as connection:
            if self._depth > 1:
                yield connection
                return
            connection.begin()
            try:
                yield connection
                connection.commit()
            except BaseException as error:
                _roll_back(connection)
                if isinstance(error, duckdb.Error):
                    raise _explain(error, self.path) from error
                raise

    def close(self) -> None:
        """Let the file go at once."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._connection is not None and self._depth == 0:
                self._connection.close()
                self._connection = None

    def _let_go_soon(self) -> None:
        if time.monotonic() - self._opened > TURN_SECONDS:
            self.close()
            return
        self._timer = threading.Timer(IDLE_SECONDS, self.close)
        self._timer.daemon = True
        self._timer.start()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return duckdb.connect(self.path)
            except duckdb.Error as error:
                if "lock on file" not in str(error):
                    raise _explain(error, self.path) from error
                if time.monotonic() > deadline:
                    raise _busy(error, self.path, self.patience) from error
            # Jitter is about fairness between programs, not about secrets.
            time.sleep(random.uniform(0.5, 1.0) * pause)  # noqa: S311
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


_open_leases: weakref.WeakSet[Leases] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for leases in list(_open_leases):
        leases.close()


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:  # a failed commit has ended the transaction itself
        return


def _busy(error: duckdb.Error, path: str, patience: float) -> StoreBusyError:
    holder = re.search(r"lock is held in (.+?) \(PID (\d+)\)", str(error))
    who = f"{holder[1]} (process {holder[2]})" if holder else "another program"
    return StoreBusyError(
        f"{path!r} was held by {who} for more than {patience:g} s. Close the"
        " connection there, or interrupt what it runs, and call this again. Nothing"
        " was written."
    )


def _explain(error: duckdb.Error, path: str) -> StoreError:
    """Turn what DuckDB said into what happened and what to type next."""
    text = str(error)
    folder = Path(path).parent
    if "not a valid DuckDB database file" in text:
        kind = "an empty file" if Path(path).stat().st_size == 0 else "something else"
        return NotAProjectError(
            f"{path!r} is {kind}, not a project. Choose another name, or move that"
            " file away first. It was not changed."
        )
    if Path(path).is_dir():
        return NotAProjectError(
            f"{path!r} is a folder. Name a file in it: {str(Path(path, 'p.duckdb'))!r}."
        )
    if not folder.exists():
        return StoreError(
            f"The folder {str(folder)!r} of {path!r} does not exist. Make it first:"
            f" Path({str(folder)!r}).mkdir(parents=True)."
        )
    if "Permission denied" in text or "read-only" in text.lower():
        return StoreError(
            f"{path!r} may not be written: permission denied. Copy the project to a"
            " folder of yours, or ask for write access."
        )
    if "No space left" in text or "could not write" in text.lower():
        return StoreError(
            f"The disk of {path!r} is full. Nothing of this step was written; free"
            " some space and call it again."
        )
    return StoreError(f"DuckDB could not use {path!r}: {text}")
