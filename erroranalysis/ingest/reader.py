"""What a reader is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from erroranalysis.records import Trace

Columns = dict[str, str | None]


class BadRecord(Exception):  # noqa: N818 - it is a finding, not a failure
    """A record that its reader cannot map; the message is the reason shown."""


class Raw(NamedTuple):
    """A record as it stands in its source, or why there is none.

    Attributes
    ----------
    file : str
        File or kind of object.
    line : int or None
        Line on which it starts, from 1; for lists and frames the position.
    value : object
        The parsed record.
    problem : str or None
        Why it could not be parsed.
    text : str or None
        Its text, where it could not be parsed.
    part : str
        Place inside the value on that line, where one value holds many records.
    """

    file: str
    line: int | None
    value: Any = None
    problem: str | None = None
    text: str | None = None
    part: str = ""


@dataclass(frozen=True)
class Reader:
    """One format: its name, its shape, and the way to a trace.

    Attributes
    ----------
    name : str
        Name that ``ingest(format=…)`` takes and the report shows.
    describes : str
        The shape in a few words, for messages.
    detects : callable
        Whether a record has this shape.
    to_trace : callable
        Maps a record to a trace; raises :class:`BadRecord` with the reason.
    guesses : callable, optional
        For flat tables: which column is which field, from the names of the columns
        and how many records fill them.
    """

    name: str
    describes: str
    detects: Callable[[Mapping[str, Any]], bool]
    to_trace: Callable[[Mapping[str, Any], Columns], Trace]
    guesses: Callable[[Mapping[str, int]], Columns] | None = None
