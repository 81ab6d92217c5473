"""Reading a source: detect its format once, then map record after record."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from erroranalysis.errors import IngestError, UnknownNameError
from erroranalysis.ingest import sources
from erroranalysis.ingest.reader import BadRecord, Columns, Reader
from erroranalysis.ingest.values import as_text
from erroranalysis.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from erroranalysis.ingest.sources import Raw
    from erroranalysis.records import Trace

_LOOK_AT = 50
_ENOUGH = 0.2


@dataclass
class Reading:
    """A source under way: its reader, its columns and what went wrong so far."""

    reader: Reader
    columns: Columns
    raws: Iterator[Raw]
    reasons: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[tuple[Trace | None, Reject | None, Raw]]:
        """Yield a trace or a reject for every record."""
        for raw in self.raws:
            problem = raw.problem
            trace = None
            if problem is None:
                try:
                    trace = self._map(raw)
                except BadRecord as reason:
                    problem = str(reason)
            if trace is not None:
                yield trace, None, raw
                continue
            text = raw.text if raw.text is not None else as_text(raw.value)
            self.reasons[problem or ""] += 1
            yield None, Reject(raw.file, raw.line, problem or "", text), raw

    def _map(self, raw: Raw) -> Trace:
        if not isinstance(raw.value, Mapping):
            raise BadRecord(
                f"the record is a {type(raw.value).__name__}, not an object"
            )
        if not self.columns and not self.reader.detects(raw.value):
            found = ", ".join(map(str, list(raw.value)[:8])) or "nothing"
            raise BadRecord(f"not {self.reader.describes}: the record has {found}")
        return self.reader.to_trace(raw.value, self.columns)


def read(
    source: object,
    readers: Sequence[Reader],
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    columns: Columns | None = None,
) -> Reading:
    """Begin to read a source.

    Parameters
    ----------
    source : path, glob, frame, dict or iterable of dict
        Where the records are.
    readers : sequence of Reader
        The formats, in order of detection.
    format : str, optional
        Name of a format; detected where it is not given.
    columns : dict, optional
        Field to column name, over the guess; ``None`` as a name leaves a field out.

    Returns
    -------
    Reading
        Iterate it for traces and rejects.

    Raises
    ------
    IngestError
        There is no record at all, or none has a shape that is known.
    UnknownNameError
        There is no such format.
    """
    known = {reader.name: reader for reader in readers}
    if format is not None and format not in known:
        raise UnknownNameError.among("format", format, known)
    raws = sources.records(source)
    head = list(itertools.islice(raws, _LOOK_AT))
    samples = [raw.value for raw in head if isinstance(raw.value, Mapping)]
    if not head:
        raise IngestError(
            f"{sources.describe(source)!r} holds no records. Is it the right file?"
        )
    if format is not None:
        reader = known[format]
    elif columns and {"input", "output"} & set(columns):
        reader = known["flat"]
    else:
        reader = _detect(source, head, samples, readers)
    guessed: Columns = {}
    if reader.guesses is not None and samples:
        guessed = reader.guesses(samples[0])
    for name, column in (columns or {}).items():
        if column is not None and samples and column not in samples[0]:
            raise UnknownNameError.among("column", column, map(str, samples[0]))
        guessed[name] = column
    return Reading(reader, guessed, itertools.chain(head, raws))


def _detect(
    source: object, head: list[Raw], samples: list[Mapping[str, object]],
    readers: Sequence[Reader],
) -> Reader:  # fmt: skip
    votes = Counter(
        next(
            (place for place, reader in enumerate(readers) if reader.detects(sample)),
            -1,
        )
        for sample in samples
    )
    # readers stand in order of particularity: a fifth of the records is enough for
    # one to win over the flat table that almost anything looks like
    for place, reader in enumerate(readers):
        if votes[place] and votes[place] >= _ENOUGH * len(samples):
            return reader
    name = sources.describe(source)
    shapes = "; ".join(f"{reader.name}: {reader.describes}" for reader in readers)
    if not samples:
        why = head[0].problem or "the records are not objects"
        line = f" (line {head[0].line}: {why})" if head[0].line else f" ({why})"
        raise IngestError(
            f"No record of {name!r} could be read{line}. Nothing was imported."
        )
    found = ", ".join(map(str, list(samples[0])[:12])) or "nothing"
    raise IngestError(
        f"{name!r} has no shape that is known: its first record has {found}. Known"
        f" shapes: {shapes}. For a table name the columns:"
        " ingest(…, columns={'input': …, 'output': …})."
    )
