"""Agents that were run several times on each task."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.coefficients import read_verdicts, same_length
from erroranalysis.measure.design import t_ratio
from erroranalysis.measure.estimate import (
    SHORT,
    UNEVEN,
    Estimate,
    wilson,
    wilson_bounds,
)
from erroranalysis.measure.results import frame_of, table_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    import polars as pl

_FEW, _RARE = 30, 4
_PSEUDO = 0.25
ASSUMES = "the tasks are a random sample of the tasks that matter"


@dataclass(frozen=True)
class RepeatedTrials:
    """What came of running an agent several times on each task.

    Attributes
    ----------
    tasks : tuple
        The tasks, in the order in which they came.
    passes, trials : tuple of int
        For each task how often it passed and how often it was run.
    flipped : Estimate
        Share of the tasks run twice or more that passed once and failed once or more.
    """

    tasks: tuple[Hashable, ...]
    passes: tuple[int, ...]
    trials: tuple[int, ...]
    flipped: Estimate

    @property
    def most(self) -> int:
        """The largest k that every task was run often enough for."""
        return min(self.trials, default=0)

    def __repr__(self) -> str:
        """Say it in one line."""
        if not self.tasks:
            return "RepeatedTrials(no tasks)"
        once = pass_hat_k(self.passes, self.trials, 1)
        every = pass_hat_k(self.passes, self.trials, self.most)
        return (
            f"RepeatedTrials({len(self.tasks)} tasks, {self.most} to"
            f" {max(self.trials)} runs each: pass^1 {once}; pass^{self.most} {every})"
        )

    def frame(self) -> pl.DataFrame:
        """Return two rows for each k: pass@k and pass^k."""
        rows = [
            {"measure": f"{sign}{k}", "k": k, **vars(of(self.passes, self.trials, k))}
            for k in range(1, self.most + 1)
            for sign, of in (("pass@", pass_at_k), ("pass^", pass_hat_k))
        ]
        return frame_of(rows, ["measure", "k", "value", "low", "high"])

    def _repr_html_(self) -> str:
        rows = self.frame().select("measure", "value", "low", "high").to_dicts()
        return f"{table_of(rows)}<p>{html.escape(repr(self))}</p>"


def repeated_trials(
    tasks: Sequence[Hashable], verdicts: Sequence[Any]
) -> RepeatedTrials:
    """Gather the runs of each task from one row a run.

    It feeds `pass_at_k` and `pass_hat_k`. For a judge that is asked again use
    `stability`.

    Parameters
    ----------
    tasks : sequence
        Which task each run was of.
    verdicts : sequence of str or bool
        ``pass`` / ``fail``, or True for pass; one a run.

    Returns
    -------
    RepeatedTrials
        Passes and runs of each task, pass@k and pass^k for every k.

    Raises
    ------
    UnknownNameError
        A verdict other than pass or fail.
    ValueError
        The two differ in length, or a verdict is missing.

    Notes
    -----
    ``flipped`` is a plain share of tasks with Wilson's interval. It is assumed that the
    tasks are a random sample of those that matter, and that runs of one task do not
    depend on each other.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Miller
    (2024), arXiv 2411.00640, on repeated runs of a task.

    Examples
    --------
    >>> runs = repeated_trials(["a", "a", "b", "b"], ["pass", "fail", "pass", "pass"])
    >>> runs.passes, runs.trials
    ((1, 2), (2, 2))
    >>> runs.flipped
    0.50 [0.09, 0.91], n=2, 95% Wilson
    """
    same_length(tasks, verdicts, "Tasks and verdicts")
    runs: dict[Hashable, list[int]] = {}
    for task, verdict in zip(tasks, read_verdicts(verdicts), strict=True):
        count = runs.setdefault(task, [0, 0])
        count[0] += verdict == "pass"
        count[1] += 1
    repeated = [(c, n) for c, n in runs.values() if n > 1]
    mixed = sum(0 < c < n for c, n in repeated)
    return RepeatedTrials(
        tuple(runs),
        tuple(c for c, _ in runs.values()),
        tuple(n for _, n in runs.values()),
        wilson(mixed, len(repeated), assumes=ASSUMES),
    )


def pass_at_k(passes: Sequence[int], trials: Sequence[int], k: int = 1) -> Estimate:
    """Estimate the chance that at least one of k runs of a task passes.

    For products where a person or a test picks the good run. For an agent that has to
    work every time use `pass_hat_k`. With k = 1 the two are the same.

    Parameters
    ----------
    passes, trials : sequence of int
        For each task how often it passed and how often it was run.
    k : int, default 1
        Runs; no more than the runs of any task.

    Returns
    -------
    Estimate
        Mean over tasks; n is the number of tasks.

    Raises
    ------
    ValueError
        A task was run fewer than k times, or passed more often than it was run.

    Notes
    -----
    Of each task ``1 - C(n - c, k) / C(n, k)`` with c passes of n runs, which is
    unbiased; ``1 - (1 - c / n) ** k`` is not. Interval: Wilson's, at the number of
    tasks that would be as precise, from the spread between tasks. A quarter of a task
    that never passes and of one that always does is added to the spread: tasks
    that are unlike the others may not be in a small sample. With fewer than 30 tasks,
    and where nearly all pass or nearly none, its `caution` says how often it holds.

    It is assumed that the tasks are a random sample, and the runs of one independent.

    References
    ----------
    Chen et al. (2021), arXiv 2107.03374, section 2.1; Korn and Graubard (1998), Survey
    Methodology 24, 193-201; Miller (2024), arXiv 2411.00640, on tasks as clusters.

    Examples
    --------
    >>> pass_at_k([0, 1, 2, 4], [4, 4, 4, 4], k=2).value
    0.5833333333333333
    """
    return mean_over_tasks(
        task_shares(passes, trials, k, every=False), trials, f"pass@{k}"
    )


def pass_hat_k(passes: Sequence[int], trials: Sequence[int], k: int = 1) -> Estimate:
    """Estimate the chance that all of k runs of a task pass.

    The measure of an agent that has to be reliable: with 90 % a run, eight runs in a
    row all pass less than half of the time.

    Parameters
    ----------
    passes, trials : sequence of int
        For each task how often it passed and how often it was run.
    k : int, default 1
        Runs; no more than the runs of any task.

    Returns
    -------
    Estimate
        Mean over tasks; n is the number of tasks.

    Raises
    ------
    ValueError
        A task was run fewer than k times, or passed more often than it was run.

    Notes
    -----
    Of each task ``C(c, k) / C(n, k)`` with c passes of n runs, which is unbiased;
    ``(c / n) ** k`` is not. Interval as of `pass_at_k`.

    It is assumed that the tasks are a random sample, and the runs of one independent.

    References
    ----------
    Yao et al. (2024), arXiv 2406.12045 (tau-bench), section 3.

    Examples
    --------
    >>> pass_hat_k([0, 1, 2, 4], [4, 4, 4, 4], k=2).value
    0.2916666666666667
    """
    return mean_over_tasks(
        task_shares(passes, trials, k, every=True), trials, f"pass^{k}"
    )


def task_shares(
    passes: Sequence[int], trials: Sequence[int], k: int, *, every: bool
) -> np.ndarray:
    """Return pass@k, or pass^k, of each task."""
    import numpy as np
    from scipy.special import gammaln

    same_length(passes, trials, "Passes and trials")
    c, n = np.asarray(passes, dtype=float), np.asarray(trials, dtype=float)
    if not (np.isfinite(c) & np.isfinite(n) & (c >= 0) & (c <= n)).all():
        raise ValueError("Passes of a task must be between 0 and its number of runs.")
    if k < 1 or (len(n) and k > n.min()):
        fewest = int(n.min()) if len(n) else 0
        raise ValueError(
            f"k is {k}: it must be at least 1 and no more than the runs of any task."
            f" The task with the fewest was run {fewest} times: ask for k={fewest}, or"
            " leave that task out."
        )
    hits = c if every else n - c

    def ways(m: np.ndarray) -> np.ndarray:  # to choose k of m, but for a factor
        found: np.ndarray = gammaln(m + 1) - gammaln(np.maximum(m - k, 0) + 1)
        return found

    share = np.where(hits >= k, np.exp(ways(hits) - ways(n)), 0.0)
    result: np.ndarray = share if every else 1 - share
    return result


def mean_over_tasks(values: np.ndarray, trials: Sequence[int], name: str) -> Estimate:
    """Return the mean over tasks with a Wilson interval at the effective number."""
    m = len(values)
    if not m:
        return Estimate(math.nan, 0.0, 1.0, 0, f"Wilson over tasks, {name}", ASSUMES)
    value = min(1.0, max(0.0, float(values.mean())))
    low, high = wilson_bounds(value, effective_tasks(values, float(sum(trials))))
    method, said = f"Wilson over tasks, {name}", _caution(value, m)
    return Estimate(value, low, high, m, method, ASSUMES, said)


def _caution(value: float, m: int) -> str:
    """Say where simulated intervals left 93.5 to 97.5 of 100 cases."""
    rare, said = m * min(value, 1 - value), []
    if rare <= _RARE:
        said.append(
            f"{UNEVEN}the tasks of the rarer kind add up to {rare:.1f} of {m}; such"
            " intervals hold in 91 to 100 % of cases"
        )
    if m < _FEW:
        said.append(f"{SHORT}there are fewer than {_FEW} tasks")
    return "; ".join(said)


def effective_tasks(values: np.ndarray, runs: float) -> float:
    """Return how many tasks run once would say as much.

    Examples
    --------
    >>> import numpy as np
    >>> effective_tasks(np.array([0.0, 1.0, 1.0, 1.0]), 4.0)
    4.0
    """
    m, mean = len(values), float(values.mean())
    squares = float(((values - mean) ** 2).sum())
    squares += _PSEUDO * ((1 - mean) ** 2 + mean**2)
    spread = squares / (m - 1 + 2 * _PSEUDO)
    found = m * mean * (1 - mean) / spread * t_ratio(1e9, m - 1)
    return min(max(float(m), found), max(runs, float(m)))
