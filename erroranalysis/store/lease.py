"""Leases of the one connection that DuckDB allows to a writing process.

DuckDB lets one process hold a file. So nobody keeps it: the file is attached to a
database in memory for one piece of work, which is ten times faster than to connect
anew. It is detached when it has been idle for :data:`IDLE_SECONDS`; where another
program waits, when this one has had it for :data:`TURN_SECONDS`, or is idle when it
looks, which it does as often.
"""

from __future__ import annotations

import atexit
import os
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
from erroranalysis.store.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE_SECONDS = 0.15
TURN_SECONDS = 0.02
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.005
# A group of rows is written as soon as it is full, not when the import is committed;
# DuckDB's own size is made for short rows, and a group of traces would be of 300 MB.
_HOW = "TYPE duckdb, ROW_GROUP_SIZE 20480"


class _File:
    """One project file as this process sees it, shared by all leases of it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.turns = Turns(path)
        self.engine: duckdb.DuckDBPyConnection | None = None
        self.attached = False
        self.depth = 0
        self.in_transaction = False
        self.since = 0.0
        self.used = 0.0
        self.changes = 0
        self.left: object = None  # how the file looked when it was let go
        self.watcher: threading.Thread | None = None

    def attach(self, patience: float, shown: str) -> duckdb.DuckDBPyConnection:
        """Wait for the turn and attach the file."""
        deadline = time.monotonic() + patience
        if self.engine is None:
            self.engine = duckdb.connect(
                ":memory:", config={"temp_directory": f"{self.path}.tmp"}
            )
        quoted = self.path.replace("'", "''")
        while True:
            try:
                if not self.turns.take(deadline - time.monotonic()):
                    raise _busy(self.turns.holder(), shown, patience)
                # the type is named, or DuckDB attaches a CSV file, too
                self.engine.execute(f"ATTACH '{quoted}' AS project ({_HOW})")
                self.engine.execute("USE project")
            except (duckdb.Error, OSError) as error:
                self.turns.give()
                if not _is_locked(error):
                    raise _explain(error, shown) from error
                if time.monotonic() > deadline:
                    raise _busy(str(error), shown, patience) from error
            else:
                self.attached = True
                self.since = time.monotonic()
                self.changes += self.look() != self.left
                return self.engine
            # a program that does not queue has it; jitter is no secret
            time.sleep(random.uniform(0.5, 1.0) * PAUSE_SECONDS)  # noqa: S311

    def let_go(self) -> None:
        """Detach the file, unless it is in use."""
        with self.lock:
            if not self.attached or self.depth or self.engine is None:
                return
            try:
                self.engine.execute("USE memory; DETACH project")
                self.left = self.look()
            except duckdb.Error:  # after a fatal error: only a new engine helps
                self.engine.close()
                self.engine = self.left = None
            self.attached = False
            self.turns.give()

    def look(self) -> object:
        """Return what is different once another program has written to the file."""
        seen = []
        for path in (self.path, f"{self.path}.wal"):
            try:
                found = Path(path).stat()
            except FileNotFoundError:
                continue
            seen.append((found.st_ino, found.st_size, found.st_mtime_ns))
        return seen

    def let_go_soon(self) -> None:
        """Detach the file when nobody here uses it, or when another program waits."""
        self.used = time.monotonic()
        if self.used - self.since >= TURN_SECONDS and self.turns.wanted():
            self.let_go()
        elif self.watcher is None:
            self.watcher = threading.Thread(target=self.watch, daemon=True)
            _watchers.add(self.watcher)
            self.watcher.start()

    def watch(self) -> None:
        """Detach the file once it is idle; one thread for many pieces of work."""
        while True:
            time.sleep(TURN_SECONDS)
            with self.lock:
                idle = time.monotonic() - self.used >= IDLE_SECONDS
                if not self.depth and (idle or (self.attached and self.turns.wanted())):
                    self.let_go()
                if not self.attached:
                    self.watcher = None
                    return


class Leases:
    """Hands out the connection to one file, one piece of work at a time."""

    def __init__(self, path: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self.path = path
        self.patience = patience
        real = os.path.realpath(path)
        with _files_lock:
            self._file = _files.get(real) or _files.setdefault(real, _File(real))

    @contextmanager
    def lease(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the connection. Nested leases of one thread share it."""
        file = self._file
        with file.lock:
            if file.attached and file.engine is not None:
                connection = file.engine
            else:
                connection = file.attach(self.patience, self.path)
            file.depth += 1
            try:
                yield connection
            finally:
                file.depth -= 1
                if file.depth == 0:
                    file.let_go_soon()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the connection inside one transaction: all of it or nothing."""
        with self.lease() as connection:
            if self._file.in_transaction:
                yield connection
                return
            connection.begin()
            self._file.in_transaction = True
            try:
                yield connection
                connection.commit()
            except BaseException as error:
                _roll_back(connection)
                if isinstance(error, duckdb.Error):
                    raise _explain(error, self.path) from error
                raise
            finally:
                self._file.in_transaction = False
                self._file.changes += 1  # or what was seen within was taken back

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend the connection inside a transaction that refuses to write."""
        with self.lease() as connection:
            if self._file.in_transaction:
                yield connection
                return
            connection.execute("BEGIN TRANSACTION READ ONLY")
            self._file.in_transaction = True
            try:
                yield connection
            finally:
                self._file.in_transaction = False
                _roll_back(connection)

    @property
    def changes(self) -> int:
        """Grows whenever the project may have changed, whoever changed it.

        It holds within a lease: what was read at the same number need not be read
        again.
        """
        return self._file.changes

    def close(self) -> None:
        """Let the file go at once."""
        self._file.let_go()


_files: weakref.WeakValueDictionary[str, _File] = weakref.WeakValueDictionary()
_files_lock = threading.Lock()
_watchers: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_forking: list[_File] = []


@atexit.register
def _close_all() -> None:
    files = list(_files.values())
    for file in files:
        file.let_go()
    # a thread that closes the last engine while Python ends would abort the process
    for watcher in list(_watchers):
        watcher.join()
    for file in files:
        if file.depth == 0 and file.engine is not None:
            file.engine.close()
            file.engine = None


def _before_fork() -> None:
    # A child must not inherit an open file: it would write without a lock.
    _forking[:] = _files.values()
    for file in _forking:
        file.lock.acquire()
        file.let_go()
        if file.depth == 0 and file.engine is not None:
            file.engine.close()
            file.engine = None


def _after_fork() -> None:
    while _forking:
        _forking.pop().lock.release()


def _after_fork_in_child() -> None:
    for file in _forking:
        file.watcher = None  # threads stay behind
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork_in_child,
    )


def _is_locked(error: Exception) -> bool:
    text = str(error)
    return any(
        said in text
        for said in (
            "lock on file",
            "being used by another process",  # the same, on Windows
            "already attached",  # by a connection of this very process
        )
    )


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:  # a failed commit has ended the transaction itself
        return


def _busy(found: str, path: str, patience: float) -> StoreBusyError:
    holder = re.search(r"(?:held in )?(\S.*) \(PID (\d+)\)", found)
    if "already attached" in found:
        who = "another DuckDB connection of this process"
    else:
        who = f"{holder[1]} (process {holder[2]})" if holder else "another program"
    return StoreBusyError(
        f"{path!r} was held by {who} for more than {patience:g} s. Close the"
        " connection there, or interrupt what it runs, and call this again. Nothing"
        " was written."
    )


def _explain(error: Exception, path: str) -> StoreError:
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
