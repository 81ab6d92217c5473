"""How steady a judge is when it is asked the same thing again."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.alpha import krippendorff_alpha
from erroranalysis.measure.coefficients import INDEPENDENT, read_verdicts, same_length
from erroranalysis.measure.estimate import Estimate, wilson, wilson_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

_SHOWN = 20


@dataclass(frozen=True)
class TraceRuns:
    """What a judge said of one trace over all runs.

    Attributes
    ----------
    trace_id : str
        Which trace.
    passes, fails, errors : int
        Runs with each outcome.
    """

    trace_id: str
    passes: int
    fails: int
    errors: int

    @property
    def majority(self) -> str | None:
        """The verdict of most runs; None at a tie or where every run was an error."""
        if self.passes == self.fails:
            return None
        return "pass" if self.passes > self.fails else "fail"

    @property
    def flip_rate(self) -> float:
        """Share of the pairs of runs that differ; NaN below two verdicts."""
        runs = self.passes + self.fails
        pairs = runs * (runs - 1) / 2
        return self.passes * self.fails / pairs if pairs else float("nan")


@dataclass(frozen=True)
class Stability:
    """How often a judge contradicts itself.

    Attributes
    ----------
    flip_rate : Estimate
        Chance that two runs on the same trace give different verdicts. It does not
        depend on how many runs there were.
    flipped : Estimate
        Share of traces on which not all runs said the same: it grows with the runs.
    beyond_chance : Estimate
        Krippendorff's alpha of the runs.
    traces : tuple of TraceRuns
        One a trace, the least steady first.
    runs : int
        Runs a trace.
    errors : int
        Calls that ended in an error; they are in no other number.
    """

    flip_rate: Estimate
    flipped: Estimate
    beyond_chance: Estimate
    traces: tuple[TraceRuns, ...]
    runs: int
    errors: int = 0

    @property
    def same_verdict(self) -> Estimate:
        """Chance that two runs on the same trace agree: one less the flip rate."""
        rate = self.flip_rate
        return Estimate(
            1 - rate.value,
            1 - rate.high,
            1 - rate.low,
            rate.n,
            rate.method,
            rate.assumes,
        )

    @property
    def flipping(self) -> tuple[TraceRuns, ...]:
        """The traces on which not all runs said the same, the least steady first."""
        return tuple(item for item in self.traces if item.passes and item.fails)

    def __repr__(self) -> str:
        """Say it in one line."""
        errors = f"; errors={self.errors}" if self.errors else ""
        return (
            f"Stability({self.runs} runs: two runs differ on {self.flip_rate};"
            f" {len(self.flipping)} of {self.flipped.n} traces flip{errors})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a trace, the least steady first."""
        import polars as pl

        return pl.DataFrame(
            {
                "trace_id": [item.trace_id for item in self.traces],
                "majority": [item.majority for item in self.traces],
                "passes": [item.passes for item in self.traces],
                "fails": [item.fails for item in self.traces],
                "errors": [item.errors for item in self.traces],
                "flip_rate": [item.flip_rate for item in self.traces],
            },
            schema_overrides={"trace_id": pl.String, "majority": pl.String},
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(item.trace_id)}</td><td>{item.passes}</td>"
            f"<td>{item.fails}</td><td>{item.errors}</td></tr>"
            for item in self.flipping[:_SHOWN]
        )
        more = len(self.flipping) - _SHOWN
        rest = f"<p>and {more} more: frame()</p>" if more > 0 else ""
        head = "<tr><th>trace</th><th>pass</th><th>fail</th><th>error</th></tr>"
        said = html.escape(repr(self))
        return f"<p><code>{said}</code></p><table>{head}{rows}</table>{rest}"


def stability(
    runs: Sequence[Sequence[Any]],
    *,
    trace_ids: Sequence[str] | None = None,
    seed: int = 0,
) -> Stability:
    """Measure how often a judge gives another verdict when asked again.

    Use it before you trust a single run, and to find the traces whose verdict should be
    the majority of several. It says nothing of whether the judge is right: that is
    `align`. A judge can be steady and wrong.

    Parameters
    ----------
    runs : sequence of sequences of str, bool or None
        One sequence a run, each with one verdict a trace in the same order; ``pass`` or
        ``fail`` (True or False), None where the call was an error.
    trace_ids : sequence of str, optional
        The traces; their places by default.
    seed : int, default 0
        Seed of the draws behind the interval of alpha.

    Returns
    -------
    Stability
        Overall and by trace.

    Raises
    ------
    UnknownNameError
        A verdict is neither pass nor fail.
    ValueError
        There are fewer than two runs, or runs differ in length.

    Notes
    -----
    With c passes in k runs a trace flips at ``c * (k - c) / (k * (k - 1) / 2)``; the
    flip rate is the mean over traces with two verdicts or more. Its interval is
    Wilson's at the sample size that is as precise, ``rate * (1 - rate)`` over the
    squared standard error from the spread between traces, no more than the number of
    pairs of runs: runs on one trace are not new traces.

    It is assumed that the traces are a random sample, and that no run was answered from
    a cache.

    References
    ----------
    Kish (1965), Survey Sampling, section 8.2; Korn and Graubard (1998), Survey
    Methodology 24, 193-201; Miller (2024), arXiv:2411.00640, on clustered errors of
    evaluations.

    Examples
    --------
    >>> found = stability([["pass", "fail"] * 10, ["pass", "fail"] * 9 + ["fail"] * 2])
    >>> found
    Stability(2 runs: two runs differ on 0.05 [0.01, 0.24], n=20, 95% Wilson, between
    traces; 1 of 20 traces flip)
    >>> found.flipping
    (TraceRuns(trace_id='18', passes=1, fails=1, errors=0),)
    """
    import numpy as np

    if len(runs) < 2:  # noqa: PLR2004 - a pair
        raise ValueError(
            f"Stability needs two runs or more, got {len(runs)}. Run the judge again"
            " without its cache, and give one list of verdicts a run."
        )
    ids = range(len(runs[0])) if trace_ids is None else trace_ids
    for run in runs:
        same_length(run, ids, "A run and the traces")
    codes = np.array([_codes(run) for run in runs]).reshape(len(runs), len(ids))
    passes, fails = (codes == 1).sum(0), (codes == 0).sum(0)
    errors = len(runs) - passes - fails
    seen = passes + fails > 1
    flipped = int(((passes > 0) & (fails > 0)).sum())
    rates = _rates(passes, fails)
    order = np.lexsort((np.arange(len(ids)), np.where(seen, -rates, 1.0)))
    named = [str(key) for key in ids]
    counts = np.stack([passes, fails, errors])[:, order].tolist()
    return Stability(
        flip_rate=flip_rate_of(passes[seen], fails[seen]),
        flipped=wilson(flipped, int(seen.sum()), assumes=INDEPENDENT),
        beyond_chance=krippendorff_alpha(
            np.where(codes < 0, np.nan, codes).T, seed=seed
        ),
        traces=tuple(map(TraceRuns, (named[at] for at in order.tolist()), *counts)),
        runs=len(runs),
        errors=int(errors.sum()),
    )


def _codes(run: Sequence[Any]) -> list[int]:
    codes = {"pass": 1, "fail": 0, None: -1}
    return [codes[verdict] for verdict in read_verdicts(run, errors=True)]


def _rates(passes: np.ndarray, fails: np.ndarray) -> np.ndarray:
    import numpy as np

    runs = passes + fails
    rates: np.ndarray = passes * fails / np.maximum(1, runs * (runs - 1) / 2)
    return rates


def flip_rate_of(passes: np.ndarray, fails: np.ndarray) -> Estimate:
    """Estimate the flip rate from the outcomes of two runs a trace or more."""
    n, method = len(passes), "Wilson, between traces"
    if n == 0:
        return wilson(0, 0, assumes=INDEPENDENT)
    rates, runs = _rates(passes, fails), passes + fails
    rate, spread, size = float(rates.mean()), float(rates.var()), float(n)
    if n > 1 and spread > 0:
        size = rate * (1 - rate) / spread * (n - 1)
    size = min(max(1.0, size), float((runs * (runs - 1) / 2).sum()))
    low, high = wilson_bounds(rate, size)
    return Estimate(rate, low, high, n, method, INDEPENDENT)
