"""Which traces and which failure modes the disagreement of raters comes from."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.coefficients import INDEPENDENT, nominal, same_length
from erroranalysis.measure.estimate import Estimate, wilson

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl

NO_MODE = "(no mode)"
_SHOWN = 20


@dataclass(frozen=True)
class Dispute:
    """A trace that several raters judged.

    Attributes
    ----------
    trace_id : str
        Which trace.
    ratings : tuple of (str, int)
        What was said and by how many, the most frequent first.
    disagreement : float
        Share of the pairs of raters that differ; 0 where all said the same.
    modes : tuple of str
        Failure modes that any rater gave it.
    """

    trace_id: str
    ratings: tuple[tuple[str, int], ...]
    disagreement: float
    modes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModeDisagreement:
    """How much of the disagreement is about one failure mode.

    Attributes
    ----------
    mode : str
        The failure mode, or ``"(no mode)"``.
    disputed : Estimate
        Share of the traces of this mode on which not all raters said the same.
    share : float
        Share of all disagreement that lies on traces of this mode. With several modes a
        trace these add up to more than 1.
    trace_ids : tuple of str
        Its disputed traces, the most disputed first.
    """

    mode: str
    disputed: Estimate
    share: float
    trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RaterDisagreements:
    """Where raters differ.

    Attributes
    ----------
    traces : tuple of Dispute
        Every trace with two ratings or more, the most disputed first.
    modes : tuple of ModeDisagreement
        The mode with the largest share of the disagreement first; empty where no modes
        were given.
    disputed : Estimate
        Share of the traces on which not all raters said the same.
    """

    traces: tuple[Dispute, ...]
    modes: tuple[ModeDisagreement, ...]
    disputed: Estimate

    @property
    def says(self) -> str:
        """Where the disagreement comes from, in words."""
        count = sum(item.disagreement > 0 for item in self.traces)
        if not count:
            return f"The raters differ on none of {self.disputed.n} traces."
        said = f"The raters differ on {count} of {self.disputed.n} traces."
        if not self.modes:
            return said
        top = self.modes[0]
        return (
            f"{said} {top.share:.0%} of the disagreement lies on traces of"
            f" {top.mode!r}, of which {top.disputed.value:.0%} are disputed"
            f" ({top.disputed.low:.0%} to {top.disputed.high:.0%})."
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"RaterDisagreements({self.says})"

    def trace_ids(self, mode: str) -> tuple[str, ...]:
        """Return the disputed traces of a mode, the most disputed first."""
        return next((m.trace_ids for m in self.modes if m.mode == mode), ())

    def frame(self) -> pl.DataFrame:
        """Return one row a trace, the most disputed first."""
        import polars as pl

        rows = [
            {
                "trace_id": item.trace_id,
                "disagreement": item.disagreement,
                "ratings": ", ".join(f"{name} {count}" for name, count in item.ratings),
                "modes": ", ".join(item.modes),
            }
            for item in self.traces
        ]
        schema = ["trace_id", "disagreement", "ratings", "modes"]
        return pl.DataFrame(rows) if rows else pl.DataFrame(schema=schema)

    def by_mode(self) -> pl.DataFrame:
        """Return one row a failure mode, the most disputed first."""
        import polars as pl

        rows = [
            {"mode": item.mode, "share": item.share, **vars(item.disputed)}
            for item in self.modes
        ]
        return pl.DataFrame(rows) if rows else pl.DataFrame(schema=["mode", "share"])

    def _repr_html_(self) -> str:
        modes = "".join(
            f"<tr><th>{html.escape(item.mode)}</th><td>{item.share:.0%}</td>"
            f"<td><code>{html.escape(repr(item.disputed))}</code></td></tr>"
            for item in self.modes
        )
        traces = "".join(
            f"<tr><td>{html.escape(item.trace_id)}</td><td>"
            + html.escape(", ".join(f"{name} {n}" for name, n in item.ratings))
            + "</td></tr>"
            for item in self.traces[:_SHOWN]
            if item.disagreement > 0
        )
        head = "<tr><th>mode</th><th>share of disagreement</th><th>disputed</th></tr>"
        table = f"<table>{head}{modes}</table>" if modes else ""
        return f"<p>{html.escape(self.says)}</p>{table}<table>{traces}</table>"


def disagreements(
    ratings: Any,  # noqa: ANN401 - an array, a frame or rows
    *,
    trace_ids: Sequence[str] | None = None,
    modes: Sequence[Collection[str]] | None = None,
) -> RaterDisagreements:
    """Find the traces and the failure modes that the disagreement comes from.

    Use it after `cohen_kappa` or `krippendorff_alpha` said that people differ: talk
    about the mode with the largest share, on its most disputed traces, and sharpen its
    definition.

    Parameters
    ----------
    ratings : array, frame or rows
        One row a trace, one column a rater; None, NaN and ``defer`` are missing.
        Traces with fewer than two ratings are left out.
    trace_ids : sequence of str, optional
        The traces; their places by default.
    modes : sequence of collections of str, optional
        Failure modes of each trace, by any of the raters; a trace may have none.

    Returns
    -------
    RaterDisagreements
        By trace and by mode.

    Raises
    ------
    ValueError
        The ratings, the traces and the modes are not equally many, or modes are given
        as one text.

    Notes
    -----
    A trace with m ratings disagrees by the share of its ``m * (m - 1) / 2`` pairs that
    are unequal. The share of a mode is the sum of these over its traces, divided by the
    sum over all traces.

    It is assumed that the traces rated twice are a random sample of those rated.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76, 378-382, for the share of unequal pairs of
    a trace; Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> disagreements(
    ...     [["fail", "pass"], ["fail", "fail"], ["pass", "pass"], ["pass", "fail"]],
    ...     modes=[["late"], ["rude"], [], ["late"]],
    ... )
    RaterDisagreements(The raters differ on 2 of 4 traces. 100% of the disagreement lies
    on traces of 'late', of which 100% are disputed (34% to 100%).)
    """
    read = nominal(ratings)
    rows = read.counts()
    ids = range(len(rows)) if trace_ids is None else trace_ids
    same_length(rows, ids, "The ratings and the traces")
    given = [()] * len(rows) if modes is None else modes
    same_length(rows, given, "The ratings and the modes")
    if texts := [of for of in given if isinstance(of, str)]:
        raise ValueError(f"The modes of a trace are a list: [{texts[0]!r}].")
    levels = [str(level) for level in read.levels]
    kinds = [tuple(row) for row in rows.tolist()]
    judged = {row: _judged(levels, row) for row in set(kinds) if sum(row) > 1}
    found = [
        Dispute(str(key), *judged[row], tuple(of))
        for key, row, of in zip(ids, kinds, given, strict=True)
        if row in judged
    ]
    found.sort(key=lambda item: -item.disagreement)
    return RaterDisagreements(
        traces=tuple(found),
        modes=() if modes is None else _by_mode(found),
        disputed=_disputed(found),
    )


def _judged(
    levels: list[str], row: tuple[int, ...]
) -> tuple[tuple[tuple[str, int], ...], float]:
    m = sum(row)
    said = [pair for pair in zip(levels, row, strict=True) if pair[1]]
    said.sort(key=lambda pair: -pair[1])
    equal = sum(count * (count - 1) for count in row)
    return tuple(said), 1 - equal / (m * (m - 1))


def _by_mode(traces: list[Dispute]) -> tuple[ModeDisagreement, ...]:
    total = sum(item.disagreement for item in traces)
    of_mode: dict[str, list[Dispute]] = {}
    for item in traces:
        for mode in dict.fromkeys(item.modes or (NO_MODE,)):
            of_mode.setdefault(mode, []).append(item)
    found = [
        ModeDisagreement(
            mode,
            _disputed(some),
            sum(item.disagreement for item in some) / total if total else math.nan,
            tuple(item.trace_id for item in some if item.disagreement > 0),
        )
        for mode, some in of_mode.items()
    ]
    return tuple(
        sorted(found, key=lambda item: (-item.share if total else 0, item.mode))
    )


def _disputed(traces: list[Dispute]) -> Estimate:
    count = sum(item.disagreement > 0 for item in traces)
    return wilson(count, len(traces), assumes=INDEPENDENT)
