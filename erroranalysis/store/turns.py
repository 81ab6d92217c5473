"""Whose turn it is: a queue of programs for one project file.

DuckDB locks a file only after it has read the header of it. A program that opens the
file while another one commits can so go on from an old header and overwrite the
commit (seen with DuckDB 2.0.0: five of 400 rows were gone). So programs queue before
they open the file: whoever holds the byte :data:`_NOW` of a file beside the project
has the project, whoever holds :data:`_NEXT` comes next, the others wait for that.
The system lets go of both when a program dies. The file is there only while the
project is in use.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

LONGEST_PAUSE_SECONDS = 0.01
SHORTEST_PAUSE_SECONDS = 0.001
AGE_SECONDS = 0.03

# Far behind the text in the file: Windows lets nobody read a byte that is locked.
_NEXT = 1_000_000
_NOW = 1_000_001

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)

    def _unlock(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)


class Turns:
    """The place of this process in the queue for one project file.

    The locks belong to the process, so a process has one of these for a file, and
    uses it from one thread at a time.
    """

    def __init__(self, path: str) -> None:
        self._path = f"{path}.lock"
        self._file: int | None = None

    def take(self, patience: float) -> bool:
        """Wait for the turn; return whether it came in time."""
        began = time.monotonic()
        for place in (_NEXT, _NOW):
            while not self._try(place):
                waited = time.monotonic() - began
                if waited > patience:
                    self._leave()
                    return False
                # who has waited longer looks more often, so the order is almost fair
                pause = LONGEST_PAUSE_SECONDS / (1 + waited / AGE_SECONDS)
                time.sleep(max(pause, SHORTEST_PAUSE_SECONDS))
        _unlock(self._open(), _NEXT)
        self._sign()
        return True

    def wanted(self) -> bool:
        """Return whether another program waits."""
        try:
            if not self._try(_NEXT):
                return True
        except FileNotFoundError:  # the folder is gone, and nobody waits in it
            return False
        _unlock(self._open(), _NEXT)
        return False

    def give(self) -> None:
        """End the turn."""
        if self._file is None:
            return
        with suppress(OSError):  # Windows removes no file that somebody has open
            if self._try(_NEXT):  # nobody waits for a place in this file
                os.unlink(self._path)  # noqa: PTH108 - a str is at hand
        self._leave()

    def holder(self) -> str:
        """Return the program whose turn it is, as it signed."""
        try:
            with open(self._path, encoding="utf-8") as file:  # noqa: PTH123
                return file.read(1_000)
        except (OSError, UnicodeDecodeError):
            return ""

    def _try(self, place: int) -> bool:
        while True:
            file = self._open()
            try:
                _lock(file, place)
            except (BlockingIOError, PermissionError):
                return False
            if place == _NOW or self._is_the_one(file):
                return True
            self._leave()

    def _is_the_one(self, file: int) -> bool:
        """Whether others find this file: who gives a turn back may remove it."""
        try:
            return os.path.samestat(os.fstat(file), os.stat(self._path))  # noqa: PTH116
        except FileNotFoundError:
            return False

    def _open(self) -> int:
        if self._file is None:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            self._file = os.open(self._path, flags, 0o666)
        return self._file

    def _sign(self) -> None:
        text = f"{sys.executable} (PID {os.getpid()})".encode(errors="replace")
        with suppress(OSError):  # a full disk must not keep anybody from reading
            os.lseek(self._open(), 0, os.SEEK_SET)
            os.write(self._open(), text)
            os.ftruncate(self._open(), len(text))

    def _leave(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
