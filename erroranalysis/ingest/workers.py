"""Large sources are read by several processes, one for each core.

A file of JSON lines is cut at line ends, one of requests in protobuf between them; a
list of files is dealt out. Each process fills a spool of its own. Places are numbered
so that the order of the source is kept: of two records that contradict each other the
first still counts. The processes are started by name, not forked, so a notebook, a
thread or a script without a main guard is as good a home as any.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from erroranalysis import ingest
from erroranalysis.errors import IngestError, UnknownNameError
from erroranalysis.ingest import json_text, kinds, otlp_protobuf
from erroranalysis.ingest.blobs import Blob, Part, of_path, stream
from erroranalysis.ingest.catalogue import BUILDERS, READERS
from erroranalysis.ingest.filling import Found
from erroranalysis.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from erroranalysis.ingest.reader import Columns, Raw
    from erroranalysis.ingest.redactor import Redactor

_WORTH_IT = 48 << 20
_SMALLEST = 16 << 20
_MOST = 8
_STEP = 2_000
_PROGRAM = f"""
import pathlib, sys
from {__name__} import work
work(pathlib.Path(sys.argv[1]))
"""
PLACES = 1 << 40  # more traces than one process will meet


@dataclass(frozen=True)
class Slice:
    """A piece of a file, from the end of one record to that of another.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    start, end : int
        Bytes.
    framing : str or None
        For requests in protobuf, how they tell their lengths; else it is JSON lines.
    first : int
        Number of the first request.
    """

    path: Path
    start: int
    end: int
    framing: otlp_protobuf.Framing | None = None
    first: int = 1

    def records(self) -> Iterator[Raw]:
        """Yield the records of the piece, with their places in the file."""
        name = str(self.path)
        if self.framing is None:
            return json_text.line_records(Blob(name, self._opens), self._first_line())
        return otlp_protobuf.piece_records(
            self._opens, name, self.start, self.first, self.framing
        )

    def _first_line(self) -> int:
        left, lines = self.start, 1
        with self.path.open("rb") as file:
            while left and (piece := file.read(min(left, 1 << 20))):
                lines += piece.count(b"\n")
                left -= len(piece)
        return lines

    def _opens(self) -> BinaryIO:
        file = self.path.open("rb")
        file.seek(self.start)
        left = self.end - self.start

        def read(size: int) -> bytes:
            nonlocal left
            piece = file.read(min(size, left))
            left -= len(piece)
            return piece

        return stream(read, file)


Piece = Path | Slice


@dataclass
class Task:
    """What one process is to read.

    Attributes
    ----------
    load_id : str
        The import.
    pieces : list of Path or Slice
        In their order.
    formats : dict
        For the path of a slice: its format and its columns, which the head of the
        file told.
    format : str or None
        Format that the user named.
    columns : dict
        Columns that the user named.
    folder : pathlib.Path
        An empty folder for the spool and what was found.
    first : int
        Place of the first trace.
    redactor : Redactor or None
        Takes out what is not to be stored.
    """

    load_id: str
    pieces: list[Piece]
    formats: dict[Path, tuple[str, Columns]]
    format: str | None
    columns: Columns
    folder: Path
    first: int
    redactor: Redactor | None = None


def shares(files: Sequence[Path] | None) -> list[list[Piece]]:
    """Return what each process is to read; one share or none is not worth processes.

    Parameters
    ----------
    files : sequence of pathlib.Path or None
        The files of a source, None where it consists of something else.
    """
    sizes = {path: path.stat().st_size for path in files or ()}
    total, cores = sum(sizes.values()), min(_cores(), _MOST)
    if total < _WORTH_IT or cores < 2 or not sys.executable:  # noqa: PLR2004
        return []
    share = max(_SMALLEST, total // cores + 1)
    dealt: list[list[Piece]] = [[]]
    room = share
    for path, size in sizes.items():
        for piece, length in _pieces(path, size, room, share):
            if room <= 0 and len(dealt) < cores:
                dealt.append([])
                room = share
            dealt[-1].append(piece)
            room -= length
    return dealt


def _pieces(
    path: Path, size: int, room: int, share: int
) -> Iterator[tuple[Piece, int]]:
    """Yield a file, or the pieces of one that is larger than the room left."""
    room = room if room > 0 else share
    if size <= room:
        yield path, size
    elif _is_lines(path):
        yield from _pieces_of_lines(path, size, room, share)
    elif (framing := _framing(path)) is not None:
        with path.open("rb") as file:
            for start, end, first in otlp_protobuf.cuts(file, framing, room, share):
                yield Slice(path, start, end, framing, first), end - start
    else:
        yield path, size


def _pieces_of_lines(
    path: Path, size: int, room: int, share: int
) -> Iterator[tuple[Piece, int]]:
    start = 0
    with path.open("rb") as file:
        while start < size:
            file.seek(min(size, start + room))
            file.readline()
            end = file.tell()
            yield Slice(path, start, end), end - start
            start, room = end, share


def _is_lines(path: Path) -> bool:
    blob = of_path(path)
    head = blob.head()
    plain = kinds.kind(head) is None and not kinds.is_binary(head)
    return plain and json_text.is_lines(blob)


def _framing(path: Path) -> otlp_protobuf.Framing | None:
    """Return how a file of many requests in protobuf tells their lengths."""
    head = of_path(path).head()
    found = otlp_protobuf.framing_of(head) if kinds.kind(head) is None else None
    return None if found == "one request" else found


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def formats_of(
    dealt: Sequence[Sequence[Piece]], name: str | None, columns: Columns
) -> dict[Path, tuple[str, Columns]]:
    """Return the format and the columns of files that are cut, from their heads."""
    cut = {p.path for share in dealt for p in share if isinstance(p, Slice)}
    return {
        path: ingest.Reading(path, READERS, format=name, columns=columns).first_shape()
        for path in cut
    }


def run(tasks: Sequence[Task], *, progress: bool) -> list[Found]:
    """Let each task be done by a process, and return what they found, in order.

    Raises
    ------
    IngestError
        A process could not do its task; the reason is that of the process.
    """
    from tqdm.auto import tqdm

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(
            tqdm(desc="ingest", unit=" records", delay=1, disable=not progress)
        )
        processes = [stack.enter_context(_process(task, environment)) for task in tasks]
        threads = [threading.Thread(target=_follow, args=(p, bar)) for p in processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for task, process in zip(tasks, processes, strict=True):
            _check(task, process)
    return [found for task in tasks for found in _result(task)]


@contextlib.contextmanager
def _process(
    task: Task, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process; whatever happens, it does not outlive this block."""
    (task.folder / "task.pickle").write_bytes(pickle.dumps(task))
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - our own module, by the interpreter in use
            [sys.executable, "-c", _PROGRAM, str(task.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _follow(process: subprocess.Popen[bytes], bar: object) -> None:
    """Move the bar by what a process says it has read."""
    for line in process.stdout or ():
        bar.update(int(line))  # type: ignore[attr-defined]
    process.wait()


def _check(task: Task, process: subprocess.Popen[bytes]) -> None:
    if process.returncode:
        raise IngestError(
            f"A process that read {str(task.pieces[0])!r} ended early (exit code"
            f" {process.returncode}); nothing was imported. If memory ran out, close"
            " other programs, or ingest the files one after the other."
        )


def _result(task: Task) -> list[Found]:
    done = pickle.loads((task.folder / "found.pickle").read_bytes())  # noqa: S301 - ours
    if isinstance(done, IngestError):
        raise done
    return cast("list[Found]", done)


def work(folder: Path) -> None:
    """Do the task that lies in a folder, and leave there what was found."""
    task: Task = pickle.loads((folder / "task.pickle").read_bytes())  # noqa: S301 - ours
    try:
        done: list[Found] | IngestError = _all(task)
    except IngestError as error:
        done = error
    (folder / "found.pickle").write_bytes(pickle.dumps(done))


def _all(task: Task) -> list[Found]:
    done, first = [], task.first
    for number, piece in enumerate(task.pieces):
        place = task.folder / str(number)
        place.mkdir()
        with ingest.Spool(task.load_id, first=first, folder=place) as spool:
            done.append(_fill(task, piece, spool))
            first = spool.traces
    return done


def _fill(task: Task, piece: Piece, spool: ingest.Spool) -> Found:
    """Read one piece; one that cannot be read is a reject, since there are others."""
    redactor = task.redactor.fresh() if task.redactor else None
    try:
        reading = _reading(task, piece)
        return ingest.fill(spool, reading, BUILDERS, redactor=redactor, watch=_telling)
    except (IngestError, UnknownNameError) as error:
        name, reason = str(piece), str(error)
        reason = redactor.text(reason) if redactor else reason
        spool.reject(Reject(name, None, reason))
        folders = [spool.finish()]
        return Found(name, reasons=Counter({reason: 1}), rejected=1, folders=folders)


def _telling(outcomes: Iterable[Any]) -> Iterator[Any]:
    """Print now and then how many there were, for the bar of the first process."""
    for place, outcome in enumerate(outcomes, 1):
        if place % _STEP == 0:
            print(_STEP, flush=True)  # noqa: T201
        yield outcome


def _reading(task: Task, piece: Piece) -> ingest.Reading:
    if isinstance(piece, Path):
        return ingest.Reading(piece, READERS, format=task.format, columns=task.columns)
    name, columns = task.formats[piece.path]
    part = Part(str(piece.path), piece.records)
    return ingest.Reading(
        piece.path, READERS, format=name, columns=columns, parts=[part]
    )
