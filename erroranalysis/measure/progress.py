"""How far the reading is: by day and person, and over the regions of all traces."""

from __future__ import annotations

import html
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.coefficients import same_length
from erroranalysis.measure.pace import IDLE_SECONDS, median_seconds, say_seconds
from erroranalysis.measure.results import frame_of, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    import polars as pl

    from erroranalysis.measure.estimate import Estimate

_DAY = ("day", "annotator", "read", "so_far")
_MISSED = 0.05  # the chance of missing what is said to have shown


@dataclass(frozen=True)
class ReadingDay:
    """What one person read on one day.

    Attributes
    ----------
    day : datetime.date
        The day.
    annotator : str
        Who.
    read : int
        Traces decided on that day.
    so_far : int
        Traces decided up to the end of that day.
    seconds : Estimate
        Median seconds a trace on that day.
    trace_ids : tuple of str
        The traces decided on that day, where ids were given.
    """

    day: date
    annotator: str
    read: int
    so_far: int
    seconds: Estimate
    trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadingProgress:
    """How many traces were read, by day and person, and how fast.

    Attributes
    ----------
    days : tuple of ReadingDay
        By day, then person; days without reading have no entry.
    total : int or None
        Traces that each person was to read, where that is known.
    seconds : Estimate
        Median seconds a trace, of all people and days.
    """

    days: tuple[ReadingDay, ...]
    total: int | None
    seconds: Estimate

    @property
    def read(self) -> dict[str, int]:
        """Traces read by each person."""
        return {item.annotator: item.so_far for item in self.days}

    def __repr__(self) -> str:
        """Say it in one line."""
        of = f" of {self.total:,}" if self.total is not None else ""
        who = ", ".join(f"{name} {n:,}{of}" for name, n in self.read.items())
        return f"ReadingProgress({who or 'nothing read'}; {say_seconds(self.seconds)})"

    def trace_ids(self, annotator: str, day: date | None = None) -> tuple[str, ...]:
        """Return the traces that a person decided, on one day or on all."""
        mine = (item for item in self.days if item.annotator == annotator)
        found = (item.trace_ids for item in mine if day in (None, item.day))
        return tuple(name for ids in found for name in ids)

    def frame(self) -> pl.DataFrame:
        """Return one row a day and person."""
        rows = [
            {
                **{name: getattr(item, name) for name in _DAY},
                "seconds": item.seconds.value,
                "seconds_low": item.seconds.low,
                "seconds_high": item.seconds.high,
                "timed": item.seconds.n,
            }
            for item in self.days
        ]
        return frame_of(rows, [*_DAY, "seconds"])

    def _repr_html_(self) -> str:
        rows = [
            {
                "day": item.day,
                "annotator": item.annotator,
                "read": item.read,
                "so far": item.so_far,
                "time a trace": say_seconds(item.seconds),
            }
            for item in self.days
        ]
        return table_of(rows) + f"<p><small>{html.escape(repr(self))}</small></p>"


def reading_progress(
    times: Sequence[datetime],
    annotators: Sequence[str],
    seconds: Sequence[float | None] | None = None,
    *,
    total: int | None = None,
    trace_ids: Sequence[str] | None = None,
) -> ReadingProgress:
    """Count what was read, by day and person, and time it.

    What was read, and not how much, is `reading_coverage`.

    Parameters
    ----------
    times : sequence of datetime.datetime
        When each trace was decided; the day is the one of the time as it is given.
    annotators : sequence of str
        Who decided it.
    seconds : sequence of float or None, optional
        Seconds spent on each; None where nobody timed it. More than ten minutes
        count as ten: the rest is a break.
    total : int, optional
        Traces that each person was to read.
    trace_ids : sequence of str, optional
        Ids, so that a day can say which traces were decided.

    Returns
    -------
    ReadingProgress
        Traces by day and person, and medians of the seconds.

    Raises
    ------
    ValueError
        Lengths differ, or a time is negative or not a number.

    Notes
    -----
    The interval of a median is between two order statistics, exact for any
    distribution; fewer than six timed traces allow none, and it is then the whole
    range from 0 to ten minutes. The median says how long a usual trace takes. The time
    that is left is longer than the median times the traces left, because long traces
    take very long.

    It is assumed that the traces timed are like those still to be read.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, section 3.2.

    Examples
    --------
    >>> from datetime import datetime
    >>> noon = datetime(2026, 3, 2, 12)
    >>> found = reading_progress([noon] * 8, ["mira"] * 8, range(10, 90, 10), total=20)
    >>> found
    ReadingProgress(mira 8 of 20; 45 s a trace [10, 80], n=8)
    """
    spent = [None] * len(times) if seconds is None else list(seconds)
    if len({len(times), len(annotators), len(spent)}) > 1:
        raise ValueError(
            "times, annotators and seconds need one entry a trace; they have"
            f" {len(times)}, {len(annotators)} and {len(spent)}"
        )
    if trace_ids is not None:
        same_length(times, trace_ids, "times and trace_ids")
    for place, value in enumerate(spent):
        if value is not None and not 0 <= value < math.inf:
            raise ValueError(f"seconds {place} is {value}: give None where not timed")
    timed: dict[tuple[date, str], list[float]] = {}
    count: Counter[tuple[date, str]] = Counter()
    named: dict[tuple[date, str], list[str]] = {}
    for place, (when, who, value) in enumerate(
        zip(times, annotators, spent, strict=True)
    ):
        count[when.date(), who] += 1
        if trace_ids is not None:
            named.setdefault((when.date(), who), []).append(trace_ids[place])
        if value is not None:
            timed.setdefault((when.date(), who), []).append(min(value, IDLE_SECONDS))
    so_far: Counter[str] = Counter()
    days = []
    for day, who in sorted(count):
        so_far[who] += count[day, who]
        median = median_seconds(timed.get((day, who), []))
        ids = tuple(named.get((day, who), ()))
        days.append(ReadingDay(day, who, count[day, who], so_far[who], median, ids))
    everything = [value for values in timed.values() for value in values]
    return ReadingProgress(tuple(days), total, median_seconds(everything))


@dataclass(frozen=True)
class RegionRead:
    """How much of one region of the traces was read.

    Attributes
    ----------
    region : str
        Its name.
    total, read : int
        Traces in it, and those of them that were read.
    unseen_share : float
        The largest share of the region that something can have which was in none of
        the traces read, with 95 % confidence: 1 where none was read, 0 where all were.
    trace_ids : tuple of str
        The traces that were not read, where ids were given.
    """

    region: str
    total: int
    read: int
    unseen_share: float
    trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadingCoverage:
    """Which regions of all traces were read, the largest first.

    Attributes
    ----------
    regions : tuple of RegionRead
        The regions.
    """

    regions: tuple[RegionRead, ...]

    @property
    def total(self) -> int:
        """All traces."""
        return sum(item.total for item in self.regions)

    @property
    def read(self) -> int:
        """Traces that were read."""
        return sum(item.read for item in self.regions)

    @property
    def unread(self) -> tuple[str, ...]:
        """Regions of which nothing was read."""
        return tuple(item.region for item in self.regions if not item.read)

    def __repr__(self) -> str:
        """Say it in one line."""
        none = f"; nothing read of {len(self.unread)} of them" if self.unread else ""
        return (
            f"ReadingCoverage({self.read:,} of {self.total:,} traces read in"
            f" {len(self.regions)} regions{none})"
        )

    def trace_ids(self, region: str) -> tuple[str, ...]:
        """Return the traces of a region that were not read."""
        return next((r.trace_ids for r in self.regions if r.region == region), ())

    def frame(self) -> pl.DataFrame:
        """Return one row a region."""
        names = ["region", "total", "read", "unseen_share"]
        rows = [{name: getattr(r, name) for name in names} for r in self.regions]
        return frame_of(rows, names)

    def _repr_html_(self) -> str:
        rows = [
            {
                "region": item.region,
                "traces": item.total,
                "read": item.read,
                "something unseen can be in": f"up to {item.unseen_share:.0%}",
            }
            for item in self.regions
        ]
        return table_of(rows) + f"<p><small>{html.escape(repr(self))}</small></p>"


def reading_coverage(
    regions: Sequence[str],
    read: Sequence[bool],
    *,
    trace_ids: Sequence[str] | None = None,
) -> ReadingCoverage:
    """Count what was read of every region: a cluster, a language, a customer.

    Use it before believing that nothing else goes wrong: what was not read was not
    seen. Whether more reading of the same kind brings new failure modes is the
    question of `saturation`.

    Parameters
    ----------
    regions : sequence of str
        The region of each trace, of all traces.
    read : sequence of bool
        Whether it was read.
    trace_ids : sequence of str, optional
        Ids, so that a region can say what to read next.

    Returns
    -------
    ReadingCoverage
        Counts, and how common something can be that was not seen.

    Raises
    ------
    ValueError
        Lengths differ.

    Notes
    -----
    ``unseen_share`` is the one-sided exact bound for zero of n in a region of N traces,
    from the hypergeometric distribution; with N large it is about 3 / n. It assumes
    that the traces of a region were read in random order.

    References
    ----------
    Hanley and Lippman-Hand (1983), "If nothing goes wrong, is everything all right?",
    JAMA 249, 1743-1745.

    Examples
    --------
    >>> found = reading_coverage(["de"] * 8 + ["en"] * 2, [True] * 4 + [False] * 6)
    >>> found
    ReadingCoverage(4 of 10 traces read in 2 regions; nothing read of 1 of them)
    >>> found.regions[0].unseen_share
    0.375
    """
    ids = [""] * len(regions) if trace_ids is None else trace_ids
    if len({len(regions), len(read), len(ids)}) > 1:
        raise ValueError(
            "regions, read and trace_ids need one entry a trace; they have"
            f" {len(regions)}, {len(read)} and {len(ids)}"
        )
    total, done = Counter(regions), Counter[str]()
    left: dict[str, list[str]] = {}
    for region, seen, name in zip(regions, read, ids, strict=True):
        if seen:
            done[region] += 1
        else:
            left.setdefault(region, []).append(name)
    found = [
        RegionRead(
            region,
            n,
            done[region],
            _unseen(n, done[region]),
            tuple(left.get(region, ())) if trace_ids is not None else (),
        )
        for region, n in sorted(total.items(), key=lambda item: (-item[1], item[0]))
    ]
    return ReadingCoverage(tuple(found))


def _unseen(total: int, read: int) -> float:
    """Return the largest share that zero of ``read`` out of ``total`` leaves open."""
    low, high = 0, total - read  # the first can be missed, more than the last cannot
    while low < high:
        middle = (low + high + 1) // 2
        if _missed(total, read, middle) >= _MISSED:
            low = middle
        else:
            high = middle - 1
    return low / total


def _missed(total: int, read: int, special: int) -> float:
    """Return the chance that none of ``special`` traces is among those read."""

    def ways(n: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(n - read + 1)

    return math.exp(ways(total - special) - ways(total))
