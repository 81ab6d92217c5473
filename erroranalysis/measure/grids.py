"""Which failure happens where: failure modes counted by the values of a field."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.estimate import wilson
from erroranalysis.measure.results import FLAT, flat, frame_of, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from erroranalysis.measure.estimate import Estimate

_NONE = {"-", "(none)"}
_FEW_VALUES = 30  # of more the largest are seen first


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
        return frame_of(rows, ["mode", self.by, "count", *FLAT])

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

    Notes
    -----
    Each cell is ``count / n`` of its slice with Wilson's interval, alone and not
    adjusted for the number of cells. It assumes that the traces read are a random
    sample within each slice.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

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
    slices = _in_order(sizes)
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


def _in_order(sizes: Mapping[str, int]) -> list[str]:
    """Return versions and dates in their own order, other values by their size."""
    named = sizes.keys() - _NONE
    if len(named) <= _FEW_VALUES and all(re.match(r"v?\d", name) for name in named):
        parts = {name: re.split(r"(\d+)", name) for name in named}
        numbers = {
            name: [int(part) if n % 2 else part for n, part in enumerate(found)]
            for name, found in parts.items()
        }
        return [*sorted(named, key=numbers.__getitem__), *sorted(sizes.keys() & _NONE)]
    return sorted(sizes, key=lambda name: (-sizes[name], name))
