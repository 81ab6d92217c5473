"""Results that charts draw and reports print."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from erroranalysis.measure.estimate import Estimate


@dataclass(frozen=True)
class ModeCount:
    """How many failing traces belong to a failure mode, and which."""

    mode: str
    count: int
    share: Estimate
    trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pareto:
    """Failure modes by frequency, the most frequent first.

    Attributes
    ----------
    modes : tuple of ModeCount
        Count, and share of all judged traces with its interval.
    read : int
        Traces that got a verdict of pass or fail.
    failed : int
        Traces that failed.
    unplaced : int
        Failing traces that belong to no mode yet.
    annotator : str
        Whose verdicts.
    """

    modes: tuple[ModeCount, ...]
    read: int
    failed: int
    unplaced: int
    annotator: str = ""

    def __repr__(self) -> str:
        """Say it in one line."""
        top = ", ".join(f"{item.mode} {item.count}" for item in self.modes[:3])
        more = f", {len(self.modes) - 3} more" if len(self.modes) > 3 else ""  # noqa: PLR2004
        return (
            f"Pareto({self.failed} of {self.read} traces failed: {top}{more};"
            f" {self.unplaced} without a mode)"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a failure mode."""
        rows = [
            {"mode": item.mode, "count": item.count, **flat(item.share)}
            for item in self.modes
        ]
        return frame_of(rows, ["mode", "count", *_FLAT])

    def _repr_html_(self) -> str:
        return (
            table_of(self.frame().to_dicts())
            + f"<p><small>{html.escape(repr(self))}</small></p>"
        )


@dataclass(frozen=True)
class FailureRate:
    """How often one failure mode happens.

    Attributes
    ----------
    mode : str
        The failure mode.
    rate : Estimate
        The best honest estimate.
    labels_only : Estimate
        From the person's labels alone.
    judge_only : Estimate or None
        From the judge's verdicts alone, uncorrected: for comparison, not for use.
    judge : str or None
        The judge that helped.
    note : str
        What a reader must know, in words.
    """

    mode: str
    rate: Estimate
    labels_only: Estimate
    judge_only: Estimate | None = None
    judge: str | None = None
    note: str = ""

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"FailureRate({self.mode}: {self.rate})"


@dataclass(frozen=True)
class FailureRates:
    """Failure rates of a product, overall and by failure mode.

    Attributes
    ----------
    overall : Estimate
        Share of traces with any failure.
    modes : tuple of FailureRate
        By failure mode, the most frequent first.
    label_sampling : str
        How the labelled traces were chosen: it decides which method is allowed.
    annotator : str
        Whose verdicts.
    """

    overall: Estimate
    modes: tuple[FailureRate, ...]
    label_sampling: str
    annotator: str = ""

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"FailureRates(any failure {self.overall}; {len(self.modes)} modes;"
            f" labels: {self.label_sampling})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a failure mode."""
        rows = [
            {
                "mode": item.mode,
                **flat(item.rate),
                "labels_only": item.labels_only.value,
                "labels_only_low": item.labels_only.low,
                "labels_only_high": item.labels_only.high,
                "judge_only": item.judge_only.value if item.judge_only else None,
                "judge": item.judge,
                "note": item.note,
            }
            for item in self.modes
        ]
        return frame_of(rows, _RATE_COLUMNS)

    def _repr_html_(self) -> str:
        shown = [
            {"failure mode": item.mode, "rate": repr(item.rate), "note": item.note}
            for item in self.modes
        ]
        return (
            f"<p>Any failure: <code>{html.escape(repr(self.overall))}</code></p>"
            + table_of(shown)
        )


@dataclass(frozen=True)
class SliceCell:
    """One failure mode in one slice of the traces.

    Attributes
    ----------
    mode, value : str
        The failure mode, and the value that the traces of the slice share.
    count : int
        Traces of the slice that belong to the mode.
    rate : Estimate
        Their share of the traces read in the slice, with a Wilson interval.
    trace_ids : tuple of str
        Which they are, where ids were given.
    """

    mode: str
    value: str
    count: int
    rate: Estimate
    trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class SliceGrid:
    """Failure modes by the values of one field, such as the language.

    Attributes
    ----------
    cells : tuple of SliceCell
        Every mode in every slice, also those with no trace.
    by : str
        The field.
    read : int
        Traces read, in all slices.
    """

    cells: tuple[SliceCell, ...]
    by: str
    read: int

    @property
    def modes(self) -> tuple[str, ...]:
        """The failure modes, the most frequent first."""
        return tuple(dict.fromkeys(item.mode for item in self.cells))

    @property
    def values(self) -> tuple[str, ...]:
        """The slices, the largest first."""
        return tuple(dict.fromkeys(item.value for item in self.cells))

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"SliceGrid({len(self.modes)} failure modes by {len(self.values)} values of"
            f" {self.by}, {self.read} traces read)"
        )

    def trace_ids(self, mode: str, value: str) -> tuple[str, ...]:
        """Return the traces of a slice that belong to a mode."""
        for item in self.cells:
            if (item.mode, item.value) == (mode, value):
                return item.trace_ids
        return ()

    def frame(self) -> pl.DataFrame:
        """Return one row a mode and slice."""
        rows = [
            {"mode": c.mode, self.by: c.value, "count": c.count, **flat(c.rate)}
            for c in self.cells
        ]
        return frame_of(rows, ["mode", self.by, "count", *_FLAT])

    def _repr_html_(self) -> str:
        rows: dict[str, dict[str, Any]] = {}
        for item in self.cells:
            row = rows.setdefault(item.mode, {"failure mode": item.mode})
            row[item.value] = f"{item.count} of {item.rate.n}"
        return (
            table_of(list(rows.values()))
            + f"<p><small>{html.escape(repr(self))}</small></p>"
        )


def slice_grid(
    modes: Mapping[str, Sequence[bool]],
    values: Sequence[object],
    *,
    by: str = "slice",
    trace_ids: Sequence[str] | None = None,
) -> SliceGrid:
    """Count every failure mode in every slice of the traces read.

    Use it to see where which failure happens. Whether one slice is worse than the
    others, beyond what chance does among many slices, is what ``slice_rates`` says.

    Parameters
    ----------
    modes : mapping of str to sequence of bool
        For each failure mode, whether each trace read belongs to it.
    values : sequence
        The value that each trace has: a language, a customer; None becomes "-".
    by : str, default "slice"
        What the values are.
    trace_ids : sequence of str, optional
        Ids, so that a cell can say which traces are in it.

    Returns
    -------
    SliceGrid
        Modes by frequency, slices by size.

    Raises
    ------
    ValueError
        Lengths differ.

    Examples
    --------
    >>> found = slice_grid(
    ...     {"late": [True, False, True], "rude": [False, False, True]},
    ...     ["de", "de", "en"],
    ...     by="language",
    ...     trace_ids=["t1", "t2", "t3"],
    ... )
    >>> found
    SliceGrid(2 failure modes by 2 values of language, 3 traces read)
    >>> found.cells[0].rate, found.trace_ids("late", "de")
    (0.50 [0.09, 0.91], n=2, 95% Wilson, ('t1',))
    """
    import numpy as np

    n = len(values)
    for name, has in [*modes.items(), ("trace_ids", trace_ids or values)]:
        if len(has) != n:
            raise ValueError(
                f"{name!r} has {len(has)} entries and values has {n}: one a trace"
            )
    named = ["-" if value is None else str(value) for value in values]
    sizes = Counter(named)
    slices = sorted(sizes, key=lambda value: (-sizes[value], value))
    place = {value: number for number, value in enumerate(slices)}
    codes = np.array([place[value] for value in named], dtype=int)
    belongs = {name: np.asarray(has, dtype=bool) for name, has in modes.items()}
    order = sorted(belongs, key=lambda name: (-int(belongs[name].sum()), name))
    cells = []
    for name in order:
        members: list[list[str]] = [[] for _ in slices]
        if trace_ids is not None:
            for row in np.flatnonzero(belongs[name]).tolist():
                members[codes[row]].append(trace_ids[row])
        counts = np.bincount(codes[belongs[name]], minlength=len(slices))
        cells += [
            SliceCell(name, value, int(k), wilson(int(k), sizes[value]), tuple(ids))
            for value, k, ids in zip(slices, counts, members, strict=True)
        ]
    return SliceGrid(tuple(cells), by, n)


_FLAT = ["rate", "low", "high", "n", "method", "assumes"]
_RATE_COLUMNS = [
    "mode",
    *_FLAT,
    "labels_only",
    "labels_only_low",
    "labels_only_high",
    "judge_only",
    "judge",
    "note",
]


def flat(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as the columns of a frame."""
    return {
        "rate": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "method": estimate.method,
        "assumes": estimate.assumes,
    }


def frame_of(rows: list[dict[str, Any]], columns: list[str]) -> pl.DataFrame:
    """Return rows as a frame; the columns alone where there is none."""
    import polars as pl

    if not rows:
        return pl.DataFrame(schema=columns)
    return pl.DataFrame(rows, infer_schema_length=None)


def table_of(rows: list[dict[str, Any]]) -> str:
    """Return rows as an HTML table; everything in it is text."""
    if not rows:
        return "<p>nothing yet</p>"
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_short(value))}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _short(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
