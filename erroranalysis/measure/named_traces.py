"""Which traces stand behind the counts of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.coefficients import same_length

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

ERROR = "error"


@dataclass(frozen=True)
class FirstSeen:
    """Where a failure mode was seen first.

    Attributes
    ----------
    mode : str
        The failure mode.
    place : int
        Place of the trace in reading order, from 1.
    trace_ids : tuple of str
        That trace, where ids were given.
    """

    mode: str
    place: int
    trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """Traces of which a judge and a person said the same two things.

    Attributes
    ----------
    judge : str
        ``pass``, ``fail`` or ``error``.
    human : str
        ``pass`` or ``fail``.
    trace_ids : tuple of str
        The traces.
    """

    judge: str
    human: str
    trace_ids: tuple[str, ...]


class NamesVerdicts:
    """A result that names its traces by the verdicts of a judge and a person."""

    judged: tuple[Judged, ...]

    def trace_ids(self, judge: str, human: str) -> tuple[str, ...]:
        """Return the traces with these verdicts; that of the judge may be "error"."""
        asked = (judge, human)
        return next(
            (one.trace_ids for one in self.judged if (one.judge, one.human) == asked),
            (),
        )

    @property
    def differing(self) -> tuple[str, ...]:
        """The traces that the two differ on, failures that the judge missed first."""
        return self.trace_ids("pass", "fail") + self.trace_ids("fail", "pass")


def first_seen(
    where: Mapping[Hashable, Sequence[int]], trace_ids: Sequence[str] | None
) -> tuple[FirstSeen, ...]:
    """Return every mode in the order of finding, from the places where it was seen.

    Examples
    --------
    >>> [item.mode for item in first_seen({"rude": [4, 9], "late": [0]}, None)]
    ['late', 'rude']
    """
    found = sorted((places[0], str(mode)) for mode, places in where.items())
    return tuple(
        FirstSeen(mode, place + 1, () if trace_ids is None else (trace_ids[place],))
        for place, mode in found
    )


def by_period(
    trace_ids: Sequence[Iterable[str]] | None, counts: Sequence[int]
) -> tuple[tuple[str, ...], ...]:
    """Return the ids of every period; they must be as many as were counted.

    Raises
    ------
    ValueError
        They are not.

    Examples
    --------
    >>> by_period([["t1", "t2"], []], [2, 0])
    (('t1', 't2'), ())
    """
    if trace_ids is None:
        return ()
    found = tuple(tuple(ids) for ids in trace_ids)
    same_length(counts, found, "The periods and the trace_ids")
    for place, (ids, n) in enumerate(zip(found, counts, strict=True)):
        if len(ids) != n:
            raise ValueError(
                f"In period {place} {n:.0f} traces failed and trace_ids has"
                f" {len(ids)}: give the ids of those that failed, a list a period."
            )
    return found


def by_verdicts(
    judge: Sequence[str | None],
    human: Sequence[str | None],
    trace_ids: Sequence[str] | None,
) -> tuple[Judged, ...]:
    """Return the ids by what the judge and the person said.

    Examples
    --------
    >>> found = by_verdicts(["pass", None], ["fail", "pass"], ["t1", "t2"])
    >>> [(one.judge, one.human, one.trace_ids) for one in found]
    [('pass', 'fail', ('t1',)), ('error', 'pass', ('t2',))]
    """
    if trace_ids is None:
        return ()
    same_length(human, trace_ids, "The verdicts and the trace_ids")
    found: dict[tuple[str, str], list[str]] = {}
    for said, truth, name in zip(judge, human, trace_ids, strict=True):
        found.setdefault((said or ERROR, str(truth)), []).append(name)
    return tuple(Judged(*key, tuple(ids)) for key, ids in found.items())
