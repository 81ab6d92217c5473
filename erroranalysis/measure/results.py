"""Results that charts draw and reports print."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        return frame_of(rows, ["mode", "count", *FLAT])

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
    trace_ids : tuple of str
        The labelled traces that fail so, where ids were given.
    """

    mode: str
    rate: Estimate
    labels_only: Estimate
    judge_only: Estimate | None = None
    judge: str | None = None
    note: str = ""
    trace_ids: tuple[str, ...] = ()

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
    failing : tuple of str
        The labelled traces with any failure, where ids were given.
    """

    overall: Estimate
    modes: tuple[FailureRate, ...]
    label_sampling: str
    annotator: str = ""
    failing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"FailureRates(any failure {self.overall}; {len(self.modes)} modes;"
            f" labels: {self.label_sampling})"
        )

    def trace_ids(self, mode: str | None = None) -> tuple[str, ...]:
        """Return the labelled traces that fail in a mode, or in any for None."""
        if mode is None:
            return self.failing
        return next((m.trace_ids for m in self.modes if m.mode == mode), ())

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


FLAT = ["rate", "low", "high", "n", "method", "assumes"]
_RATE_COLUMNS = [
    "mode",
    *FLAT,
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


def many(count: int, what: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> many(1, "trace"), many(1_200, "trace")
    ('1 trace', '1,200 traces')
    """
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
