"""The key of a project's placeholders: a file beside the project, never in it."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

from erroranalysis.errors import StoreError

_BYTES = 32
_PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.01


def key_file(project: str) -> Path:
    """Return where the key of a project lies.

    Examples
    --------
    >>> key_file("support.duckdb").name
    'support.duckdb.redaction-key'
    """
    return Path(f"{project}.redaction-key")


def redaction_key(project: str) -> bytes:
    """Return the key of a project; it is made when there is none.

    Several programs that ask at the same time get the same key: it is written to the
    end under another name first, and whoever comes second takes what is there.

    Raises
    ------
    StoreError
        The key cannot be read or written, or is none.
    """
    path = key_file(project)
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise StoreError(
            f"The key of the placeholders, {str(path)!r}, cannot be used ({error})."
            " Whoever redacts needs to read it, and to write beside the project the"
            " first time."
        ) from error


def throw_away_key() -> bytes:
    """Return a key that nobody will have again."""
    return secrets.token_bytes(_BYTES)


def _read(path: Path) -> bytes:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            key = bytes.fromhex(path.read_text("ascii").strip())
        except ValueError:
            key = b""
        if len(key) == _BYTES:
            return key
        if time.monotonic() > deadline:
            raise StoreError(
                f"{str(path)!r} holds no key of placeholders, which is 64 hex digits."
                " Take it from a backup. If you remove it, a new one is made, and"
                " placeholders are others than before."
            )
        time.sleep(_PAUSE_SECONDS)  # another program may be about to write it


def _make(path: Path) -> None:
    """Write a new key, unless somebody was faster."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # a disk without links, as many sticks and shares are
            with contextlib.suppress(FileExistsError):
                _write(path)
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(secrets.token_hex(_BYTES).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
